#include "warehouse/faults.h"

#include "base/text.h"

#include <nlohmann/json.hpp>

#include <array>
#include <stdexcept>
#include <utility>

namespace dbsql::warehouse {
namespace {

using nlohmann::ordered_json;

constexpr std::array<std::pair<Fault::Kind, std::string_view>, 11> kKindNames{{
    {Fault::Kind::None, "delay"},
    {Fault::Kind::Status, "status"},
    {Fault::Kind::StatusAfter, "status_after"},
    {Fault::Kind::ResetBefore, "reset_before"},
    {Fault::Kind::ResetAfter, "reset_after"},
    {Fault::Kind::Stall, "stall"},
    {Fault::Kind::StallAfter, "stall_after"},
    {Fault::Kind::TruncateBody, "truncate_body"},
    {Fault::Kind::StallBody, "stall_body"},
    {Fault::Kind::ResetBody, "reset_body"},
    {Fault::Kind::ResetUpload, "reset_upload"},
}};

bool takes_byte_count(Fault::Kind kind) {
  return kind == Fault::Kind::TruncateBody || kind == Fault::Kind::StallBody ||
         kind == Fault::Kind::ResetBody || kind == Fault::Kind::ResetUpload;
}

bool takes_status(Fault::Kind kind) {
  return kind == Fault::Kind::Status || kind == Fault::Kind::StatusAfter;
}

[[noreturn]] void refuse(std::string_view member, std::string_view expectation) {
  throw std::invalid_argument(base::concat("fault rule: \"", member, "\" ", expectation));
}

std::uint64_t read_count(std::string_view member, const ordered_json& value) {
  if (!value.is_number_unsigned()) refuse(member, "must be a whole number of 0 or more");
  return value.get<std::uint64_t>();
}

std::string read_text(std::string_view member, const ordered_json& value) {
  if (!value.is_string()) refuse(member, "must be text");
  return value.get<std::string>();
}

Headers read_headers(const ordered_json& value) {
  if (!value.is_object()) refuse("headers", "must be an object of texts");
  Headers headers;
  for (const auto& [name, text] : value.items()) {
    const std::string line = read_text("headers", text);
    if (name.find_first_of("\r\n:") != std::string::npos ||
        line.find_first_of("\r\n") != std::string::npos) {
      refuse("headers", "must not contain line breaks");
    }
    headers.push_back({name, line});
  }
  return headers;
}

void set_kind(Fault& fault, Fault::Kind kind, std::string_view member) {
  if (fault.kind != Fault::Kind::None && fault.kind != kind) {
    refuse(member, base::concat("cannot be combined with \"", to_string(fault.kind), "\""));
  }
  fault.kind = kind;
}

void read_kind(Fault& fault, Fault::Kind kind, std::string_view member, const ordered_json& value) {
  if (takes_status(kind)) {
    const std::uint64_t status = read_count(member, value);
    if (status < 200 || status > 599) refuse(member, "must be between 200 and 599");
    fault.status = static_cast<int>(status);
  } else if (takes_byte_count(kind)) {
    fault.body_bytes = read_count(member, value);
  } else if (!value.is_boolean() || !value.get<bool>()) {
    refuse(member, "must be true");
  }
  set_kind(fault, kind, member);
}

bool read_fault_member(Fault& fault, std::string_view member, const ordered_json& value) {
  if (member == "delay_ms") {
    fault.delay = std::chrono::milliseconds(read_count(member, value));
    return true;
  }
  for (const auto& [kind, name] : kKindNames) {
    if (kind == Fault::Kind::None || name != member) continue;
    read_kind(fault, kind, member, value);
    return true;
  }
  return false;
}

FaultRule read_rule(const ordered_json& json) {
  if (!json.is_object()) throw std::invalid_argument("a fault rule must be a JSON object");
  FaultRule rule;
  bool has_action = false;
  bool has_answer_parts = false;
  for (const auto& [member, value] : json.items()) {
    if (member == "path") {
      rule.path = read_text(member, value);
    } else if (member == "method") {
      rule.method = read_text(member, value);
    } else if (member == "skip") {
      rule.skip = read_count(member, value);
    } else if (member == "count") {
      rule.count = read_count(member, value);
    } else if (member == "headers") {
      rule.fault.headers = read_headers(value);
      has_answer_parts = true;
    } else if (member == "body") {
      rule.fault.body = read_text(member, value);
      has_answer_parts = true;
    } else if (read_fault_member(rule.fault, member, value)) {
      has_action = true;
    } else {
      refuse(member, "is not known");
    }
  }
  if (!has_action)
    throw std::invalid_argument("a fault rule needs an action, for instance \"status\": 503");
  if (has_answer_parts && !takes_status(rule.fault.kind)) {
    throw std::invalid_argument(
        "\"headers\" and \"body\" belong to \"status\" and \"status_after\"");
  }
  return rule;
}

void write_fault(ordered_json& json, const Fault& fault) {
  if (fault.delay.count() != 0 || fault.kind == Fault::Kind::None) {
    json["delay_ms"] = fault.delay.count();
  }
  const std::string name(to_string(fault.kind));
  if (takes_status(fault.kind)) {
    json[name] = fault.status;
    for (const Header& header : fault.headers) json["headers"][header.name] = header.value;
    if (!fault.body.empty()) json["body"] = fault.body;
  } else if (takes_byte_count(fault.kind)) {
    json[name] = fault.body_bytes;
  } else if (fault.kind != Fault::Kind::None) {
    json[name] = true;
  }
}

}  // namespace

std::string_view to_string(Fault::Kind kind) noexcept {
  for (const auto& [known, name] : kKindNames) {
    if (known == kind) return name;
  }
  return "unknown";
}

void FaultRules::add(FaultRule rule) {
  std::lock_guard lock(mutex_);
  entries_.push_back({.rule = std::move(rule)});
}

void FaultRules::once(std::string_view method, Fault fault) {
  add({.path = {}, .method = std::string(method), .fault = std::move(fault)});
}

void FaultRules::clear() {
  std::lock_guard lock(mutex_);
  entries_.clear();
}

std::optional<Fault> FaultRules::next(std::string_view path, std::string_view method) {
  return find(path, method, false);
}

std::optional<Fault> FaultRules::next_upload(std::string_view path) {
  return find(path, "PUT", true);
}

std::optional<Fault> FaultRules::find(std::string_view path, std::string_view method,
                                      bool is_upload) {
  std::lock_guard lock(mutex_);
  for (Entry& entry : entries_) {
    const FaultRule& rule = entry.rule;
    if ((rule.fault.kind == Fault::Kind::ResetUpload) != is_upload) continue;
    if (!path.starts_with(rule.path)) continue;
    if (rule.method != "*" && rule.method != method) continue;
    if (rule.count != 0 && entry.hit >= rule.count) continue;
    if (++entry.matched <= rule.skip) continue;
    ++entry.hit;
    return rule.fault;
  }
  return std::nullopt;
}

void FaultRules::add_script(std::string_view json) {
  const auto script = ordered_json::parse(json, nullptr, false);
  if (script.is_discarded()) throw std::invalid_argument("the fault script is not JSON");
  std::vector<Entry> added;
  if (script.is_array()) {
    for (const auto& rule : script) added.push_back({.rule = read_rule(rule)});
  } else {
    added.push_back({.rule = read_rule(script)});
  }
  std::lock_guard lock(mutex_);
  entries_.insert(entries_.end(), std::make_move_iterator(added.begin()),
                  std::make_move_iterator(added.end()));
}

std::string FaultRules::to_json() const {
  ordered_json list = ordered_json::array();
  std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    ordered_json json;
    if (!entry.rule.path.empty()) json["path"] = entry.rule.path;
    json["method"] = entry.rule.method;
    json["skip"] = entry.rule.skip;
    json["count"] = entry.rule.count;
    write_fault(json, entry.rule.fault);
    json["matched"] = entry.matched;
    json["hit"] = entry.hit;
    list.push_back(std::move(json));
  }
  return list.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace dbsql::warehouse
