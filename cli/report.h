#pragma once

#include <dbsql/error.h>

#include "cli/script_reader.h"

#include <string>
#include <string_view>

namespace dbsql::cli {

/// An error as one block for standard error:
/// ```
/// error: table flightz does not exist
///   SQLSTATE 42P01 (TABLE_OR_VIEW_NOT_FOUND), statement 01ef-5c3d
///   in nightly.sql, line 12
/// ```
/// Text of the server is shown so that it cannot act on the terminal.
/// \param statement  null for errors of connecting; without an origin when it was typed
std::string describe(const Error& error, const ScriptStatement* statement);

/// `error: ` and a message that is no `dbsql::Error`, as a line.
std::string describe(std::string_view message);

}  // namespace dbsql::cli
