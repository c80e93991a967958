#include "protocol/poll_schedule.h"

#include <gtest/gtest.h>

#include <chrono>

namespace dbsql::protocol {
namespace {

using namespace std::chrono_literals;

TEST(PollSchedule, AsksWithinTenMillisecondsAtFirst) { EXPECT_LE(next_poll_delay(0ms, 0ms), 10ms); }

TEST(PollSchedule, NeverWaitsLongerThanATenthOfTheTimeSoFar) {
  EXPECT_EQ(next_poll_delay(300ms, 1ms), 30ms);
  EXPECT_EQ(next_poll_delay(4s, 1ms), 400ms);
}

TEST(PollSchedule, NeverWaitsLongerThanASecond) { EXPECT_EQ(next_poll_delay(1h, 1ms), 1s); }

TEST(PollSchedule, AsksAgainAtOnceWhenTheServerDidTheWaiting) {
  EXPECT_EQ(next_poll_delay(10s, 5s), 0s);
}

TEST(PollSchedule, FindsAStatementOfThreeHundredMillisecondsDoneWithinThirty) {
  auto elapsed = std::chrono::nanoseconds(0);
  while (elapsed < 300ms) elapsed += next_poll_delay(elapsed, 0ms);
  EXPECT_LE(elapsed, 330ms);
}

}  // namespace
}  // namespace dbsql::protocol
