#include <dbsql/connector_options.h>
#include <dbsql/diagnosis.h>
#include <dbsql/error.h>

#include "base/clock.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/redact.h"
#include "base/text.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>

namespace dbsql {

namespace {

constexpr std::size_t kMostLines = 5000;
constexpr std::streamoff kLongestAttachment = std::streamoff{256} << 10U;

/// A JSON document that is written from its beginning to its end.
class Document {
 public:
  void member(std::string_view name, std::string_view text) {
    begin(name);
    base::append_json_string(text_, base::redact_strictly(text));
  }
  void list(std::string_view name, const std::vector<std::string>& lines) {
    begin(name);
    text_ += '[';
    for (const std::string& line : lines) {
      if (text_.back() != '[') text_ += ',';
      text_ += "\n    ";
      base::append_json_string(text_, base::redact_strictly(line));
    }
    text_ += "]";
  }
  /// Text that is JSON already, without secrets.
  void json(std::string_view name, std::string_view json) {
    begin(name);
    text_ += json;
  }
  std::string end() { return text_ + "\n}\n"; }

 private:
  void begin(std::string_view name) {
    text_ += text_.size() > 1 ? ",\n  " : "\n  ";
    base::append_json_string(text_, name);
    text_ += ": ";
  }
  std::string text_ = "{";
};

/// The end of a file, from the beginning of a line on.
std::string tail_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "(it cannot be read)";
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  const bool is_cut = size > kLongestAttachment;
  file.seekg(is_cut ? size - kLongestAttachment : 0);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  // Half a line may be half a secret, which the redactor would not know.
  if (is_cut) text.erase(0, std::min(text.find('\n'), text.size() - 1) + 1);
  return text;
}

std::string versions_json() {
  std::string json = "{";
  for (const auto& [name, version] : component_versions()) {
    if (json.back() != '{') json += ", ";
    base::append_json_string(json, name);
    json += ": ";
    base::append_json_string(json, version);
  }
  return json += '}';
}

std::vector<std::string> options_of(const ConnectorOptions& connection) {
  try {
    return connection.report();
  } catch (const Error& error) {
    return {base::concat("they cannot be read: ", error.message())};
  }
}

/// Lines of the diagnosis alone, among all that the process logs: those of its thread, and those of
/// others about the sessions that its thread names.
class OwnLines {
 public:
  void add(const LogRecord& record) {
    const std::lock_guard lock(mutex_);
    const bool is_here = std::this_thread::get_id() == thread_;
    if (is_here && !record.connection_id.empty()) connections_.emplace(record.connection_id);
    if (!is_here && connections_.find(record.connection_id) == connections_.end()) return;
    if (lines_.size() < kMostLines) lines_.push_back(to_text(record));
  }

  /// Once nothing is added any more.
  const std::vector<std::string>& lines() const noexcept { return lines_; }

 private:
  const std::thread::id thread_ = std::this_thread::get_id();
  std::mutex mutex_;
  std::set<std::string, std::less<>> connections_;  // guarded by mutex_
  std::vector<std::string> lines_;                  // guarded by mutex_
};

}  // namespace

std::string support_bundle(const ConnectorOptions& connection,
                           const SupportBundleOptions& options) {
  OwnLines own;
  Document document;
  LogRecord now;
  now.time = base::Clock::system().system_now();
  document.member("created",
                  to_text(now).substr(0, std::string_view("2026-01-01T00:00:00.000Z").size()));
  document.json("versions", versions_json());
  document.list("options", options_of(connection));
  {
    const base::LogTap tap(LogLevel::Debug, [&own](const LogRecord& record) { own.add(record); });
    document.json("diagnosis", connection.diagnose(options.diagnosis).to_json());
  }
  document.list("log", own.lines());
  if (!options.profile.empty()) document.member("profile", options.profile);
  for (const std::string& path : options.attachments)
    document.member(base::concat("file ", base::redact_strictly(path)), tail_of(path));
  return document.end();
}

}  // namespace dbsql
