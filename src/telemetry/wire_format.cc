#include "telemetry/wire_format.h"

#include "base/json_text.h"
#include "base/text.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <variant>
#include <vector>

namespace dbsql::telemetry {
namespace {

/// Writes members by their dotted paths. Paths with the same beginning follow each other.
class Document {
 public:
  Document() { out_ += '{'; }

  void add(std::string_view path, const Value& value) {
    const auto dot = path.rfind('.');
    enter(dot == std::string_view::npos ? std::string_view() : path.substr(0, dot));
    name(dot == std::string_view::npos ? path : path.substr(dot + 1));
    if (const auto* text = std::get_if<std::string_view>(&value))
      base::append_json_string(out_, *text);
    if (const auto* number = std::get_if<std::int64_t>(&value)) out_ += std::to_string(*number);
    if (const auto* flag = std::get_if<bool>(&value)) out_ += *flag ? "true" : "false";
  }

  std::string finish() {
    enter({});
    out_ += '}';
    return std::move(out_);
  }

 private:
  /// Leaves and enters objects until `folder` is the one that is open.
  void enter(std::string_view folder) {
    std::vector<std::string_view> wanted;
    if (!folder.empty()) wanted = base::split(folder, '.');
    const auto [mine, theirs] = std::ranges::mismatch(open_, wanted);
    const auto common = static_cast<std::size_t>(mine - open_.begin());
    out_.append(open_.size() - common, '}');
    open_.resize(common);
    for (auto each = theirs; each != wanted.end(); ++each) {
      name(*each);
      out_ += '{';
      open_.push_back(*each);
    }
  }

  void name(std::string_view text) {
    if (!out_.ends_with('{')) out_ += ',';
    base::append_json_string(out_, text);
    out_ += ':';
  }

  std::string out_;
  std::vector<std::string_view> open_;  // objects around the next member; into the tag table
};

}  // namespace

std::string to_json(const Record& record) {
  const RecordKind kind = kind_of(record);
  Document document;
  for (const TagRow& row : tags()) {
    if (row.path.empty() || !includes(row.records, kind) || !includes(row.scope, Scope::Databricks))
      continue;
    const Value value = value_of(row.tag, record);
    if (!std::holds_alternative<std::monostate>(value)) document.add(row.path, value);
  }
  return document.finish();
}

std::string export_body(std::span<const std::string> documents,
                        std::chrono::system_clock::time_point upload_time) {
  using std::chrono::milliseconds;
  const auto now = std::chrono::duration_cast<milliseconds>(upload_time.time_since_epoch());
  std::size_t size = 64;
  for (const std::string& document : documents) size += size_in_body(document);
  std::string body;
  body.reserve(size);
  body += base::concat(R"({"uploadTime":)", now.count(), R"(,"items":[],"protoLogs":[)");
  for (const std::string& document : documents) {
    if (&document != &documents.front()) body += ',';
    base::append_json_string(body, document);
  }
  body += "]}";
  return body;
}

std::size_t size_in_body(std::string_view document) noexcept {
  const auto escaped =
      std::ranges::count_if(document, [](char c) { return c == '"' || c == '\\'; });
  return document.size() + static_cast<std::size_t>(escaped) + 3;  // quotes and comma
}

std::string random_event_id() {
  std::array<std::byte, 16> bytes{};
  // Not a generator of this process: after a fork both would make the same ids.
  if (getentropy(bytes.data(), bytes.size()) != 0) return {};
  bytes[6] = (bytes[6] & std::byte{0x0F}) | std::byte{0x40};  // version 4
  bytes[8] = (bytes[8] & std::byte{0x3F}) | std::byte{0x80};
  return base::to_uuid_text(bytes);
}

}  // namespace dbsql::telemetry
