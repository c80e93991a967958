#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace dbsql::result {

/// The yearly rules at the end of a zone file, for instance `PST8PDT,M3.2.0,M11.1.0` (POSIX TZ with
/// the extensions of RFC 8536: hours from -167 to 167, names in angle brackets).
struct PosixZone {
  /// A moment of each year on the wall clock that is in force just before it.
  struct Rule {
    enum class Form : std::uint8_t { JulianWithoutLeapDay, DayOfYear, MonthWeekDay };
    Form form = Form::MonthWeekDay;
    std::uint32_t month = 0;  ///< 1 to 12
    std::uint32_t week = 0;   ///< 1 to 5; 5 is the last one
    std::uint32_t day = 0;    ///< day of the week from Sunday = 0, or day of the year
    std::int32_t second_of_day = 7200;
  };
  /// From this instant on, this offset holds.
  struct Change {
    std::int64_t utc_seconds = 0;
    std::int32_t offset_seconds = 0;
  };

  std::int32_t standard_offset = 0;  ///< seconds east of UTC
  std::int32_t daylight_offset = 0;
  std::optional<std::array<Rule, 2>> daylight;  ///< begin and end; empty: no daylight saving

  /// Nothing when any of the text does not fit.
  static std::optional<PosixZone> parse(std::string_view text) noexcept;

  /// The two changes of a year, begin of daylight saving first; only with `daylight`.
  std::array<Change, 2> changes_in(std::int64_t year) const noexcept;
};

}  // namespace dbsql::result
