#pragma once

#include <dbsql/arrow_c.h>

#include "workload/columns.h"

#include <vector>

namespace dbsql::tcli {
class TRowSet;
}  // namespace dbsql::tcli

namespace dbsql::bench {

/// The rows as the column-based lists of servers without Arrow (reference/results.md 1.4).
void put_columns(const ArrowArray& rows, const std::vector<ColumnSpec>& columns,
                 tcli::TRowSet& row_set);

}  // namespace dbsql::bench
