#pragma once

#include "warehouse/engine.h"

#include <string>
#include <vector>

namespace dbsql::warehouse::test {

/// One value as text: numbers plain, NULL as `NULL`, timestamps and dates as their number, decimals
/// with their point, lists as `[a, b]`, maps as `{k: v}`, structs as `(a, b)`, year-month intervals
/// as `14 months`, binary as hex.
std::string value_text(const ArrowSchema& field, const ArrowArray& column, std::int64_t row);

/// All rows of a result, values joined by ` | `.
std::vector<std::string> rows_text(EngineResult& result);

/// `name TYPE` of every column, from the field metadata; `!` behind a column that is never null.
std::vector<std::string> columns_text(const EngineResult& result);

/// The Arrow format of every column; nested ones with their children in parentheses.
std::vector<std::string> formats_text(const EngineResult& result);

}  // namespace dbsql::warehouse::test
