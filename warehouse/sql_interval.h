#pragma once

#include "warehouse/sql_token.h"
#include "warehouse/type_sql.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace dbsql::warehouse {

/// A length of time in one of the two units that intervals of Databricks SQL have.
struct IntervalValue {
  SqlType type;             ///< of kind YearMonthInterval or DayTimeInterval
  std::int64_t amount = 0;  ///< months, or microseconds
};

/// Reads an interval literal that starts behind the word INTERVAL and moves `at` behind it: `'1'
/// DAY`, `1 DAY`,
/// `'2-6' YEAR TO MONTH`, `'1 02:03:04.5' DAY TO SECOND`, `'1 day 2 hours'`, `1 DAY 2 HOURS`.
/// Empty, with `at` unchanged, when the tokens are something else (a computed amount, months mixed
/// with days).
std::optional<IntervalValue> read_interval_literal(std::span<const Token> tokens, std::size_t& at);

/// The text of a value whose type is known, `-2-6` or `1 02:03:04.5` or `3`, as parameters carry
/// it.
std::optional<IntervalValue> parse_interval_value(std::string_view text, const SqlType& type);

/// The engine's expression for the value.
std::string engine_interval(const IntervalValue& value);

}  // namespace dbsql::warehouse
