#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Sessions : public EngineTest {};

TEST_F(Sessions, StartInMainAndDefault) {
  const auto session = new_session();
  EXPECT_EQ(session->current_catalog(), "main");
  EXPECT_EQ(session->current_schema(), "default");
  EXPECT_EQ(only_row(*session, "SELECT current_catalog(), current_database(), current_schema()"),
            "main | default | default");
}

TEST_F(Sessions, StartWhereTheClientSays) {
  const auto session =
      new_session({.catalog = "MAIN", .schema = schema(), .confs = {{"TIMEZONE", "Asia/Tokyo"}}});
  EXPECT_EQ(session->current_catalog(), "main");
  EXPECT_EQ(session->current_schema(), schema());
  EXPECT_EQ(session->time_zone(), "Asia/Tokyo");
}

TEST_F(Sessions, RefuseAnUnknownCatalogSchemaOrSetting) {
  EXPECT_EQ(engine_error([] { new_session({.catalog = "nosuch"}); }).error_class,
            "NO_SUCH_CATALOG_EXCEPTION");
  EXPECT_EQ(engine_error([] { new_session({.schema = "nosuch"}); }).error_class,
            "SCHEMA_NOT_FOUND");
  EXPECT_EQ(engine_error([] {
              new_session({.confs = {{"nosuch", "1"}}});
            }).error_class,
            "CONFIG_NOT_AVAILABLE");
}

TEST_F(Sessions, TreatTheCatalogSparkAsTheDefaultOne) {
  EXPECT_EQ(new_session({.catalog = "spark"})->current_catalog(), "main");
}

TEST_F(Sessions, KeepTheirOwnSchemaTemporaryViewsAndSettings) {
  const auto a = new_session({.schema = schema()});
  const auto b = new_session({.schema = schema()});
  const auto c = new_session();
  a->execute("CREATE TABLE t AS SELECT 'of the schema' AS x", {}, 0, {});
  a->execute("CREATE TEMPORARY VIEW mine AS SELECT 'a' AS x", {}, 0, {});
  a->execute("USE CATALOG main", {}, 0, {});
  b->execute("SET TIMEZONE = 'America/New_York'", {}, 0, {});

  EXPECT_EQ(a->current_schema(), "default");
  EXPECT_EQ(b->current_schema(), schema());
  EXPECT_EQ(only_row(*a, "SELECT x FROM mine"), "a");
  EXPECT_EQ(only_row(*b, "SELECT x FROM t"), "of the schema");
  EXPECT_EQ(engine_error([&] { b->execute("SELECT x FROM mine", {}, 0, {}); }).sqlstate, "42P01");
  EXPECT_EQ(engine_error([&] { c->execute("SELECT x FROM t", {}, 0, {}); }).sqlstate, "42P01");
  EXPECT_EQ(b->time_zone(), "America/New_York");
  EXPECT_EQ(c->time_zone(), "Etc/UTC");
}

TEST_F(Sessions, FollowUseStatements) {
  run("CREATE CATALOG IF NOT EXISTS use_catalog");
  run("USE CATALOG use_catalog");
  EXPECT_EQ(session().current_catalog(), "use_catalog");
  EXPECT_EQ(session().current_schema(), "default");
  run("USE main." + schema());
  EXPECT_EQ(session().current_catalog(), "main");
  EXPECT_EQ(session().current_schema(), schema());
  run("USE DATABASE `default`");
  EXPECT_EQ(session().current_schema(), "default");
  run("SET CATALOG use_catalog");
  EXPECT_EQ(session().current_catalog(), "use_catalog");
  EXPECT_EQ(error_of("USE nosuch").error_class, "SCHEMA_NOT_FOUND");
  EXPECT_EQ(error_of("USE CATALOG nosuch").sqlstate, "42704");
  EXPECT_EQ(session().current_catalog(), "use_catalog") << "a failed USE changes nothing";
  run("USE main.default");
  run("DROP CATALOG use_catalog CASCADE");
}

TEST_F(Sessions, ReadThreeLevelNamesInAnyQuoting) {
  run("CREATE TABLE t AS SELECT 42 AS x");
  const auto name = schema();
  EXPECT_EQ(row("SELECT x FROM main." + name + ".t"), "42");
  EXPECT_EQ(row("SELECT `t`.`x` FROM `main`.`" + name + "`.`t`"), "42");
  EXPECT_EQ(row("SELECT MAIN." + name + ".t.x FROM MAIN." + name + ".T"), "42");
  run("USE default");
  EXPECT_EQ(row("SELECT x FROM " + name + ".t"), "42");
}

TEST_F(Sessions, ShowAndSetTheirSettings) {
  EXPECT_THAT(columns("SET TIMEZONE"), ElementsAre("key STRING!", "value STRING!"));
  EXPECT_EQ(row("SET TIMEZONE"), "TIMEZONE | Etc/UTC");
  EXPECT_EQ(row("SET spark.custom.key"), "spark.custom.key | <undefined>");
  EXPECT_EQ(row("SET spark.custom.key = a b"), "spark.custom.key | a b");
  EXPECT_EQ(row("SET spark.custom.key"), "spark.custom.key | a b");
  EXPECT_THAT(rows("SET"), testing::Contains("ANSI_MODE | true"));
  EXPECT_THAT(rows("SET -v"), testing::Contains("spark.custom.key | a b"));
  run("RESET spark.custom.key");
  EXPECT_EQ(row("SET spark.custom.key"), "spark.custom.key | <undefined>");
  EXPECT_EQ(error_of("SET nosuch = 1").sqlstate, "42K0I");
  EXPECT_EQ(error_of("SET nosuch").sqlstate, "42K0I");
}

TEST_F(Sessions, ReadTimestampsInTheirTimeZone) {
  run("SET TIME ZONE 'America/Los_Angeles'");
  const auto result = execute(
      "SELECT TIMESTAMP'2020-01-01 00:00:00' AS t, TIMESTAMP_NTZ'2020-01-01 00:00:00' AS n");
  EXPECT_THAT(formats_text(*result), ElementsAre("tsu:America/Los_Angeles", "tsu:"));
  EXPECT_THAT(rows_text(*result), ElementsAre("1577865600000000 | 1577836800000000"));
  EXPECT_EQ(row("SELECT CAST(TIMESTAMP'2020-07-01 12:00:00Z' AS STRING)"), "2020-07-01 05:00:00");
  EXPECT_EQ(row("SELECT hour(TIMESTAMP'2020-07-01 12:00:00Z')"), "5");
  run("SET TIMEZONE = '+02:00'");
  EXPECT_EQ(session().time_zone(), "+02:00");
  EXPECT_EQ(row("SELECT CAST(TIMESTAMP'2020-07-01 12:00:00Z' AS STRING)"), "2020-07-01 14:00:00");
}

TEST_F(Sessions, RefuseATimeZoneThatDoesNotExist) {
  const auto error = error_of("SET TIMEZONE = 'Nowhere/City'");
  EXPECT_EQ(error.error_class, "INVALID_CONF_VALUE.TIME_ZONE");
  EXPECT_EQ(error.sqlstate, "22022");
  EXPECT_EQ(session().time_zone(), "Etc/UTC");
}

TEST_F(Sessions, GiveNullInsteadOfErrorsOutsideAnsiMode) {
  EXPECT_EQ(error_of("SELECT 1 / 0").error_class, "DIVIDE_BY_ZERO");
  run("SET ANSI_MODE = false");
  EXPECT_EQ(row("SELECT 1 / 0, 1 % 0, CAST('x' AS INT), 'y'::DATE"), "NULL | NULL | NULL | NULL");
  run("RESET ANSI_MODE");
  EXPECT_EQ(error_of("SELECT CAST('x' AS INT)").error_class, "CAST_INVALID_INPUT");
}

TEST_F(Sessions, LeaveTheirResultsReadable) {
  auto session = new_session();
  const auto result = session->execute("SELECT id FROM range(100000)", {}, 0, {});
  session.reset();
  EXPECT_EQ(rows_text(*result).size(), 100000U);
}

TEST_F(Sessions, ReadTwoResultsInTurns) {
  const auto a = execute("SELECT id FROM range(200000)");
  const auto first = a->next();
  const auto b = execute("SELECT id FROM range(10)");
  EXPECT_EQ(rows_text(*b).size(), 10U);
  EXPECT_EQ(rows_text(*a).size() + static_cast<std::size_t>((*first)->length), 200000U);
}

TEST_F(Sessions, GiveUpAResultThatNobodyReads) {
  execute("SELECT a.id FROM range(1000000) a CROSS JOIN range(1000000) b");
  EXPECT_EQ(row("SELECT 1"), "1");
}

}  // namespace
}  // namespace dbsql::warehouse::test
