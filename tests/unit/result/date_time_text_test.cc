#include <dbsql/value.h>

#include "result/civil.h"
#include "result/parse_text.h"
#include "unit/result/random_for_test.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql {
namespace {

using result::parse_date;
using result::parse_day_time;
using result::parse_timestamp;
using result::parse_year_month;

constexpr std::int64_t kMinMicros = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMaxMicros = std::numeric_limits<std::int64_t>::max();

// reference/results.md 3.6.4, 7.5 rows 103 to 106
TEST(Date, TextIsProlepticGregorian) {
  EXPECT_EQ(Date{0}.to_string(), "1970-01-01");
  EXPECT_EQ(Date{-1}.to_string(), "1969-12-31");
  EXPECT_EQ(Date{19'782}.to_string(), "2024-02-29");
  EXPECT_EQ(Date{-1'456'953}.to_string(), "-2020-12-31");
  EXPECT_EQ(Date{-719'528}.to_string(), "0000-01-01");
  EXPECT_EQ(Date{-719'529}.to_string(), "-0001-12-31");
  EXPECT_EQ(Date{2'932'896}.to_string(), "9999-12-31");
  EXPECT_EQ(Date{2'932'897}.to_string(), "+10000-01-01");
  EXPECT_EQ(Date{std::numeric_limits<std::int32_t>::max()}.to_string(), "+5881580-07-11");
  EXPECT_EQ(Date{std::numeric_limits<std::int32_t>::min()}.to_string(), "-5877641-06-23");
}

TEST(Date, AgreesWithTheStandardCalendar) {
  auto random = test::random_for_this_test();
  for (int i = 0; i < 50'000; ++i) {
    const int days = static_cast<int>(random() % 20'000'000) - 10'000'000;
    const std::chrono::year_month_day standard{std::chrono::sys_days(std::chrono::days(days))};

    const result::CivilDate date = result::civil_of_days(days);

    ASSERT_EQ(date.year, static_cast<int>(standard.year()));
    ASSERT_EQ(date.month, static_cast<unsigned>(standard.month()));
    ASSERT_EQ(date.day, static_cast<unsigned>(standard.day()));
    ASSERT_EQ(result::days_of_civil(date), days);
  }
}

TEST(Date, ReadsBackItsOwnText) {
  auto random = test::random_for_this_test();
  for (int i = 0; i < 20'000; ++i) {
    const Date date{static_cast<std::int32_t>(random())};

    ASSERT_EQ(parse_date(date.to_string()), date) << date.to_string();
  }
}

TEST(Date, ReadsSignsAndLongYears) {
  EXPECT_EQ(parse_date("+2014-01-17"), parse_date("2014-01-17"));
  EXPECT_EQ(parse_date("\xE2\x88\x92"
                       "2020-12-31"),
            Date{-1'456'953});
  EXPECT_EQ(parse_date("12024-02-29")->to_string(), "+12024-02-29");
}

TEST(Date, RefusesWhatIsNoDate) {
  for (const std::string_view text :
       {"", "2014", "2014-01", "2014-1-17", "214-01-17", "2014-13-01", "2014-00-01", "2014-01-00",
        "2014-02-29", "2014-04-31", "1900-02-29", "2014-01-17 ", " 2014-01-17", "2014-01-17T",
        "2014/01/17", "--2014-01-17", "9999999-01-01", "20140117", "null"})
    EXPECT_EQ(parse_date(text), std::nullopt) << text;
}

TEST(TimestampNtz, TextCutsTrailingZerosOfTheFraction) {
  EXPECT_EQ(TimestampNtz{0}.to_string(), "1970-01-01 00:00:00");
  EXPECT_EQ(TimestampNtz{1'625'118'208'000'000}.to_string(), "2021-07-01 05:43:28");
  EXPECT_EQ(TimestampNtz{1'625'118'208'120'000}.to_string(), "2021-07-01 05:43:28.12");
  EXPECT_EQ(TimestampNtz{1'625'118'208'000'001}.to_string(), "2021-07-01 05:43:28.000001");
  EXPECT_EQ(TimestampNtz{-1}.to_string(), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(TimestampNtz{-125'955'943'139'000'000}.to_string(), "-2022-08-13 14:01:01");
  EXPECT_EQ(TimestampNtz{-62'135'596'800'000'000}.to_string(), "0001-01-01 00:00:00");
  EXPECT_EQ(TimestampNtz{253'402'300'799'999'999}.to_string(), "9999-12-31 23:59:59.999999");
  EXPECT_EQ(TimestampNtz{kMaxMicros}.to_string(), "+294247-01-10 04:00:54.775807");
  EXPECT_EQ(TimestampNtz{kMinMicros}.to_string(), "-290308-12-21 19:59:05.224192");
}

TEST(TimestampNtz, ReadsBackItsOwnText) {
  auto random = test::random_for_this_test();
  std::vector<std::int64_t> instants = {kMinMicros, kMinMicros + 1, kMaxMicros, -1, 0, 1};
  for (int i = 0; i < 20'000; ++i)
    instants.push_back(static_cast<std::int64_t>(random()) >> (random() % 40));

  for (const std::int64_t micros : instants) {
    const std::string text = TimestampNtz{micros}.to_string();
    const auto read = parse_timestamp(text);
    ASSERT_TRUE(read) << text;
    ASSERT_EQ(read->microseconds, micros) << text;
    ASSERT_EQ(read->utc_offset_seconds, std::nullopt) << text;
  }
}

TEST(TimestampText, ReadsEveryFormServersSend) {
  struct Case {
    std::string_view text;
    std::int64_t microseconds;
    std::optional<std::int32_t> offset;
  };
  const std::vector<Case> cases = {
      {"2021-07-01 05:43:28", 1'625'118'208'000'000, {}},
      {"2021-07-01T05:43:28", 1'625'118'208'000'000, {}},
      {"2021-07-01T05:43:28.5Z", 1'625'118'208'500'000, 0},
      {"2021-07-01 05:43:28.123456000", 1'625'118'208'123'456, {}},
      {"2021-07-01T05:43:28.000-08:00", 1'625'118'208'000'000, -28'800},
      {"2021-07-01T05:43:28+0530", 1'625'118'208'000'000, 19'800},
      {"2021-07-01", 1'625'097'600'000'000, {}},
  };
  for (const auto& [text, microseconds, offset] : cases) {
    const auto read = parse_timestamp(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->microseconds, microseconds) << text;
    EXPECT_EQ(read->utc_offset_seconds, offset) << text;
  }
}

TEST(TimestampText, RefusesWhatIsNoTimestamp) {
  for (const std::string_view text :
       {"", "2021-07-01 ", "2021-07-01 05:43", "2021-07-01 24:00:00", "2021-07-01 05:60:00",
        "2021-07-01 05:43:60", "2021-07-01 05:43:28.", "2021-07-01 05:43:28.1234567",
        "2021-07-01 05:43:28.1234560000", "2021-07-01 05:43:28ZZ", "2021-07-01 05:43:28 +01:00",
        "2021-07-01_05:43:28", "2021-02-30 05:43:28", "300000-01-01 00:00:00"})
    EXPECT_FALSE(parse_timestamp(text)) << text;
}

// reference/results.md 7.5 rows 88 and 89
TEST(YearMonthInterval, Text) {
  const std::vector<std::pair<std::int32_t, std::string>> cases = {
      {0, "0-0"},
      {1, "0-1"},
      {12, "1-0"},
      {25, "2-1"},
      {30, "2-6"},
      {1200, "100-0"},
      {-1, "-0-1"},
      {-10, "-0-10"},
      {-13, "-1-1"},
      {-22, "-1-10"},
      {-30, "-2-6"},
      {1487, "123-11"},
      {std::numeric_limits<std::int32_t>::min(), "-178956970-8"},
      {std::numeric_limits<std::int32_t>::max(), "178956970-7"},
  };
  for (const auto& [months, text] : cases) {
    EXPECT_EQ(YearMonthInterval{months}.to_string(), text);
    EXPECT_EQ(parse_year_month(text), YearMonthInterval{months}) << text;
  }
}

// reference/results.md 7.5 rows 90 and 91
TEST(DayTimeInterval, Text) {
  const std::vector<std::pair<std::int64_t, std::string>> cases = {
      {0, "0 00:00:00.000000000"},
      {1'000'000, "0 00:00:01.000000000"},
      {86'400'000'000, "1 00:00:00.000000000"},
      {304'215'000'000, "3 12:30:15.000000000"},
      {304'215'000'500, "3 12:30:15.000500000"},
      {-304'215'000'000, "-3 12:30:15.000000000"},
      {-691'200'000'000, "-8 00:00:00.000000000"},
      {9'223'372'022'400'000'000, "106751991 00:00:00.000000000"},
      {9'223'372'022'399'999'999, "106751990 23:59:59.999999000"},
      {kMaxMicros, "106751991 04:00:54.775807000"},
      {kMinMicros, "-106751991 04:00:54.775808000"},
  };
  for (const auto& [micros, text] : cases) {
    EXPECT_EQ(DayTimeInterval{micros}.to_string(), text);
    EXPECT_EQ(parse_day_time(text), DayTimeInterval{micros}) << text;
  }
}

TEST(IntervalText, RefusesWhatIsNoInterval) {
  for (const std::string_view text : {"", "1", "1-12", "-", "1-", "1-2-3", "999999999-0", "1 2"})
    EXPECT_FALSE(parse_year_month(text)) << text;
  for (const std::string_view text : {"", "1", "1 ", "1 00:00", "1 24:00:00", "x 00:00:00",
                                      "106751992 00:00:00", "1 00:00:00.0000001", "1 00:00:00 "})
    EXPECT_FALSE(parse_day_time(text)) << text;
}

}  // namespace
}  // namespace dbsql
