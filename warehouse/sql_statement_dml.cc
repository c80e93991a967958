#include "base/text.h"
#include "warehouse/sql_cursor.h"
#include "warehouse/sql_text.h"

// INSERT, UPDATE, DELETE and MERGE.
namespace dbsql::warehouse {
namespace {

// The end of the expression at the cursor: a comma or the next clause.
std::size_t assignment_end(StatementCursor& cursor) {
  auto at = cursor.at();
  for (std::size_t i = 0; at < cursor.end(); ++at, ++i) {
    const auto& token = cursor.peek(i);
    if (token.is_operator("(") || token.is_operator("[")) {
      const auto close = cursor.rewriter().closing(at);
      i += close - at;
      at = close;
    } else if (token.is_operator(",") || token.is_word("WHERE") || token.is_word("FROM")) {
      return at;
    } else if (token.is_word("CASE")) {  // its WHENs are not those of MERGE
      int depth = 0;
      for (; at < cursor.end(); ++at, ++i) {
        if (cursor.peek(i).is_word("CASE")) ++depth;
        if (cursor.peek(i).is_word("END") && --depth == 0) break;
      }
    } else if (token.is_word("WHEN")) {
      return at;
    }
  }
  return at;
}

// `t.a = 1, b = 2`: the engine wants columns without their table.
SqlText assignments(StatementCursor& cursor) {
  SqlText out;
  do {
    if (!out.empty()) out.append(", ");
    const auto source = cursor.peek().offset;
    auto column = cursor.take_identifier();
    while (cursor.take_operator(".")) column = cursor.take_identifier();
    out.append(engine_identifier(column) + " = ", source);
    if (!cursor.take_operator("=")) cursor.expect_operator("==");
    out.append(cursor.rewrite_to(assignment_end(cursor)));
  } while (cursor.take_operator(","));
  return out;
}

EngineCommand dml(Verb verb) { return {.kind = EngineResult::Kind::Dml, .verb = verb}; }

}  // namespace

Command parse_insert(StatementCursor& cursor) {
  auto command = dml(Verb::Insert);
  const bool overwrite = cursor.take("OVERWRITE");
  if (!overwrite) cursor.expect("INTO");
  cursor.take("TABLE");
  const auto name = cursor.take_name();
  const auto target = engine_name(name);
  command.target = name;
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
  command.target = name;
  command.text.append(base::concat("UPDATE ", engine_name(name), " "), name.source);
  if (!cursor.peek().is_word("SET")) {
    cursor.take("AS");
    command.text.append("AS " + engine_identifier(cursor.take_identifier()) + " ");
  }
  cursor.expect("SET");
  command.text.append("SET ");
  command.text.append(assignments(cursor));
  command.text.append(" ");
  command.text.append(cursor.rest());
  return command;
}

Command parse_delete(StatementCursor& cursor) {
  auto command = dml(Verb::Delete);
  cursor.expect("FROM");
  const auto name = cursor.take_name();
  command.target = name;
  command.text.append(base::concat("DELETE FROM ", engine_name(name), " "), name.source);
  command.text.append(cursor.rest());
  return command;
}

// The engine reports what happened to each row, so that the counts per action can be told.
Command parse_merge(StatementCursor& cursor) {
  auto command = dml(Verb::Merge);
  cursor.expect("INTO");
  const auto name = cursor.take_name();
  command.target = name;
  command.text.append(base::concat("MERGE INTO ", engine_name(name), " "), name.source);
  while (!cursor.at_end()) {
    auto next = cursor.at();
    for (std::size_t i = 0; next < cursor.end(); ++next, ++i) {
      const bool set = cursor.peek(i).is_word("UPDATE") && cursor.peek(i + 1).is_word("SET");
      if (set && !cursor.peek(i + 2).is_operator("*")) break;
    }
    command.text.append(cursor.rewrite_to(next));
    if (!cursor.take({"UPDATE", "SET"})) continue;
    command.text.append(" UPDATE SET ");
    command.text.append(assignments(cursor));
    command.text.append(" ");
  }
  command.text.append(" RETURNING merge_action");
  return command;
}

}  // namespace dbsql::warehouse
