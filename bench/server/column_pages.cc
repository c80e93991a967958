#include "server/column_pages.h"

#include <tcli_service_types.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace dbsql::bench {

namespace {

/// 1 = NULL, the opposite of Arrow; one zero byte for any number of rows without a NULL.
std::string null_bits(const ArrowArray& array) {
  if (array.null_count == 0 || array.buffers[0] == nullptr) return {"\0", 1};
  const auto* validity = static_cast<const char*>(array.buffers[0]);
  std::string bits(static_cast<std::size_t>((array.length + 7) / 8), '\0');
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = static_cast<char>(~validity[i]);
  return bits;
}

template <class T, class Column>
Column fixed_column(const ArrowArray& array) {
  const auto* values = static_cast<const T*>(array.buffers[1]);
  Column column;
  column.__set_values({values, values + array.length});
  column.__set_nulls(null_bits(array));
  return column;
}

tcli::TStringColumn text_column(const ArrowArray& array) {
  const auto* offsets = static_cast<const std::int32_t*>(array.buffers[1]);
  const auto* data = static_cast<const char*>(array.buffers[2]);
  tcli::TStringColumn column;
  column.values.reserve(static_cast<std::size_t>(array.length));
  for (std::int64_t row = 0; row < array.length; ++row)
    column.values.emplace_back(data + offsets[row], data + offsets[row + 1]);
  column.__set_nulls(null_bits(array));
  return column;
}

tcli::TColumn column_of(const ArrowArray& array, char format) {
  tcli::TColumn column;
  switch (format) {
    case 'i':
      column.__set_i32Val(fixed_column<std::int32_t, tcli::TI32Column>(array));
      return column;
    case 'l':
      column.__set_i64Val(fixed_column<std::int64_t, tcli::TI64Column>(array));
      return column;
    case 'g':
      column.__set_doubleVal(fixed_column<double, tcli::TDoubleColumn>(array));
      return column;
    case 'u':
      column.__set_stringVal(text_column(array));
      return column;
    default:
      throw std::invalid_argument("no column-based form for this type of column");
  }
}

}  // namespace

void put_columns(const ArrowArray& rows, const std::vector<ColumnSpec>& columns,
                 tcli::TRowSet& row_set) {
  row_set.__isset.columns = true;
  for (std::size_t i = 0; i < columns.size(); ++i)
    row_set.columns.push_back(column_of(*rows.children[i], columns[i].arrow_format.front()));
}

}  // namespace dbsql::bench
