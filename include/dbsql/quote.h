#pragma once

#include <dbsql/export.h>

#include <string>
#include <string_view>

namespace dbsql {

/// A text as a string literal of Databricks SQL, quotes included: `it's` becomes `'it\'s'`.
///
/// For the few places where a value cannot be a parameter (DDL, `PUT`, `SET`). Prefer parameters
/// everywhere else. Backslashes are escaped, too: in Databricks SQL they begin an escape inside a
/// literal, so doubling quotes alone would let a value break out of it (reference/results.md 4.5).
DBSQL_EXPORT std::string quote_string(std::string_view text);

/// A name as an identifier, backticks included: `odd``name` for a name with a backtick in it.
DBSQL_EXPORT std::string quote_identifier(std::string_view name);

}  // namespace dbsql
