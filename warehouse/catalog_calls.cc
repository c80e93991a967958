#include "warehouse/catalog_calls.h"

#include "base/text.h"
#include "warehouse/catalog_table.h"

#include <algorithm>

namespace dbsql::warehouse {
namespace {

Cell integer(std::optional<int> value) {
  return value ? Cell(static_cast<std::int64_t>(*value)) : Cell();
}

std::optional<NamePattern> catalog_pattern(const CatalogFilter& filter,
                                           const std::string& current_catalog) {
  if (!filter.catalog) return std::nullopt;
  if (base::equals_ignore_case(*filter.catalog, "SPARK"))
    return NamePattern::exact(current_catalog);
  return NamePattern::exact(*filter.catalog);
}

std::optional<NamePattern> like(const std::optional<std::string>& pattern) {
  if (!pattern) return std::nullopt;
  return NamePattern::like(*pattern);
}

CatalogScope scope_of(const CatalogFilter& filter, const std::string& current_catalog) {
  return {.catalog = catalog_pattern(filter, current_catalog),
          .schema = like(filter.schema_pattern),
          .table = like(filter.table_pattern)};
}

// Temporary objects have no catalog and no schema.
Cell name_or_null(const std::string& name) { return name.empty() ? Cell() : Cell(name); }

bool wanted_type(const CatalogFilter& filter, const std::string& type) {
  return filter.table_types.empty() ||
         std::any_of(filter.table_types.begin(), filter.table_types.end(),
                     [&](const std::string& t) { return base::equals_ignore_case(t, type); });
}

std::vector<TableColumn> text_columns(std::initializer_list<const char*> names) {
  std::vector<TableColumn> columns;
  for (const char* name : names) columns.push_back(text_column(name));
  return columns;
}

/// Servers with one catalog have no name for it.
Cell catalog_cell(const CatalogFilter& filter, const std::string& name) {
  return filter.nameless_catalog ? text_cell("") : name_or_null(name);
}

CellRow column_row(const ColumnEntry& entry, const CatalogFilter& filter) {
  const auto facts = facts_of(entry.type);
  return {catalog_cell(filter, entry.catalog),
          name_or_null(entry.schema),
          text_cell(entry.table),
          text_cell(entry.name),
          integer(facts.jdbc_type),
          text_cell(type_text(entry.type)),
          integer(facts.size),
          Cell(),  // BUFFER_LENGTH
          integer(facts.digits),
          integer(facts.radix),
          integer(entry.nullable ? 1 : 0),
          text_cell(entry.comment),
          name_or_null(entry.default_text),
          Cell(),
          Cell(),
          Cell(),
          integer(entry.ordinal),
          text_cell(entry.nullable ? "YES" : "NO"),
          Cell(),
          Cell(),
          Cell(),
          Cell(),
          text_cell("NO")};
}

// A table whose keys are asked for: absent names are the current ones, and nothing is a pattern.
CatalogScope exact_scope(const CatalogFilter& filter, const std::string& current_catalog) {
  CatalogScope scope{.catalog = catalog_pattern(filter, current_catalog)};
  if (filter.schema_pattern) scope.schema = NamePattern::exact(*filter.schema_pattern);
  if (filter.table_pattern) scope.table = NamePattern::exact(*filter.table_pattern);
  return scope;
}

bool matches(const CatalogScope& scope, const std::vector<std::string>& name) {
  const auto ok = [](const std::optional<NamePattern>& pattern, const std::string& part) {
    return !pattern || pattern->matches(part);
  };
  return name.size() == 3 && ok(scope.catalog, name[0]) && ok(scope.schema, name[1]) &&
         ok(scope.table, name[2]);
}

void add_foreign_key(std::vector<CellRow>& rows, const TableEntry& table, const KeyNote& key) {
  constexpr int kNoAction = 3;
  constexpr int kNotDeferrable = 7;
  for (std::size_t i = 0; i < key.columns.size(); ++i) {
    CellRow row;
    for (const auto& part : key.parent) row.push_back(text_cell(part));
    row.push_back(i < key.parent_columns.size() ? text_cell(key.parent_columns[i]) : Cell());
    row.insert(row.end(),
               {text_cell(table.catalog), text_cell(table.schema), text_cell(table.name),
                text_cell(key.columns[i]), integer(static_cast<int>(i) + 1), integer(kNoAction),
                integer(kNoAction), text_cell(key.name), Cell(), integer(kNotDeferrable)});
    rows.push_back(std::move(row));
  }
}

}  // namespace

std::unique_ptr<EngineResult> catalogs_result(CatalogReader& reader) {
  std::vector<CellRow> rows;
  for (auto& name : reader.catalogs()) rows.push_back({text_cell(std::move(name))});
  return make_table(text_columns({"TABLE_CAT"}), std::move(rows));
}

std::unique_ptr<EngineResult> schemas_result(CatalogReader& reader, const CatalogFilter& filter,
                                             const std::string& current_catalog) {
  std::vector<CellRow> rows;
  for (const auto& entry : reader.schemas(scope_of(filter, current_catalog))) {
    rows.push_back({text_cell(entry.schema), catalog_cell(filter, entry.catalog)});
  }
  // Where the temporary views of all sessions are, on servers of the Hive kind.
  const std::string shared_views = "global_temp";
  const auto pattern = like(filter.schema_pattern);
  if (filter.nameless_catalog && (!pattern || pattern->matches(shared_views)))
    rows.push_back({text_cell(shared_views), text_cell("")});
  return make_table(text_columns({"TABLE_SCHEM", "TABLE_CATALOG"}), std::move(rows));
}

std::unique_ptr<EngineResult> tables_result(CatalogReader& reader, const CatalogFilter& filter,
                                            const std::string& current_catalog) {
  auto scope = scope_of(filter, current_catalog);
  // Only here the catalog is a pattern (reference/thrift.md 3.7).
  const bool spark = filter.catalog && base::equals_ignore_case(*filter.catalog, "SPARK");
  if (filter.catalog && !spark) scope.catalog = NamePattern::like(*filter.catalog);
  std::vector<CellRow> rows;
  for (const auto& entry : reader.tables(scope)) {
    if (!wanted_type(filter, entry.type())) continue;
    rows.push_back({catalog_cell(filter, entry.catalog), name_or_null(entry.schema),
                    text_cell(entry.name), text_cell(entry.type()), text_cell(entry.note.comment),
                    Cell(), Cell(), Cell(), Cell(), Cell()});
  }
  return make_table(
      text_columns({"TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS", "TYPE_CAT",
                    "TYPE_SCHEM", "TYPE_NAME", "SELF_REFERENCING_COL_NAME", "REF_GENERATION"}),
      std::move(rows));
}

std::unique_ptr<EngineResult> table_types_result() {
  return make_table(text_columns({"TABLE_TYPE"}), {{text_cell("TABLE")}, {text_cell("VIEW")}});
}

std::unique_ptr<EngineResult> columns_result(CatalogReader& reader, const CatalogFilter& filter,
                                             const std::string& current_catalog) {
  const auto pattern = like(filter.column_pattern);
  std::vector<CellRow> rows;
  for (const auto& entry : reader.columns(scope_of(filter, current_catalog))) {
    if (!pattern || pattern->matches(entry.name)) rows.push_back(column_row(entry, filter));
  }
  return make_table({text_column("TABLE_CAT"),
                     text_column("TABLE_SCHEM"),
                     text_column("TABLE_NAME"),
                     text_column("COLUMN_NAME"),
                     column("DATA_TYPE", TypeKind::Int),
                     text_column("TYPE_NAME"),
                     column("COLUMN_SIZE", TypeKind::Int),
                     column("BUFFER_LENGTH", TypeKind::TinyInt),
                     column("DECIMAL_DIGITS", TypeKind::Int),
                     column("NUM_PREC_RADIX", TypeKind::Int),
                     column("NULLABLE", TypeKind::Int),
                     text_column("REMARKS"),
                     text_column("COLUMN_DEF"),
                     column("SQL_DATA_TYPE", TypeKind::Int),
                     column("SQL_DATETIME_SUB", TypeKind::Int),
                     column("CHAR_OCTET_LENGTH", TypeKind::Int),
                     column("ORDINAL_POSITION", TypeKind::Int),
                     text_column("IS_NULLABLE"),
                     text_column("SCOPE_CATALOG"),
                     text_column("SCOPE_SCHEMA"),
                     text_column("SCOPE_TABLE"),
                     column("SOURCE_DATA_TYPE", TypeKind::SmallInt),
                     text_column("IS_AUTO_INCREMENT")},
                    std::move(rows));
}

std::unique_ptr<EngineResult> functions_result(CatalogReader& reader, const CatalogFilter& filter,
                                               const std::string& current_catalog) {
  constexpr int kFunctionReturnsNoTable = 1;
  std::vector<CellRow> rows;
  for (const auto& entry : reader.functions(scope_of(filter, current_catalog))) {
    rows.push_back({catalog_cell(filter, entry.catalog), text_cell(entry.schema),
                    text_cell(entry.name), text_cell(""), integer(kFunctionReturnsNoTable),
                    text_cell(base::concat(entry.catalog, ".", entry.schema, ".", entry.name))});
  }
  return make_table({text_column("FUNCTION_CAT"), text_column("FUNCTION_SCHEM"),
                     text_column("FUNCTION_NAME"), text_column("REMARKS"),
                     column("FUNCTION_TYPE", TypeKind::Int), text_column("SPECIFIC_NAME")},
                    std::move(rows));
}

std::unique_ptr<EngineResult> primary_keys_result(CatalogReader& reader,
                                                  const CatalogFilter& filter,
                                                  const std::string& current_catalog) {
  std::vector<CellRow> rows;
  for (const auto& table : reader.tables(exact_scope(filter, current_catalog))) {
    if (!table.note.primary_key) continue;
    const auto& key = *table.note.primary_key;
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
      rows.push_back({text_cell(table.catalog), text_cell(table.schema), text_cell(table.name),
                      text_cell(key.columns[i]), integer(static_cast<int>(i) + 1),
                      text_cell(key.name)});
    }
  }
  // KEQ_SEQ is how the server spells it.
  return make_table(
      {text_column("TABLE_CAT"), text_column("TABLE_SCHEM"), text_column("TABLE_NAME"),
       text_column("COLUMN_NAME"), column("KEQ_SEQ", TypeKind::Int), text_column("PK_NAME")},
      std::move(rows));
}

std::unique_ptr<EngineResult> cross_reference_result(CatalogReader& reader,
                                                     const CatalogFilter& parent,
                                                     const CatalogFilter& foreign,
                                                     const std::string& current_catalog) {
  const auto parent_scope = exact_scope(parent, current_catalog);
  std::vector<CellRow> rows;
  for (const auto& table : reader.tables(exact_scope(foreign, current_catalog))) {
    for (const auto& key : table.note.foreign_keys) {
      if (matches(parent_scope, key.parent)) add_foreign_key(rows, table, key);
    }
  }
  return make_table(
      {text_column("PKTABLE_CAT"), text_column("PKTABLE_SCHEM"), text_column("PKTABLE_NAME"),
       text_column("PKCOLUMN_NAME"), text_column("FKTABLE_CAT"), text_column("FKTABLE_SCHEM"),
       text_column("FKTABLE_NAME"), text_column("FKCOLUMN_NAME"), column("KEQ_SEQ", TypeKind::Int),
       column("UPDATE_RULE", TypeKind::Int), column("DELETE_RULE", TypeKind::Int),
       text_column("FK_NAME"), text_column("PK_NAME"), column("DEFERRABILITY", TypeKind::Int)},
      std::move(rows));
}

}  // namespace dbsql::warehouse
