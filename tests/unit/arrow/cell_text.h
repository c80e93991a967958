#pragma once

#include "arrow/array_view.h"
#include "base/text.h"

#include <algorithm>
#include <string>

namespace dbsql::arrow::test {

// Hostile lengths without memory behind them (lists of nulls) must not make a test run for hours.
inline constexpr std::int64_t kMostCells = 4096;

inline std::string cell_text(const ArrayView& column, std::int64_t row);

inline std::string range_text(const ArrayView& column, std::int64_t begin, std::int64_t end) {
  std::string text = "[";
  for (std::int64_t i = begin; i < std::min(end, begin + kMostCells); ++i) {
    text += cell_text(column, i) + ",";
  }
  return text + "]";
}

inline std::string decimal_text(const ArrayView& column, std::int64_t row) {
  std::string text;
  for (const std::uint64_t word : column.decimal_at(row)) text += base::concat(word, ".");
  return text;
}

inline std::string struct_text(const ArrayView& column, std::int64_t row) {
  std::string text = "{";
  for (std::size_t i = 0; i < column.child_count(); ++i) {
    text += cell_text(column.child(i), row) + ",";
  }
  return text + "}";
}

/// One cell as text: equal texts mean equal values, and making it reads every byte of the value.
inline std::string cell_text(const ArrayView& column, std::int64_t row) {
  if (column.is_null(row)) return "null";
  if (column.dictionary() != nullptr) {
    return cell_text(*column.dictionary(), column.dictionary_index(row));
  }
  switch (column.kind()) {
    case TypeKind::Float16:
    case TypeKind::Float32:
    case TypeKind::Float64:
      return std::to_string(column.double_at(row));
    case TypeKind::Decimal:
      return decimal_text(column, row);
    case TypeKind::IntervalDayTime: {
      const auto value = column.day_time_at(row);
      return base::concat(value.days, "d", value.milliseconds, "ms");
    }
    case TypeKind::IntervalMonthDayNano: {
      const auto value = column.month_day_nano_at(row);
      return base::concat(value.months, "m", value.days, "d", value.nanoseconds, "ns");
    }
    case TypeKind::Binary:
    case TypeKind::LargeBinary:
    case TypeKind::FixedSizeBinary:
    case TypeKind::Utf8:
    case TypeKind::LargeUtf8:
      return base::concat("'", column.bytes_at(row), "'");
    case TypeKind::List:
    case TypeKind::LargeList:
    case TypeKind::FixedSizeList:
    case TypeKind::Map: {
      const auto range = column.range_at(row);
      return range_text(column.child(0), range.begin, range.end);
    }
    case TypeKind::Struct:
      return struct_text(column, row);
    default:
      return base::concat(column.int_at(row));
  }
}

/// All rows of a batch.
inline std::string batch_text(const ArrowSchema& schema, const ArrowArray& batch) {
  return range_text(ArrayView(schema, batch), 0, batch.length);
}

/// Rows [begin, end) of a batch.
inline std::string rows_text(const ArrowSchema& schema, const ArrowArray& batch, std::int64_t begin,
                             std::int64_t end) {
  return range_text(ArrayView(schema, batch), begin, end);
}

}  // namespace dbsql::arrow::test
