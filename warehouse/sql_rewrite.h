#pragma once

#include "warehouse/sql_functions.h"
#include "warehouse/sql_names.h"
#include "warehouse/sql_parameters.h"
#include "warehouse/sql_text.h"
#include "warehouse/sql_token.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// The name a catalog has inside the engine: some names that Databricks uses are reserved there.
std::string engine_catalog(std::string_view catalog);
/// The reverse.
std::string_view databricks_catalog(std::string_view engine_name);

/// Translates Databricks SQL into the engine's dialect, token by token: identifiers, literals,
/// markers, casts, operators and function calls. What it does not know it leaves alone, so that the
/// engine judges it. Text inside strings and comments is never touched.
///
/// Threads: one at a time. Errors: EngineError for what the engine would misread.
class SqlRewriter {
 public:
  SqlRewriter(std::string_view sql, std::span<const Token> tokens, ParameterBinder& parameters,
              const SessionNames& session)
      : sql_(sql), tokens_(tokens), parameters_(parameters), session_(session) {}

  /// Tokens [begin, end) as engine text: a query, an expression or a list of them.
  SqlText rewrite(std::size_t begin, std::size_t end);

  /// The same for a statement's own query: its select list also says what `items()` reports.
  SqlText rewrite_query(std::size_t begin, std::size_t end);

  /// What the outermost select list tells about the result columns, in order; empty when it cannot
  /// be known (stars, no select list).
  const std::vector<SelectItem>& items() const noexcept { return items_; }

  /// The index of the bracket that closes the one at `open`. \throws EngineError when there is none
  std::size_t closing(std::size_t open) const;

  /// An identifier chain at `at` as engine text, with `at` moved behind it: `a`.b -> "a".b.
  SqlText qualified_name(std::size_t& at);

 private:
  /// Where the rewriter is, and what it must remember about what it has written.
  struct Position {
    std::size_t at = 0;
    std::size_t end = 0;
    std::size_t operand = 0;  ///< where in the output the last operand starts
    bool in_from = false;  ///< between FROM or JOIN and the next clause: calls are table functions
    bool result_select = false;  ///< the next SELECT is the statement's own
    const Token* previous = nullptr;
  };

  const Token& peek(std::size_t at) const { return tokens_[std::min(at, tokens_.size() - 1)]; }
  void step(Position& p, SqlText& out);
  void literal_step(Position& p, SqlText& out);
  void word_step(Position& p, SqlText& out);
  void operator_step(Position& p, SqlText& out);
  bool keyword_step(Position& p, SqlText& out);
  bool clause_step(Position& p, SqlText& out);
  bool predicate_step(Position& p, SqlText& out);
  bool typed_literal_step(Position& p, SqlText& out);
  void chain_step(Position& p, SqlText& out);

  void string_step(Position& p, SqlText& out);
  void number_step(Position& p, SqlText& out);
  void binary_step(Position& p, SqlText& out);
  void subscript_step(Position& p, SqlText& out);
  void path_step(Position& p, SqlText& out);
  void double_colon_step(Position& p, SqlText& out);
  void parenthesis_step(Position& p, SqlText& out);

  bool cast_step(Position& p, SqlText& out);
  bool interval_step(Position& p, SqlText& out);
  std::size_t find_cast_as(std::size_t open, std::size_t close) const;
  /// The type at `at`, moved behind it; it must end at `end` unless that is 0.
  SqlType require_type(std::size_t& at, std::size_t end) const;
  void regexp_step(Position& p, SqlText& out, bool negated);
  void like_step(Position& p, SqlText& out);
  void call_step(Position& p, SqlText& out, std::size_t name_begin, std::size_t open);
  void table_call_step(Position& p, SqlText& out, std::size_t open, std::string_view column,
                       std::string_view form);
  void select_step(Position& p, SqlText& out);
  void lateral_view_step(Position& p, SqlText& out);
  void values_step(Position& p, SqlText& out);

  SqlText item_text(const SelectItem& item, std::size_t begin, std::size_t end, bool is_result);
  std::vector<std::span<const Token>> split_arguments(std::size_t begin, std::size_t end) const;
  std::size_t select_list_end(std::size_t begin, std::size_t end) const;
  std::size_t item_end(std::size_t begin, std::size_t end) const;
  bool has_set_operation(std::size_t begin, std::size_t end) const;

  std::string_view sql_;
  std::span<const Token> tokens_;
  ParameterBinder& parameters_;
  const SessionNames& session_;
  std::vector<SelectItem> items_;
  int depth_ = 0;
  int view_count_ = 0;
};

}  // namespace dbsql::warehouse
