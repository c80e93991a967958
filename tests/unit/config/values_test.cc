#include "config/values.h"

#include <gtest/gtest.h>

namespace dbsql::config {
namespace {

using namespace std::chrono_literals;

TEST(Boolean, TakesTheWordsOfAllDrivers) {
  for (const char* text : {"true", "TRUE", "True", "1", "t", "T", "yes", "Yes", "on", "ON"}) {
    EXPECT_EQ(parse_boolean(text), true) << text;
  }
  for (const char* text : {"false", "FALSE", "0", "f", "F", "no", "NO", "off"}) {
    EXPECT_EQ(parse_boolean(text), false) << text;
  }
  for (const char* text : {"", "2", "tru", "y", "n", " true", "-1"})
    EXPECT_FALSE(parse_boolean(text)) << text;
}

TEST(Duration, TakesSecondsAndUnits) {
  EXPECT_EQ(parse_duration("90"), 90s);
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("5s"), 5s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("3h"), 3h);
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
}

TEST(Duration, RefusesEverythingElse) {
  for (const char* text : {"", "s", "-1", "-1s", "5 s", "5d", "5S", "1m30", "ten", "inf", "nan",
                           "1e3", "0x10", "5s,", "99999999999999999999h", "1..5s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Duration, IsReadBackFromItsText) {
  for (const auto duration : {0ms, 1ms, 999ms, 1000ms, 1500ms, 900'000ms}) {
    EXPECT_EQ(parse_duration(duration_text(duration)), duration) << duration_text(duration);
  }
}

}  // namespace
}  // namespace dbsql::config
