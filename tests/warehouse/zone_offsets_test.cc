#include "warehouse/zone_offsets.h"

#include "warehouse/civil_date.h"

#include <gtest/gtest.h>

namespace dbsql::test {
namespace {

using warehouse::CivilDate;
using warehouse::ZoneOffsets;

std::int64_t utc(std::int64_t year, int month, int day) {
  return warehouse::days_from_civil({year, month, day}) * 86'400;
}

TEST(ZoneOffsets, FollowTheClockChangesOfAZone) {
  const auto zone = ZoneOffsets::find("America/Los_Angeles");

  EXPECT_EQ(zone->at(utc(2021, 1, 1)), -8 * 3600);
  EXPECT_EQ(zone->at(utc(2021, 7, 1)), -7 * 3600);
}

TEST(ZoneOffsets, GoOnByTheRuleAfterTheLastWrittenChange) {
  const auto zone = ZoneOffsets::find("America/Los_Angeles");

  EXPECT_EQ(zone->at(utc(2400, 1, 1)), -8 * 3600);
  EXPECT_EQ(zone->at(utc(2400, 7, 1)), -7 * 3600);
  EXPECT_EQ(ZoneOffsets::find("Australia/Sydney")->at(utc(2400, 1, 1)), 11 * 3600);
  EXPECT_EQ(ZoneOffsets::find("Australia/Sydney")->at(utc(2400, 7, 1)), 10 * 3600);
}

TEST(ZoneOffsets, ReadOffsetsInEverySpelling) {
  EXPECT_EQ(ZoneOffsets::find("+4:15")->at(0), 4 * 3600 + 15 * 60);
  EXPECT_EQ(ZoneOffsets::find("-08:00")->at(0), -8 * 3600);
  EXPECT_EQ(ZoneOffsets::find("Etc/UTC")->at(0), 0);
}

TEST(ZoneOffsets, TakeUnknownNamesForUtc) {
  EXPECT_EQ(ZoneOffsets::find("Mars/Olympus_Mons")->at(0), 0);
  EXPECT_EQ(ZoneOffsets::find("../../../etc/passwd")->at(0), 0);
}

TEST(CivilDates, AgreeInBothDirections) {
  for (const std::int64_t day : {-1'456'953L, -719'468L, -1L, 0L, 59L, 60L, 18'809L, 2'932'896L}) {
    EXPECT_EQ(warehouse::days_from_civil(warehouse::civil_from_days(day)), day);
  }
  const CivilDate date = warehouse::civil_from_days(18'809);
  EXPECT_EQ(date.year, 2021);
  EXPECT_EQ(date.month, 7);
  EXPECT_EQ(date.day, 1);
}

}  // namespace
}  // namespace dbsql::test
