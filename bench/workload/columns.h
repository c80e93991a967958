#pragma once

#include "arrow/c_data.h"
#include "workload/spec.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Deterministic data: the same page of the same shape has the same bytes on every machine.
namespace dbsql::bench {

struct ColumnSpec {
  std::string name;
  std::string sql_type = {};   ///< as in `Spark:DataType:SqlName`; empty inside nested types
  std::string json_type = {};  ///< as in `Spark:DataType:JsonType`, words without their quotes
  std::string arrow_format;    ///< of the Arrow C data interface
  std::vector<ColumnSpec> children = {};
  bool nullable = true;
};

std::vector<ColumnSpec> columns_of(DataShape shape);

/// The Arrow schema with the field metadata that servers send (reference/observed.md 5).
arrow::UniqueSchema schema_of(const std::vector<ColumnSpec>& columns);

/// Rows [first_row, first_row + rows) of an endless table.
arrow::UniqueArray rows_of(DataShape shape, std::int64_t first_row, std::int64_t rows);

}  // namespace dbsql::bench
