#include "result/wall_clock.h"

#include "result/civil.h"
#include "result/parse_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string_view>

namespace dbsql::result {
namespace {

constexpr std::int64_t kHour = 3'600'000'000;

std::optional<std::int64_t> instant(std::string_view zone, std::string_view wall_clock) {
  return instant_of_wall_clock(parse_timestamp(wall_clock).value().microseconds,
                               TimeZone::find(zone));
}

std::int64_t utc(std::string_view text) { return parse_timestamp(text).value().microseconds; }

TEST(WallClock, IsAnInstantInItsZone) {
  EXPECT_EQ(instant("UTC", "2021-07-01 05:43:28"), utc("2021-07-01 05:43:28"));
  EXPECT_EQ(instant("America/Los_Angeles", "2021-06-30 22:43:28"), utc("2021-07-01 05:43:28"));
  EXPECT_EQ(instant("+5:45", "1970-01-01 00:00:00"), utc("1969-12-31 18:15:00"));
  EXPECT_EQ(instant("Asia/Kathmandu", "9999-12-31 23:59:59.999999"),
            utc("9999-12-31 18:14:59.999999"));
}

TEST(WallClock, RightBesideAChangeOfClocks) {
  // Berlin went from +1 to +2 on 2021-03-28 at 01:00 UTC and back on 2021-10-31 at 01:00 UTC.
  EXPECT_EQ(instant("Europe/Berlin", "2021-03-28 01:59:59"), utc("2021-03-28 00:59:59"));
  EXPECT_EQ(instant("Europe/Berlin", "2021-03-28 03:00:00"), utc("2021-03-28 01:00:00"));
  EXPECT_EQ(instant("Europe/Berlin", "2021-10-31 01:59:59"), utc("2021-10-30 23:59:59"));
  EXPECT_EQ(instant("Europe/Berlin", "2021-10-31 03:00:00"), utc("2021-10-31 02:00:00"));
}

TEST(WallClock, OfASkippedHourIsNoInstant) {
  EXPECT_EQ(instant("Europe/Berlin", "2021-03-28 02:00:00"), std::nullopt);
  EXPECT_EQ(instant("Europe/Berlin", "2021-03-28 02:59:59.999999"), std::nullopt);
  EXPECT_EQ(instant("Pacific/Apia", "2011-12-30 12:00:00"), std::nullopt);  // a whole day
}

TEST(WallClock, OfARepeatedHourIsTheFirstOfItsTwoInstants) {
  EXPECT_EQ(instant("Europe/Berlin", "2021-10-31 02:30:00"), utc("2021-10-31 00:30:00"));
  EXPECT_EQ(instant("America/Los_Angeles", "2021-11-07 01:30:00"), utc("2021-11-07 08:30:00"));
}

TEST(WallClock, AtTheEndsOfTheRange) {
  constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
  constexpr auto kFirst = std::numeric_limits<std::int64_t>::min();

  EXPECT_EQ(instant_of_wall_clock(kLast, TimeZone::utc()), kLast);
  EXPECT_EQ(instant_of_wall_clock(kFirst, TimeZone::utc()), kFirst);
  EXPECT_EQ(instant_of_wall_clock(kFirst, TimeZone::find("+1")), std::nullopt);
  EXPECT_EQ(instant_of_wall_clock(kLast, TimeZone::find("+1")), kLast - kHour);
}

}  // namespace
}  // namespace dbsql::result
