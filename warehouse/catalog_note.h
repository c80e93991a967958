#pragma once

#include "warehouse/type_sql.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// A key as it was declared. Databricks keeps keys as information and does not enforce them; so
/// does this warehouse.
struct KeyNote {
  std::string name;
  std::vector<std::string> columns;
  // Foreign keys only: the parent table, in full, and its columns.
  std::vector<std::string> parent = {};
  std::vector<std::string> parent_columns = {};

  bool operator==(const KeyNote&) const = default;
};

/// What the engine cannot keep about a table; stored as JSON in the engine's comment of the table.
struct TableNote {
  std::string comment = {};
  bool external = false;  ///< a view over a file that users see as a table
  std::optional<KeyNote> primary_key = {};
  std::vector<KeyNote> foreign_keys = {};

  bool operator==(const TableNote&) const = default;
};

/// The same for a column: the declared type where the engine forgets a part of it.
struct ColumnRemark {
  std::string comment = {};
  std::optional<SqlType> declared = {};
};

/// Whether the engine forgets a part of the type: lengths of text, kinds of intervals.
bool needs_note(const SqlType& type);

/// Comments that need nothing else stay as they are, so that other tools on the same database read
/// them.
std::string encode_note(const TableNote& note);
TableNote decode_table_note(std::string_view stored);
std::string encode_note(const ColumnRemark& remark);
ColumnRemark decode_column_remark(std::string_view stored);

}  // namespace dbsql::warehouse
