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
    // As text a TIMESTAMP is the wall clock of the session, and BINARY is UTF-8. `typeof` is known
    // when the statement is
    // planned, so that only one branch remains.
    R"(CREATE MACRO memory.main.dbsql_to_string(x) AS CASE typeof(x)
       WHEN 'TIMESTAMP WITH TIME ZONE' THEN regexp_replace(CAST(x AS VARCHAR), '[+-][0-9:]+$', '')
       WHEN 'BLOB' THEN decode(CAST(CAST(x AS VARCHAR) AS BLOB), 'replace')
       ELSE CAST(x AS VARCHAR) END)",
    R"(CREATE MACRO memory.main.dbsql_to_binary(x) AS CASE typeof(x)
       WHEN 'BLOB' THEN CAST(CAST(x AS VARCHAR) AS BLOB) ELSE encode(CAST(x AS VARCHAR)) END)",
};

/// A cast to a whole number cuts the fraction off, where the engine rounds; one macro per type and
/// per kind of cast.
/// `%1` is the name's prefix, `%2` the type, `%3` CAST or TRY_CAST.
inline constexpr std::string_view kWholeNumberMacro =
    R"(CREATE MACRO memory.main.%1_%2(x) AS CASE
       WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN %3(trunc(TRY_CAST(x AS DOUBLE)) AS %2)
       WHEN typeof(x) LIKE 'DECIMAL%' THEN %3(trunc(TRY_CAST(x AS DECIMAL(38, 10))) AS %2)
       ELSE %3(x AS %2) END)";
inline constexpr std::string_view kWholeNumberTypes[] = {"TINYINT", "SMALLINT", "INTEGER",
                                                         "BIGINT"};

}  // namespace dbsql::warehouse