#include "base/text.h"
#include "warehouse/sql_cursor.h"
#include "warehouse/sql_text.h"

// SHOW and DESCRIBE: answered by the session from the catalog.
namespace dbsql::warehouse {
namespace {

bool take_in(StatementCursor& cursor) { return cursor.take_any({"IN", "FROM"}); }

// [LIKE] 'pattern'
std::optional<std::string> take_pattern(StatementCursor& cursor) {
  if (cursor.take("LIKE") || cursor.peek().kind == TokenKind::String) return cursor.take_string();
  return std::nullopt;
}

Command finish(StatementCursor& cursor, ShowCommand command) {
  cursor.expect_end();
  return command;
}

// IN ALL CATALOGS | IN CATALOG c: the forms of metadata calls.
bool take_catalog_scope(StatementCursor& cursor, ShowCommand& command) {
  if (cursor.take({"IN", "ALL", "CATALOGS"}) || cursor.take({"FROM", "ALL", "CATALOGS"})) {
    command.all_catalogs = true;
    return true;
  }
  if (!cursor.take({"IN", "CATALOG"}) && !cursor.take({"FROM", "CATALOG"})) return false;
  command.catalog = cursor.take_identifier();
  return true;
}

// [SCHEMA LIKE 'p'] [TABLE LIKE 'p'] [LIKE 'p']
void take_wide_patterns(StatementCursor& cursor, ShowCommand& command) {
  if (cursor.take({"SCHEMA", "LIKE"})) command.schema_pattern = cursor.take_string();
  if (cursor.take({"TABLE", "LIKE"})) command.table_pattern = cursor.take_string();
  command.pattern = take_pattern(cursor);
}

Command show_schemas(StatementCursor& cursor) {
  ShowCommand command{.kind = ShowKind::Schemas};
  if (!take_catalog_scope(cursor, command) && take_in(cursor)) {
    command.catalog = cursor.take_identifier();
  }
  command.pattern = take_pattern(cursor);
  return finish(cursor, std::move(command));
}

Command show_tables(StatementCursor& cursor, ShowKind kind) {
  ShowCommand command{.kind = kind};
  if (take_catalog_scope(cursor, command)) {
    command.kind = ShowKind::TablesOfCatalog;
    take_wide_patterns(cursor, command);
    return finish(cursor, std::move(command));
  }
  if (take_in(cursor)) {
    auto name = cursor.take_name();
    if (name.catalog) cursor.fail();
    command.catalog = std::move(name.schema);
    command.schema = std::move(name.name);
  }
  command.pattern = take_pattern(cursor);
  return finish(cursor, std::move(command));
}

Command show_columns(StatementCursor& cursor) {
  ShowCommand command{.kind = ShowKind::Columns};
  if (take_catalog_scope(cursor, command)) {
    command.kind = ShowKind::ColumnsOfCatalog;
    take_wide_patterns(cursor, command);
    return finish(cursor, std::move(command));
  }
  if (!take_in(cursor)) cursor.fail();
  command.table = cursor.take_name();
  if (take_in(cursor)) {
    auto schema = cursor.take_name();
    command.table->catalog = std::move(schema.schema);
    command.table->schema = std::move(schema.name);
  }
  return finish(cursor, std::move(command));
}

Command show_functions(StatementCursor& cursor) {
  ShowCommand command{.kind = ShowKind::Functions};
  cursor.take_any({"USER", "SYSTEM", "ALL"});
  cursor.take("FUNCTIONS");
  if (take_catalog_scope(cursor, command)) {
    command.kind = ShowKind::FunctionsOfCatalog;
    take_wide_patterns(cursor, command);
    return finish(cursor, std::move(command));
  }
  if (take_in(cursor)) {
    auto name = cursor.take_name();
    command.catalog = std::move(name.schema);
    command.schema = std::move(name.name);
  }
  command.pattern = take_pattern(cursor);
  return finish(cursor, std::move(command));
}

// SHOW KEYS IN CATALOG c IN SCHEMA s IN TABLE t
Command show_keys(StatementCursor& cursor, ShowKind kind) {
  ShowCommand command{.kind = kind};
  ObjectName table;
  if (cursor.take({"IN", "CATALOG"})) table.catalog = cursor.take_identifier();
  if (cursor.take({"IN", "SCHEMA"})) table.schema = cursor.take_identifier();
  if (!cursor.take({"IN", "TABLE"})) cursor.fail();
  table.name = cursor.take_identifier();
  command.table = std::move(table);
  return finish(cursor, std::move(command));
}

}  // namespace

Command parse_show(StatementCursor& cursor) {
  if (cursor.take("CATALOGS")) {
    return finish(cursor, {.kind = ShowKind::Catalogs, .pattern = take_pattern(cursor)});
  }
  if (cursor.take_any({"SCHEMAS", "DATABASES"})) return show_schemas(cursor);
  if (cursor.take("TABLES")) return show_tables(cursor, ShowKind::Tables);
  if (cursor.take("VIEWS")) return show_tables(cursor, ShowKind::Views);
  if (cursor.take("COLUMNS")) return show_columns(cursor);
  if (cursor.take("KEYS")) return show_keys(cursor, ShowKind::Keys);
  if (cursor.take({"FOREIGN", "KEYS"})) return show_keys(cursor, ShowKind::ForeignKeys);
  if (cursor.take({"CREATE", "TABLE"})) {
    return finish(cursor, {.kind = ShowKind::CreateTable, .table = cursor.take_name()});
  }
  const auto& next = cursor.peek(1);
  if (cursor.peek().is_word("FUNCTIONS") || next.is_word("FUNCTIONS"))
    return show_functions(cursor);
  cursor.fail();
}

Command parse_describe(StatementCursor& cursor) {
  DescribeCommand command;
  const bool query = cursor.take("QUERY");
  if (query || cursor.peek().is_word("SELECT") || cursor.peek().is_word("WITH") ||
      cursor.peek().is_word("VALUES")) {
    command.kind = DescribeKind::Query;
    command.query = cursor.rest();
    return command;
  }
  const bool is_schema =
      !cursor.peek(1).is_operator(".") && cursor.take_any({"SCHEMA", "DATABASE"});
  if (is_schema) {
    command.kind = DescribeKind::Schema;
  } else if (cursor.take("CATALOG")) {
    command.kind = DescribeKind::Catalog;
  } else {
    cursor.take("TABLE");
  }
  command.extended = cursor.take_any({"EXTENDED", "FORMATTED"});
  command.name = cursor.take_name();
  if (cursor.peek().is_identifier()) command.column = cursor.take_identifier();
  cursor.expect_end();
  return command;
}

}  // namespace dbsql::warehouse
