#pragma once

#include "warehouse/engine.h"
#include "warehouse/type_sql.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dbsql::warehouse {

struct TableColumn {
  std::string name;
  SqlType type;
  bool nullable = true;
};

/// One value of a table; integers fit whatever integer type their column has.
using Cell = std::variant<std::monostate, std::string, std::int64_t, bool>;
using CellRow = std::vector<Cell>;

Cell text_cell(std::string value);
TableColumn text_column(std::string name, bool nullable = true);
TableColumn column(std::string name, TypeKind kind, bool nullable = true);

/// A result of a few rows that the session made itself: SHOW, DESCRIBE, metadata calls, counts of
/// DML.
std::unique_ptr<EngineResult> make_table(std::vector<TableColumn> columns,
                                         std::vector<CellRow> rows);

/// What DML returns: one row of counts, the first of which is the number of affected rows.
std::unique_ptr<EngineResult> make_dml_result(
    const std::vector<std::pair<std::string, std::int64_t>>& counts);

/// A statement without rows.
std::unique_ptr<EngineResult> make_ddl_result();

/// The metadata that every result has about its columns.
std::vector<ResultColumn> describe_columns(const std::vector<TableColumn>& columns);
/// The Arrow schema of a result with those columns.
arrow::UniqueSchema result_schema(const std::vector<TableColumn>& columns,
                                  const std::string& time_zone);

}  // namespace dbsql::warehouse
