#include <dbsql/log.h>

#include "base/json_text.h"
#include "base/text.h"

#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

namespace dbsql {

namespace {

constexpr std::array<std::string_view, 6> kNames{"trace", "debug", "info", "warn", "error", "off"};
constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kOtherNames{{
    {"warning", LogLevel::Warn},
    {"fatal", LogLevel::Off},
    {"panic", LogLevel::Off},
    {"disabled", LogLevel::Off},
}};

/// `2026-11-23T15:18:53.665Z`.
std::string time_text(std::chrono::system_clock::time_point time) {
  using std::chrono::floor;
  const auto seconds = floor<std::chrono::seconds>(time);
  const auto rest = floor<std::chrono::milliseconds>(time - seconds).count();
  const std::time_t whole = std::chrono::system_clock::to_time_t(seconds);
  std::tm parts{};
  gmtime_r(&whole, &parts);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
                parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min,
                parts.tm_sec, static_cast<int>(rest));
  return text.data();
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
  return kNames[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> log_level_from_string(std::string_view name) noexcept {
  name = base::trim(name);
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (base::equals_ignore_case(kNames[i], name)) return static_cast<LogLevel>(i);
  }
  for (const auto& [other, level] : kOtherNames) {
    if (base::equals_ignore_case(other, name)) return level;
  }
  return std::nullopt;
}

std::string to_text(const LogRecord& record) {
  std::string line = base::concat(time_text(record.time), ' ', to_string(record.level), " dbsql ",
                                  record.component, ": ");
  const auto id = [&line](std::string_view name, std::string_view value) {
    if (!value.empty()) line += base::concat(name, '=', value, ' ');
  };
  id("conn", record.connection_id);
  id("corr", record.correlation_id);
  id("stmt", record.statement_id);
  return line += record.message;
}

std::string to_json(const LogRecord& record) {
  std::string line = "{";
  const auto member = [&line](std::string_view name, std::string_view value) {
    if (value.empty()) return;
    line += base::concat(line.size() > 1 ? ",\"" : "\"", name, "\":");
    base::append_json_string(line, value);
  };
  member("time", time_text(record.time));
  member("level", to_string(record.level));
  member("component", record.component);
  member("connId", record.connection_id);
  member("corrId", record.correlation_id);
  member("queryId", record.statement_id);
  member("message", record.message);
  return line += '}';
}

}  // namespace dbsql
