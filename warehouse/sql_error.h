#pragma once

#include "warehouse/engine.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// Where in a statement an error was found: a byte offset into the text the client sent.
using SourcePosition = std::optional<std::size_t>;

/// Makes the error a Databricks server would give: `[CLASS] text. SQLSTATE: 42601 (line 1, pos 0)`
/// and, for syntax errors, the statement below it (reference/observed.md 3). The SQLSTATE comes
/// from the table of error classes. \param error_class  for instance
/// `UNRESOLVED_COLUMN.WITH_SUGGESTION` \param text         one or more sentences without the class
/// and the SQLSTATE
EngineError make_sql_error(std::string_view error_class, std::string_view text,
                           std::string_view sql = {}, SourcePosition position = {});

[[noreturn]] void throw_sql_error(std::string_view error_class, std::string_view text,
                                  std::string_view sql = {}, SourcePosition position = {});

/// What is thrown when the client's stop was requested.
EngineError make_cancelled_error();

/// The SQLSTATE that belongs to an error class; `XX000` for one this table does not know.
std::string_view sqlstate_of(std::string_view error_class) noexcept;

/// The identifier the way error messages quote it, in backticks.
std::string quote_for_message(std::string_view identifier);

}  // namespace dbsql::warehouse
