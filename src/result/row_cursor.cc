#include "result/row_cursor.h"

#include <dbsql/error.h>
#include <dbsql/time_zone.h>

#include "base/text.h"
#include "result/dictionary.h"

#include <memory>
#include <string>

namespace dbsql::result {

namespace {

using arrow::DataType;
using arrow::TypeKind;
using detail::ColumnRef;
using detail::Physical;

[[noreturn]] void throw_corrupt(std::string message) {
  throw_error({.kind = ErrorKind::CorruptResult, .message = std::move(message)});
}

Physical physical_of_decimal(const DataType& type) noexcept {
  if (type.scale < 0 || type.scale > 76) return Physical::Other;
  if (type.byte_width == 16) return Physical::Decimal128;
  return type.byte_width == 32 ? Physical::Decimal256 : Physical::Other;
}

Physical physical_of_timestamp(const DataType& type) noexcept {
  if (type.unit != arrow::TimeUnit::Microsecond) return Physical::Other;
  return type.timezone.empty() ? Physical::TimestampNtzMicros : Physical::TimestampMicros;
}

Physical physical_of(const DataType& type) noexcept {
  switch (type.kind) {
    case TypeKind::Null:
      return Physical::Null;
    case TypeKind::Bool:
      return Physical::Bool;
    case TypeKind::Int8:
      return Physical::Int8;
    case TypeKind::UInt8:
      return Physical::UInt8;
    case TypeKind::Int16:
      return Physical::Int16;
    case TypeKind::UInt16:
      return Physical::UInt16;
    case TypeKind::Int32:
      return Physical::Int32;
    case TypeKind::UInt32:
      return Physical::UInt32;
    case TypeKind::Int64:
      return Physical::Int64;
    case TypeKind::UInt64:
      return Physical::UInt64;
    case TypeKind::Float32:
      return Physical::Float;
    case TypeKind::Float64:
      return Physical::Double;
    case TypeKind::Decimal:
      return physical_of_decimal(type);
    case TypeKind::Date32:
      return Physical::Date32;
    case TypeKind::Timestamp:
      return physical_of_timestamp(type);
    case TypeKind::Duration:
      return type.unit == arrow::TimeUnit::Microsecond ? Physical::DurationMicros : Physical::Other;
    case TypeKind::IntervalMonths:
      return Physical::Months;
    case TypeKind::Binary:
      return Physical::Binary;
    case TypeKind::LargeBinary:
      return Physical::LargeBinary;
    case TypeKind::FixedSizeBinary:
      return Physical::FixedBinary;
    case TypeKind::Utf8:
      return Physical::Utf8;
    case TypeKind::LargeUtf8:
      return Physical::LargeUtf8;
    case TypeKind::List:
      return Physical::List;
    case TypeKind::LargeList:
      return Physical::LargeList;
    case TypeKind::FixedSizeList:
      return Physical::FixedList;
    case TypeKind::Map:
      return Physical::Map;
    case TypeKind::Struct:
      return Physical::Struct;
    case TypeKind::Float16:
    case TypeKind::Date64:
    case TypeKind::Time32:
    case TypeKind::Time64:
    case TypeKind::IntervalDayTime:
    case TypeKind::IntervalMonthDayNano:
      break;
  }
  return Physical::Other;
}

std::int32_t width_or_scale_of(const DataType& type) noexcept {
  switch (type.kind) {
    case TypeKind::Decimal:
      return type.scale;
    case TypeKind::FixedSizeBinary:
      return type.byte_width;
    case TypeKind::FixedSizeList:
      return type.list_size;
    default:
      return 0;
  }
}

/// Whether values of this SQL type, when they come as text, are read as something else than text.
bool is_typed_text(TypeId type) noexcept {
  switch (type) {
    case TypeId::Decimal:
    case TypeId::Date:
    case TypeId::Timestamp:
    case TypeId::TimestampNtz:
    case TypeId::IntervalYearMonth:
    case TypeId::IntervalDayTime:
    case TypeId::Array:
    case TypeId::Map:
    case TypeId::Struct:
      return true;
    default:
      return false;
  }
}

/// The zone of the timestamps that a column or what is nested in it sends as wall clocks; null: not
/// known.
const TimeZone* zone_of_wall_clocks(const Column& column) {
  if (column.type == TypeId::Timestamp && !column.time_zone.empty())
    return TimeZone::find_known(column.time_zone);
  for (const Column& child : column.children) {
    if (const TimeZone* zone = zone_of_wall_clocks(child)) return zone;
  }
  return nullptr;
}

/// How many children a type reads: a struct as many as it has.
std::size_t expected_children(Physical physical, std::size_t count) noexcept {
  switch (physical) {
    case Physical::Struct:
      return count;
    case Physical::Map:
      return 2;
    case Physical::List:
    case Physical::LargeList:
    case Physical::FixedList:
      return 1;
    default:
      return 0;
  }
}

/// The array's buffer, by position; the shape has been checked.
template <class T>
const T* buffer_of(const ArrowArray& array, int index) noexcept {
  return static_cast<const T*>(array.buffers[index]);
}

}  // namespace

RowBinder::RowBinder(const ArrowSchema& arrow, const Schema& schema)
    : arrow_(arrow), schema_(schema), refs_(schema.size()), shapes_(schema.size()) {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (static_cast<std::int64_t>(i) >= arrow.n_children)
      throw_corrupt("the result has fewer Arrow columns than SQL columns");
    refs_[i].column = &schema[i];
    refs_[i].position = static_cast<std::int32_t>(i);
    resolve(i, *arrow.children[i], 0);
  }
  for (std::size_t i = 0; i < refs_.size();
       ++i) {  // only now do the references stay where they are
    if (refs_[i].child_count > 0) refs_[i].children = refs_.data() + shapes_[i].first_child;
  }
}

void RowBinder::resolve(std::size_t index, const ArrowSchema& field, int depth) {
  if (depth > arrow::kMaxNesting)
    throw_corrupt(base::concat("column \"", refs_[index].column->name, "\" is nested too deeply"));
  const ArrowSchema& values = field.dictionary != nullptr ? *field.dictionary : field;
  const DataType type = arrow::parse_type(values.format);
  ColumnRef& ref = refs_[index];
  ref.type = &field;
  ref.physical = physical_of(type);
  ref.width_or_scale = width_or_scale_of(type);
  if (ref.physical == Physical::TimestampMicros) ref.zone = &TimeZone::find(type.timezone);
  if (depth == 0 && ref.physical == Physical::TimestampNtzMicros)
    ref.zone = zone_of_wall_clocks(*ref.column);
  shapes_[index].layout = arrow::layout_of(type.kind);

  const bool is_text = ref.physical == Physical::Utf8 || ref.physical == Physical::LargeUtf8;
  if (depth == 0 && is_text && is_typed_text(ref.column->type)) {
    DeclaredType declared{.id = ref.column->type};
    if (auto parsed = parse_type_text(ref.column->type_text)) declared = *std::move(parsed);
    ref.declared = &declared_.emplace_back(std::move(declared));
    ref.zone = zone_of_wall_clocks(*ref.column);
  }
  resolve_children(index, values, depth);
}

void RowBinder::resolve_children(std::size_t index, const ArrowSchema& field, int depth) {
  // A map's only child is the struct of its entries: what matters are the key and the value in it.
  const bool is_map = refs_[index].physical == Physical::Map;
  if (is_map && field.n_children != 1) throw_corrupt("a map column has no entries");
  const ArrowSchema& parent = is_map ? *field.children[0] : field;
  const auto count = static_cast<std::size_t>(parent.n_children);
  const std::size_t expected = expected_children(refs_[index].physical, count);
  if (count != expected)
    throw_corrupt(base::concat("column \"", refs_[index].column->name, "\" has ", count,
                               " nested columns where its type needs ", expected));
  if (count == 0) return;

  const std::size_t first = refs_.size();
  shapes_[index].first_child = first;
  refs_[index].child_count = static_cast<std::int32_t>(count);
  refs_.resize(first + count);
  shapes_.resize(first + count);
  for (std::size_t i = 0; i < count; ++i) {
    refs_[first + i].column = refs_[index].column;
    refs_[first + i].position = refs_[index].position;
    resolve(first + i, *parent.children[i], depth + 1);
  }
}

std::span<const ColumnRef> RowBinder::bind(const ArrowArray& batch) {
  decoded_.clear();
  const std::size_t count = schema_.size();
  if (batch.length > 0 && batch.n_children != static_cast<std::int64_t>(count))
    throw_corrupt(base::concat("a batch with ", batch.length, " rows has ", batch.n_children,
                               " columns, but the result has ", count));
  for (std::size_t i = 0; i < count && batch.length > 0; ++i) {
    const ArrowArray& column = *batch.children[i];
    bind_node(i, column);
    if (refs_[i].array->length < batch.offset + batch.length)
      throw_corrupt(base::concat("column \"", schema_[i].name, "\" has ", column.length,
                                 " rows in a batch of ", batch.length));
    refs_[i].offset += batch.offset;
  }
  return {refs_.data(), count};
}

void RowBinder::bind_node(std::size_t index, const ArrowArray& encoded) {
  ColumnRef& ref = refs_[index];
  const ArrowArray& array = ref.type->dictionary != nullptr ? decoded(ref, encoded) : encoded;
  const arrow::Layout layout = shapes_[index].layout;
  if (array.n_buffers != arrow::buffer_count(layout))
    throw_corrupt(base::concat("column \"", ref.column->name, "\" has ", array.n_buffers,
                               " buffers where its type needs ", arrow::buffer_count(layout)));
  ref.array = &array;
  ref.offset = array.offset;
  const bool has_validity = array.n_buffers > 0 && array.null_count != 0;
  ref.validity = has_validity ? buffer_of<std::uint8_t>(array, 0) : nullptr;
  ref.values = array.n_buffers > 1 ? array.buffers[1] : nullptr;
  ref.data = array.n_buffers > 2 ? array.buffers[2] : nullptr;
  bind_children(index, array);
}

void RowBinder::bind_children(std::size_t index, const ArrowArray& array) {
  const auto count = static_cast<std::size_t>(refs_[index].child_count);
  if (count == 0) return;
  const bool is_map = refs_[index].physical == Physical::Map;
  if (is_map && array.n_children != 1) throw_corrupt("a map column has no entries");
  const ArrowArray& parent = is_map ? *array.children[0] : array;
  if (parent.n_children != static_cast<std::int64_t>(count))
    throw_corrupt(base::concat("column \"", refs_[index].column->name, "\" has ", parent.n_children,
                               " nested columns where its schema has ", count));
  const std::size_t first = shapes_[index].first_child;
  for (std::size_t i = 0; i < count; ++i) {
    bind_node(first + i, *parent.children[i]);
    // The list's offsets count entries of the struct, which may itself begin further in.
    if (is_map) refs_[first + i].offset += parent.offset;
  }
}

const ArrowArray& RowBinder::decoded(const ColumnRef& ref, const ArrowArray& array) {
  return *decoded_.emplace_back(decode_dictionary(*ref.type, array, ref.column->name));
}

void bind_columns(const ArrowSchema& arrow, const ArrowArray& batch, const Schema& schema,
                  std::vector<ColumnRef>& columns) {
  std::shared_ptr<RowBinder> binder;
  if (!columns.empty())
    binder = std::const_pointer_cast<RowBinder>(
        std::static_pointer_cast<const RowBinder>(columns.front().owner));
  if (binder == nullptr || !binder->is_for(arrow, schema))
    binder = std::make_shared<RowBinder>(arrow, schema);
  const auto bound = binder->bind(batch);
  columns.assign(bound.begin(), bound.end());
  for (ColumnRef& column : columns) column.owner = binder;
}

}  // namespace dbsql::result
