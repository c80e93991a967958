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

/// The text of any declared type, nested ones included, as a value. Nothing when it does not fit.
/// \param zone  of a TIMESTAMP whose text has no offset; null: not known, the value is then a
///              `TimestampNtz`, as it is for a wall clock that the zone skips
std::optional<Value> parse_value(const DeclaredType& type, std::string_view text,
                                 const TimeZone* zone = nullptr);

/// A TIMESTAMP column of wall clocks: the instant where the zone is known and has it.
Value value_of_wall_clock(const detail::ColumnRef& column, TimestampNtz wall_clock);

}  // namespace dbsql::result
