#include "result/scalar.h"

#include <dbsql/time_zone.h>

#include "result/text_forms.h"

#include <charconv>
#include <type_traits>

namespace dbsql::result {

namespace {

std::int32_t offset_of(const Timestamp& timestamp) noexcept {
  return timestamp.zone == nullptr ? 0 : timestamp.zone->utc_offset_seconds(timestamp.microseconds);
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}

/// The forms that are the same at the top level and inside nested values, but for the quotes.
struct TextAppender {
  std::string& out;

  void operator()(std::monostate) const { out += "NULL"; }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { append_integer(out, value); }
  void operator()(std::uint64_t value) const { append_integer(out, value); }
  void operator()(float value) const { append_floating(out, value); }
  void operator()(double value) const { append_floating(out, value); }
  void operator()(const WideDecimal& value) const { append_decimal(out, value); }
  void operator()(std::string_view value) const { out += value; }
  void operator()(std::span<const std::byte> value) const { append_hex(out, value); }
  void operator()(Date value) const { append_date(out, value.days); }
  void operator()(const Timestamp& value) const {
    append_timestamp(out, value.microseconds, offset_of(value));
  }
  void operator()(TimestampNtz value) const { append_timestamp(out, value.microseconds); }
  void operator()(YearMonthInterval value) const { append_year_month(out, value.months); }
  void operator()(DayTimeInterval value) const { append_day_time(out, value.microseconds); }
};

struct JsonAppender {
  std::string& out;

  void operator()(std::monostate) const { out += "null"; }
  void operator()(bool value) const { TextAppender{out}(value); }
  void operator()(std::int64_t value) const { append_integer(out, value); }
  void operator()(std::uint64_t value) const { append_integer(out, value); }
  void operator()(float value) const { append_json_floating(out, value); }
  void operator()(double value) const { append_json_floating(out, value); }
  void operator()(const WideDecimal& value) const { append_decimal(out, value); }
  void operator()(std::string_view value) const { append_json_string(out, value); }
  void operator()(std::span<const std::byte> value) const {
    out += '"';
    append_base64(out, value);
    out += '"';
  }
  /// Dates, timestamps and intervals: their text holds nothing that JSON would escape.
  template <class Temporal>
  void operator()(const Temporal& value) const {
    out += '"';
    TextAppender{out}(value);
    out += '"';
  }
};

}  // namespace

void append_text(std::string& out, const Scalar& scalar) { std::visit(TextAppender{out}, scalar); }

void append_json(std::string& out, const Scalar& scalar) { std::visit(JsonAppender{out}, scalar); }

}  // namespace dbsql::result
