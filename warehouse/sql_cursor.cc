#include "warehouse/sql_cursor.h"

#include "base/text.h"
#include "warehouse/sql_error.h"
#include "warehouse/sql_text.h"

namespace dbsql::warehouse {

bool StatementCursor::take(std::initializer_list<std::string_view> words) {
  std::size_t ahead = 0;
  for (const auto word : words) {
    if (!peek(ahead++).is_word(word)) return false;
  }
  at_ += words.size();
  return true;
}

bool StatementCursor::take_any(std::initializer_list<std::string_view> words) {
  for (const auto word : words) {
    if (take(word)) return true;
  }
  return false;
}

bool StatementCursor::take_operator(std::string_view text) {
  if (!peek().is_operator(text)) return false;
  ++at_;
  return true;
}

void StatementCursor::expect(std::string_view word) {
  if (!take(word)) fail();
}

void StatementCursor::expect_operator(std::string_view text) {
  if (!take_operator(text)) fail();
}

void StatementCursor::expect_end() const {
  if (!at_end()) fail();
}

std::string StatementCursor::take_identifier() {
  if (!peek().is_identifier()) fail();
  return identifier_value(tokens_[at_++]);
}

std::string StatementCursor::take_string() {
  if (peek().kind != TokenKind::String) fail();
  std::string value;
  while (peek().kind == TokenKind::String) value += string_value(tokens_[at_++]);
  return value;
}

ObjectName StatementCursor::take_name() {
  ObjectName name;
  name.source = peek().offset;
  name.name = take_identifier();
  while (peek().is_operator(".") && peek(1).is_identifier()) {
    if (name.catalog) fail();
    name.catalog = std::move(name.schema);
    name.schema = std::move(name.name);
    ++at_;
    name.name = take_identifier();
  }
  return name;
}

SqlText StatementCursor::rewrite_to(std::size_t end) {
  auto text = rewriter_.rewrite(at_, end);
  at_ = end;
  return text;
}

SqlText StatementCursor::rest_query() {
  auto text = rewriter_.rewrite_query(at_, end_);
  at_ = end_;
  return text;
}

void StatementCursor::fail() const {
  const auto& token = peek();
  const auto near = at_end() ? std::string("end of input") : base::concat("'", token.text, "'");
  throw_sql_error("PARSE_SYNTAX_ERROR", base::concat("Syntax error at or near ", near, "."), sql_,
                  at_end() ? sql_.size() : token.offset);
}

void StatementCursor::fail_unsupported(std::string_view what) const {
  throw_sql_error("UNSUPPORTED_FEATURE", base::concat(what, " is not supported here."), sql_,
                  peek().offset);
}

std::string ObjectName::quoted_for_message() const {
  std::string text;
  if (catalog) text += quote_for_message(*catalog) + ".";
  if (schema) text += quote_for_message(*schema) + ".";
  return text + quote_for_message(name);
}

std::string engine_name(const ObjectName& name) {
  std::string text;
  if (name.catalog) text += engine_identifier(engine_catalog(*name.catalog)) + ".";
  if (name.schema) text += engine_identifier(*name.schema) + ".";
  return text + engine_identifier(name.name);
}

}  // namespace dbsql::warehouse
