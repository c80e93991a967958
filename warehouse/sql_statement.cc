#include "warehouse/sql_statement.h"

#include "base/text.h"
#include "warehouse/sql_cursor.h"
#include "warehouse/sql_error.h"

#include <algorithm>
#include <array>

namespace dbsql::warehouse {
namespace {

Command parse_query(StatementCursor& cursor) {
  EngineCommand command;
  command.text = cursor.rest_query();
  command.items = cursor.rewriter().items();
  return command;
}

// TABLE t is short for SELECT * FROM t.
Command parse_table(StatementCursor& cursor) {
  const auto name = cursor.take_name();
  cursor.expect_end();
  EngineCommand command;
  command.text.append("SELECT * FROM " + engine_name(name), name.source);
  return command;
}

Command parse_use(StatementCursor& cursor) {
  UseCommand command;
  if (cursor.take("CATALOG")) {
    command.catalog =
        cursor.peek().kind == TokenKind::String ? cursor.take_string() : cursor.take_identifier();
  } else {
    cursor.take_any({"SCHEMA", "DATABASE"});
    auto name = cursor.take_name();
    if (name.catalog) cursor.fail();
    command.catalog = std::move(name.schema);
    command.schema = std::move(name.name);
  }
  cursor.expect_end();
  return command;
}

bool is_true(std::string_view text) {
  return base::equals_ignore_case(text, "true") || base::equals_ignore_case(text, "on") ||
         text == "1";
}

// The text of all that is left, as written; a single string stands for its content.
std::string rest_as_value(StatementCursor& cursor) {
  if (cursor.at_end()) return {};
  if (cursor.peek().kind == TokenKind::String && cursor.at() + 1 == cursor.end()) {
    return cursor.take_string();
  }
  const auto first = cursor.peek().offset;
  std::size_t last = first;
  for (; !cursor.at_end(); cursor.skip()) last = cursor.peek().offset + cursor.peek().text.size();
  return std::string(base::trim(cursor.sql().substr(first, last - first)));
}

// `spark.sql.ansi.enabled`, `TIMEZONE`: words with dots, also with dashes.
std::string take_key(StatementCursor& cursor) {
  std::string key;
  while (!cursor.at_end() && !cursor.peek().is_operator("=") && !cursor.peek().is_operator("==")) {
    if (!key.empty() && cursor.peek().spaced) cursor.fail();
    key += cursor.peek().kind == TokenKind::QuotedIdentifier ? identifier_value(cursor.peek())
                                                             : std::string(cursor.peek().text);
    cursor.skip();
  }
  return key;
}

Command parse_set(StatementCursor& cursor) {
  SetCommand command;
  if (cursor.at_end()) return command;
  if (cursor.peek().is_operator("-") && cursor.peek(1).is_word("V")) {
    cursor.skip();
    cursor.skip();
    cursor.expect_end();
    return command;
  }
  if (cursor.take("CATALOG")) {
    UseCommand use{.catalog = cursor.take_identifier()};
    cursor.expect_end();
    return use;
  }
  if (cursor.take({"TIME", "ZONE"})) {
    command.key = "TIMEZONE";
    command.value = cursor.take("LOCAL") ? "Etc/UTC" : rest_as_value(cursor);
    return command;
  }
  command.key = take_key(cursor);
  const bool is_autocommit = base::equals_ignore_case(*command.key, "AUTOCOMMIT");
  if (cursor.at_end() && is_autocommit) return TransactionCommand{TransactionAction::AskAutocommit};
  if (cursor.at_end()) return command;
  cursor.skip();
  command.value = rest_as_value(cursor);
  if (is_autocommit) {
    return TransactionCommand{is_true(*command.value) ? TransactionAction::AutocommitOn
                                                      : TransactionAction::AutocommitOff};
  }
  return command;
}

Command parse_reset(StatementCursor& cursor) {
  ResetCommand command;
  if (!cursor.at_end()) command.key = take_key(cursor);
  return command;
}

Command parse_explain(StatementCursor& cursor) {
  cursor.take_any({"EXTENDED", "FORMATTED", "COST", "CODEGEN"});
  if (cursor.at_end()) cursor.fail();
  ExplainCommand command;
  command.text.append("EXPLAIN ", cursor.peek().offset);
  command.text.append(cursor.rest());
  return command;
}

TransactionCommand transaction(StatementCursor& cursor, TransactionAction action) {
  cursor.take_any({"TRANSACTION", "WORK"});
  cursor.expect_end();
  return {action};
}

Command parse_begin(StatementCursor& cursor) {
  return transaction(cursor, TransactionAction::Begin);
}
Command parse_commit(StatementCursor& cursor) {
  return transaction(cursor, TransactionAction::Commit);
}
Command parse_rollback(StatementCursor& cursor) {
  return transaction(cursor, TransactionAction::Rollback);
}

Command parse_maintenance(StatementCursor& cursor) {
  cursor.take_any({"TABLE", "LAZY"});
  cursor.take("TABLE");
  return MaintenanceCommand{cursor.take_name()};
}

Command parse_truncate(StatementCursor& cursor) {
  cursor.take("TABLE");
  const auto name = cursor.take_name();
  cursor.expect_end();
  EngineCommand command{.kind = EngineResult::Kind::Ddl};
  command.text.append("TRUNCATE " + engine_name(name), name.source);
  return command;
}

// COMMENT ON TABLE t IS 'text' | COLUMN t.c IS NULL
Command parse_comment(StatementCursor& cursor) {
  cursor.expect("ON");
  EngineCommand command{.kind = EngineResult::Kind::Ddl};
  const bool column = cursor.take("COLUMN");
  if (!column && !cursor.take_any({"TABLE", "VIEW"})) cursor.fail_unsupported("This COMMENT");
  std::vector<std::string> parts{cursor.take_identifier()};
  while (cursor.take_operator(".")) parts.push_back(cursor.take_identifier());
  ObjectName name{.source = cursor.peek().offset};
  ColumnNote note;
  if (column) {
    if (parts.size() < 2) cursor.fail();
    note.column = std::move(parts.back());
    parts.pop_back();
  }
  if (parts.size() > 3) cursor.fail();
  name.name = std::move(parts.back());
  if (parts.size() >= 2) name.schema = parts[parts.size() - 2];
  if (parts.size() == 3) name.catalog = parts[0];
  cursor.expect("IS");
  const auto text = cursor.take("NULL") ? std::string() : cursor.take_string();
  if (column) {
    note.comment = text;
    command.notes.push_back(std::move(note));
  } else {
    command.comment = text;
  }
  command.target = std::move(name);
  return command;
}

Command refuse(StatementCursor& cursor) {
  cursor.fail_unsupported("Changing the engine's extensions");
}

struct StatementRow {
  std::string_view word;
  Command (*parse)(StatementCursor&);
  bool from_first_word;  // the parser wants to see the first word again
};

constexpr std::array kStatements{
    StatementRow{"SELECT", parse_query, true},
    StatementRow{"WITH", parse_query, true},
    StatementRow{"FROM", parse_query, true},
    StatementRow{"VALUES", parse_query, true},
    StatementRow{"TABLE", parse_table, false},
    StatementRow{"INSERT", parse_insert, false},
    StatementRow{"UPDATE", parse_update, false},
    StatementRow{"DELETE", parse_delete, false},
    StatementRow{"MERGE", parse_merge, false},
    StatementRow{"CREATE", parse_create, false},
    StatementRow{"DROP", parse_drop, false},
    StatementRow{"ALTER", parse_alter, false},
    StatementRow{"SHOW", parse_show, false},
    StatementRow{"DESCRIBE", parse_describe, false},
    StatementRow{"DESC", parse_describe, false},
    StatementRow{"EXPLAIN", parse_explain, false},
    StatementRow{"USE", parse_use, false},
    StatementRow{"SET", parse_set, false},
    StatementRow{"RESET", parse_reset, false},
    StatementRow{"BEGIN", parse_begin, false},
    StatementRow{"START", parse_begin, false},
    StatementRow{"COMMIT", parse_commit, false},
    StatementRow{"ROLLBACK", parse_rollback, false},
    StatementRow{"TRUNCATE", parse_truncate, false},
    StatementRow{"COMMENT", parse_comment, false},
    StatementRow{"OPTIMIZE", parse_maintenance, false},
    StatementRow{"VACUUM", parse_maintenance, false},
    StatementRow{"ANALYZE", parse_maintenance, false},
    StatementRow{"REFRESH", parse_maintenance, false},
    StatementRow{"CACHE", parse_maintenance, false},
    StatementRow{"UNCACHE", parse_maintenance, false},
    StatementRow{"INSTALL", refuse, false},
    StatementRow{"LOAD", refuse, false},
};

// Where the statement ends: before semicolons that nothing follows.
std::size_t statement_end(std::string_view sql, const std::vector<Token>& tokens) {
  auto end = tokens.size() - 1;
  while (end > 0 && tokens[end - 1].is_operator(";")) --end;
  for (std::size_t i = 0; i < end; ++i) {
    if (!tokens[i].is_operator(";")) continue;
    throw_sql_error("PARSE_SYNTAX_ERROR",
                    base::concat("Syntax error at or near '", tokens[i + 1].text,
                                 "': send one statement at a time."),
                    sql, tokens[i + 1].offset);
  }
  return end;
}

}  // namespace

Command parse_statement(std::string_view sql, const std::vector<Token>& tokens,
                        ParameterBinder& parameters, const SessionNames& session) {
  const auto end = statement_end(sql, tokens);
  if (end == 0) {
    throw_sql_error("PARSE_EMPTY_STATEMENT", "The statement is empty.", sql, 0);
  }
  SqlRewriter rewriter(sql, tokens, parameters, session);
  StatementCursor cursor(sql, tokens, rewriter, end);
  for (const auto& row : kStatements) {
    if (!tokens[0].is_word(row.word)) continue;
    if (!row.from_first_word) cursor.skip();
    return row.parse(cursor);
  }
  return parse_query(cursor);
}

}  // namespace dbsql::warehouse
