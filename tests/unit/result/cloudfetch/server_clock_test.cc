#include "result/cloudfetch/server_clock.h"

#include <gtest/gtest.h>

#include <chrono>

namespace dbsql::result {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::system_clock::time_point kNoon{1'750'000'000s};
constexpr const char* kDateOfNoon = "Sun, 15 Jun 2025 15:06:40 GMT";

TEST(ServerClock, IsOursUntilAReplyTells) { EXPECT_EQ(ServerClock().at(kNoon), kNoon); }

TEST(ServerClock, FollowsTheDateOfAReply) {
  ServerClock clock;
  clock.note({{"Date", kDateOfNoon}}, kNoon + 16min, kNoon + 16min);
  EXPECT_EQ(clock.at(kNoon + 16min), kNoon);

  clock.note({{"date", kDateOfNoon}}, kNoon - 1h, kNoon - 1h);
  EXPECT_EQ(clock.at(kNoon), kNoon + 1h);
}

TEST(ServerClock, TakesSmallDifferencesForNone) {
  ServerClock clock;
  clock.note({{"Date", kDateOfNoon}}, kNoon + 30s, kNoon + 30s);
  EXPECT_EQ(clock.at(kNoon), kNoon);
  clock.note({{"Date", kDateOfNoon}}, kNoon - 30s, kNoon - 30s);
  EXPECT_EQ(clock.at(kNoon), kNoon);
}

TEST(ServerClock, DoesNotTakeASlowReplyForADifference) {
  ServerClock clock;
  clock.note({{"Date", kDateOfNoon}}, kNoon - 1s, kNoon + 10min);
  EXPECT_EQ(clock.at(kNoon), kNoon);
}

TEST(ServerClock, BelievesNoCopiesAndNothingUnreadable) {
  ServerClock clock;
  clock.note({{"Date", kDateOfNoon}, {"Age", "3600"}}, kNoon + 1h, kNoon + 1h);
  clock.note({{"Date", "yesterday"}}, kNoon, kNoon);
  clock.note({}, kNoon + 1h, kNoon + 1h);

  EXPECT_EQ(clock.at(kNoon), kNoon);
}

}  // namespace
}  // namespace dbsql::result
