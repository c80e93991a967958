#pragma once

#include <dbsql/value.h>

#include <cstdint>
#include <optional>
#include <string_view>

/// Reads the text forms that servers send where a value does not come in its own type
/// (reference/results.md 3.3, 3.6.4). Every function wants the whole text and gives nothing when
/// any of it does not fit; none throws.
namespace dbsql::result {

/// `yyyy-MM-dd`, with an optional sign (also U+2212) and four or more digits of the year.
std::optional<Date> parse_date(std::string_view text) noexcept;

/// A point on the wall clock, and how far that clock is ahead of UTC where the text says so.
struct CivilTimestamp {
  std::int64_t microseconds = 0;
  std::optional<std::int32_t> utc_offset_seconds;
};

/// A date, `T` or a space, `HH:mm:ss`, a fraction of at most nine digits (zeros after the sixth),
/// and `Z`, `+HH:MM`,
/// `+HHMM` or nothing. A date alone is its midnight.
std::optional<CivilTimestamp> parse_timestamp(std::string_view text) noexcept;

/// `2-6`, `-0-1`.
std::optional<YearMonthInterval> parse_year_month(std::string_view text) noexcept;

/// `3 12:30:15.000000000`, zeros after the sixth digit of the fraction.
std::optional<DayTimeInterval> parse_day_time(std::string_view text) noexcept;

/// Plain or exponent notation with at most 38 significant digits; the scale is what the text shows.
std::optional<Decimal> parse_decimal(std::string_view text) noexcept;

/// The same number with exactly `scale` digits after the point; nothing when that would lose digits
/// or exceed `precision` of them.
std::optional<Decimal> rescale(const Decimal& decimal, std::int32_t precision,
                               std::int32_t scale) noexcept;

/// A number, or NaN or an infinity in any of its spellings.
std::optional<double> parse_double(std::string_view text) noexcept;
std::optional<float> parse_float(std::string_view text) noexcept;

/// `+4:15`, `-09:30`, `+0430`, `+5` or `+04:15:30`: hours to 18, minutes and seconds to 59. As
/// seconds east of UTC.
std::optional<std::int32_t> parse_utc_offset(std::string_view text) noexcept;

}  // namespace dbsql::result
