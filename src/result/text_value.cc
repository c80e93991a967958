#include "result/text_value.h"

#include <dbsql/error.h>
#include <dbsql/time_zone.h>

#include "base/base64.h"
#include "base/text.h"
#include "result/nested_text.h"
#include "result/parse_text.h"
#include "result/wall_clock.h"

#include <string>

namespace dbsql {

namespace result {

namespace {

using detail::ColumnRef;
using detail::Physical;

[[noreturn]] void throw_unparsable(const ColumnRef& column, std::int64_t row,
                                   std::string_view text) {
  throw_error({.kind = ErrorKind::CorruptResult,
               .message = base::concat("column ", column.position + 1, " \"", column.column->name,
                                       "\" is declared ", column.column->type_text, ", but row ",
                                       row + 1, " of the batch holds \"", text.substr(0, 80),
                                       "\"; read the column as text (RowRef::text)")});
}

std::string_view text_at(const ColumnRef& column, std::int64_t row) noexcept {
  return column.physical == Physical::LargeUtf8 ? detail::bytes_of<std::int64_t>(column, row)
                                                : detail::bytes_of<std::int32_t>(column, row);
}

/// An optional of one alternative as an optional value.
template <class T>
std::optional<Value> to_value(const std::optional<T>& parsed) {
  if (!parsed) return std::nullopt;
  return Value(*parsed);
}

std::optional<Value> parse_boolean(std::string_view text) {
  if (base::equals_ignore_case(text, "true")) return Value(true);
  if (base::equals_ignore_case(text, "false")) return Value(false);
  return std::nullopt;
}

/// The zone of an offset that a text shows, in the form of such zones' names.
const TimeZone* zone_of_offset(std::int32_t seconds) {
  if (seconds == 0) return &TimeZone::utc();
  const std::int32_t minutes = (seconds < 0 ? -seconds : seconds) / 60;
  const std::string padding = minutes % 60 < 10 ? "0" : "";
  return &TimeZone::find(
      base::concat(seconds < 0 ? "-" : "+", minutes / 60, ":", padding, minutes % 60));
}

std::optional<Timestamp> instant_in(const TimeZone* zone, std::int64_t wall_clock) {
  if (zone == nullptr) return std::nullopt;
  const auto instant = instant_of_wall_clock(wall_clock, *zone);
  if (!instant) return std::nullopt;
  return Timestamp{*instant, zone};
}

std::optional<Timestamp> instant_of(const std::optional<CivilTimestamp>& civil,
                                    const TimeZone* zone) {
  if (!civil) return std::nullopt;
  if (!civil->utc_offset_seconds) return instant_in(zone, civil->microseconds);
  std::int64_t instant = 0;
  if (__builtin_sub_overflow(civil->microseconds,
                             std::int64_t{*civil->utc_offset_seconds} * 1'000'000, &instant))
    return std::nullopt;
  return Timestamp{instant, zone_of_offset(*civil->utc_offset_seconds)};
}

std::optional<TimestampNtz> wall_clock_of(const std::optional<CivilTimestamp>& civil) {
  if (!civil || civil->utc_offset_seconds) return std::nullopt;
  return TimestampNtz{civil->microseconds};
}

std::optional<Value> parse_timestamp_value(std::string_view text, const TimeZone* zone) {
  const auto civil = parse_timestamp(text);
  if (const auto instant = instant_of(civil, zone)) return Value(*instant);
  return to_value(wall_clock_of(civil));
}

/// Reads a cell of a column whose declared type is one of `types`.
template <class Parse>
auto read_typed(const ColumnRef& column, std::int64_t row, std::initializer_list<TypeId> types,
                std::string_view wanted, const Parse& parse) {
  bool fits = false;
  for (const TypeId type : types)
    fits = fits || (column.declared != nullptr && column.declared->id == type);
  if (!fits) detail::throw_cell_type(column, wanted);
  const std::string_view text = text_at(column, row);
  const auto value = parse(text);
  if (!value) throw_unparsable(column, row, text);
  return *value;
}

}  // namespace

/// Exactly the declared scale where that loses nothing: the same number as in its native form.
std::optional<Decimal> parse_declared_decimal(const DeclaredType& type, std::string_view text) {
  const auto decimal = parse_decimal(text);
  if (!decimal || !type.precision || !type.scale) return decimal;
  const auto exact = rescale(*decimal, *type.precision, *type.scale);
  return exact ? exact : decimal;
}

/// Inside nested text bytes are base64, as every JSON writer of the servers makes them. What no
/// encoder would have written is taken for the bytes themselves.
Value parse_binary(std::string_view text) {
  const auto decoded = base::base64_decode(text);
  const bool is_base64 = decoded && base::base64_encode(*decoded) == text;
  const std::string_view raw = is_base64 ? std::string_view(*decoded) : text;
  const auto bytes = std::as_bytes(std::span(raw.data(), raw.size()));
  return Binary{std::vector<std::byte>(bytes.begin(), bytes.end())};
}

std::optional<Value> parse_value(const DeclaredType& type, std::string_view text,
                                 const TimeZone* zone) {
  switch (type.id) {
    case TypeId::Boolean:
      return parse_boolean(text);
    case TypeId::TinyInt:
      return to_value(base::parse_number<std::int8_t>(text));
    case TypeId::SmallInt:
      return to_value(base::parse_number<std::int16_t>(text));
    case TypeId::Int:
      return to_value(base::parse_number<std::int32_t>(text));
    case TypeId::BigInt:
      return to_value(base::parse_number<std::int64_t>(text));
    case TypeId::Float:
      return to_value(parse_float(text));
    case TypeId::Double:
      return to_value(parse_double(text));
    case TypeId::Decimal:
      return to_value(parse_declared_decimal(type, text));
    case TypeId::Binary:
      return parse_binary(text);
    case TypeId::Date:
      return to_value(parse_date(text));
    case TypeId::Timestamp:
      return parse_timestamp_value(text, zone);
    case TypeId::TimestampNtz:
      return to_value(wall_clock_of(parse_timestamp(text)));
    case TypeId::IntervalYearMonth:
      return to_value(parse_year_month(text));
    case TypeId::IntervalDayTime:
      return to_value(parse_day_time(text));
    case TypeId::Array:
    case TypeId::Map:
    case TypeId::Struct:
      return parse_nested(type, text, zone);
    case TypeId::Void:
      return std::nullopt;
    default:
      return Value(text);
  }
}

Value value_of_text(const ColumnRef& column, std::int64_t row, std::string_view text) {
  if (auto value = parse_value(*column.declared, text, column.zone)) return *std::move(value);
  // Nested text is not always well-formed (quotes inside strings are not escaped everywhere): as it
  // came is better than not at all. A scalar that does not parse is damage.
  const TypeId type = column.declared->id;
  if (type == TypeId::Array || type == TypeId::Map || type == TypeId::Struct) return Value(text);
  throw_unparsable(column, row, text);
}

Value value_of_wall_clock(const ColumnRef& column, TimestampNtz wall_clock) {
  if (const auto instant = instant_in(column.zone, wall_clock.microseconds)) return *instant;
  return wall_clock;
}

Decimal decimal_of_text(const ColumnRef& column, std::int64_t row) {
  return read_typed(column, row, {TypeId::Decimal}, "a decimal", [&](std::string_view text) {
    return parse_declared_decimal(*column.declared, text);
  });
}

}  // namespace result

namespace detail {

Date date_of_text(const ColumnRef& column, std::int64_t row) {
  return result::read_typed(column, row, {TypeId::Date}, "a date", result::parse_date);
}

Timestamp timestamp_of_text(const ColumnRef& column, std::int64_t row) {
  constexpr std::string_view kWanted = "a timestamp";
  if (column.physical == Physical::TimestampNtzMicros) {
    const auto instant = result::instant_in(column.zone, fixed<std::int64_t>(column, row));
    if (instant) return *instant;
    throw_cell_type(column, kWanted);
  }
  const auto civil =
      result::read_typed(column, row, {TypeId::Timestamp}, kWanted, result::parse_timestamp);
  if (const auto instant = result::instant_of(civil, column.zone)) return *instant;
  throw_cell_type(column, kWanted);  // well-formed, but no instant
}

TimestampNtz timestamp_ntz_of_text(const ColumnRef& column, std::int64_t row) {
  constexpr std::string_view kWanted = "a timestamp without zone";
  const auto civil = result::read_typed(column, row, {TypeId::TimestampNtz, TypeId::Timestamp},
                                        kWanted, result::parse_timestamp);
  if (const auto wall_clock = result::wall_clock_of(civil)) return *wall_clock;
  throw_cell_type(column, kWanted);  // well-formed, but an instant
}

YearMonthInterval year_month_of_text(const ColumnRef& column, std::int64_t row) {
  return result::read_typed(column, row, {TypeId::IntervalYearMonth}, "a year-month interval",
                            result::parse_year_month);
}

DayTimeInterval day_time_of_text(const ColumnRef& column, std::int64_t row) {
  return result::read_typed(column, row, {TypeId::IntervalDayTime}, "a day-time interval",
                            result::parse_day_time);
}

}  // namespace detail

}  // namespace dbsql
