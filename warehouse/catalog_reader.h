#pragma once

#include "warehouse/catalog_note.h"
#include "warehouse/catalog_pattern.h"
#include "warehouse/duckdb_channel.h"
#include "warehouse/type_sql.h"

#include <optional>
#include <string>
#include <vector>

namespace dbsql::warehouse {

/// Which objects to read; an absent member does not filter.
struct CatalogScope {
  std::optional<NamePattern> catalog = {};
  std::optional<NamePattern> schema = {};
  std::optional<NamePattern> table = {};
};

struct SchemaEntry {
  std::string catalog;
  std::string schema;
};

struct TableEntry {
  std::string catalog;  ///< empty for temporary objects, like `schema`
  std::string schema;
  std::string name;
  bool is_view = false;
  bool temporary = false;
  TableNote note = {};
  std::string definition = {};  ///< of a view, in the engine's words

  /// As metadata calls name it: TABLE or VIEW.
  std::string type() const { return is_view && !note.external ? "VIEW" : "TABLE"; }
};

struct ColumnEntry {
  std::string catalog;
  std::string schema;
  std::string table;
  std::string name;
  SqlType type = {};
  bool nullable = true;
  std::string comment = {};
  std::string default_text = {};
  int ordinal = 0;  ///< from 0
};

struct FunctionEntry {
  std::string catalog;
  std::string schema;
  std::string name;
};

/// Reads what exists in the engine's databases, in the words of Databricks. Sorted by catalog,
/// schema, name, ordinal.
///
/// Threads: as the channel. Errors: EngineError. Cost: one engine query per call, a few
/// milliseconds.
class CatalogReader {
 public:
  explicit CatalogReader(EngineChannel& channel) : channel_(channel) {}

  std::vector<std::string> catalogs();
  std::vector<SchemaEntry> schemas(const CatalogScope& scope);
  std::vector<TableEntry> tables(const CatalogScope& scope);
  std::vector<ColumnEntry> columns(const CatalogScope& scope);
  /// Functions that users made, and those of the engine as `system`.`builtin`.
  std::vector<FunctionEntry> functions(const CatalogScope& scope);

 private:
  EngineChannel& channel_;
};

}  // namespace dbsql::warehouse
