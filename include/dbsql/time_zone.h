#pragma once

#include <dbsql/export.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace dbsql {

/// The zone in which the server presents TIMESTAMP values of a column.
///
/// Ownership: obtained from `find`, lives until the process ends; never deleted.
/// Threads: safe from any thread.
class DBSQL_EXPORT TimeZone {
 public:
  /// The zone of an IANA name (`America/Los_Angeles`) or of an offset, also the non-ISO form
  /// servers send (`+4:15`). An unknown name gives UTC and one warning in the log: the instants
  /// stay right (reference/results.md 3.2).
  static const TimeZone& find(std::string_view name);
  /// The same, but null for an unknown name, and no warning.
  static const TimeZone* find_known(std::string_view name);
  static const TimeZone& utc() noexcept;

  const std::string& name() const noexcept;

  /// Offset from UTC at an instant, in seconds east.
  /// \param microseconds  since 1970-01-01T00:00:00Z
  std::int32_t utc_offset_seconds(std::int64_t microseconds) const noexcept;

  TimeZone(const TimeZone&) = delete;
  TimeZone& operator=(const TimeZone&) = delete;

 private:
  struct Rules;
  TimeZone(std::string name, std::unique_ptr<const Rules> rules);
  ~TimeZone();

  std::string name_;
  std::unique_ptr<const Rules> rules_;
};

}  // namespace dbsql
