#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::warehouse {

/// The settings of one session: the parameters of a SQL warehouse (TIMEZONE, ANSI_MODE, ...) and
/// any `spark.` key.
///
/// Keys are compared without regard to case; a few `spark.` keys are other names of a parameter.
class SessionConfs {
 public:
  static constexpr std::string_view kTimeZone = "TIMEZONE";
  static constexpr std::string_view kAnsiMode = "ANSI_MODE";
  static constexpr std::string_view kStatementTimeout = "STATEMENT_TIMEOUT";

  /// The parameter a key stands for: `spark.sql.session.timeZone` is TIMEZONE.
  static std::string canonical(std::string_view key);
  /// \throws EngineError CONFIG_NOT_AVAILABLE unless the key is a parameter or starts with `spark.`
  static void require_known(std::string_view key);

  /// \throws EngineError for an unknown key, or a value that the parameter cannot have
  void set(std::string_view key, std::string value);
  void reset(std::string_view key);
  void reset_all() { values_.clear(); }

  /// The value that is set, or the parameter's default; empty for a `spark.` key that is not set.
  std::optional<std::string> get(std::string_view key) const;
  /// All that have a value, sorted by key.
  std::vector<std::pair<std::string, std::string>> all() const;

  bool ansi() const;

 private:
  std::map<std::string, std::string> values_;  // by canonical key
};

/// The name under which the engine knows a session time zone; empty when it has no such form.
/// Whole hours such as `+05:00` are zones of the engine under another name.
std::string engine_time_zone(std::string_view zone);

}  // namespace dbsql::warehouse
