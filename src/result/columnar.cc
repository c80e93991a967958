#include "result/columnar.h"

#include <dbsql/error.h>

#include "arrow/builder.h"
#include "arrow/type.h"
#include "base/text.h"
#include "result/parse_text.h"
#include "result/scalar.h"
#include "result/wire_list.h"

#include <array>
#include <bit>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::result {

namespace {

using arrow::DataType;
using arrow::TypeKind;
using arrow::UniqueArray;
using protocol::WireColumn;
using Kind = WireColumn::Kind;

[[noreturn]] void throw_corrupt(std::string message) {
  throw_error({.kind = ErrorKind::CorruptResult, .message = std::move(message)});
}

std::string_view name_of(Kind kind) noexcept {
  constexpr std::array<std::string_view, 8> kNames{
      "boolVal", "byteVal", "i16Val", "i32Val", "i64Val", "doubleVal", "stringVal", "binaryVal"};
  return kNames[static_cast<std::size_t>(kind)];
}

/// One column on its way from the wire to Arrow.
class ColumnConverter {
 public:
  ColumnConverter(const WireColumn& wire, const DataType& target, const Column* column,
                  std::size_t position)
      : wire_(wire), target_(target), column_(column), position_(position) {}

  UniqueArray convert();

 private:
  bool is_text() const noexcept { return wire_.kind == Kind::String || wire_.kind == Kind::Binary; }
  arrow::Validity validity() const {
    return arrow::validity_from_null_bits(wire_.nulls, wire_.count);
  }
  UniqueArray fixed(const base::Buffer& values) const {
    return arrow::fixed_width_array(wire_.count, validity(), values);
  }

  UniqueArray convert_same_kind();
  UniqueArray convert_text();
  UniqueArray convert_integer();
  UniqueArray convert_to_text();
  UniqueArray parse_booleans() const;
  UniqueArray bytes() const;

  template <class T, class Parse>
  UniqueArray parse_each(const Parse& parse) const;
  template <class T, class Narrow>
  UniqueArray narrow_each(const Narrow& narrow) const;
  template <class Function>
  void each_integer(const Function& function) const;
  bool is_null(std::int64_t row) const noexcept {
    const auto byte = static_cast<std::size_t>(row >> 3);
    return byte < wire_.nulls.size() &&
           (std::to_integer<unsigned>(wire_.nulls[byte]) >> (row & 7) & 1U) != 0;
  }

  std::string describe() const;
  [[noreturn]] void throw_mismatch() const;
  [[noreturn]] void throw_unparsable(std::int64_t row, std::string_view text) const;
  [[noreturn]] void throw_lengths() const;

  const WireColumn& wire_;
  const DataType& target_;
  const Column* column_;
  std::size_t position_;
};

UniqueArray ColumnConverter::convert() {
  if (!has_room_for_count(wire_)) throw_lengths();
  if (target_.kind == TypeKind::Null) return arrow::null_array(wire_.count);
  if (target_.kind == TypeKind::Utf8 || target_.kind == TypeKind::Binary)
    return is_text() ? bytes() : convert_to_text();
  if (is_text()) return convert_text();
  return convert_same_kind();
}

UniqueArray ColumnConverter::bytes() const {
  const auto joined = joined_bytes(wire_);
  if (!joined) throw_lengths();
  return arrow::bytes_array(wire_.count, validity(), joined->offsets, joined->data);
}

/// The everyday case: the list has the declared type.
UniqueArray ColumnConverter::convert_same_kind() {
  const auto is = [&](Kind kind, TypeKind type) {
    return wire_.kind == kind && target_.kind == type;
  };
  if (is(Kind::Bool, TypeKind::Bool)) return fixed(packed_bits(wire_));
  if (is(Kind::Double, TypeKind::Float32)) return fixed(narrowed_floats(wire_));
  if (is(Kind::Int8, TypeKind::Int8) || is(Kind::Int16, TypeKind::Int16) ||
      is(Kind::Int32, TypeKind::Int32) || is(Kind::Int64, TypeKind::Int64) ||
      is(Kind::Double, TypeKind::Float64))
    return fixed(swapped_values(wire_));
  return convert_integer();
}

template <class Function>
void ColumnConverter::each_integer(const Function& function) const {
  WireValues values(wire_);
  for (std::int64_t row = 0; row < wire_.count; ++row) {
    switch (wire_.kind) {
      case Kind::Int8:
        function(row, values.next_integer<std::int8_t>());
        break;
      case Kind::Int16:
        function(row, values.next_integer<std::int16_t>());
        break;
      case Kind::Int32:
        function(row, values.next_integer<std::int32_t>());
        break;
      case Kind::Int64:
        function(row, values.next_integer<std::int64_t>());
        break;
      default:
        throw_mismatch();
    }
  }
}

template <class T, class Narrow>
UniqueArray ColumnConverter::narrow_each(const Narrow& narrow) const {
  arrow::FixedBuilder<T> builder;
  builder.reserve(wire_.count);
  each_integer([&](std::int64_t row, std::int64_t value) {
    if (is_null(row)) return builder.append_null();
    if (!narrow(value)) throw_unparsable(row, std::to_string(value));
    builder.append(static_cast<T>(value));
  });
  return builder.finish();
}

/// An integer list of another width than declared: kept when every value fits.
UniqueArray ColumnConverter::convert_integer() {
  switch (target_.kind) {
    case TypeKind::Int8:
      return narrow_each<std::int8_t>(std::in_range<std::int8_t, std::int64_t>);
    case TypeKind::Int16:
      return narrow_each<std::int16_t>(std::in_range<std::int16_t, std::int64_t>);
    case TypeKind::Int32:
      return narrow_each<std::int32_t>(std::in_range<std::int32_t, std::int64_t>);
    case TypeKind::Int64:
      return narrow_each<std::int64_t>([](std::int64_t) { return true; });
    default:
      throw_mismatch();
  }
}

/// Any list as text: for declared types that this version reads as text.
UniqueArray ColumnConverter::convert_to_text() {
  if (target_.kind != TypeKind::Utf8) throw_mismatch();
  arrow::Utf8Builder builder;
  builder.reserve(wire_.count);
  WireValues values(wire_);
  std::string text;
  const auto append = [&](std::int64_t row, const Scalar& value) {
    if (is_null(row)) return builder.append_null();
    text.clear();
    append_text(text, value);
    builder.append(text);
  };
  for (std::int64_t row = 0; row < wire_.count; ++row) {
    switch (wire_.kind) {
      case Kind::Bool:
        append(row, values.next_integer<std::int8_t>() != 0);
        break;
      case Kind::Double:
        append(row, std::bit_cast<double>(values.next_integer<std::uint64_t>()));
        break;
      case Kind::Int8:
        append(row, std::int64_t{values.next_integer<std::int8_t>()});
        break;
      case Kind::Int16:
        append(row, std::int64_t{values.next_integer<std::int16_t>()});
        break;
      case Kind::Int32:
        append(row, std::int64_t{values.next_integer<std::int32_t>()});
        break;
      default:
        append(row, values.next_integer<std::int64_t>());
        break;
    }
  }
  return builder.finish();
}

/// Reads every text that is not NULL: the slot of a NULL holds a filler.
template <class T, class Parse>
UniqueArray ColumnConverter::parse_each(const Parse& parse) const {
  arrow::FixedBuilder<T> builder;
  builder.reserve(wire_.count);
  WireValues values(wire_);
  for (std::int64_t row = 0; row < wire_.count; ++row) {
    const auto text = values.next_bytes();
    if (!text) throw_lengths();
    if (is_null(row)) {
      builder.append_null();
      continue;
    }
    const std::optional<T> value = parse(*text);
    if (!value) throw_unparsable(row, *text);
    builder.append(*value);
  }
  return builder.finish();
}

UniqueArray ColumnConverter::parse_booleans() const {
  arrow::BoolBuilder builder;
  builder.reserve(wire_.count);
  WireValues values(wire_);
  for (std::int64_t row = 0; row < wire_.count; ++row) {
    const auto text = values.next_bytes();
    if (!text) throw_lengths();
    if (is_null(row)) {
      builder.append_null();
      continue;
    }
    const bool is_true = base::equals_ignore_case(*text, "true");
    if (!is_true && !base::equals_ignore_case(*text, "false")) throw_unparsable(row, *text);
    builder.append(is_true);
  }
  return builder.finish();
}

template <class T>
std::optional<T> integer_of(std::string_view text) noexcept {
  return base::parse_number<T>(text);
}

std::optional<std::int32_t> days_of(std::string_view text) noexcept {
  const auto date = parse_date(text);
  return date ? std::optional(date->days) : std::nullopt;
}

/// An offset in the text would name another clock than the column's: such text does not belong
/// here.
std::optional<std::int64_t> wall_clock_of(std::string_view text) noexcept {
  const auto civil = parse_timestamp(text);
  if (!civil || civil->utc_offset_seconds) return std::nullopt;
  return civil->microseconds;
}

std::optional<std::int32_t> months_of(std::string_view text) noexcept {
  const auto interval = parse_year_month(text);
  return interval ? std::optional(interval->months) : std::nullopt;
}

std::optional<std::int64_t> micros_of(std::string_view text) noexcept {
  const auto interval = parse_day_time(text);
  return interval ? std::optional(interval->microseconds) : std::nullopt;
}

UniqueArray ColumnConverter::convert_text() {
  const bool is_micros = target_.unit == arrow::TimeUnit::Microsecond;
  switch (target_.kind) {
    case TypeKind::Bool:
      return parse_booleans();
    case TypeKind::Int8:
      return parse_each<std::int8_t>(integer_of<std::int8_t>);
    case TypeKind::Int16:
      return parse_each<std::int16_t>(integer_of<std::int16_t>);
    case TypeKind::Int32:
      return parse_each<std::int32_t>(integer_of<std::int32_t>);
    case TypeKind::Int64:
      return parse_each<std::int64_t>(integer_of<std::int64_t>);
    case TypeKind::Float32:
      return parse_each<float>(parse_float);
    case TypeKind::Float64:
      return parse_each<double>(parse_double);
    case TypeKind::Date32:
      return parse_each<std::int32_t>(days_of);
    case TypeKind::IntervalMonths:
      return parse_each<std::int32_t>(months_of);
    case TypeKind::Duration:
      if (!is_micros) throw_mismatch();
      return parse_each<std::int64_t>(micros_of);
    case TypeKind::Timestamp:
      if (!is_micros || !target_.timezone.empty()) throw_mismatch();
      return parse_each<std::int64_t>(wall_clock_of);
    case TypeKind::Decimal:
      if (target_.byte_width != 16) throw_mismatch();
      return parse_each<arrow::DecimalWords128>(
          [&](std::string_view text) -> std::optional<arrow::DecimalWords128> {
            const auto parsed = parse_decimal(text);
            const auto exact = parsed ? rescale(*parsed, target_.precision, target_.scale) : parsed;
            if (!exact) return std::nullopt;
            return arrow::DecimalWords128{.low = exact->low(), .high = exact->high()};
          });
    default:
      throw_mismatch();
  }
}

std::string ColumnConverter::describe() const {
  if (column_ == nullptr) return base::concat("column ", position_ + 1);
  return base::concat("column ", position_ + 1, " \"", column_->name, "\" (", column_->type_text,
                      ")");
}

void ColumnConverter::throw_mismatch() const {
  throw_corrupt(base::concat(describe(), " arrived as ", name_of(wire_.kind),
                             ", which cannot be read as the declared type"));
}

void ColumnConverter::throw_unparsable(std::int64_t row, std::string_view text) const {
  throw_corrupt(base::concat(describe(), " holds \"", text.substr(0, 80), "\" in row ", row + 1,
                             " of the page, which is not a value of the declared type; cast the "
                             "column to STRING in the query to read it as it is"));
}

void ColumnConverter::throw_lengths() const {
  throw_corrupt(base::concat(describe(), " declares ", wire_.count, " values that do not fit its ",
                             wire_.values.size(), " bytes"));
}

}  // namespace

UniqueArray to_record_batch(const protocol::ColumnarRows& rows, const ArrowSchema& arrow_schema,
                            const Schema& schema) {
  const std::int64_t count = rows.columns.empty() ? 0 : rows.columns.front().count;
  const auto columns = static_cast<std::size_t>(arrow_schema.n_children);
  if (rows.columns.size() != columns) {
    // A page without rows may name its columns or not (reference/results.md 1.11).
    if (count == 0) return arrow::BatchBuilder(arrow_schema).finish();
    throw_corrupt(base::concat("a page with ", count, " rows has ", rows.columns.size(),
                               " columns, but the result has ", columns));
  }
  std::vector<UniqueArray> arrays;
  arrays.reserve(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    const WireColumn& wire = rows.columns[i];
    if (wire.count != count)
      throw_corrupt(base::concat("column ", i + 1, " of a page has ", wire.count,
                                 " values where the first one has ", count));
    const DataType target = arrow::parse_type(arrow_schema.children[i]->format);
    const Column* const column = i < schema.size() ? &schema[i] : nullptr;
    arrays.push_back(ColumnConverter(wire, target, column, i).convert());
  }
  return arrow::make_batch(count, std::move(arrays));
}

}  // namespace dbsql::result
