#include "cli/duration.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

namespace dbsql::cli {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{
      {{"ms", 1}, {"s", 1e3}, {"", 1e3}, {"m", 60e3}, {"h", 3600e3}}};
  constexpr double kLongest = 10 * 365.0 * 86400e3;  // ten years: keeps deadlines far from overflow
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, failure] =
      std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (failure != std::errc()) return std::nullopt;
  for (const auto& [unit, factor] : kUnits) {
    if (unit != std::string_view(stopped, static_cast<std::size_t>(end - stopped))) continue;
    const double milliseconds = std::ceil(number * factor);
    if (!(milliseconds >= 1 && milliseconds <= kLongest)) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(milliseconds));
  }
  return std::nullopt;
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  std::array<char, 48> text{};
  if (seconds < 0.9995) {
    std::snprintf(text.data(), text.size(), seconds < 0.00995 ? "%.1f ms" : "%.0f ms",
                  seconds * 1e3);
  } else if (seconds < 59.995) {
    std::snprintf(text.data(), text.size(), seconds < 9.995 ? "%.2f s" : "%.1f s", seconds);
  } else {
    const auto whole = std::llround(seconds);
    std::snprintf(text.data(), text.size(), "%lld min %lld s", whole / 60, whole % 60);
  }
  return text.data();
}

std::string format_count(long long count) {
  std::string digits = std::to_string(count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

}  // namespace dbsql::cli
