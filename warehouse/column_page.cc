#include "warehouse/column_page.h"

#include <bit>
#include <cstring>

namespace dbsql::warehouse {
namespace {

using arrow::TypeKind;
using Member = ColumnData::Member;

std::size_t width_of(Member member) {
  switch (member) {
    case Member::Bool:
    case Member::Int8:
      return 1;
    case Member::Int16:
      return 2;
    case Member::Int32:
      return 4;
    case Member::Int64:
    case Member::Double:
      return 8;
    case Member::String:
    case Member::Binary:
      return 0;
  }
  return 0;
}

/// The lowest `width` bytes of a number, most significant first.
void put_big_endian(std::string& out, std::uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) out += static_cast<char>(value >> (8 * i));
}

void put_bytes(std::string& out, std::string_view bytes) {
  put_big_endian(out, bytes.size(), 4);
  out += bytes;
}

}  // namespace

Member column_member(const arrow::TypeNode& type) {
  switch (type.type.kind) {
    case TypeKind::Bool:
      return Member::Bool;
    case TypeKind::Int8:
      return Member::Int8;
    case TypeKind::Int16:
    case TypeKind::UInt8:
      return Member::Int16;
    case TypeKind::Int32:
    case TypeKind::UInt16:
      return Member::Int32;
    case TypeKind::Int64:
    case TypeKind::UInt32:
      return Member::Int64;
    case TypeKind::Float32:
    case TypeKind::Float64:
      return Member::Double;
    case TypeKind::Binary:
    case TypeKind::LargeBinary:
    case TypeKind::FixedSizeBinary:
      return Member::Binary;
    default:
      return Member::String;
  }
}

void ColumnData::append(const arrow::TypeNode& type, const ArrowArray& array, std::int64_t first,
                        std::int64_t rows, const ValueText& text) {
  std::string scratch;
  for (std::int64_t i = first; i < first + rows; ++i) {
    if (warehouse::is_null(type, array, i)) {
      append_null();
    } else {
      append_value(type, array, i, text, scratch);
    }
    ++count;
  }
}

void ColumnData::append_value(const arrow::TypeNode& type, const ArrowArray& array,
                              std::int64_t index, const ValueText& text, std::string& scratch) {
  switch (member) {
    case Member::Double:
      return put_big_endian(values, std::bit_cast<std::uint64_t>(double_value(type, array, index)),
                            8);
    case Member::Binary:
      return put_bytes(values, bytes_value(type, array, index));
    case Member::String:
      scratch.clear();
      text.append(scratch, type, array, index);
      return put_bytes(values, scratch);
    default:
      return put_big_endian(values, static_cast<std::uint64_t>(integer_value(type, array, index)),
                            width_of(member));
  }
}

void ColumnData::append_null() {
  nulls.resize(static_cast<std::size_t>(count) + 1, false);
  nulls.back() = true;
  const std::size_t width = width_of(member);
  // A filler: zero, or the empty text; Spark's NULL booleans are true underneath.
  const bool is_true = spark && member == Member::Bool;
  values.append(width == 0 ? 4 : width, is_true ? '\1' : '\0');
}

std::string ColumnData::null_bits() const {
  std::string bits(spark ? (nulls.size() + 7) / 8 : 1 + nulls.size() / 8, '\0');
  for (std::size_t i = 0; i < nulls.size(); ++i) {
    if (nulls[i]) bits[i >> 3] = static_cast<char>(bits[i >> 3] | (1 << (i & 7)));
  }
  return bits;
}

void ColumnData::cut(const Mark& mark) {
  count = mark.count;
  values.resize(mark.value_bytes);
  nulls.resize(mark.nulls);
}

}  // namespace dbsql::warehouse
