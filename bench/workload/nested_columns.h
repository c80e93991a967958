#pragma once

#include "workload/columns.h"

/// Columns of nested types.
namespace dbsql::bench {

/// ARRAY<INT> of 0 to 7, MAP<STRING, STRING> of 1 to 3, STRUCT of 5 fields.
std::vector<ColumnSpec> nested3_columns();
std::vector<arrow::UniqueArray> nested3(std::int64_t first_row, std::int64_t rows);

}  // namespace dbsql::bench
