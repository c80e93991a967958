#include "warehouse/type_value_text.h"

#include "base/text.h"

#include <cstdlib>

namespace dbsql::warehouse {
namespace {

std::string two_digits(std::int64_t value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

// A fraction of a second with trailing zeros cut; empty for none.
std::string fraction(std::int64_t value, std::size_t digits) {
  if (value == 0) return {};
  auto text = std::to_string(value);
  text.insert(0, digits - text.size(), '0');
  while (text.back() == '0') text.pop_back();
  return "." + text;
}

std::string clock_text(std::int64_t seconds) {
  return base::concat(two_digits(seconds / 3600), ":", two_digits(seconds / 60 % 60), ":",
                      two_digits(seconds % 60));
}

void add_unit(std::string& text, std::int64_t value, std::string_view unit) {
  if (value == 0) return;
  if (!text.empty()) text += ' ';
  text += base::concat(value, " ", unit);
}

}  // namespace

std::string uuid_text(const UuidBytes& bytes) { return base::to_uuid_text(bytes); }

std::string time_text_micros(const std::int64_t& micros) {
  return clock_text(micros / 1'000'000) + fraction(micros % 1'000'000, 6);
}

std::string time_text_nanos(const std::int64_t& nanos) {
  return clock_text(nanos / 1'000'000'000) + fraction(nanos % 1'000'000'000, 9);
}

// 40 bits of microseconds, then 24 bits of the offset, counted down from its maximum of 15:59:59.
std::string time_tz_text(const std::uint64_t& packed) {
  constexpr std::int64_t kMaxOffset = 16 * 60 * 60 - 1;
  const auto micros = static_cast<std::int64_t>(packed >> 24);
  const auto offset = kMaxOffset - static_cast<std::int64_t>(packed & 0xffffff);
  const auto distance = std::abs(offset);
  return base::concat(time_text_micros(micros), offset < 0 ? "-" : "+", two_digits(distance / 3600),
                      ":", two_digits(distance / 60 % 60));
}

std::string bit_string_text(std::string_view bits) {
  std::string text;
  if (bits.empty()) return text;
  const auto padding = static_cast<std::size_t>(static_cast<unsigned char>(bits.front()));
  for (std::size_t i = padding; i < (bits.size() - 1) * 8; ++i) {
    const auto byte = static_cast<unsigned char>(bits[1 + i / 8]);
    text += ((byte >> (7 - i % 8)) & 1) != 0 ? '1' : '0';
  }
  return text;
}

std::string calendar_interval_text(const arrow::MonthDayNano& interval) {
  constexpr std::int64_t kNanosPerMinute = 60'000'000'000;
  std::string text;
  add_unit(text, interval.months / 12, "years");
  add_unit(text, interval.months % 12, "months");
  add_unit(text, interval.days, "days");
  add_unit(text, interval.nanoseconds / (60 * kNanosPerMinute), "hours");
  add_unit(text, interval.nanoseconds / kNanosPerMinute % 60, "minutes");
  const auto rest = interval.nanoseconds % kNanosPerMinute;
  if (rest != 0) {
    if (!text.empty()) text += ' ';
    text += base::concat(rest < 0 ? "-" : "", std::abs(rest) / 1'000'000'000,
                         fraction(std::abs(rest) % 1'000'000'000, 9), " seconds");
  }
  return text.empty() ? "0 seconds" : text;
}

}  // namespace dbsql::warehouse
