#include "base/text.h"
#include "warehouse/sql_cursor.h"
#include "warehouse/sql_error.h"
#include "warehouse/sql_text.h"

// CREATE, DROP and ALTER. Storage clauses (USING DELTA, LOCATION, TBLPROPERTIES, PARTITIONED BY,
// ...) have no meaning for this engine and are read over; comments and declared types are kept
// beside the table.
namespace dbsql::warehouse {
namespace {

// A bracketed list that is of no interest.
void skip_brackets(StatementCursor& cursor) {
  if (!cursor.peek().is_operator("(")) return;
  cursor.move_to(cursor.rewriter().closing(cursor.at()) + 1);
}

// Clauses between a table's columns and its query. Returns false at the first token that is none of
// them.
bool skip_storage_clause(StatementCursor& cursor, std::string& comment) {
  if (cursor.take("USING")) {
    cursor.take_identifier();
    return true;
  }
  if (cursor.take("COMMENT")) {
    comment = cursor.take_string();
    return true;
  }
  if (cursor.take("LOCATION") || cursor.take({"DEFAULT", "COLLATION"})) {
    cursor.skip();
    return true;
  }
  if (cursor.take({"PARTITIONED", "BY"}) || cursor.take({"CLUSTER", "BY"}) ||
      cursor.take({"CLUSTERED", "BY"}) || cursor.take_any({"TBLPROPERTIES", "OPTIONS"}) ||
      cursor.take({"WITH", "DBPROPERTIES"})) {
    cursor.take("AUTO");
    skip_brackets(cursor);
    return true;
  }
  return cursor.take({"SHALLOW", "CLONE"}) || cursor.take({"DEEP", "CLONE"});
}

SqlType take_type(StatementCursor& cursor) {
  auto at = cursor.at();
  std::vector<Token> tokens;
  for (std::size_t i = 0; i <= cursor.end() - at; ++i) tokens.push_back(cursor.peek(i));
  std::size_t read = 0;
  const auto type = read_type(tokens, read);
  if (!type) {
    throw_sql_error(
        "UNSUPPORTED_DATATYPE",
        base::concat("Unsupported data type \"", base::to_upper(cursor.peek().text), "\"."),
        cursor.sql(), cursor.peek().offset);
  }
  cursor.move_to(at + read);
  return *type;
}

// The end of a DEFAULT expression or the like: a comma, a closing bracket or a column constraint.
std::size_t expression_end(StatementCursor& cursor) {
  auto at = cursor.at();
  for (std::size_t i = 0; at < cursor.end(); ++at, ++i) {
    const auto& token = cursor.peek(i);
    if (token.is_operator("(")) {
      const auto close = cursor.rewriter().closing(at);
      i += close - at;
      at = close;
      continue;
    }
    if (token.is_operator(",") || token.is_operator(")") || token.is_word("COMMENT") ||
        token.is_word("NOT") || token.is_word("CONSTRAINT") || token.is_word("PRIMARY")) {
      break;
    }
  }
  return at;
}

std::vector<std::string> take_column_list(StatementCursor& cursor) {
  std::vector<std::string> columns;
  cursor.expect_operator("(");
  do {
    columns.push_back(cursor.take_identifier());
    cursor.take("TIMESERIES");
  } while (cursor.take_operator(","));
  cursor.expect_operator(")");
  return columns;
}

// What Databricks says about keys it does not enforce.
void skip_key_options(StatementCursor& cursor) {
  while (cursor.take({"NOT", "ENFORCED"}) || cursor.take({"INITIALLY", "DEFERRED"}) ||
         cursor.take({"NOT", "DEFERRABLE"}) || cursor.take({"MATCH", "FULL"}) ||
         cursor.take({"ON", "UPDATE", "NO", "ACTION"}) ||
         cursor.take({"ON", "DELETE", "NO", "ACTION"}) ||
         cursor.take_any({"RELY", "NORELY", "DEFERRABLE"})) {
  }
}

// REFERENCES parent [(columns)]
void take_reference(StatementCursor& cursor, KeyNote key, EngineCommand& command) {
  cursor.expect("REFERENCES");
  const auto parent = cursor.take_name();
  if (parent.catalog) key.parent.push_back(*parent.catalog);
  if (parent.schema) key.parent.push_back(*parent.schema);
  key.parent.push_back(parent.name);
  if (cursor.peek().is_operator("(")) key.parent_columns = take_column_list(cursor);
  skip_key_options(cursor);
  command.foreign_keys.push_back(std::move(key));
}

// The part of a constraint behind its name. Returns false when it is not a key.
bool take_key(StatementCursor& cursor, const std::string& name, EngineCommand& command) {
  if (cursor.take({"PRIMARY", "KEY"})) {
    command.primary_key = KeyNote{.name = name, .columns = take_column_list(cursor)};
    skip_key_options(cursor);
    return true;
  }
  if (!cursor.take({"FOREIGN", "KEY"})) return false;
  auto columns = take_column_list(cursor);
  take_reference(cursor, {.name = name, .columns = std::move(columns)}, command);
  return true;
}

void read_column_options(StatementCursor& cursor, SqlText& out, ColumnNote& note,
                         EngineCommand& command) {
  std::string constraint;
  for (;;) {
    if (cursor.take("CONSTRAINT")) {
      constraint = cursor.take_identifier();
    } else if (cursor.take({"NOT", "NULL"})) {
      out.append(" NOT NULL");
    } else if (cursor.take("NULL")) {
      out.append(" NULL");
    } else if (cursor.take("COMMENT")) {
      note.comment = cursor.take_string();
    } else if (cursor.take({"PRIMARY", "KEY"})) {
      command.primary_key = KeyNote{.name = constraint, .columns = {note.column}};
      out.append(" NOT NULL");
      skip_key_options(cursor);
    } else if (cursor.take({"FOREIGN", "KEY"}) || cursor.peek().is_word("REFERENCES")) {
      take_reference(cursor, {.name = constraint, .columns = {note.column}}, command);
    } else if (cursor.take("DEFAULT")) {
      out.append(" DEFAULT ");
      out.append(cursor.rewrite_to(expression_end(cursor)));
    } else if (cursor.take({"GENERATED", "ALWAYS", "AS"}) && cursor.peek().is_operator("(")) {
      out.append(" GENERATED ALWAYS AS ");
      out.append(cursor.rewrite_to(cursor.rewriter().closing(cursor.at()) + 1));
    } else if (cursor.take("COLLATE")) {
      cursor.take_identifier();
    } else if (cursor.peek().is_word("CHECK") && cursor.peek(1).is_operator("(")) {
      out.append(" ");
      out.append(cursor.rewrite_to(cursor.rewriter().closing(cursor.at() + 1) + 1));
    } else {
      return;
    }
  }
}

SqlText take_column(StatementCursor& cursor, EngineCommand& command) {
  SqlText out;
  ColumnNote note;
  const auto source = cursor.peek().offset;
  note.column = cursor.take_identifier();
  const auto type = take_type(cursor);
  if (needs_note(type)) note.declared = type;
  out.append(engine_identifier(note.column) + " " + engine_type_text(type), source);
  read_column_options(cursor, out, note, command);
  if (note.declared || !note.comment.empty()) command.notes.push_back(std::move(note));
  return out;
}

bool starts_constraint(const StatementCursor& cursor) {
  const auto& token = cursor.peek();
  return token.is_word("CONSTRAINT") || token.is_word("CHECK") ||
         (token.is_word("PRIMARY") && cursor.peek(1).is_word("KEY")) ||
         (token.is_word("FOREIGN") && cursor.peek(1).is_word("KEY")) || token.is_word("UNIQUE");
}

// Keys become notes; anything else goes to the engine.
SqlText take_constraint(StatementCursor& cursor, EngineCommand& command) {
  SqlText out;
  std::string name;
  if (cursor.take("CONSTRAINT")) name = cursor.take_identifier();
  if (take_key(cursor, name, command)) return out;
  if (!name.empty()) out.append("CONSTRAINT " + engine_identifier(name) + " ");
  while (!cursor.at_end() && !cursor.peek().is_operator(",") && !cursor.peek().is_operator(")")) {
    const auto to = cursor.peek().is_operator("(") ? cursor.rewriter().closing(cursor.at()) + 1
                                                   : cursor.at() + 1;
    out.append(cursor.rewrite_to(to));
    out.append(" ");
  }
  return out;
}

SqlText take_columns(StatementCursor& cursor, EngineCommand& command) {
  SqlText out;
  cursor.expect_operator("(");
  do {
    auto part =
        starts_constraint(cursor) ? take_constraint(cursor, command) : take_column(cursor, command);
    if (part.empty()) continue;
    out.append(out.empty() ? "(" : ", ");
    out.append(part);
  } while (cursor.take_operator(","));
  cursor.expect_operator(")");
  out.append(")");
  return out;
}

struct CreateStart {
  bool replace = false;
  bool temporary = false;
};

// CREATE [OR REPLACE] [TEMPORARY] what [IF NOT EXISTS] name
std::string create_text(CreateStart start, std::string_view what, bool conditional,
                        const ObjectName& name) {
  return base::concat("CREATE ", start.replace ? "OR REPLACE " : "",
                      start.temporary ? "TEMPORARY " : "", what, " ",
                      conditional ? "IF NOT EXISTS " : "", engine_name(name), " ");
}

Command create_table(StatementCursor& cursor, CreateStart start) {
  EngineCommand command{.kind = EngineResult::Kind::Ddl};
  const bool conditional = cursor.take_if_not_exists();
  const auto name = cursor.take_name();
  command.text.append(create_text(start, "TABLE", conditional, name), name.source);
  std::string comment;
  if (cursor.take("LIKE")) {
    command.text.append("AS SELECT * FROM " + engine_name(cursor.take_name()) + " LIMIT 0");
  } else if (cursor.peek().is_operator("(") && !cursor.peek(1).is_word("SELECT")) {
    command.text.append(take_columns(cursor, command));
  }
  while (skip_storage_clause(cursor, comment)) {
  }
  if (cursor.take("AS") || cursor.peek().is_word("SELECT") || cursor.peek().is_word("WITH") ||
      cursor.peek().is_operator("(")) {
    command.text.append("AS ");
    command.text.append(cursor.rest());
  }
  cursor.expect_end();
  if (!comment.empty()) command.comment = std::move(comment);
  command.target = name;
  command.conditional = conditional;
  return command;
}

// (a COMMENT 'x', b)
std::string take_view_columns(StatementCursor& cursor, std::vector<ColumnNote>& notes) {
  std::string names;
  if (!cursor.take_operator("(")) return names;
  do {
    ColumnNote note{.column = cursor.take_identifier()};
    names += (names.empty() ? "" : ", ") + engine_identifier(note.column);
    if (cursor.take("COMMENT")) {
      note.comment = cursor.take_string();
      notes.push_back(std::move(note));
    }
  } while (cursor.take_operator(","));
  cursor.expect_operator(")");
  return names;
}

Command create_view(StatementCursor& cursor, CreateStart start) {
  EngineCommand command{.kind = EngineResult::Kind::Ddl};
  const bool conditional = cursor.take_if_not_exists();
  const auto name = cursor.take_name();
  command.text.append(create_text(start, "VIEW", conditional, name), name.source);
  const auto columns = take_view_columns(cursor, command.notes);
  std::string comment;
  while (skip_storage_clause(cursor, comment) || cursor.take({"WITH", "SCHEMA", "BINDING"})) {
  }
  cursor.expect("AS");
  // The engine cannot comment on columns that a view renames by a list of its own.
  command.text.append(columns.empty() ? "AS " : "AS SELECT * FROM (");
  command.text.append(cursor.rest());
  if (!columns.empty()) command.text.append(") AS dbsql_view(" + columns + ")");
  if (!comment.empty()) command.comment = std::move(comment);
  command.target = name;
  command.conditional = conditional;
  return command;
}

// CREATE FUNCTION f(x INT) RETURNS INT RETURN x + 1: a macro of the engine, with the declared type
// as a cast.
Command create_function(StatementCursor& cursor, CreateStart start) {
  EngineCommand command{.kind = EngineResult::Kind::Ddl};
  const bool conditional = cursor.take_if_not_exists();
  const auto name = cursor.take_name();
  std::string parameters;
  cursor.expect_operator("(");
  while (!cursor.take_operator(")")) {
    if (!parameters.empty()) parameters += ", ";
    parameters += engine_identifier(cursor.take_identifier());
    parameters += " " + engine_type_text(take_type(cursor));
    cursor.take_operator(",");
  }
  std::optional<SqlType> type;
  if (cursor.take("RETURNS")) {
    if (cursor.peek().is_word("TABLE")) cursor.fail_unsupported("A table function");
    type = take_type(cursor);
  }
  // LANGUAGE SQL, DETERMINISTIC, COMMENT '...' and the like
  while (!cursor.at_end() && !cursor.peek().is_word("RETURN")) cursor.skip();
  cursor.expect("RETURN");
  command.text.append(create_text(start, "MACRO", conditional, name), name.source);
  command.text.append(base::concat("(", parameters, ") AS ", type ? "CAST((" : "("));
  command.text.append(cursor.rest());
  command.text.append(type ? ") AS " + engine_type_text(*type) + ")" : ")");
  return command;
}

Command create_schema(StatementCursor& cursor, SchemaAction action) {
  SchemaCommand command{.action = action};
  command.conditional = cursor.take_if_not_exists();
  command.name = cursor.take_name();
  while (cursor.take_any({"MANAGED"}) || skip_storage_clause(cursor, command.comment)) {
  }
  cursor.expect_end();
  return command;
}

Command drop_schema(StatementCursor& cursor, SchemaAction action) {
  SchemaCommand command{.action = action};
  command.conditional = cursor.take_if_exists();
  command.name = cursor.take_name();
  command.cascade = cursor.take("CASCADE");
  cursor.take("RESTRICT");
  cursor.expect_end();
  return command;
}

SqlText add_columns(StatementCursor& cursor, std::string_view prefix, EngineCommand& command) {
  const bool bracketed = cursor.take_operator("(");
  SqlText out(prefix, cursor.peek().offset);
  out.append("ADD COLUMN ");
  out.append(take_column(cursor, command));
  if (bracketed && cursor.peek().is_operator(",")) {
    cursor.fail_unsupported("Adding several columns at once");
  }
  if (bracketed) cursor.expect_operator(")");
  return out;
}

SqlText alter_column(StatementCursor& cursor, std::string_view prefix, EngineCommand& command) {
  const auto column = cursor.take_identifier();
  SqlText out(base::concat(prefix, "ALTER COLUMN ", engine_identifier(column), " "),
              cursor.peek().offset);
  if (cursor.take("COMMENT")) {
    command.notes.push_back({.column = column, .comment = cursor.take_string()});
    return {};
  }
  if (cursor.take("TYPE") || cursor.take({"SET", "DATA", "TYPE"})) {
    out.append("TYPE " + engine_type_text(take_type(cursor)));
    return out;
  }
  out.append(cursor.rest());
  return out;
}

}  // namespace

Command parse_create(StatementCursor& cursor) {
  CreateStart start{.replace = cursor.take({"OR", "REPLACE"})};
  start.temporary = cursor.take({"GLOBAL", "TEMPORARY"}) || cursor.take({"GLOBAL", "TEMP"}) ||
                    cursor.take_any({"TEMPORARY", "TEMP"});
  cursor.take("EXTERNAL");
  if (cursor.take("TABLE")) return create_table(cursor, start);
  if (cursor.take("VIEW")) return create_view(cursor, start);
  if (cursor.take("FUNCTION")) return create_function(cursor, start);
  if (cursor.take_any({"SCHEMA", "DATABASE"})) {
    return create_schema(cursor, SchemaAction::CreateSchema);
  }
  if (cursor.take("CATALOG")) return create_schema(cursor, SchemaAction::CreateCatalog);
  cursor.fail();
}

Command parse_drop(StatementCursor& cursor) {
  if (cursor.take_any({"SCHEMA", "DATABASE"})) return drop_schema(cursor, SchemaAction::DropSchema);
  if (cursor.take("CATALOG")) return drop_schema(cursor, SchemaAction::DropCatalog);
  cursor.take_any({"TEMPORARY", "TEMP"});
  const bool function = cursor.peek().is_word("FUNCTION");
  const auto what = base::to_upper(cursor.peek().text);
  if (!cursor.take_any({"TABLE", "VIEW", "FUNCTION"})) cursor.fail();
  EngineCommand command{.kind = EngineResult::Kind::Ddl};
  const bool conditional = cursor.take_if_exists();
  const auto name = cursor.take_name();
  cursor.take("PURGE");
  cursor.expect_end();
  command.text.append(base::concat("DROP ", function ? "MACRO" : what, " ",
                                   conditional ? "IF EXISTS " : "", engine_name(name)),
                      name.source);
  if (!function) {
    command.target = name;
    command.drops = true;
  }
  return command;
}

Command parse_alter(StatementCursor& cursor) {
  const auto what = base::to_upper(cursor.peek().text);
  if (!cursor.take_any({"TABLE", "VIEW"})) cursor.fail_unsupported("This ALTER");
  EngineCommand command{.kind = EngineResult::Kind::Ddl};
  const auto name = cursor.take_name();
  command.target = name;
  const auto prefix = base::concat("ALTER ", what, " ", engine_name(name), " ");
  if (cursor.take({"ADD", "COLUMNS"}) || cursor.take({"ADD", "COLUMN"})) {
    command.text = add_columns(cursor, prefix, command);
  } else if (cursor.take({"ALTER", "COLUMN"}) || cursor.take({"CHANGE", "COLUMN"})) {
    command.text = alter_column(cursor, prefix, command);
  } else if (cursor.take({"RENAME", "TO"})) {
    const auto renamed = cursor.take_name();  // the engine renames within the schema
    command.text.append(prefix + "RENAME TO " + engine_identifier(renamed.name), renamed.source);
    command.target.reset();
  } else if (cursor.take({"ADD", "CONSTRAINT"})) {
    const auto constraint = cursor.take_identifier();
    if (!take_key(cursor, constraint, command)) cursor.fail_unsupported("Adding this constraint");
  } else if (cursor.take({"SET", "TBLPROPERTIES"}) || cursor.take({"UNSET", "TBLPROPERTIES"}) ||
             cursor.take({"CLUSTER", "BY"})) {
    return MaintenanceCommand{name};
  } else if (cursor.take({"DROP", "COLUMNS"}) || cursor.take({"DROP", "COLUMN"})) {
    const bool bracketed = cursor.take_operator("(");
    command.text.append(prefix + "DROP COLUMN ", cursor.peek().offset);
    if (cursor.take_if_exists()) command.text.append("IF EXISTS ");
    command.text.append(engine_identifier(cursor.take_identifier()));
    if (bracketed) cursor.expect_operator(")");
  } else {
    command.text.append(prefix, cursor.peek().offset);
    command.text.append(cursor.rest());
  }
  if (!cursor.at_end()) cursor.fail();
  return command;
}

}  // namespace dbsql::warehouse
