#pragma once

#include <dbsql/row.h>
#include <dbsql/value.h>

#include "result/type_text.h"

#include <optional>
#include <string_view>

/// Typed reads of columns that arrive as text although their SQL type is another one: old servers,
/// and servers with native types switched off (reference/results.md 3.1). The column stays what the
/// server sent, so its text is the server's own; only who asks for a typed value pays for reading
/// it.
namespace dbsql::result {

/// \param column  with `declared` set
/// \throws Error (CorruptResult) naming the column when the text is not of the declared type
Value value_of_text(const detail::ColumnRef& column, std::int64_t row, std::string_view text);
Decimal decimal_of_text(const detail::ColumnRef& column, std::int64_t row);

/// The text of any declared type, nested ones included, as a value; a TIMESTAMP without an offset
/// in its text is a `TimestampNtz`, since its zone is not known. Nothing when it does not fit.
std::optional<Value> parse_value(const DeclaredType& type, std::string_view text);

}  // namespace dbsql::result
