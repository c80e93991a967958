#include "config/values.h"

#include "base/text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace dbsql::config {
namespace {

constexpr double kLongestMilliseconds = 1e14;  // 3000 years: far from any overflow

/// Milliseconds in the unit at the start of `text`, which is then removed; 0 when there is none.
double take_unit(std::string_view& text) noexcept {
  constexpr std::array<std::pair<std::string_view, double>, 4> kUnits = {
      {{"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}}};  // "ms" before "m"
  for (const auto& [name, milliseconds] : kUnits) {
    if (text.starts_with(name)) {
      text.remove_prefix(name.size());
      return milliseconds;
    }
  }
  return 0;
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) noexcept {
  for (const auto yes : {"true", "1", "t", "yes", "on"}) {
    if (base::equals_ignore_case(text, yes)) return true;
  }
  for (const auto no : {"false", "0", "f", "no", "off"}) {
    if (base::equals_ignore_case(text, no)) return false;
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept {
  text = base::trim(text);
  double total = 0;
  bool first = true;
  do {
    if (text.empty() || text.front() == '-') return std::nullopt;
    double number = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    double unit = take_unit(text);
    if (unit == 0) {
      if (!first || !text.empty()) return std::nullopt;
      unit = 1e3;
    }
    total += number * unit;
    first = false;
  } while (!text.empty());
  if (!(total >= 0 && total <= kLongestMilliseconds)) return std::nullopt;  // also "inf" and "nan"
  return std::chrono::milliseconds(std::llround(total));
}

std::string duration_text(std::chrono::milliseconds duration) {
  const auto count = duration.count();
  return count % 1000 == 0 ? base::concat(count / 1000, "s") : base::concat(count, "ms");
}

}  // namespace dbsql::config
