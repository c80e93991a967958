#pragma once

#include <dbsql/export.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What `Connection::schemas()`, `tables()`, `columns()`, `functions()`, `primary_keys()` and
/// `cross_reference()` are asked for (reference/metadata.md 2; docs/metadata.md shows every
/// result).
///
/// Catalogs are given by name. Names of schemas, tables, columns and functions are patterns: `%`
/// stands for any characters, `_` for one, and a backslash takes the meaning of the next of these
/// three; `escape_pattern()` makes a name match itself alone. Case does not matter. What is not set
/// filters nothing; what is set to an empty text matches nothing.
namespace dbsql {

struct SchemaFilter {
  std::optional<std::string> catalog;
  std::optional<std::string> schema_pattern;
};

struct TableFilter {
  std::optional<std::string> catalog;
  std::optional<std::string> schema_pattern;
  std::optional<std::string> table_pattern;
  /// Some of what `table_types()` lists, such as "TABLE" and "VIEW"; an empty list matches nothing.
  std::optional<std::vector<std::string>> types;
};

struct ColumnFilter {
  std::optional<std::string> catalog;
  std::optional<std::string> schema_pattern;
  std::optional<std::string> table_pattern;
  std::optional<std::string> column_pattern;
};

struct FunctionFilter {
  std::optional<std::string> catalog;
  std::optional<std::string> schema_pattern;
  std::optional<std::string> function_pattern;
};

/// One table, for the calls about keys: plain names, no patterns. Without catalog and schema it is
/// the table of that name in the current schema.
struct TableName {
  std::optional<std::string> catalog;
  std::optional<std::string> schema;
  std::string table;
};

/// The pattern that matches `name` and nothing else.
DBSQL_EXPORT std::string escape_pattern(std::string_view name);

}  // namespace dbsql
