#include "result/parse_text.h"

#include "base/text.h"
#include "result/civil.h"
#include "result/text_reader.h"

#include <charconv>
#include <limits>
#include <utility>

namespace dbsql::result {

namespace {

/// Seven digits reach beyond what int32 days and int64 microseconds can hold.
constexpr std::size_t kMaxYearDigits = 7;

std::optional<std::int64_t> read_date(TextReader& in) noexcept {
  const bool negative = in.negative_sign();
  const auto year = in.number(4, kMaxYearDigits);
  if (!year || !in.accept('-')) return std::nullopt;
  const auto month = in.number(2, 2);
  if (!month || !in.accept('-')) return std::nullopt;
  const auto day = in.number(2, 2);
  if (!day || *month < 1 || *month > 12 || *day < 1) return std::nullopt;
  const CivilDate date{.year = negative ? -*year : *year,
                       .month = static_cast<std::uint32_t>(*month),
                       .day = static_cast<std::uint32_t>(*day)};
  if (date.day > days_in_month(date.year, date.month)) return std::nullopt;
  return days_of_civil(date);
}

/// The digits after a point as microseconds; digits beyond the sixth must be zeros.
std::optional<std::int64_t> read_fraction(TextReader& in) noexcept {
  if (!in.accept('.')) return 0;
  const std::string_view digits = in.digits();
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  std::int64_t micros = 0;
  for (std::size_t i = 0; i < 6; ++i)
    micros = micros * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  for (std::size_t i = 6; i < digits.size(); ++i) {
    if (digits[i] != '0') return std::nullopt;
  }
  return micros;
}

/// `HH:mm:ss[.f]` as microseconds of the day.
std::optional<std::int64_t> read_clock(TextReader& in) noexcept {
  const auto hours = in.number(2, 2);
  if (!hours || *hours > 23 || !in.accept(':')) return std::nullopt;
  const auto minutes = in.number(2, 2);
  if (!minutes || *minutes > 59 || !in.accept(':')) return std::nullopt;
  const auto seconds = in.number(2, 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  const auto fraction = read_fraction(in);
  if (!fraction) return std::nullopt;
  return (*hours * 3600 + *minutes * 60 + *seconds) * kMicrosPerSecond + *fraction;
}

/// `whole` units of `unit` microseconds and `part` more, with a sign; nothing on overflow.
std::optional<std::int64_t> combine(bool negative, std::int64_t whole, std::int64_t unit,
                                    std::int64_t part) noexcept {
  std::int64_t total = 0;
  if (negative) {
    whole = -whole;
    part = -part;
  }
  if (__builtin_mul_overflow(whole, unit, &total) || __builtin_add_overflow(total, part, &total))
    return std::nullopt;
  return total;
}

}  // namespace

std::optional<Date> parse_date(std::string_view text) noexcept {
  TextReader in(text);
  const auto days = read_date(in);
  if (!days || !in.at_end() || !std::in_range<std::int32_t>(*days)) return std::nullopt;
  return Date{static_cast<std::int32_t>(*days)};
}

std::optional<CivilTimestamp> parse_timestamp(std::string_view text) noexcept {
  TextReader in(text);
  const auto days = read_date(in);
  if (!days) return std::nullopt;
  CivilTimestamp result;
  std::int64_t of_day = 0;
  if (!in.at_end()) {
    if (!in.accept('T') && !in.accept(' ')) return std::nullopt;
    const auto clock = read_clock(in);
    if (!clock) return std::nullopt;
    of_day = *clock;
  }
  if (in.accept('Z')) result.utc_offset_seconds = 0;
  if (!in.at_end()) {
    result.utc_offset_seconds = parse_utc_offset(in.rest());
    if (!result.utc_offset_seconds) return std::nullopt;
  }
  // The first day of the range begins before the first microsecond: count from the day after.
  constexpr std::int64_t kMicrosPerDay = kSecondsPerDay * kMicrosPerSecond;
  const bool before_1970 = *days < 0;
  const auto total = before_1970 ? combine(false, *days + 1, kMicrosPerDay, of_day - kMicrosPerDay)
                                 : combine(false, *days, kMicrosPerDay, of_day);
  if (!total) return std::nullopt;
  result.microseconds = *total;
  return result;
}

std::optional<YearMonthInterval> parse_year_month(std::string_view text) noexcept {
  TextReader in(text);
  const bool negative = in.negative_sign();
  const auto years = in.number(1, 10);
  if (!years || !in.accept('-')) return std::nullopt;
  const auto months = in.number(1, 2);
  if (!months || *months > 11 || !in.at_end()) return std::nullopt;
  const auto total = combine(negative, *years, 12, *months);
  if (!total || !std::in_range<std::int32_t>(*total)) return std::nullopt;
  return YearMonthInterval{static_cast<std::int32_t>(*total)};
}

std::optional<DayTimeInterval> parse_day_time(std::string_view text) noexcept {
  TextReader in(text);
  const bool negative = in.negative_sign();
  const auto days = in.number(1, 10);
  if (!days || !in.accept(' ')) return std::nullopt;
  const auto clock = read_clock(in);
  if (!clock || !in.at_end()) return std::nullopt;
  const auto total = combine(negative, *days, kSecondsPerDay * kMicrosPerSecond, *clock);
  if (!total) return std::nullopt;
  return DayTimeInterval{*total};
}

std::optional<std::int32_t> parse_utc_offset(std::string_view text) noexcept {
  TextReader in(text);
  const bool negative = in.peek() == '-' || in.peek() == '\xE2';
  if (!negative && in.peek() != '+') return std::nullopt;
  in.negative_sign();
  const std::string_view hour_digits = in.digits();
  std::int64_t hours = 0;
  std::int64_t minutes = 0;
  std::int64_t seconds = 0;
  if (hour_digits.size() == 4) {  // +HHMM
    hours = (hour_digits[0] - '0') * 10 + hour_digits[1] - '0';
    minutes = (hour_digits[2] - '0') * 10 + hour_digits[3] - '0';
  } else {
    if (hour_digits.empty() || hour_digits.size() > 2) return std::nullopt;
    for (const char digit : hour_digits) hours = hours * 10 + (digit - '0');
    for (std::int64_t* part : {&minutes, &seconds}) {
      if (!in.accept(':')) break;
      const auto number = in.number(2, 2);
      if (!number) return std::nullopt;
      *part = *number;
    }
  }
  if (!in.at_end() || hours > 18 || minutes > 59 || seconds > 59) return std::nullopt;
  const std::int64_t total = hours * 3600 + minutes * 60 + seconds;
  return static_cast<std::int32_t>(negative ? -total : total);
}

namespace {

/// Names that are not finite numbers, in every spelling servers and people use
/// (reference/results.md 3.6.3).
template <class Floating>
std::optional<Floating> parse_special(std::string_view text) noexcept {
  using Limits = std::numeric_limits<Floating>;
  if (base::equals_ignore_case(text, "nan")) return Limits::quiet_NaN();
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (base::equals_ignore_case(text, "infinity") || base::equals_ignore_case(text, "inf"))
    return negative ? -Limits::infinity() : Limits::infinity();
  return std::nullopt;
}

template <class Floating>
std::optional<Floating> parse_floating(std::string_view text) noexcept {
  if (const auto special = parse_special<Floating>(text)) return special;
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  return base::parse_number<Floating>(text);
}

}  // namespace

std::optional<double> parse_double(std::string_view text) noexcept {
  return parse_floating<double>(text);
}

std::optional<float> parse_float(std::string_view text) noexcept {
  return parse_floating<float>(text);
}

}  // namespace dbsql::result
