#include "warehouse/sql_confs.h"

#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse {
namespace {

using test::engine_error;

TEST(SessionConfs, HaveTheDefaultsOfAWarehouse) {
  const SessionConfs confs;
  EXPECT_EQ(confs.get("timezone"), "Etc/UTC");
  EXPECT_EQ(confs.get("STATEMENT_TIMEOUT"), "172800");
  EXPECT_TRUE(confs.ansi());
  EXPECT_EQ(confs.get("spark.foo"), std::nullopt);
}

TEST(SessionConfs, KnowAParameterByItsSparkName) {
  SessionConfs confs;
  confs.set("spark.sql.session.timeZone", "Asia/Tokyo");
  EXPECT_EQ(confs.get("TimeZone"), "Asia/Tokyo");
  confs.reset("TIMEZONE");
  EXPECT_EQ(confs.get("spark.sql.session.timeZone"), "Etc/UTC");
}

TEST(SessionConfs, TakeAnySparkKeyAndNoOther) {
  SessionConfs confs;
  confs.set("spark.any.thing", "1");
  EXPECT_EQ(confs.get("spark.any.thing"), "1");
  const auto error = engine_error([&] { confs.set("nosuch", "1"); });
  EXPECT_EQ(error.error_class, "CONFIG_NOT_AVAILABLE");
  EXPECT_EQ(error.sqlstate, "42K0I");
}

TEST(SessionConfs, RefuseValuesThatDoNotFit) {
  SessionConfs confs;
  EXPECT_EQ(engine_error([&] { confs.set("ANSI_MODE", "maybe"); }).error_class,
            "INVALID_CONF_VALUE");
  EXPECT_EQ(engine_error([&] { confs.set("STATEMENT_TIMEOUT", "-1"); }).sqlstate, "22022");
}

TEST(SessionConfs, ListDefaultsAndChanges) {
  SessionConfs confs;
  confs.set("spark.x", "1");
  confs.set("ansi_mode", "false");
  const auto all = confs.all();
  EXPECT_THAT(all, testing::Contains(std::pair<std::string, std::string>("spark.x", "1")));
  EXPECT_THAT(all, testing::Contains(std::pair<std::string, std::string>("ANSI_MODE", "false")));
  EXPECT_THAT(all, testing::Contains(std::pair<std::string, std::string>("TIMEZONE", "Etc/UTC")));
}

TEST(EngineTimeZone, TurnsWholeHoursIntoARegion) {
  EXPECT_EQ(engine_time_zone("America/Los_Angeles"), "America/Los_Angeles");
  EXPECT_EQ(engine_time_zone("+05:00"), "Etc/GMT-5");
  EXPECT_EQ(engine_time_zone("-8"), "Etc/GMT+8");
  EXPECT_EQ(engine_time_zone("+00:00"), "UTC");
  EXPECT_EQ(engine_time_zone("Z"), "UTC");
  EXPECT_EQ(engine_time_zone("+05:30"), "");
  EXPECT_EQ(engine_time_zone("+99:00"), "");
}

}  // namespace
}  // namespace dbsql::warehouse
