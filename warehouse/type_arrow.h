#pragma once

#include "arrow/c_data.h"
#include "warehouse/type_sql.h"

#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// The Databricks type of a column as the engine describes it in Arrow, with its extension
/// metadata.
///
/// Where the engine has types that Databricks lacks: unsigned integers are widened (UBIGINT to
/// DECIMAL(20,0)), HUGEINT is BIGINT (it only arises from sums of integers), TIME, UUID, BIT and
/// ENUM are STRING, JSON is VARIANT, UHUGEINT is VOID. An INTERVAL comes out as DAY TO SECOND:
/// `settle_intervals` looks at values to tell the two kinds apart. \throws EngineError
/// UNSUPPORTED_DATATYPE for unions
SqlType sql_type_of(const ArrowSchema& engine_field);

/// Decides for each interval inside `type` by the values of the first rows: only months, at least
/// one of them non-zero, is YEAR TO MONTH; only days and time is DAY TO SECOND; a mixture has no
/// Databricks type and becomes STRING.
void settle_intervals(SqlType& type, const ArrowSchema& engine_field, const ArrowArray& rows);

/// The Arrow field that servers send for a type (reference/results.md 3.1).
/// \param time_zone  zone of the session, for TIMESTAMP
arrow::UniqueSchema arrow_field(const SqlType& type, std::string_view name, bool nullable,
                                std::string_view time_zone);

/// The same with `Spark:DataType:SqlName` and `Spark:DataType:JsonType`, as top-level fields have
/// them.
arrow::UniqueSchema result_field(const SqlType& type, std::string_view name, bool nullable,
                                 std::string_view time_zone);

}  // namespace dbsql::warehouse
