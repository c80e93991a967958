#include "warehouse/value_text.h"

#include "arrow/bits.h"
#include "warehouse/civil_date.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>
#include <vector>

namespace dbsql::warehouse {
namespace {

using arrow::TypeKind;
using arrow::TypeNode;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

template <class T>
T fixed(const ArrowArray& array, std::int64_t index) {
  T value;
  std::memcpy(&value,
              static_cast<const char*>(array.buffers[1]) +
                  static_cast<std::size_t>(array.offset + index) * sizeof(T),
              sizeof(T));
  return value;
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  out.append(text.data(), end);
}

void append_padded(std::string& out, std::uint64_t number, std::size_t width) {
  const std::string digits = std::to_string(number);
  if (digits.size() < width) out.append(width - digits.size(), '0');
  out += digits;
}

template <class Float>
void append_float(std::string& out, Float value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
  } else {
    append_number(out, value);
  }
}

// ---- decimals ----

using Words = std::array<std::uint64_t, 4>;  // two's complement, least significant first

Words decimal_words(const TypeNode& type, const ArrowArray& array, std::int64_t index) {
  const auto width = static_cast<std::size_t>(type.type.byte_width);
  const char* value = static_cast<const char*>(array.buffers[1]) +
                      static_cast<std::size_t>(array.offset + index) * width;
  Words words;
  const bool negative = (static_cast<unsigned char>(value[width - 1]) & 0x80U) != 0;
  words.fill(negative ? ~std::uint64_t{0} : 0);
  std::memcpy(words.data(), value, std::min(width, sizeof(words)));
  return words;
}

bool make_positive(Words& words) {
  if ((words[3] >> 63) == 0) return false;
  bool carry = true;
  for (std::uint64_t& word : words) {
    word = ~word + (carry ? 1 : 0);
    carry = carry && word == 0;
  }
  return true;
}

/// Divides by ten in place and returns the remainder.
unsigned take_digit(Words& words) {
  std::uint64_t remainder = 0;
  for (std::size_t i = words.size(); i-- > 0;) {
    // 32 bits at a time, so that the dividend fits.
    const std::uint64_t high = (remainder << 32) | (words[i] >> 32);
    const std::uint64_t low = ((high % 10) << 32) | (words[i] & 0xFFFFFFFF);
    words[i] = ((high / 10) << 32) | (low / 10);
    remainder = low % 10;
  }
  return static_cast<unsigned>(remainder);
}

void append_decimal(std::string& out, Words words, int scale) {
  const bool negative = make_positive(words);
  std::string digits;  // least significant first
  while (words != Words{} || digits.size() <= static_cast<std::size_t>(scale)) {
    digits += static_cast<char>('0' + take_digit(words));
  }
  if (negative) out += '-';
  for (std::size_t left = digits.size(); left-- > 0;) {
    out += digits[left];
    if (left == static_cast<std::size_t>(scale) && scale != 0) out += '.';
  }
}

// ---- dates, times, intervals ----

void append_date(std::string& out, std::int64_t days) {
  const CivilDate date = civil_from_days(days);
  if (date.year < 0) out += '-';
  if (date.year > 9999) out += '+';
  append_padded(out, static_cast<std::uint64_t>(std::abs(date.year)), 4);
  out += '-';
  append_padded(out, static_cast<std::uint64_t>(date.month), 2);
  out += '-';
  append_padded(out, static_cast<std::uint64_t>(date.day), 2);
}

void append_clock(std::string& out, std::uint64_t seconds) {
  append_padded(out, seconds / 3600, 2);
  out += ':';
  append_padded(out, seconds / 60 % 60, 2);
  out += ':';
  append_padded(out, seconds % 60, 2);
}

void append_fraction(std::string& out, std::uint64_t micros) {
  if (micros == 0) return;
  out += '.';
  append_padded(out, micros, 6);
  out.erase(out.find_last_not_of('0') + 1);
}

std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
}

void append_year_month(std::string& out, std::int32_t months) {
  if (months < 0) out += '-';
  const std::uint64_t size = magnitude(months);
  append_number(out, size / 12);
  out += '-';
  append_number(out, size % 12);
}

void append_day_time(std::string& out, std::int64_t micros) {
  if (micros < 0) out += '-';
  const std::uint64_t size = magnitude(micros);
  const std::uint64_t seconds = size / 1'000'000;
  append_number(out, seconds / 86'400);
  out += ' ';
  append_clock(out, seconds % 86'400);
  out += '.';
  append_padded(out, size % 1'000'000 * 1000, 9);
}

std::int64_t units_per_second(arrow::TimeUnit unit) {
  switch (unit) {
    case arrow::TimeUnit::Second:
      return 1;
    case arrow::TimeUnit::Millisecond:
      return 1000;
    case arrow::TimeUnit::Microsecond:
      return 1'000'000;
    case arrow::TimeUnit::Nanosecond:
      return 1'000'000'000;
  }
  return 1;
}

std::int64_t to_micros(arrow::TimeUnit unit, std::int64_t value) {
  const std::int64_t per_second = units_per_second(unit);
  return per_second > kMicrosPerSecond ? floor_divide(value, per_second / kMicrosPerSecond)
                                       : value * (kMicrosPerSecond / per_second);
}

// ---- JSON ----

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += byte;
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (code < 0x20) {
      static constexpr std::string_view kHex = "0123456789abcdef";
      out += "\\u00";
      out += kHex[code >> 4];
      out += kHex[code & 15];
    } else {
      out += byte;
    }
  }
  out += '"';
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j) {
      group = (group << 8) | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out += j <= count ? kAlphabet[(group >> (18 - 6 * j)) & 63] : '=';
    }
  }
  return out;
}

std::pair<std::int64_t, std::int64_t> list_range(const TypeNode& type, const ArrowArray& array,
                                                 std::int64_t index) {
  const std::int64_t row = array.offset + index;
  if (type.layout == arrow::Layout::FixedList) {
    return {row * type.type.list_size, (row + 1) * type.type.list_size};
  }
  if (type.layout == arrow::Layout::List64) {
    const auto* offsets = static_cast<const std::int64_t*>(array.buffers[1]);
    return {offsets[row], offsets[row + 1]};
  }
  const auto* offsets = static_cast<const std::int32_t*>(array.buffers[1]);
  return {offsets[row], offsets[row + 1]};
}

void mark_zones(TypeNode& type, const ArrowSchema& schema) {
  // "tsu:" and then the zone; nothing after the colon is wall-clock time.
  if (type.type.kind == TypeKind::Timestamp && std::strlen(schema.format) > 4) {
    type.type.timezone = "session";
  }
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    mark_zones(type.children[i], *schema.children[i]);
  }
}

}  // namespace

TypeNode resolve_value_type(const ArrowSchema& schema) {
  TypeNode type = arrow::resolve_type(schema);
  mark_zones(type, schema);
  return type;
}

bool is_null(const TypeNode& type, const ArrowArray& array, std::int64_t index) {
  if (type.layout == arrow::Layout::Null) return true;
  const auto* validity = static_cast<const std::uint8_t*>(array.buffers[0]);
  return validity != nullptr && !arrow::get_bit(validity, array.offset + index);
}

std::string_view bytes_value(const TypeNode& type, const ArrowArray& array, std::int64_t index) {
  const std::int64_t row = array.offset + index;
  const auto* data = static_cast<const char*>(
      type.layout == arrow::Layout::Fixed ? array.buffers[1] : array.buffers[2]);
  std::int64_t first = 0, last = 0;
  if (type.layout == arrow::Layout::Fixed) {
    first = row * type.type.byte_width;
    last = first + type.type.byte_width;
  } else if (type.layout == arrow::Layout::Bytes64) {
    const auto* offsets = static_cast<const std::int64_t*>(array.buffers[1]);
    first = offsets[row];
    last = offsets[row + 1];
  } else {
    const auto* offsets = static_cast<const std::int32_t*>(array.buffers[1]);
    first = offsets[row];
    last = offsets[row + 1];
  }
  if (first == last) return {};
  return {data + first, static_cast<std::size_t>(last - first)};
}

std::int64_t integer_value(const TypeNode& type, const ArrowArray& array, std::int64_t index) {
  switch (type.type.kind) {
    case TypeKind::Bool:
      return arrow::get_bit(static_cast<const std::uint8_t*>(array.buffers[1]),
                            array.offset + index)
                 ? 1
                 : 0;
    case TypeKind::Int8:
      return fixed<std::int8_t>(array, index);
    case TypeKind::UInt8:
      return fixed<std::uint8_t>(array, index);
    case TypeKind::Int16:
      return fixed<std::int16_t>(array, index);
    case TypeKind::UInt16:
      return fixed<std::uint16_t>(array, index);
    case TypeKind::Int32:
    case TypeKind::Date32:
    case TypeKind::IntervalMonths:
    case TypeKind::Time32:
      return fixed<std::int32_t>(array, index);
    case TypeKind::UInt32:
      return fixed<std::uint32_t>(array, index);
    default:
      return fixed<std::int64_t>(array, index);
  }
}

double double_value(const TypeNode& type, const ArrowArray& array, std::int64_t index) {
  if (type.type.kind != TypeKind::Float32) return fixed<double>(array, index);
  const auto value = fixed<float>(array, index);
  if (!std::isfinite(value)) return static_cast<double>(value);
  std::array<char, 32> text;
  const auto printed = std::to_chars(text.data(), text.data() + text.size(), value);
  double widened = 0;
  std::from_chars(text.data(), printed.ptr, widened);
  return widened;
}

void ValueText::append_timestamp(std::string& out, const TypeNode& type, std::int64_t value) const {
  std::int64_t micros = to_micros(type.type.unit, value);
  std::int64_t seconds = floor_divide(micros, kMicrosPerSecond);
  const std::int64_t fraction = micros - seconds * kMicrosPerSecond;
  if (!type.type.timezone.empty()) seconds += zone_->at(seconds);
  const std::int64_t days = floor_divide(seconds, kSecondsPerDay);
  append_date(out, days);
  out += ' ';
  append_clock(out, static_cast<std::uint64_t>(seconds - days * kSecondsPerDay));
  append_fraction(out, static_cast<std::uint64_t>(fraction));
}

void ValueText::append(std::string& out, const TypeNode& type, const ArrowArray& array,
                       std::int64_t index) const {
  switch (type.type.kind) {
    case TypeKind::Null:
      return;
    case TypeKind::Bool:
      out += integer_value(type, array, index) != 0 ? "true" : "false";
      return;
    case TypeKind::Float32:
      return append_float(out, fixed<float>(array, index));
    case TypeKind::Float64:
      return append_float(out, fixed<double>(array, index));
    case TypeKind::UInt64:
      return append_number(out, fixed<std::uint64_t>(array, index));
    case TypeKind::Decimal:
      return append_decimal(out, decimal_words(type, array, index), type.type.scale);
    case TypeKind::Date32:
      return append_date(out, integer_value(type, array, index));
    case TypeKind::Timestamp:
      return append_timestamp(out, type, integer_value(type, array, index));
    case TypeKind::Duration:
      return append_day_time(out, to_micros(type.type.unit, integer_value(type, array, index)));
    case TypeKind::IntervalMonths:
      return append_year_month(out, fixed<std::int32_t>(array, index));
    case TypeKind::Utf8:
    case TypeKind::LargeUtf8:
    case TypeKind::Binary:
    case TypeKind::LargeBinary:
    case TypeKind::FixedSizeBinary:
      out += bytes_value(type, array, index);
      return;
    case TypeKind::List:
    case TypeKind::LargeList:
    case TypeKind::FixedSizeList:
      return append_list(out, type, array, index);
    case TypeKind::Map:
      return append_map(out, type, array, index);
    case TypeKind::Struct:
      return append_struct(out, type, array, index);
    default:
      return append_number(out, integer_value(type, array, index));
  }
}

void ValueText::append_nested(std::string& out, const TypeNode& type, const ArrowArray& array,
                              std::int64_t index) const {
  if (is_null(type, array, index)) {
    out += "null";
    return;
  }
  std::string text;
  append(text, type, array, index);
  switch (type.type.kind) {
    case TypeKind::Utf8:
    case TypeKind::LargeUtf8:
    case TypeKind::Duration:
    case TypeKind::IntervalMonths:
      return append_quoted(out, text);
    case TypeKind::Binary:
    case TypeKind::LargeBinary:
    case TypeKind::FixedSizeBinary:
      return append_json_string(out, base64(text));
    case TypeKind::Float32:
    case TypeKind::Float64:
      if (text == "NaN" || text.ends_with("Infinity")) return append_json_string(out, text);
      out += text;
      return;
    default:
      out += text;  // dates and timestamps too: servers leave them bare (reference/results.md 3.3)
  }
}

void ValueText::append_quoted(std::string& out, std::string_view text) const {
  if (form_ == Form::Json) return append_json_string(out, text);
  out += '"';
  out += text;
  out += '"';
}

void ValueText::append_key(std::string& out, const TypeNode& type, const ArrowArray& array,
                           std::int64_t index) const {
  if (form_ == Form::Spark) return append_nested(out, type, array, index);
  std::string key;
  append_nested(key, type, array, index);
  if (key.starts_with('"')) {
    out += key;
  } else {
    append_json_string(out, key);  // numbers, dates and nested keys become strings
  }
}

void ValueText::append_list(std::string& out, const TypeNode& type, const ArrowArray& array,
                            std::int64_t index) const {
  const auto [first, last] = list_range(type, array, index);
  out += '[';
  for (std::int64_t i = first; i < last; ++i) {
    if (i != first) out += ',';
    append_nested(out, type.children[0], *array.children[0], i);
  }
  out += ']';
}

void ValueText::append_map(std::string& out, const TypeNode& type, const ArrowArray& array,
                           std::int64_t index) const {
  const auto [first, last] = list_range(type, array, index);
  const TypeNode& entry_type = type.children[0];
  const ArrowArray& entries = *array.children[0];
  std::vector<std::string> rendered;
  for (std::int64_t i = first; i < last; ++i) {
    std::string entry;
    append_key(entry, entry_type.children[0], *entries.children[0], entries.offset + i);
    entry += ':';
    append_nested(entry, entry_type.children[1], *entries.children[1], entries.offset + i);
    rendered.push_back(std::move(entry));
  }
  std::sort(rendered.begin(), rendered.end());
  out += '{';
  for (std::size_t i = 0; i < rendered.size(); ++i) {
    if (i != 0) out += ',';
    out += rendered[i];
  }
  out += '}';
}

void ValueText::append_struct(std::string& out, const TypeNode& type, const ArrowArray& array,
                              std::int64_t index) const {
  out += '{';
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    if (i != 0) out += ',';
    append_quoted(out, type.children[i].name);
    out += ':';
    append_nested(out, type.children[i], *array.children[i], array.offset + index);
  }
  out += '}';
}

}  // namespace dbsql::warehouse
