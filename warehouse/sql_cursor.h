#pragma once

#include "warehouse/sql_statement.h"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// Walks over a statement's tokens from left to right; what the parsers of single statements share.
class StatementCursor {
 public:
  StatementCursor(std::string_view sql, const std::vector<Token>& tokens, SqlRewriter& rewriter,
                  std::size_t end)
      : sql_(sql), tokens_(tokens), rewriter_(rewriter), end_(end) {}

  const Token& peek(std::size_t ahead = 0) const {
    return at_ + ahead < end_ ? tokens_[at_ + ahead] : tokens_.back();
  }
  bool at_end() const { return at_ >= end_; }
  std::size_t at() const { return at_; }
  std::size_t end() const { return end_; }
  void move_to(std::size_t at) { at_ = at; }
  void skip() { ++at_; }
  SqlRewriter& rewriter() { return rewriter_; }
  std::string_view sql() const { return sql_; }

  /// Takes these words when all of them come next.
  bool take(std::initializer_list<std::string_view> words);
  bool take(std::string_view word) { return take({word}); }
  bool take_operator(std::string_view text);
  void expect(std::string_view word);
  void expect_operator(std::string_view text);
  void expect_end() const;
  /// Any of the words is taken.
  bool take_any(std::initializer_list<std::string_view> words);

  std::string take_identifier();
  std::string take_string();
  ObjectName take_name();
  bool take_if_exists() { return take({"IF", "EXISTS"}); }
  bool take_if_not_exists() { return take({"IF", "NOT", "EXISTS"}); }

  /// What is left, in the engine's dialect.
  SqlText rest() { return rewrite_to(end_); }
  SqlText rest_query();
  SqlText rewrite_to(std::size_t end);

  [[noreturn]] void fail() const;
  [[noreturn]] void fail_unsupported(std::string_view what) const;

 private:
  std::string_view sql_;
  const std::vector<Token>& tokens_;
  SqlRewriter& rewriter_;
  std::size_t at_ = 0;
  std::size_t end_;
};

/// `name` as the engine wants it, with Databricks' catalog names mapped.
std::string engine_name(const ObjectName& name);

// Parsers of one family of statements each; the cursor stands behind the first word.
Command parse_show(StatementCursor& cursor);
Command parse_describe(StatementCursor& cursor);
Command parse_create(StatementCursor& cursor);
Command parse_drop(StatementCursor& cursor);
Command parse_alter(StatementCursor& cursor);
Command parse_insert(StatementCursor& cursor);
Command parse_update(StatementCursor& cursor);
Command parse_delete(StatementCursor& cursor);
Command parse_merge(StatementCursor& cursor);

}  // namespace dbsql::warehouse
