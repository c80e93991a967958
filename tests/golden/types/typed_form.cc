#include "golden/types/typed_form.h"

#include <dbsql/time_zone.h>

#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <type_traits>

namespace dbsql::test {

namespace {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

template <class Number>
std::string shortest(Number number) {
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), end};
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string unscaled_text(const Decimal& decimal) {
  auto magnitude =
      static_cast<UInt128>(static_cast<std::uint64_t>(decimal.high())) << 64 | decimal.low();
  if (decimal.is_negative()) magnitude = 0 - magnitude;
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(magnitude % 10));
    magnitude /= 10;
  } while (magnitude != 0);
  if (decimal.is_negative()) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string hex(const std::vector<std::byte>& bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const std::byte byte : bytes) {
    out += kDigits[std::to_integer<std::size_t>(byte >> 4)];
    out += kDigits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return out;
}

struct Writer {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int8_t value) const { return base::concat("i8:", int{value}); }
  std::string operator()(std::int16_t value) const { return base::concat("i16:", value); }
  std::string operator()(std::int32_t value) const { return base::concat("i32:", value); }
  std::string operator()(std::int64_t value) const { return base::concat("i64:", value); }
  std::string operator()(float value) const { return "f32:" + shortest(value); }
  std::string operator()(double value) const { return "f64:" + shortest(value); }
  std::string operator()(const Decimal& value) const {
    return base::concat("dec:", unscaled_text(value), "/", value.scale());
  }
  std::string operator()(const std::string& value) const { return "str:" + quoted(value); }
  std::string operator()(const Binary& value) const { return "bin:" + hex(value.bytes); }
  std::string operator()(Date value) const { return base::concat("date:", value.days); }
  std::string operator()(const Timestamp& value) const {
    return base::concat("ts:", value.microseconds, "@",
                        value.zone == nullptr ? std::string_view("UTC") : value.zone->name());
  }
  std::string operator()(TimestampNtz value) const {
    return base::concat("ntz:", value.microseconds);
  }
  std::string operator()(YearMonthInterval value) const {
    return base::concat("ym:", value.months);
  }
  std::string operator()(DayTimeInterval value) const {
    return base::concat("dt:", value.microseconds);
  }
  std::string operator()(const ListValue& value) const {
    std::string out;
    for (const Value& element : value.elements)
      out += base::concat(out.empty() ? "" : ", ", typed_form(element));
    return "[" + out + "]";
  }
  std::string operator()(const MapValue& value) const {
    std::string out;
    for (const auto& [key, entry] : value.entries)
      out += base::concat(out.empty() ? "" : ", ", typed_form(key), " => ", typed_form(entry));
    return "{" + out + "}";
  }
  std::string operator()(const StructValue& value) const {
    std::string out;
    for (const auto& [name, field] : value.fields)
      out += base::concat(out.empty() ? "" : ", ", quoted(name), ": ", typed_form(field));
    return "(" + out + ")";
  }
};

template <class Number>
Number number_of(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::runtime_error("no number: " + std::string(text));
  return number;
}

/// Reads the notation from left to right.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  void append(arrow::Builder& builder, const ArrowSchema& field) {
    const std::string_view format = field.format;
    if (accept("null")) return builder.append_null();
    if (format == "+l") return append_list(builder.as<arrow::ListBuilder>(), field);
    if (format == "+m") return append_map(builder.as<arrow::MapBuilder>(), field);
    if (format == "+s") return append_struct(builder.as<arrow::StructBuilder>(), field);
    if (format == "b") return builder.as<arrow::BoolBuilder>().append(read_boolean());
    const std::string_view tag = take_until(':');
    if (tag == "str") return builder.as<arrow::Utf8Builder>().append(read_quoted());
    append_scalar(builder, tag, take_word());
  }

  void require_end() const {
    if (!rest_.empty()) throw std::runtime_error("left over: " + std::string(rest_));
  }

 private:
  static void append_scalar(arrow::Builder& builder, std::string_view tag, std::string_view word) {
    if (tag == "i8") return builder.as<arrow::Int8Builder>().append(number_of<std::int8_t>(word));
    if (tag == "i16")
      return builder.as<arrow::Int16Builder>().append(number_of<std::int16_t>(word));
    if (tag == "i32" || tag == "date" || tag == "ym")
      return builder.as<arrow::Int32Builder>().append(number_of<std::int32_t>(word));
    if (tag == "i64" || tag == "ntz" || tag == "dt" || tag == "ts")
      return builder.as<arrow::Int64Builder>().append(
          number_of<std::int64_t>(word.substr(0, word.find('@'))));
    if (tag == "f32") return builder.as<arrow::Float32Builder>().append(number_of<float>(word));
    if (tag == "f64") return builder.as<arrow::Float64Builder>().append(number_of<double>(word));
    if (tag == "dec") return builder.as<arrow::Decimal128Builder>().append(decimal_of(word));
    if (tag == "bin") return builder.as<arrow::BinaryBuilder>().append(bytes_of(word));
    throw std::runtime_error("unknown tag " + std::string(tag));
  }

  static arrow::DecimalWords128 decimal_of(std::string_view word) {
    const bool negative = word.starts_with('-');
    if (negative) word.remove_prefix(1);
    UInt128 magnitude = 0;
    for (const char digit : word.substr(0, word.find('/')))
      magnitude = magnitude * 10 + static_cast<unsigned>(digit - '0');
    const auto value = negative ? 0 - magnitude : magnitude;
    return {.low = static_cast<std::uint64_t>(value),
            .high = static_cast<std::int64_t>(static_cast<Int128>(value) >> 64)};
  }

  static std::string bytes_of(std::string_view word) {
    std::string bytes;
    for (std::size_t i = 0; i < word.size(); i += 2) {
      unsigned byte = 0;
      std::from_chars(word.data() + i, word.data() + i + 2, byte, 16);
      bytes += static_cast<char>(byte);
    }
    return bytes;
  }

  void append_list(arrow::ListBuilder& builder, const ArrowSchema& field) {
    each("[", "]", [&] { append(builder.values(), *field.children[0]); });
    builder.end_list();
  }

  void append_map(arrow::MapBuilder& builder, const ArrowSchema& field) {
    const ArrowSchema& entries = *field.children[0];
    each("{", "}", [&] {
      append(builder.keys(), *entries.children[0]);
      expect(" => ");
      append(builder.values(), *entries.children[1]);
    });
    builder.end_map();
  }

  void append_struct(arrow::StructBuilder& builder, const ArrowSchema& field) {
    std::size_t index = 0;
    each("(", ")", [&] {
      read_quoted();
      expect(": ");
      append(builder.field(index), *field.children[index]);
      ++index;
    });
    builder.end_row();
  }

  template <class Function>
  void each(std::string_view open, std::string_view close, const Function& function) {
    expect(open);
    if (accept(close)) return;
    do {
      function();
    } while (accept(", "));
    expect(close);
  }

  bool read_boolean() {
    if (accept("true")) return true;
    expect("false");
    return false;
  }

  std::string read_quoted() {
    expect("\"");
    std::string text;
    while (!rest_.starts_with('"')) {
      if (rest_.starts_with('\\')) rest_.remove_prefix(1);
      if (rest_.empty()) throw std::runtime_error("a string does not end");
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    rest_.remove_prefix(1);
    return text;
  }

  std::string_view take(std::size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view take_until(char end) {
    const std::string_view taken = take(rest_.find(end));
    expect(std::string_view(&end, 1));
    return taken;
  }
  std::string_view take_word() { return take(rest_.find_first_of(",]}) ")); }

  bool accept(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }
  void expect(std::string_view expected) {
    if (!accept(expected))
      throw std::runtime_error(base::concat("no ", expected, " at ", rest_.substr(0, 20)));
  }

  std::string_view rest_;
};

}  // namespace

std::string typed_form(const Value& value) { return std::visit(Writer{}, value.variant()); }

void append_typed(arrow::Builder& builder, const ArrowSchema& field, std::string_view text) {
  Reader reader(text);
  reader.append(builder, field);
  reader.require_end();
}

}  // namespace dbsql::test
