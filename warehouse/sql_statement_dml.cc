#include "base/text.h"
#include "warehouse/sql_cursor.h"
#include "warehouse/sql_text.h"

// INSERT, UPDATE, DELETE and MERGE.
namespace dbsql::warehouse {
namespace {

EngineCommand dml(Verb verb) { return {.kind = EngineResult::Kind::Dml, .verb = verb}; }

}  // namespace

Command parse_insert(StatementCursor& cursor) {
  auto command = dml(Verb::Insert);
  const bool overwrite = cursor.take("OVERWRITE");
  if (!overwrite) cursor.expect("INTO");
  cursor.take("TABLE");
  const auto name = cursor.take_name();
  const auto target = engine_name(name);
  if (overwrite) command.first = SqlText("DELETE FROM " + target, name.source);
  command.text.append(base::concat("INSERT INTO ", target, " "), name.source);
  if (cursor.peek().is_operator("(") && !cursor.peek(1).is_word("SELECT")) {
    command.text.append(cursor.rewrite_to(cursor.rewriter().closing(cursor.at()) + 1));
    command.text.append(" ");
  }
  if (cursor.take({"BY", "NAME"})) command.text.append("BY NAME ");
  if (cursor.at_end()) cursor.fail();
  if (cursor.peek().is_word("VALUES")) {
    command.text.append("VALUES", cursor.peek().offset);
    cursor.skip();
    command.text.append(" ");
  } else if (cursor.take("TABLE")) {
    command.text.append("FROM ");
  }
  command.text.append(cursor.rest());
  return command;
}

Command parse_update(StatementCursor& cursor) {
  auto command = dml(Verb::Update);
  const auto name = cursor.take_name();
  command.text.append(base::concat("UPDATE ", engine_name(name), " "), name.source);
  command.text.append(cursor.rest());
  return command;
}

Command parse_delete(StatementCursor& cursor) {
  auto command = dml(Verb::Delete);
  cursor.expect("FROM");
  const auto name = cursor.take_name();
  command.text.append(base::concat("DELETE FROM ", engine_name(name), " "), name.source);
  command.text.append(cursor.rest());
  return command;
}

// The engine reports what happened to each row, so that the counts per action can be told.
Command parse_merge(StatementCursor& cursor) {
  auto command = dml(Verb::Merge);
  command.text.append("MERGE ", cursor.peek().offset);
  command.text.append(cursor.rest());
  command.text.append(" RETURNING merge_action");
  return command;
}

}  // namespace dbsql::warehouse
