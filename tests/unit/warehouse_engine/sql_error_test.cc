#include "warehouse/sql_error.h"

#include "unit/warehouse_engine/engine_fixture.h"
#include "warehouse/duckdb_error.h"

namespace dbsql::warehouse {
namespace {

TEST(SqlError, ShowsTheStatementAndThePlaceOfASyntaxError) {
  const auto error =
      make_sql_error("PARSE_SYNTAX_ERROR", "Syntax error at or near 'x'.", "SELECT 1\n  x y", 11);

  EXPECT_EQ(error.sqlstate, "42601");
  EXPECT_EQ(error.message,
            "[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'. SQLSTATE: 42601 (line 2, pos 2)\n\n"
            "== SQL ==\nSELECT 1\n  x y\n--^^^");
}

TEST(SqlError, NamesThePlaceOfOtherErrorsInOneLine) {
  const auto error = make_sql_error("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "No.", "SELECT x", 7);
  EXPECT_EQ(error.message,
            "[UNRESOLVED_COLUMN.WITHOUT_SUGGESTION] No. SQLSTATE: 42703; line 1 pos 7");
}

struct Case {
  std::string_view engine;
  std::string_view error_class;
  std::string_view sqlstate;
};

class EngineMessages : public testing::TestWithParam<Case> {};

TEST_P(EngineMessages, BecomeDatabricksErrors) {
  const auto error = translate_engine_error(GetParam().engine, {}, SqlText());
  EXPECT_EQ(error.error_class, GetParam().error_class);
  EXPECT_EQ(error.sqlstate, GetParam().sqlstate);
  EXPECT_THAT(error.message, testing::StartsWith("[" + error.error_class + "] "));
}

INSTANTIATE_TEST_SUITE_P(
    All, EngineMessages,
    testing::Values(
        Case{
            R"(Parser Error: {"exception_type":"Parser","exception_message":"syntax error at or near \"selec\"","position":"0"})",
            "PARSE_SYNTAX_ERROR", "42601"},
        Case{"Parser Error: syntax error at end of input", "PARSE_SYNTAX_ERROR", "42601"},
        Case{
            R"({"exception_type":"Catalog","exception_message":"Table with name x does not exist!","error_subtype":"MISSING_ENTRY","type":"Table","name":"x"})",
            "TABLE_OR_VIEW_NOT_FOUND", "42P01"},
        Case{"Catalog Error: Table with name \"a.b\" does not exist because schema \"a\" does not "
             "exist.",
             "TABLE_OR_VIEW_NOT_FOUND", "42P01"},
        Case{"Binder Error: Catalog \"c\" does not exist!", "NO_SUCH_CATALOG_EXCEPTION", "42704"},
        Case{"Catalog Error: Table with name \"t\" already exists!", "TABLE_OR_VIEW_ALREADY_EXISTS",
             "42P07"},
        Case{"Catalog Error: Schema with name \"t\" already exists!", "SCHEMA_ALREADY_EXISTS",
             "42P06"},
        Case{
            R"({"exception_type":"Binder","exception_message":"x","error_subtype":"COLUMN_NOT_FOUND","name":"c","candidates":"d"})",
            "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"},
        Case{"Binder Error: Referenced table \"t\" not found!",
             "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", "42703"},
        Case{"Conversion Error: Could not convert string 'a' to INT32", "CAST_INVALID_INPUT",
             "22018"},
        Case{"Conversion Error: Type INT32 with value 300 can't be cast because the value is out "
             "of range "
             "for the destination type INT8",
             "CAST_OVERFLOW", "22003"},
        Case{"Conversion Error: Casting value \"9\" to type DECIMAL(1,1) failed: value is out of "
             "range!",
             "NUMERIC_VALUE_OUT_OF_RANGE", "22003"},
        Case{"Out of Range Error: Overflow in addition of INT32 (1 + 2)!", "ARITHMETIC_OVERFLOW",
             "22003"},
        Case{"Invalid Input Error: DIVIDE_BY_ZERO", "DIVIDE_BY_ZERO", "22012"},
        Case{"Invalid Input Error: boom", "USER_RAISED_EXCEPTION", "P0001"},
        Case{"Constraint Error: NOT NULL constraint failed: t.b",
             "DELTA_NOT_NULL_CONSTRAINT_VIOLATED", "23502"},
        Case{"Constraint Error: CHECK constraint failed on table t",
             "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES", "23001"},
        Case{"Not implemented Error: no such thing", "UNSUPPORTED_FEATURE", "0A000"},
        Case{"INTERRUPT Error: Interrupted!", "OPERATION_CANCELED", "HY008"},
        Case{"TransactionContext Error: Conflict on tuple", "DELTA_CONCURRENT_APPEND", "2D521"},
        Case{"something else entirely", "INTERNAL_ERROR", "XX000"},
        Case{"Parser Error: {broken json", "PARSE_SYNTAX_ERROR", "42601"}));

TEST(EngineMessage, IsToldInTermsOfTheClientsStatement) {
  SqlText translated("SELECT list_value(1) FROM ", 0);
  translated.append("\"main$\".s.nosuch", 21);
  const auto error = translate_engine_error(
      R"({"exception_type":"Catalog","exception_message":"Table with name main$.s.nosuch does not exist!","error_subtype":"MISSING_ENTRY","type":"Table","name":"main$.s.nosuch","position":"26"})",
      "SELECT array(1) FROM main.s.nosuch", translated);

  EXPECT_THAT(error.message, testing::HasSubstr("`main`.`s`.`nosuch`"));
  EXPECT_THAT(error.message, testing::HasSubstr("line 1 pos 21"));
}

}  // namespace
}  // namespace dbsql::warehouse
