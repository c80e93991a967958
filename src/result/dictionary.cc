#include "result/dictionary.h"

#include <dbsql/error.h>

#include "arrow/bits.h"
#include "arrow/builder.h"
#include "arrow/type.h"
#include "base/text.h"

#include <array>
#include <cstring>

namespace dbsql::result {

namespace {

using arrow::Layout;
using arrow::TypeKind;

template <class Integer>
std::int64_t read_index(const ArrowArray& array, std::int64_t row) noexcept {
  return static_cast<std::int64_t>(
      static_cast<const Integer*>(array.buffers[1])[array.offset + row]);
}

using IndexReader = std::int64_t (*)(const ArrowArray&, std::int64_t) noexcept;

IndexReader index_reader(TypeKind kind) noexcept {
  switch (kind) {
    case TypeKind::Int8:
      return read_index<std::int8_t>;
    case TypeKind::UInt8:
      return read_index<std::uint8_t>;
    case TypeKind::Int16:
      return read_index<std::int16_t>;
    case TypeKind::UInt16:
      return read_index<std::uint16_t>;
    case TypeKind::Int32:
      return read_index<std::int32_t>;
    case TypeKind::UInt32:
      return read_index<std::uint32_t>;
    case TypeKind::Int64:
      return read_index<std::int64_t>;
    case TypeKind::UInt64:
      return read_index<std::uint64_t>;
    default:
      return nullptr;
  }
}

bool is_null(const ArrowArray& array, std::int64_t index) noexcept {
  const auto* const validity = static_cast<const std::uint8_t*>(array.buffers[0]);
  return array.null_count != 0 && validity != nullptr &&
         !arrow::get_bit(validity, array.offset + index);
}

/// Calls `take(index into the dictionary)` for every row, -1 for NULL.
template <class Take>
void each_row(const ArrowArray& array, IndexReader read, std::string_view column_name,
              const Take& take) {
  const ArrowArray& values = *array.dictionary;
  for (std::int64_t row = 0; row < array.length; ++row) {
    if (is_null(array, row)) {
      take(-1);
      continue;
    }
    const std::int64_t index = read(array, row);
    if (index < 0 || index >= values.length)
      throw_error({.kind = ErrorKind::CorruptResult,
                   .message = base::concat("column \"", column_name, "\" refers to entry ", index,
                                           " of a dictionary with ", values.length, " entries")});
    take(is_null(values, index) ? -1 : index);
  }
}

template <class Offset>
arrow::UniqueArray decode_bytes(const ArrowArray& array, IndexReader read,
                                std::string_view column_name) {
  const ArrowArray& values = *array.dictionary;
  const auto* const offsets = static_cast<const Offset*>(values.buffers[1]) + values.offset;
  const auto* const data = static_cast<const char*>(values.buffers[2]);
  arrow::BasicBytesBuilder<Offset> builder;
  builder.reserve(array.length);
  each_row(array, read, column_name, [&](std::int64_t index) {
    if (index < 0) return builder.append_null();
    builder.append(std::string_view(data + offsets[index],
                                    static_cast<std::size_t>(offsets[index + 1] - offsets[index])));
  });
  return builder.finish();
}

arrow::UniqueArray decode_fixed(const ArrowArray& array, IndexReader read, std::int32_t width,
                                std::string_view column_name) {
  const ArrowArray& values = *array.dictionary;
  const auto* const data = static_cast<const char*>(values.buffers[1]);
  const auto size = static_cast<std::size_t>(width);
  arrow::FixedSizeBinaryBuilder builder(width);
  builder.reserve(array.length);
  each_row(array, read, column_name, [&](std::int64_t index) {
    if (index < 0) return builder.append_null();
    builder.append(
        std::string_view(data + static_cast<std::size_t>(values.offset + index) * size, size));
  });
  return builder.finish();
}

arrow::UniqueArray decode_bits(const ArrowArray& array, IndexReader read,
                               std::string_view column_name) {
  const ArrowArray& values = *array.dictionary;
  const auto* const bits = static_cast<const std::uint8_t*>(values.buffers[1]);
  arrow::BoolBuilder builder;
  builder.reserve(array.length);
  each_row(array, read, column_name, [&](std::int64_t index) {
    if (index < 0) return builder.append_null();
    builder.append(arrow::get_bit(bits, values.offset + index));
  });
  return builder.finish();
}

}  // namespace

arrow::UniqueArray decode_dictionary(const ArrowSchema& field, const ArrowArray& array,
                                     std::string_view column_name) {
  const arrow::DataType type = arrow::parse_type(field.dictionary->format);
  const Layout layout = arrow::layout_of(type.kind);
  const IndexReader read = index_reader(arrow::parse_type(field.format).kind);
  if (read == nullptr || array.dictionary == nullptr || array.n_buffers != 2 ||
      array.dictionary->n_buffers != arrow::buffer_count(layout))
    throw_error({.kind = ErrorKind::CorruptResult,
                 .message = base::concat("column \"", column_name,
                                         "\" is dictionary-encoded, but not well-formed")});
  switch (layout) {
    case Layout::Bits:
      return decode_bits(array, read, column_name);
    case Layout::Fixed:
      return decode_fixed(array, read, type.byte_width, column_name);
    case Layout::Bytes32:
      return decode_bytes<std::int32_t>(array, read, column_name);
    case Layout::Bytes64:
      return decode_bytes<std::int64_t>(array, read, column_name);
    default:
      throw_error({.kind = ErrorKind::NotSupported,
                   .message = base::concat("column \"", column_name,
                                           "\" is a dictionary of nested values, which this "
                                           "version does not read")});
  }
}

}  // namespace dbsql::result
