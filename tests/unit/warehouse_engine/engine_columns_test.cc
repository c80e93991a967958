#include "unit/warehouse_engine/engine_fixture.h"
#include "warehouse/duckdb_channel.h"
#include "warehouse/duckdb_interrupt.h"
#include "warehouse/duckdb_library.h"
#include "warehouse/duckdb_result.h"

// Types that Databricks SQL has no word for still come out of files and functions of the engine.
namespace dbsql::warehouse::test {
namespace {

using testing::ElementsAre;

class EngineColumns : public testing::Test {
 protected:
  EngineColumns() { channel_->run("SET arrow_lossless_conversion = true"); }

  // Runs text in the engine's own dialect.
  std::unique_ptr<EngineResult> query(const std::string& engine_sql) {
    return open_rows(channel_,
                     {.statement = {.text = SqlText(engine_sql, 0), .sql = {}, .values = {}},
                      .items = {},
                      .time_zone = "Europe/Berlin",
                      .row_limit = 0},
                     {});
  }

 private:
  std::shared_ptr<EngineChannel> channel_ = std::make_shared<EngineChannel>(
      std::make_shared<AdbcDatabaseHandle>(AdbcLibrary::load(engine_library(), "duckdb_adbc_init"),
                                           ":memory:"),
      std::make_shared<InterruptWatch>());
};

struct Case {
  std::string_view engine_value;
  std::string_view sql_name;
  std::string_view value;
};

class EngineColumn : public EngineColumns, public testing::WithParamInterface<Case> {};

TEST_P(EngineColumn, BecomesTheNearestDatabricksType) {
  const auto& c = GetParam();
  const std::string value(c.engine_value);
  const auto result = query("SELECT v, [v, NULL] AS l FROM (SELECT " + value +
                            " AS v UNION ALL SELECT NULL) ORDER BY v NULLS LAST");

  const std::string name(c.sql_name);
  EXPECT_THAT(columns_text(*result), ElementsAre("v " + name, "l ARRAY<" + name + ">"));
  const std::string text(c.value);
  EXPECT_THAT(rows_text(*result),
              ElementsAre(text + " | [" + text + ", NULL]", "NULL | [NULL, NULL]"));
}

INSTANTIATE_TEST_SUITE_P(
    All, EngineColumn,
    testing::Values(Case{"255::UTINYINT", "SMALLINT", "255"},
                    Case{"65535::USMALLINT", "INT", "65535"},
                    Case{"4294967295::UINTEGER", "BIGINT", "4294967295"},
                    Case{"18446744073709551615::UBIGINT", "DECIMAL(20,0)", "18446744073709551615"},
                    Case{"(-5)::HUGEINT", "BIGINT", "-5"},
                    Case{"'123e4567-e89b-12d3-a456-426614174000'::UUID", "STRING",
                         "123e4567-e89b-12d3-a456-426614174000"},
                    Case{"TIME '10:20:30.5'", "STRING", "10:20:30.5"},
                    Case{"'10:20:30+05:30'::TIMETZ", "STRING", "10:20:30+05:30"},
                    Case{"'10:20:30-01:00'::TIMETZ", "STRING", "10:20:30-01:00"},
                    Case{"'0101100111'::BIT", "STRING", "0101100111"},
                    Case{"'b'::ENUM('a', 'b')", "STRING", "b"},
                    Case{"'1970-01-01 00:00:02'::TIMESTAMP_S", "TIMESTAMP_NTZ", "2000000"},
                    Case{"'1969-12-31 23:59:59.999'::TIMESTAMP_MS", "TIMESTAMP_NTZ", "-1000"},
                    Case{"'1969-12-31 23:59:59.999999999'::TIMESTAMP_NS", "TIMESTAMP_NTZ", "-1"},
                    Case{"true", "BOOLEAN", "true"},
                    Case{"'{\"a\":1}'::JSON", "VARIANT", "{\"a\":1}"},
                    Case{"[1, 2]::INTEGER[2]", "ARRAY<INT>", "[1, 2]"},
                    Case{"TIMESTAMPTZ '1970-01-01 00:00:00+00'", "TIMESTAMP", "0"}));

TEST_F(EngineColumns, RefuseUnionsByTheColumnsName) {
  const auto error = engine_error([&] { query("SELECT union_value(a := 1) AS which"); });
  EXPECT_EQ(error.error_class, "UNSUPPORTED_DATATYPE");
  EXPECT_EQ(error.sqlstate, "0A000");
  EXPECT_THAT(error.message, testing::HasSubstr("`which`"));
}

TEST_F(EngineColumns, GiveTimestampsTheZoneOfTheSession) {
  EXPECT_THAT(formats_text(*query("SELECT now() AS t, [now()] AS l")),
              ElementsAre("tsu:Europe/Berlin", "+l(element:tsu:Europe/Berlin)"));
}

TEST_F(EngineColumns, CopyListsThatStartInTheMiddleOfTheirChild) {
  const auto result = query(
      "SELECT l FROM (SELECT range AS i, CASE WHEN range % 5 = 0 THEN NULL ELSE [range, NULL] END "
      "AS l "
      "FROM range(5000)) WHERE i >= 2043 AND i < 2053");
  EXPECT_THAT(rows_text(*result),
              ElementsAre("[2043, NULL]", "[2044, NULL]", "NULL", "[2046, NULL]", "[2047, NULL]",
                          "[2048, NULL]", "[2049, NULL]", "NULL", "[2051, NULL]", "[2052, NULL]"));
}

TEST_F(EngineColumns, CopyBooleansWhoseRowsDoNotFillBytes) {
  const auto result =
      query("SELECT range % 3 = 0 AS b FROM range(5003) WHERE range % 2 = 1 OR range < 3");
  std::vector<std::string> expected;
  for (int i = 0; i < 5003; ++i) {
    if (i % 2 == 1 || i < 3) expected.emplace_back(i % 3 == 0 ? "true" : "false");
  }
  EXPECT_EQ(rows_text(*result), expected);
}

TEST_F(EngineColumns, ReportAMissingLibraryWithAdvice) {
  try {
    open_engine({.library = "/nonexistent/libengine.so"});
    FAIL() << "no error was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("/nonexistent/libengine.so"));
    EXPECT_THAT(error.what(), testing::HasSubstr("install"));
  }
}

TEST_F(EngineColumns, ReportALibraryWithoutTheEntryPoint) {
  EXPECT_THROW(open_engine({.library = engine_library(), .entry_point = "nosuch_init"}),
               std::runtime_error);
}

}  // namespace
}  // namespace dbsql::warehouse::test
