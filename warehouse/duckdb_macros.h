#pragma once

#include <string_view>

/// Functions that the engine must behave differently for, as macros of our own in the hidden
/// database `memory`: its schemas stand behind the current schema in every session's search path,
/// so that they hide the built-in ones.
namespace dbsql::warehouse {

inline constexpr std::string_view kMacros[] = {
    // ANSI mode: dividing by zero is an error.
    R"(CREATE MACRO memory.main."/"(a, b) AS
       CASE WHEN b = 0 THEN error('DIVIDE_BY_ZERO') ELSE system.main."/"(a, b) END)",
    R"(CREATE MACRO memory.main."//"(a, b) AS
       CASE WHEN b = 0 THEN error('DIVIDE_BY_ZERO') ELSE CAST(system.main."//"(a, b) AS BIGINT) END)",
    R"(CREATE MACRO memory.main."%"(a, b) AS
       CASE WHEN b = 0 THEN error('DIVIDE_BY_ZERO') ELSE system.main."%"(a, b) END)",
    // Otherwise it gives NULL.
    "CREATE SCHEMA memory.lenient",
    R"(CREATE MACRO memory.lenient."/"(a, b) AS
       CASE WHEN b = 0 THEN NULL ELSE system.main."/"(a, b) END)",
    R"(CREATE MACRO memory.lenient."//"(a, b) AS
       CASE WHEN b = 0 THEN NULL ELSE CAST(system.main."//"(a, b) AS BIGINT) END)",
    R"(CREATE MACRO memory.lenient."%"(a, b) AS
       CASE WHEN b = 0 THEN NULL ELSE system.main."%"(a, b) END)",
    // A cast to a whole number cuts the fraction off; integers must not pass through DOUBLE on the
    // way.
    R"(CREATE MACRO memory.main.dbsql_whole(x DOUBLE) AS trunc(x), (x FLOAT) AS trunc(x),
       (x DECIMAL(38, 10)) AS trunc(x), (x TINYINT) AS x, (x SMALLINT) AS x, (x INTEGER) AS x,
       (x BIGINT) AS x, (x HUGEINT) AS x, (x UBIGINT) AS x, (x) AS x)",
};

}  // namespace dbsql::warehouse
