#include "wire/wire_test.h"

#include <optional>
#include <string>
#include <string_view>

// Types that travel as text: native Arrow types switched off, or pages of columns.
namespace dbsql::test {
namespace {

class TextModeTest : public WireTest {
 protected:
  static Timestamp only_timestamp(Connection& connection, std::string_view sql) {
    Result result = connection.query(sql);
    for (const RowRef row : result.rows()) return row.get<Timestamp>(0);
    ADD_FAILURE() << "no row";
    return {};
  }
};

constexpr std::string_view kInstant = "SELECT CAST('2021-07-01 05:43:28Z' AS TIMESTAMP)";
constexpr std::int64_t kMicroseconds = 1'625'118'208'000'000;

TEST_F(TextModeTest, TimestampsAreReadInTheSessionsZone) {
  for (const std::string_view options :
       {"result.native_types=none", "result.native_types=decimal,nested",
        "result.format=columns"}) {
    Connection connection = connect(std::string(options) + "&timezone=America/Los_Angeles");

    const Timestamp timestamp = only_timestamp(connection, kInstant);

    EXPECT_EQ(timestamp.microseconds, kMicroseconds) << options;
    EXPECT_EQ(timestamp.to_string(), "2021-06-30 22:43:28") << options;
  }
}

TEST_F(TextModeTest, AZoneChangedInTheMiddleOfASessionCounts) {
  Connection connection = connect("result.native_types=none&timezone=America/Los_Angeles");
  only_timestamp(connection, kInstant);
  connection.execute("SET TIME ZONE 'Asia/Kathmandu'");

  const Timestamp timestamp = only_timestamp(connection, kInstant);

  EXPECT_EQ(timestamp.microseconds, kMicroseconds);
  EXPECT_EQ(timestamp.to_string(), "2021-07-01 11:28:28");
}

TEST_F(TextModeTest, TheZoneIsAskedForOnlyWhenTimestampsComeWithoutIt) {
  Connection text = connect("result.native_types=none");
  Connection native = connect();
  warehouse().journal().clear();

  text.query("SELECT 1, DATE'2021-07-01', TIMESTAMP_NTZ'2021-07-01 05:43:28'");
  native.query(kInstant);
  EXPECT_EQ(requests("ExecuteStatement"), 2U);

  text.query(kInstant);
  EXPECT_EQ(requests("ExecuteStatement"), 4U);
}

TEST_F(TextModeTest, NestedTimestampsToo) {
  Connection connection = connect("result.native_types=none&timezone=America/Los_Angeles");

  Result result = connection.query("SELECT array(CAST('2021-07-01 05:43:28Z' AS TIMESTAMP))");

  EXPECT_EQ(result.schema()[0].children.at(0).time_zone, "America/Los_Angeles");
  for (const RowRef row : result.rows()) {
    EXPECT_EQ(row[0], Value(ListValue{{Timestamp{kMicroseconds}}}));
    EXPECT_EQ(row.text(0), "[\"2021-06-30 22:43:28\"]");
  }
}

TEST_F(TextModeTest, WhatIsAskedForIsWhatIsSent) {
  Connection connection = connect("result.format=columns");

  Result result = connection.query("SELECT array(1, 2), CAST(1.5 AS DECIMAL(10,2)), NULL");

  EXPECT_EQ(result.schema()[0].type_text, "ARRAY");  // column-based pages say no more
  EXPECT_TRUE(result.schema()[0].children.empty());
  EXPECT_EQ(result.schema()[1].type_text, "DECIMAL(10,2)");
  for (const RowRef row : result.rows()) {
    EXPECT_EQ(row.get<std::string>(0), "[1,2]");
    EXPECT_EQ(row.get<Decimal>(1), Decimal(0, 150, 2));
    EXPECT_TRUE(row.is_null(2));
  }
}

}  // namespace
}  // namespace dbsql::test
