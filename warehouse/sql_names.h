#pragma once

#include "warehouse/sql_parameters.h"
#include "warehouse/sql_token.h"
#include "warehouse/type_sql.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace dbsql::warehouse {

/// What an item of a select list tells about its result column.
struct SelectItem {
  enum class Form : std::uint8_t {
    Other,
    Literal,  ///< never null
    Null,     ///< the word NULL alone: type VOID
    Star,     ///< any number of columns
  };
  Form form = Form::Other;
  /// The name Databricks gives an expression without alias, for instance `count(1)` or `(a + 1)`;
  /// empty when the item has a name of its own or is too complicated to name with certainty.
  std::optional<std::string> name = {};
  /// The last token is an alias without AS.
  bool implicit_alias = false;
  /// Declared kind of an interval literal or cast.
  std::optional<SqlType> interval = {};
};

/// Describes the item made of exactly these tokens.
/// \param parameters  for the values behind markers, which name their columns; may be null
SelectItem describe_select_item(std::span<const Token> item, const ParameterBinder* parameters);

/// The number of tokens of the expression that starts at the first of `tokens`; 0 when it cannot be
/// told.
std::size_t expression_length(std::span<const Token> tokens);

}  // namespace dbsql::warehouse
