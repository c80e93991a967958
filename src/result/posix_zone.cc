#include "result/posix_zone.h"

#include "result/civil.h"
#include "result/text_reader.h"

namespace dbsql::result {

namespace {

using Rule = PosixZone::Rule;

bool is_letter(char character) noexcept {
  return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z');
}

/// `PST` or `<+0330>`; only its presence matters here.
bool skip_name(TextReader& in) noexcept {
  std::size_t length = 0;
  if (in.accept('<')) {
    while (!in.at_end() && in.peek() != '>') {
      in.skip(1);
      ++length;
    }
    return in.accept('>') && length >= 3;
  }
  while (is_letter(in.peek())) {
    in.skip(1);
    ++length;
  }
  return length >= 3;
}

/// `[+-]h[h[h]][:mm[:ss]]` in seconds.
std::optional<std::int32_t> read_time(TextReader& in, std::int64_t max_hours) noexcept {
  const bool negative = in.negative_sign();
  const auto hours = in.number(1, 3);
  if (!hours || *hours > max_hours) return std::nullopt;
  std::int64_t total = *hours * 3600;
  for (const std::int64_t unit : {std::int64_t{60}, std::int64_t{1}}) {
    if (!in.accept(':')) break;
    const auto part = in.number(1, 2);
    if (!part || *part > 59) return std::nullopt;
    total += *part * unit;
  }
  return static_cast<std::int32_t>(negative ? -total : total);
}

std::optional<std::uint32_t> read_between(TextReader& in, std::int64_t low,
                                          std::int64_t high) noexcept {
  const auto number = in.number(1, 3);
  if (!number || *number < low || *number > high) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

/// `J60`, `59` or `M3.2.0`, each with an optional `/time`.
std::optional<Rule> read_rule(TextReader& in) noexcept {
  Rule rule;
  std::optional<std::uint32_t> day;
  if (in.accept('M')) {
    const auto month = read_between(in, 1, 12);
    if (!month || !in.accept('.')) return std::nullopt;
    const auto week = read_between(in, 1, 5);
    if (!week || !in.accept('.')) return std::nullopt;
    rule.month = *month;
    rule.week = *week;
    day = read_between(in, 0, 6);
  } else if (in.accept('J')) {
    rule.form = Rule::Form::JulianWithoutLeapDay;
    day = read_between(in, 1, 365);
  } else {
    rule.form = Rule::Form::DayOfYear;
    day = read_between(in, 0, 365);
  }
  if (!day) return std::nullopt;
  rule.day = *day;
  if (in.accept('/')) {
    const auto time = read_time(in, 167);
    if (!time) return std::nullopt;
    rule.second_of_day = *time;
  }
  return rule;
}

std::int64_t day_of_rule(const Rule& rule, std::int64_t year) noexcept {
  const std::int64_t first = days_of_civil({.year = year, .month = 1, .day = 1});
  switch (rule.form) {
    case Rule::Form::DayOfYear:
      return first + rule.day;
    case Rule::Form::JulianWithoutLeapDay:
      return first + rule.day - 1 + (is_leap_year(year) && rule.day >= 60 ? 1 : 0);
    case Rule::Form::MonthWeekDay:
      break;
  }
  const std::int64_t first_of_month = days_of_civil({.year = year, .month = rule.month, .day = 1});
  const std::int64_t week_day = floor_mod(first_of_month + 4, 7);  // 1970-01-01 was a Thursday
  std::int64_t day =
      floor_mod(std::int64_t{rule.day} - week_day, 7) + std::int64_t{rule.week - 1} * 7;
  if (day >= std::int64_t{days_in_month(year, rule.month)}) day -= 7;  // "the last one"
  return first_of_month + day;
}

}  // namespace

std::optional<PosixZone> PosixZone::parse(std::string_view text) noexcept {
  TextReader in(text);
  PosixZone zone;
  if (!skip_name(in)) return std::nullopt;
  const auto standard = read_time(in, 24);
  if (!standard) return std::nullopt;
  zone.standard_offset = -*standard;  // POSIX counts west of Greenwich as positive
  if (in.at_end()) return zone;

  if (!skip_name(in)) return std::nullopt;
  zone.daylight_offset = zone.standard_offset + 3600;
  if (!in.at_end() && in.peek() != ',') {
    const auto daylight = read_time(in, 24);
    if (!daylight) return std::nullopt;
    zone.daylight_offset = -*daylight;
  }
  std::array<Rule, 2> rules;
  for (Rule& rule : rules) {
    if (!in.accept(',')) return std::nullopt;
    const auto read = read_rule(in);
    if (!read) return std::nullopt;
    rule = *read;
  }
  if (!in.at_end()) return std::nullopt;
  zone.daylight = rules;
  return zone;
}

std::array<PosixZone::Change, 2> PosixZone::changes_in(std::int64_t year) const noexcept {
  const auto at = [year](const Rule& rule, std::int32_t offset_before) {
    return day_of_rule(rule, year) * kSecondsPerDay + rule.second_of_day - offset_before;
  };
  const auto& [begin, end] = *daylight;
  return {Change{at(begin, standard_offset), daylight_offset},
          Change{at(end, daylight_offset), standard_offset}};
}

}  // namespace dbsql::result
