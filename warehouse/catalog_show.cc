#include "warehouse/catalog_show.h"

#include "base/text.h"
#include "warehouse/catalog_calls.h"
#include "warehouse/catalog_table.h"
#include "warehouse/sql_error.h"

#include <algorithm>

namespace dbsql::warehouse {
namespace {

std::optional<NamePattern> glob(const std::optional<std::string>& pattern) {
  if (!pattern) return std::nullopt;
  return NamePattern::glob(*pattern);
}

bool matches(const std::optional<NamePattern>& pattern, std::string_view name) {
  return !pattern || pattern->matches(name);
}

std::unique_ptr<EngineResult> show_catalogs(CatalogReader& reader, const ShowCommand& command) {
  const auto pattern = glob(command.pattern);
  std::vector<CellRow> rows;
  for (const auto& name : reader.catalogs()) {
    if (matches(pattern, name)) rows.push_back({text_cell(name)});
  }
  return make_table({text_column("catalog", false)}, std::move(rows));
}

std::unique_ptr<EngineResult> show_schemas(CatalogReader& reader, const ShowCommand& command,
                                           const SessionNames& session) {
  CatalogScope scope{.schema = glob(command.pattern)};
  if (!command.all_catalogs) {
    const auto catalog = command.catalog.value_or(session.catalog);
    require_catalog(reader, catalog);
    scope.catalog = NamePattern::exact(catalog);
  }
  std::vector<CellRow> rows;
  for (const auto& entry : reader.schemas(scope)) {
    CellRow row{text_cell(entry.schema)};
    if (command.all_catalogs) row.push_back(text_cell(entry.catalog));
    rows.push_back(std::move(row));
  }
  std::vector<TableColumn> columns{text_column("databaseName", false)};
  if (command.all_catalogs) columns.push_back(text_column("catalog", false));
  return make_table(std::move(columns), std::move(rows));
}

std::unique_ptr<EngineResult> show_tables(CatalogReader& reader, const ShowCommand& command,
                                          const SessionNames& session) {
  const auto catalog = command.catalog.value_or(session.catalog);
  const auto schema = command.schema.value_or(session.schema);
  require_schema(reader, catalog, schema);
  const bool views = command.kind == ShowKind::Views;
  std::vector<CellRow> rows;
  const auto in_schema = NamePattern::exact(schema);
  const auto in_catalog = NamePattern::exact(catalog);
  for (const auto& entry : reader.tables({.table = glob(command.pattern)})) {
    const bool here =
        entry.temporary || (in_catalog.matches(entry.catalog) && in_schema.matches(entry.schema));
    if (!here || (views && entry.type() != "VIEW")) continue;
    CellRow row{text_cell(entry.schema), text_cell(entry.name), Cell(entry.temporary)};
    if (views) row.emplace_back(false);
    rows.push_back(std::move(row));
  }
  if (views) {
    return make_table({text_column("namespace", false), text_column("viewName", false),
                       column("isTemporary", TypeKind::Boolean, false),
                       column("isMaterialized", TypeKind::Boolean, false)},
                      std::move(rows));
  }
  return make_table({text_column("database", false), text_column("tableName", false),
                     column("isTemporary", TypeKind::Boolean, false)},
                    std::move(rows));
}

CatalogScope wide_scope(CatalogReader& reader, const ShowCommand& command) {
  CatalogScope scope{.schema = glob(command.schema_pattern), .table = glob(command.table_pattern)};
  if (command.catalog) {
    require_catalog(reader, *command.catalog);
    scope.catalog = NamePattern::exact(*command.catalog);
  }
  return scope;
}

std::unique_ptr<EngineResult> show_tables_of_catalog(CatalogReader& reader,
                                                     const ShowCommand& command) {
  auto scope = wide_scope(reader, command);
  scope.table = glob(command.pattern);
  std::vector<CellRow> rows;
  for (const auto& entry : reader.tables(scope)) {
    rows.push_back({text_cell(entry.schema), text_cell(entry.name), Cell(entry.temporary),
                    text_cell(""), text_cell(entry.catalog), text_cell(entry.type()),
                    text_cell(entry.note.comment)});
  }
  return make_table({text_column("namespace", false), text_column("tableName", false),
                     column("isTemporary", TypeKind::Boolean, false), text_column("information"),
                     text_column("catalogName"), text_column("tableType"), text_column("remarks")},
                    std::move(rows));
}

std::unique_ptr<EngineResult> show_columns(CatalogReader& reader, const ShowCommand& command,
                                           const SessionNames& session) {
  const auto table = find_table(reader, *command.table, session);
  std::vector<CellRow> rows;
  for (const auto& entry : reader.columns({.catalog = NamePattern::exact(table.catalog),
                           .schema = NamePattern::exact(table.schema),
                           .table = NamePattern::exact(table.name)})) {
    rows.push_back({text_cell(entry.name)});
  }
  return make_table({text_column("col_name", false)}, std::move(rows));
}

Cell number_text(std::optional<int> value) {
  return value ? Cell(static_cast<std::int64_t>(*value)) : Cell();
}

std::unique_ptr<EngineResult> show_columns_of_catalog(CatalogReader& reader,
                                                      const ShowCommand& command) {
  const auto pattern = glob(command.pattern);
  std::vector<CellRow> rows;
  for (const auto& entry : reader.columns(wide_scope(reader, command))) {
    if (!matches(pattern, entry.name)) continue;
    const auto facts = facts_of(entry.type);
    rows.push_back({text_cell(entry.name), text_cell(entry.catalog), text_cell(entry.schema),
                    text_cell(entry.table), text_cell(type_text(entry.type)),
                    number_text(facts.size), number_text(facts.digits), number_text(facts.radix),
                    text_cell(entry.nullable ? "true" : "false"), text_cell(entry.comment),
                    Cell(static_cast<std::int64_t>(entry.ordinal) + 1), text_cell("NO"),
                    text_cell("NO")});
  }
  return make_table(
      {text_column("col_name", false), text_column("catalogName"), text_column("namespace"),
       text_column("tableName"), text_column("columnType"), column("columnSize", TypeKind::Int),
       column("decimalDigits", TypeKind::Int), column("radix", TypeKind::Int),
       text_column("isNullable"), text_column("remarks"), column("ordinalPosition", TypeKind::Int),
       text_column("isAutoIncrement"), text_column("isGenerated")},
      std::move(rows));
}

std::unique_ptr<EngineResult> show_functions(CatalogReader& reader, const ShowCommand& command) {
  std::vector<CellRow> rows;
  CatalogScope scope{.table = glob(command.pattern)};
  if (command.schema) scope.schema = NamePattern::exact(*command.schema);
  for (const auto& entry : reader.functions(scope)) {
    const auto name = entry.catalog == "system"
                          ? entry.name
                          : base::concat(entry.catalog, ".", entry.schema, ".", entry.name);
    rows.push_back({text_cell(name)});
  }
  return make_table({text_column("function", false)}, std::move(rows));
}

std::unique_ptr<EngineResult> show_functions_of_catalog(CatalogReader& reader,
                                                        const ShowCommand& command) {
  auto scope = wide_scope(reader, command);
  scope.table = glob(command.pattern);
  std::vector<CellRow> rows;
  for (const auto& entry : reader.functions(scope)) {
    rows.push_back({text_cell(entry.catalog), text_cell(entry.schema), text_cell(entry.name),
                    text_cell(""), Cell(std::int64_t{1}),
                    text_cell(base::concat(entry.catalog, ".", entry.schema, ".", entry.name))});
  }
  return make_table(
      {text_column("catalogName"), text_column("namespace"), text_column("functionName", false),
       text_column("remarks"), column("functionType", TypeKind::Int), text_column("specificName")},
      std::move(rows));
}

std::unique_ptr<EngineResult> show_keys(CatalogReader& reader, const ShowCommand& command,
                                        const SessionNames& session) {
  const auto table = find_table(reader, *command.table, session);
  std::vector<CellRow> rows;
  if (const auto& key = table.note.primary_key) {
    for (std::size_t i = 0; i < key->columns.size(); ++i) {
      rows.push_back({text_cell(table.catalog), text_cell(table.schema), text_cell(table.name),
                      text_cell(key->columns[i]), Cell(static_cast<std::int64_t>(i) + 1),
                      text_cell(key->name)});
    }
  }
  return make_table(
      {text_column("catalogName"), text_column("namespace"), text_column("tableName"),
       text_column("col_name"), column("keySeq", TypeKind::Int), text_column("constraintName")},
      std::move(rows));
}

std::unique_ptr<EngineResult> show_foreign_keys(CatalogReader& reader, const ShowCommand& command,
                                                const SessionNames& session) {
  constexpr std::int64_t kNoAction = 3;
  constexpr std::int64_t kNotDeferrable = 7;
  const auto table = find_table(reader, *command.table, session);
  std::vector<CellRow> rows;
  for (const auto& key : table.note.foreign_keys) {
    for (std::size_t i = 0; i < key.columns.size(); ++i) {
      CellRow row;
      for (const auto& part : key.parent) row.push_back(text_cell(part));
      row.push_back(i < key.parent_columns.size() ? text_cell(key.parent_columns[i]) : Cell());
      row.insert(row.end(),
                 {text_cell(table.catalog), text_cell(table.schema), text_cell(table.name),
                  text_cell(key.columns[i]), Cell(static_cast<std::int64_t>(i) + 1),
                  Cell(kNoAction), Cell(kNoAction), text_cell(key.name), Cell(kNotDeferrable)});
      rows.push_back(std::move(row));
    }
  }
  return make_table({text_column("parentCatalogName"), text_column("parentNamespace"),
                     text_column("parentTableName"), text_column("parentColName"),
                     text_column("catalogName"), text_column("namespace"), text_column("tableName"),
                     text_column("col_name"), column("keySeq", TypeKind::Int),
                     column("updateRule", TypeKind::Int), column("deleteRule", TypeKind::Int),
                     text_column("constraintName"), column("deferrability", TypeKind::Int)},
                    std::move(rows));
}

std::vector<ColumnEntry> columns_of(CatalogReader& reader, const TableEntry& table) {
  return reader.columns({.catalog = NamePattern::exact(table.catalog),
                         .schema = NamePattern::exact(table.schema),
                         .table = NamePattern::exact(table.name)});
}

std::string full_name(const TableEntry& table) {
  std::string name;
  for (const auto* part : {&table.catalog, &table.schema}) {
    if (!part->empty()) name += *part + ".";
  }
  return name + table.name;
}

std::unique_ptr<EngineResult> show_create_table(CatalogReader& reader, const ShowCommand& command,
                                                const SessionNames& session) {
  const auto table = find_table(reader, *command.table, session);
  std::string text = base::concat("CREATE ", table.type(), " ", full_name(table), " (\n");
  const auto columns = columns_of(reader, table);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& entry = columns[i];
    text += base::concat("  ", entry.name, " ", type_text(entry.type),
                         entry.nullable ? "" : " NOT NULL");
    if (!entry.comment.empty()) text += " COMMENT '" + entry.comment + "'";
    text += i + 1 < columns.size() ? ",\n" : ")\n";
  }
  if (!table.note.comment.empty()) text += "COMMENT '" + table.note.comment + "'\n";
  return make_table({text_column("createtab_stmt", false)}, {{text_cell(text)}});
}

CellRow item_row(std::string name, std::string value) {
  return {text_cell(std::move(name)), text_cell(std::move(value))};
}

std::unique_ptr<EngineResult> describe_catalog(CatalogReader& reader,
                                               const DescribeCommand& command) {
  require_catalog(reader, command.name.name);
  return make_table({text_column("info_name", false), text_column("info_value")},
                    {item_row("Catalog Name", command.name.name), item_row("Comment", ""),
                     item_row("Owner", "")});
}

std::unique_ptr<EngineResult> describe_schema(CatalogReader& reader, const DescribeCommand& command,
                                              const SessionNames& session) {
  const auto catalog = command.name.schema.value_or(session.catalog);
  require_schema(reader, catalog, command.name.name);
  return make_table(
      {text_column("database_description_item", false), text_column("database_description_value")},
      {item_row("Catalog Name", catalog), item_row("Namespace Name", command.name.name),
       item_row("Comment", ""), item_row("Location", ""), item_row("Owner", "")});
}

CellRow description_row(std::string name, std::string type, const std::string& comment) {
  return {text_cell(std::move(name)), text_cell(std::move(type)),
          comment.empty() ? Cell() : Cell(comment)};
}

std::unique_ptr<EngineResult> describe_table(CatalogReader& reader, const DescribeCommand& command,
                                             const SessionNames& session) {
  const auto table = find_table(reader, command.name, session);
  std::vector<CellRow> rows;
  for (const auto& entry : columns_of(reader, table)) {
    if (command.column && !base::equals_ignore_case(*command.column, entry.name)) continue;
    rows.push_back(description_row(entry.name, type_catalog_text(entry.type), entry.comment));
  }
  if (command.extended) {
    rows.push_back(description_row("", "", ""));
    rows.push_back(description_row("# Detailed Table Information", "", ""));
    rows.push_back(description_row("Catalog", table.catalog, ""));
    rows.push_back(description_row("Database", table.schema, ""));
    rows.push_back(description_row("Table", table.name, ""));
    rows.push_back(description_row("Type",
                                   table.type() == "VIEW" ? "VIEW"
                                   : table.note.external  ? "EXTERNAL"
                                                          : "MANAGED",
                                   ""));
    rows.push_back(description_row("Comment", table.note.comment, ""));
  }
  return make_table(
      {text_column("col_name", false), text_column("data_type", false), text_column("comment")},
      std::move(rows));
}

}  // namespace

std::unique_ptr<EngineResult> show_result(CatalogReader& reader, const ShowCommand& command,
                                          const SessionNames& session) {
  switch (command.kind) {
    case ShowKind::Catalogs:
      return show_catalogs(reader, command);
    case ShowKind::Schemas:
      return show_schemas(reader, command, session);
    case ShowKind::Tables:
    case ShowKind::Views:
      return show_tables(reader, command, session);
    case ShowKind::Columns:
      return show_columns(reader, command, session);
    case ShowKind::ColumnsOfCatalog:
      return show_columns_of_catalog(reader, command);
    case ShowKind::TablesOfCatalog:
      return show_tables_of_catalog(reader, command);
    case ShowKind::Functions:
      return show_functions(reader, command);
    case ShowKind::FunctionsOfCatalog:
      return show_functions_of_catalog(reader, command);
    case ShowKind::Keys:
      return show_keys(reader, command, session);
    case ShowKind::ForeignKeys:
      return show_foreign_keys(reader, command, session);
    case ShowKind::CreateTable:
      return show_create_table(reader, command, session);
  }
  throw_sql_error("INTERNAL_ERROR", "Unknown kind of SHOW.");
}

std::unique_ptr<EngineResult> describe_result(CatalogReader& reader, const DescribeCommand& command,
                                              const SessionNames& session) {
  switch (command.kind) {
    case DescribeKind::Catalog:
      return describe_catalog(reader, command);
    case DescribeKind::Schema:
      return describe_schema(reader, command, session);
    default:
      return describe_table(reader, command, session);
  }
}

std::unique_ptr<EngineResult> describe_query_result(
    const std::vector<std::pair<std::string, std::string>>& columns) {
  std::vector<CellRow> rows;
  for (const auto& [name, engine_type] : columns) {
    rows.push_back(description_row(name, type_catalog_text(parse_engine_type(engine_type)), ""));
  }
  return make_table(
      {text_column("col_name", false), text_column("data_type", false), text_column("comment")},
      std::move(rows));
}

TableEntry find_table(CatalogReader& reader, const ObjectName& name, const SessionNames& session) {
  if (!name.schema) {
    for (auto& entry : reader.tables({.table = NamePattern::exact(name.name)})) {
      if (entry.temporary) return std::move(entry);
    }
  }
  auto found = reader.tables({.catalog = NamePattern::exact(name.catalog.value_or(session.catalog)),
                              .schema = NamePattern::exact(name.schema.value_or(session.schema)),
                              .table = NamePattern::exact(name.name)});
  if (!found.empty()) return std::move(found[0]);
  throw_sql_error(
      "TABLE_OR_VIEW_NOT_FOUND",
      base::concat("The table or view ", name.quoted_for_message(),
                   " cannot be found. Check its name, and the current catalog and schema."));
}

void require_catalog(CatalogReader& reader, const std::string& catalog) {
  const auto names = reader.catalogs();
  if (std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        return base::equals_ignore_case(name, catalog);
      })) {
    return;
  }
  throw_sql_error("NO_SUCH_CATALOG_EXCEPTION",
                  base::concat("The catalog ", quote_for_message(catalog), " cannot be found."));
}

void require_schema(CatalogReader& reader, const std::string& catalog, const std::string& schema) {
  require_catalog(reader, catalog);
  if (!reader
           .schemas({.catalog = NamePattern::exact(catalog), .schema = NamePattern::exact(schema)})
           .empty()) {
    return;
  }
  throw_sql_error("SCHEMA_NOT_FOUND", base::concat("The schema ", quote_for_message(catalog), ".",
                                                   quote_for_message(schema), " cannot be found."));
}

}  // namespace dbsql::warehouse
