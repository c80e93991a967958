#pragma once

#include "warehouse/result_spool.h"
#include "warehouse/value_text.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// One column of a column-based page, already in the wire's list encoding
/// (reference/thrift.md 6.1, 6.2).
struct ColumnData {
  /// The member of TColumn that holds the values; the numbers are the union's field ids.
  enum class Member : std::int16_t {
    Bool = 1,
    Int8 = 2,
    Int16 = 3,
    Int32 = 4,
    Int64 = 5,
    Double = 6,
    String = 7,
    Binary = 8,
  };

  Member member = Member::String;
  std::int32_t count = 0;
  std::string
      values;  ///< big-endian values back to back; text and binary with their length before them
  std::vector<bool> nulls;  ///< one a row, as far as the last NULL
  bool spark = false;       ///< bitmap and fillers as open-source Spark has them

  /// The wire's bitmap: least significant bit first, 1 = NULL, `1 + (rows up to the last NULL) / 8`
  /// bytes; from Spark no byte more than there are bits, and none without a NULL.
  std::string null_bits() const;
  bool is_null(std::size_t row) const { return row < nulls.size() && nulls[row]; }

  /// Adds rows [first, first + rows) of an engine column.
  void append(const arrow::TypeNode& type, const ArrowArray& array, std::int64_t first,
              std::int64_t rows, const ValueText& text);

  /// How much there is, to come back to with `cut`.
  struct Mark {
    std::int32_t count = 0;
    std::size_t value_bytes = 0;
    std::size_t nulls = 0;
  };
  Mark mark() const { return {count, values.size(), nulls.size()}; }
  void cut(const Mark& mark);

 private:
  void append_value(const arrow::TypeNode& type, const ArrowArray& array, std::int64_t index,
                    const ValueText& text, std::string& scratch);
  void append_null();
};

using ColumnPage = std::vector<ColumnData>;

/// The member in which servers send a column of that type (reference/results.md 3.1).
ColumnData::Member column_member(const arrow::TypeNode& type);

}  // namespace dbsql::warehouse
