#pragma once

#include "warehouse/sql_text.h"
#include "warehouse/sql_token.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// What functions of the session itself answer.
struct SessionNames {
  std::string catalog;
  std::string schema;
  std::string user;
  bool ansi = true;  ///< ANSI_MODE: a failed cast is an error, else NULL
};

/// A call as the rewriter sees it: arguments both translated and as they were written.
struct FunctionCall {
  std::string_view name;  ///< unqualified
  std::size_t source = 0;
  const std::vector<SqlText>& arguments;  ///< without `AS name`
  const std::vector<std::span<const Token>>& written;
};

/// Translates calls of functions that the engine spells or defines in another way than Databricks
/// SQL does; empty for all others, which go through unchanged.
std::optional<SqlText> rewrite_call(const FunctionCall& call, const SessionNames& session);

/// A date pattern of Databricks SQL (`yyyy-MM-dd HH:mm:ss`) in the engine's strftime form.
/// Empty when it has parts that strftime cannot express.
std::optional<std::string> strftime_pattern(std::string_view pattern);

}  // namespace dbsql::warehouse
