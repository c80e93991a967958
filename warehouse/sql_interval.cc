#include "warehouse/sql_interval.h"

#include "base/text.h"

#include <algorithm>
#include <array>

namespace dbsql::warehouse {
namespace {

struct UnitRow {
  std::string_view name;  // singular; an S may follow
  bool year_month;
  std::int64_t factor;  // months or microseconds
};

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::array kUnits{
    UnitRow{"YEAR", true, 12},
    UnitRow{"MONTH", true, 1},
    UnitRow{"WEEK", false, 604'800 * kSecond},
    UnitRow{"DAY", false, 86'400 * kSecond},
    UnitRow{"HOUR", false, 3'600 * kSecond},
    UnitRow{"MINUTE", false, 60 * kSecond},
    UnitRow{"SECOND", false, kSecond},
    UnitRow{"MILLISECOND", false, 1'000},
    UnitRow{"MICROSECOND", false, 1},
};

const UnitRow* find_unit(std::string_view word) {
  auto upper = base::to_upper(word);
  if (upper.size() > 1 && upper.back() == 'S') upper.pop_back();
  const auto found = std::find_if(kUnits.begin(), kUnits.end(),
                                  [&](const UnitRow& row) { return row.name == upper; });
  return found == kUnits.end() ? nullptr : &*found;
}

SqlType interval_type(bool year_month, std::string_view qualifier) {
  auto type = simple_type(year_month ? TypeKind::YearMonthInterval : TypeKind::DayTimeInterval);
  type.qualifier = qualifier;
  return type;
}

// A decimal number times a whole factor, without going through binary fractions.
std::optional<std::int64_t> scaled(std::string_view number, std::int64_t factor) {
  number = base::trim(number);
  const bool negative = number.starts_with('-');
  if (negative || number.starts_with('+')) number.remove_prefix(1);
  const auto dot = std::min(number.find('.'), number.size());
  const auto whole = dot == 0
                         ? std::int64_t{0}
                         : base::parse_number<std::int64_t>(number.substr(0, dot)).value_or(-1);
  if (whole < 0) return std::nullopt;
  std::int64_t total = 0;
  if (__builtin_mul_overflow(whole, factor, &total)) return std::nullopt;
  std::int64_t place = factor;
  for (const char digit : number.substr(std::min(dot + 1, number.size()))) {
    if (digit < '0' || digit > '9') return std::nullopt;
    place /= 10;
    total += place * (digit - '0');
  }
  return negative ? -total : total;
}

// [-]YEARS-MONTHS
std::optional<std::int64_t> parse_year_month(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto years = base::parse_number<std::int64_t>(text.substr(0, dash));
  const auto months = base::parse_number<std::int64_t>(text.substr(dash + 1));
  if (!years || !months || *years < 0 || *months < 0) return std::nullopt;
  const auto total = *years * 12 + *months;
  return negative ? -total : total;
}

// [-][DAYS ]HH:MM[:SS[.f]], or the same without leading fields; `first` is the unit of the leftmost
// one.
std::optional<std::int64_t> parse_day_time(std::string_view text, std::string_view first) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t total = 0;
  const auto* unit = find_unit(first);
  if (unit == nullptr || unit->year_month) return std::nullopt;
  const auto add = [&](std::string_view number) {
    if (unit == kUnits.data() + 7) return false;  // behind SECOND
    const auto amount = scaled(number, unit->factor);
    if (!amount) return false;
    total += *amount;
    ++unit;  // the rows of the table follow each other from DAY to SECOND
    return true;
  };
  if (const auto space = text.find(' '); space != std::string_view::npos) {
    if (!add(text.substr(0, space))) return std::nullopt;
    text = base::trim(text.substr(space + 1));
  }
  for (const auto part : base::split(text, ':')) {
    if (!add(part)) return std::nullopt;
  }
  return negative ? -total : total;
}

std::optional<std::int64_t> parse_as(std::string_view text, const SqlType& type) {
  const auto first = std::string_view(type.qualifier).substr(0, type.qualifier.find(' '));
  text = base::trim(text);
  const bool year_month = type.kind == TypeKind::YearMonthInterval;
  if (year_month && text.find('-', 1) != std::string_view::npos) return parse_year_month(text);
  if (!year_month && text.find_first_of(" :") != std::string_view::npos) {
    return parse_day_time(text, first);
  }
  const auto* unit = find_unit(first);
  return unit == nullptr ? std::nullopt : scaled(text, unit->factor);
}

/// Pairs of number and unit, `1 day 2 hours`, gathered one by one.
struct UnitSum {
  std::optional<bool> year_month;
  std::int64_t amount = 0;
  const UnitRow* first = nullptr;
  const UnitRow* last = nullptr;

  bool add(std::string_view number, std::string_view word) {
    const auto* unit = find_unit(word);
    if (unit == nullptr || year_month.value_or(unit->year_month) != unit->year_month) return false;
    const auto value = scaled(number, unit->factor);
    if (!value) return false;
    year_month = unit->year_month;
    amount += *value;
    if (first == nullptr || unit < first) first = unit;
    if (last == nullptr || unit > last) last = unit;
    return true;
  }

  IntervalValue value() const {
    const auto name = [](const UnitRow* unit) -> std::string_view {
      if (unit->name == "WEEK") return "DAY";
      return unit->name.ends_with("SECOND") ? "SECOND" : unit->name;
    };
    std::string qualifier(name(first));
    if (name(last) != qualifier) qualifier += base::concat(" TO ", name(last));
    return {.type = interval_type(*year_month, qualifier), .amount = amount};
  }
};

std::optional<IntervalValue> parse_unit_text(std::string_view text) {
  std::vector<std::string_view> words;
  for (const auto word : base::split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  if (!words.empty() && base::equals_ignore_case(words[0], "interval")) words.erase(words.begin());
  if (words.empty() || words.size() % 2 != 0) return std::nullopt;
  UnitSum sum;
  for (std::size_t i = 0; i < words.size(); i += 2) {
    if (!sum.add(words[i], words[i + 1])) return std::nullopt;
  }
  return sum.value();
}

// A number, with its sign, or a string that holds one.
bool read_amount(std::span<const Token> tokens, std::size_t& at, std::string& text) {
  text.clear();
  if (tokens[at].is_operator("-") || tokens[at].is_operator("+")) text = tokens[at++].text;
  if (tokens[at].kind == TokenKind::String) {
    text += string_value(tokens[at++]);
    return true;
  }
  if (tokens[at].kind != TokenKind::Number) return false;
  text += tokens[at++].text;
  return true;
}

bool is_unit(const Token& token) {
  return token.kind == TokenKind::Word && find_unit(token.text) != nullptr;
}

std::string negate(std::string text) {
  if (text.starts_with("--")) return text.substr(2);
  return text.starts_with("-+") ? "-" + text.substr(2) : text;
}

}  // namespace

std::optional<IntervalValue> read_interval_literal(std::span<const Token> tokens, std::size_t& at) {
  auto next = at;
  std::string text;
  if (!read_amount(tokens, next, text)) return std::nullopt;
  text = negate(text);
  if (!is_unit(tokens[next])) {
    auto value = tokens[next - 1].kind == TokenKind::String ? parse_unit_text(text) : std::nullopt;
    if (value) at = next;
    return value;
  }
  if (tokens[next + 1].is_word("TO") && is_unit(tokens[next + 2])) {
    const auto* from = find_unit(tokens[next].text);
    const auto* to = find_unit(tokens[next + 2].text);
    auto type = interval_type(from->year_month, base::concat(from->name, " TO ", to->name));
    const auto amount = parse_as(text, type);
    if (!amount) return std::nullopt;
    at = next + 3;
    return IntervalValue{.type = std::move(type), .amount = *amount};
  }
  UnitSum sum;
  do {
    if (!sum.add(text, tokens[next++].text)) return std::nullopt;
  } while (tokens[next].kind == TokenKind::Number && is_unit(tokens[next + 1]) &&
           read_amount(tokens, next, text));
  at = next;
  return sum.value();
}

std::optional<IntervalValue> parse_interval_value(std::string_view text, const SqlType& type) {
  if (auto value = parse_unit_text(text)) {
    value->type = type;
    return value;
  }
  const auto amount = parse_as(text, type);
  if (!amount) return std::nullopt;
  return IntervalValue{.type = type, .amount = *amount};
}

std::string engine_interval(const IntervalValue& value) {
  if (value.type.kind == TypeKind::YearMonthInterval) {
    return base::concat("to_months(", value.amount, ")");
  }
  // Whole days stay days: adding one to a timestamp respects daylight saving time.
  constexpr std::int64_t kDay = 86'400 * kSecond;
  if (value.amount % kDay == 0) return base::concat("to_days(", value.amount / kDay, ")");
  return base::concat("to_microseconds(", value.amount, ")");
}

}  // namespace dbsql::warehouse
