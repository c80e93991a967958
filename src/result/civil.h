#pragma once

#include <cstdint>

namespace dbsql::result {

/// Proleptic Gregorian calendar arithmetic over the whole range of the wire's dates and timestamps.
/// 64-bit throughout: int64 microseconds reach the year 294247, int32 days the year 5881580.
struct CivilDate {
  std::int64_t year = 1970;  ///< astronomical: 0 is 1 BC
  std::uint32_t month = 1;   ///< 1 to 12
  std::uint32_t day = 1;     ///< 1 to 31
};

inline constexpr std::int64_t kSecondsPerDay = 86'400;
inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;
inline constexpr std::int64_t kDaysPer400Years = 146'097;

/// The quotient rounded toward minus infinity: instants before 1970 keep their fraction positive.
constexpr std::int64_t floor_div(std::int64_t value, std::int64_t divisor) noexcept {
  const std::int64_t quotient = value / divisor;
  return quotient - static_cast<std::int64_t>(value % divisor < 0);
}

constexpr std::int64_t floor_mod(std::int64_t value, std::int64_t divisor) noexcept {
  const std::int64_t remainder = value % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

/// Years are counted from March here, so that the leap day is the last day of a year.
constexpr CivilDate civil_of_days(std::int64_t days) noexcept {
  const std::int64_t shifted = days + 719'468;  // from 0000-03-01
  const std::int64_t era = floor_div(shifted, kDaysPer400Years);
  const auto day_of_era = static_cast<std::uint32_t>(shifted - era * kDaysPer400Years);
  const std::uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::uint32_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {.year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
          .month = month,
          .day = day_of_year - (153 * month_from_march + 2) / 5 + 1};
}

constexpr std::int64_t days_of_civil(const CivilDate& date) noexcept {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = floor_div(year, 400);
  const auto year_of_era = static_cast<std::uint32_t>(year - era * 400);
  const std::uint32_t month_from_march = date.month > 2 ? date.month - 3 : date.month + 9;
  const std::uint32_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const std::uint32_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPer400Years + static_cast<std::int64_t>(day_of_era) - 719'468;
}

constexpr bool is_leap_year(std::int64_t year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr std::uint32_t days_in_month(std::int64_t year, std::uint32_t month) noexcept {
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

}  // namespace dbsql::result
