#include "warehouse/catalog_reader.h"

#include "base/text.h"
#include "warehouse/duckdb_query.h"
#include "warehouse/sql_rewrite.h"

#include <algorithm>
#include <tuple>

namespace dbsql::warehouse {
namespace {

// `memory` holds our macros only; every catalog has a schema `main` that Databricks does not know.
constexpr std::string_view kVisible =
    "NOT internal AND database_name <> 'memory' AND (database_name = 'temp' OR schema_name <> "
    "'main')";

bool matches(const std::optional<NamePattern>& pattern, std::string_view name) {
  return !pattern || pattern->matches(name);
}

std::string catalog_of(const TextRow& row) {
  const auto& name = row[0].value();
  return name == "temp" ? std::string() : std::string(databricks_catalog(name));
}

std::string schema_of(const TextRow& row) {
  return row[0].value() == "temp" ? std::string() : row[1].value();
}

bool in_scope(const CatalogScope& scope, std::string_view catalog, std::string_view schema,
              std::string_view table) {
  return matches(scope.catalog, catalog) && matches(scope.schema, schema) &&
         matches(scope.table, table);
}

}  // namespace

std::vector<std::string> CatalogReader::catalogs() {
  std::vector<std::string> names;
  for (const auto& row : query_text(channel_,
                                    "SELECT database_name FROM duckdb_databases() "
                                    "WHERE NOT internal AND database_name <> 'memory'")) {
    names.emplace_back(databricks_catalog(row[0].value()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<SchemaEntry> CatalogReader::schemas(const CatalogScope& scope) {
  std::vector<SchemaEntry> entries;
  for (const auto& row : query_text(
           channel_, base::concat("SELECT database_name, schema_name FROM duckdb_schemas() WHERE ",
                                  kVisible, " AND database_name <> 'temp'"))) {
    SchemaEntry entry{.catalog = catalog_of(row), .schema = row[1].value()};
    const bool wanted =
        matches(scope.catalog, entry.catalog) && matches(scope.schema, entry.schema);
    if (wanted) entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const SchemaEntry& a, const SchemaEntry& b) {
    return std::tie(a.catalog, a.schema) < std::tie(b.catalog, b.schema);
  });
  return entries;
}

std::vector<TableEntry> CatalogReader::tables(const CatalogScope& scope) {
  const auto sql = base::concat(
      "SELECT database_name, schema_name, table_name, 'table', comment, NULL FROM duckdb_tables() "
      "WHERE ",
      kVisible,
      " UNION ALL SELECT database_name, schema_name, view_name, 'view', comment, sql FROM "
      "duckdb_views() "
      "WHERE ",
      kVisible);
  std::vector<TableEntry> entries;
  for (const auto& row : query_text(channel_, sql)) {
    TableEntry entry{.catalog = catalog_of(row),
                     .schema = schema_of(row),
                     .name = row[2].value(),
                     .is_view = row[3] == "view",
                     .temporary = row[0] == "temp",
                     .note = decode_table_note(row[4].value_or("")),
                     .definition = row[5].value_or("")};
    if (in_scope(scope, entry.catalog, entry.schema, entry.name))
      entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const TableEntry& a, const TableEntry& b) {
    return std::tie(a.catalog, a.schema, a.name) < std::tie(b.catalog, b.schema, b.name);
  });
  return entries;
}

std::vector<ColumnEntry> CatalogReader::columns(const CatalogScope& scope) {
  const auto sql = base::concat(
      "SELECT database_name, schema_name, table_name, column_name, data_type, CAST(is_nullable AS "
      "VARCHAR), "
      "comment, column_default, CAST(column_index AS VARCHAR) FROM duckdb_columns() WHERE ",
      kVisible);
  std::vector<ColumnEntry> entries;
  for (const auto& row : query_text(channel_, sql)) {
    const auto remark = decode_column_remark(row[6].value_or(""));
    ColumnEntry entry{.catalog = catalog_of(row),
                      .schema = schema_of(row),
                      .table = row[2].value(),
                      .name = row[3].value(),
                      .type = remark.declared.value_or(parse_engine_type(row[4].value_or(""))),
                      .nullable = row[5] == "true",
                      .comment = remark.comment,
                      .default_text = row[7].value_or(""),
                      .ordinal = base::parse_number<int>(row[8].value()).value_or(1) - 1};
    if (in_scope(scope, entry.catalog, entry.schema, entry.table))
      entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const ColumnEntry& a, const ColumnEntry& b) {
    return std::tie(a.catalog, a.schema, a.table, a.ordinal) <
           std::tie(b.catalog, b.schema, b.table, b.ordinal);
  });
  return entries;
}

std::vector<FunctionEntry> CatalogReader::functions(const CatalogScope& scope) {
  std::vector<FunctionEntry> entries;
  for (const auto& row :
       query_text(channel_,
                  "SELECT DISTINCT database_name, schema_name, function_name, "
                  "CAST(internal AS VARCHAR) FROM duckdb_functions() "
                  "WHERE function_name ~ '[a-z_][a-z0-9_]*' AND database_name <> 'memory'")) {
    const bool builtin = row[3] == "true";
    FunctionEntry entry{.catalog = builtin ? "system" : catalog_of(row),
                        .schema = builtin ? "builtin" : schema_of(row),
                        .name = row[2].value()};
    if (in_scope(scope, entry.catalog, entry.schema, entry.name))
      entries.push_back(std::move(entry));
  }
  const auto key = [](const FunctionEntry& e) { return std::tie(e.catalog, e.schema, e.name); };
  std::sort(entries.begin(), entries.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  entries.erase(std::unique(entries.begin(), entries.end(),
                            [&](const auto& a, const auto& b) { return key(a) == key(b); }),
                entries.end());
  return entries;
}

}  // namespace dbsql::warehouse
