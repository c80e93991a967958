#include "result/cell_node.h"

#include <dbsql/arrow_c.h>
#include <dbsql/error.h>

#include "base/text.h"

#include <cstring>

namespace dbsql::result {

namespace {

using detail::ColumnRef;
using detail::fixed;
using detail::Physical;

std::span<const std::byte> as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// `Width` bytes of two's complement, least significant word first, with the sign spread over the
/// rest.
template <std::size_t Width>
WideDecimal decimal_at(const ColumnRef& column, std::int64_t row) noexcept {
  WideDecimal decimal{.scale = column.width_or_scale};
  const auto index = static_cast<std::size_t>(column.offset + row);
  std::memcpy(decimal.words.data(), static_cast<const std::byte*>(column.values) + index * Width,
              Width);
  const std::uint64_t sign = (decimal.words[Width / 8 - 1] >> 63) != 0 ? ~std::uint64_t{0} : 0;
  for (std::size_t i = Width / 8; i < decimal.words.size(); ++i) decimal.words[i] = sign;
  return decimal;
}

[[noreturn]] void throw_unreadable(const ColumnRef& column) {
  throw_error({.kind = ErrorKind::NotSupported,
               .message = base::concat(
                   "column ", column.position + 1, " \"", column.column->name,
                   "\" has the Arrow type \"", column.type->format,
                   "\", whose values this version does not read; take the Arrow batches instead"),
               .sqlstate = "0A000"});
}

}  // namespace

Scalar scalar_of(const ColumnRef& column, std::int64_t row) {
  if (detail::is_null(column, row)) return std::monostate{};
  switch (column.physical) {
    case Physical::Null:
      return std::monostate{};
    case Physical::Bool:
      return detail::Cell<bool>::read(column, row);
    case Physical::Int8:
      return std::int64_t{fixed<std::int8_t>(column, row)};
    case Physical::Int16:
      return std::int64_t{fixed<std::int16_t>(column, row)};
    case Physical::Int32:
      return std::int64_t{fixed<std::int32_t>(column, row)};
    case Physical::Int64:
      return fixed<std::int64_t>(column, row);
    case Physical::UInt8:
      return std::uint64_t{fixed<std::uint8_t>(column, row)};
    case Physical::UInt16:
      return std::uint64_t{fixed<std::uint16_t>(column, row)};
    case Physical::UInt32:
      return std::uint64_t{fixed<std::uint32_t>(column, row)};
    case Physical::UInt64:
      return fixed<std::uint64_t>(column, row);
    case Physical::Float:
      return fixed<float>(column, row);
    case Physical::Double:
      return fixed<double>(column, row);
    case Physical::Utf8:
      return detail::bytes_of<std::int32_t>(column, row);
    case Physical::LargeUtf8:
      return detail::bytes_of<std::int64_t>(column, row);
    case Physical::Binary:
      return as_bytes(detail::bytes_of<std::int32_t>(column, row));
    case Physical::LargeBinary:
      return as_bytes(detail::bytes_of<std::int64_t>(column, row));
    case Physical::FixedBinary:
      return detail::Cell<std::span<const std::byte>>::read(column, row);
    case Physical::Decimal128:
      return decimal_at<16>(column, row);
    case Physical::Decimal256:
      return decimal_at<32>(column, row);
    case Physical::Date32:
      return Date{fixed<std::int32_t>(column, row)};
    case Physical::TimestampMicros:
      return Timestamp{fixed<std::int64_t>(column, row), column.zone};
    case Physical::TimestampNtzMicros:
      return TimestampNtz{fixed<std::int64_t>(column, row)};
    case Physical::Months:
      return YearMonthInterval{fixed<std::int32_t>(column, row)};
    case Physical::DurationMicros:
      return DayTimeInterval{fixed<std::int64_t>(column, row)};
    case Physical::List:
    case Physical::LargeList:
    case Physical::FixedList:
    case Physical::Map:
    case Physical::Struct:
    case Physical::Other:
      break;
  }
  throw_unreadable(column);
}

std::string_view field_name(const ColumnRef& field) noexcept {
  return field.type->name == nullptr ? std::string_view{} : std::string_view(field.type->name);
}

Shape CellNode::shape() const noexcept {
  if (detail::is_null(column_, row_)) return Shape::Leaf;
  switch (column_.physical) {
    case Physical::List:
    case Physical::LargeList:
    case Physical::FixedList:
      return Shape::List;
    case Physical::Map:
      return Shape::Map;
    case Physical::Struct:
      return Shape::Struct;
    default:
      return Shape::Leaf;
  }
}

CellNode::Range CellNode::entries() const noexcept {
  if (column_.physical == Physical::FixedList) {
    const std::int64_t begin = (column_.offset + row_) * column_.width_or_scale;
    return {begin, begin + column_.width_or_scale};
  }
  if (column_.physical == Physical::LargeList)
    return {fixed<std::int64_t>(column_, row_), fixed<std::int64_t>(column_, row_ + 1)};
  return {fixed<std::int32_t>(column_, row_), fixed<std::int32_t>(column_, row_ + 1)};
}

}  // namespace dbsql::result
