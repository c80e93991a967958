#include "warehouse/journal.h"

#include "base/text.h"
#include "warehouse/oidc_form.h"
#include "warehouse/upload.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace dbsql::warehouse {
namespace {

/// Whatever says by its name that it lets somebody in: `X-...-Token` of the clouds, too.
bool is_credential(std::string_view name) {
  const std::string lower = base::to_lower(name);
  return lower.ends_with("authorization") || lower == "cookie" ||
         lower.find("token") != std::string::npos || lower.find("secret") != std::string::npos;
}

Headers without_secrets(const Headers& headers) {
  Headers kept = headers;
  for (Header& header : kept) {
    if (is_credential(header.name)) header.value = "***";
  }
  return kept;
}

/// A signed link lets anybody in who reads it.
std::string without_signature(std::string target) {
  constexpr std::string_view kSignature = "X-Amz-Signature=";
  const std::size_t name = target.find(kSignature);
  if (name == std::string::npos) return target;
  const std::size_t value = name + kSignature.size();
  return target.replace(value, std::min(target.find('&', value), target.size()) - value, "***");
}

std::string shown_target(const HttpRequest& request) {
  return request.path().starts_with("/oidc/") ? target_without_secrets(request.target)
                                              : without_signature(request.target);
}

nlohmann::ordered_json to_json(const JournalEntry& entry) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  nlohmann::ordered_json json;
  json["number"] = entry.number;
  json["received_ms"] = duration_cast<milliseconds>(entry.received.time_since_epoch()).count();
  json["duration_us"] = entry.duration.count();
  json["connection"] = entry.connection;
  json["method"] = entry.method;
  json["path"] = entry.path;
  if (!entry.thrift_method.empty()) json["thrift_method"] = entry.thrift_method;
  if (!entry.statement.empty()) json["statement"] = entry.statement;
  if (!entry.operation_id.empty()) json["operation_id"] = entry.operation_id;
  if (!entry.fault.empty()) json["fault"] = entry.fault;
  json["status"] = entry.status;
  json["request_bytes"] = entry.request_bytes;
  json["response_bytes"] = entry.response_bytes;
  for (const auto& [name, value] : entry.form) json["form"][name] = value;
  auto& headers = json["headers"] = nlohmann::ordered_json::array();
  for (const Header& header : entry.headers) headers.push_back({header.name, header.value});
  return json;
}

}  // namespace

std::uint64_t Journal::begin(const HttpRequest& request, std::string_view thrift_method) {
  JournalEntry entry{.received = std::chrono::system_clock::now(),
                     .method = request.method,
                     .path = shown_target(request),
                     .thrift_method = std::string(thrift_method),
                     .statement = {},
                     .operation_id = {},
                     .request_bytes = request.upload
                                          ? static_cast<std::size_t>(request.upload->size())
                                          : request.body.size(),
                     .connection = request.connection,
                     .fault = {},
                     .form = {},
                     .headers = without_secrets(request.headers)};
  std::lock_guard lock(mutex_);
  entry.number = next_number_++;
  entries_.push_back(std::move(entry));
  if (entries_.size() > kMaxEntries) drop_oldest_locked();
  return entries_.back().number;
}

JournalEntry* Journal::find_locked(std::uint64_t number) {
  if (entries_.empty() || number < entries_.front().number) return nullptr;
  const std::size_t index = number - entries_.front().number;  // numbers have no gaps
  return index < entries_.size() ? &entries_[index] : nullptr;
}

void Journal::set_statement(std::uint64_t number, std::string_view statement) {
  std::lock_guard lock(mutex_);
  JournalEntry* entry = find_locked(number);
  if (entry == nullptr) return;
  entry->statement = statement.substr(0, kMaxStatementBytes);
  text_bytes_ += entry->statement.size();
  while (text_bytes_ > kMaxTextBytes) drop_oldest_locked();
}

void Journal::drop_oldest_locked() {
  text_bytes_ -= entries_.front().statement.size();
  entries_.pop_front();
  ++dropped_;
}

void Journal::set_operation(std::uint64_t number, std::string_view operation_id) {
  std::lock_guard lock(mutex_);
  if (JournalEntry* entry = find_locked(number)) entry->operation_id = operation_id;
}

void Journal::set_form(std::uint64_t number,
                       std::vector<std::pair<std::string, std::string>> form) {
  std::lock_guard lock(mutex_);
  if (JournalEntry* entry = find_locked(number)) entry->form = std::move(form);
}

void Journal::set_fault(std::uint64_t number, std::string_view fault) {
  std::lock_guard lock(mutex_);
  if (JournalEntry* entry = find_locked(number)) entry->fault = fault;
}

void Journal::finish(std::uint64_t number, int status, std::size_t response_bytes) {
  const auto now = std::chrono::system_clock::now();
  std::lock_guard lock(mutex_);
  if (JournalEntry* entry = find_locked(number)) {
    entry->status = status;
    entry->response_bytes = response_bytes;
    entry->duration = std::chrono::duration_cast<std::chrono::microseconds>(now - entry->received);
  }
}

std::vector<JournalEntry> Journal::entries() const {
  std::lock_guard lock(mutex_);
  return {entries_.begin(), entries_.end()};
}

std::size_t Journal::count(std::string_view method_or_path) const {
  const bool by_path = method_or_path.starts_with('/');
  std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const JournalEntry& entry) {
        return by_path ? std::string_view(entry.path).starts_with(method_or_path)
                       : entry.thrift_method == method_or_path;
      }));
}

void Journal::clear() {
  std::lock_guard lock(mutex_);
  entries_.clear();
  dropped_ = 0;
  text_bytes_ = 0;
}

std::string Journal::to_json() const {
  nlohmann::ordered_json json;
  auto& list = json["entries"] = nlohmann::ordered_json::array();
  for (const JournalEntry& entry : entries()) list.push_back(warehouse::to_json(entry));
  {
    std::lock_guard lock(mutex_);
    json["dropped"] = dropped_;
  }
  // Statements come from outside and need not be UTF-8.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace dbsql::warehouse
