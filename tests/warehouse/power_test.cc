#include "warehouse/power.h"

#include "support/fake_clock.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace dbsql::warehouse {
namespace {

using namespace std::chrono_literals;
using test::FakeClock;

std::string header(const HttpReply& reply, std::string_view name) {
  return std::string(find_header(reply.headers, name));
}

TEST(Power, IsOnUnlessItHasToStart) {
  FakeClock clock;
  Power power(0s, "w", clock);

  EXPECT_EQ(power.state(), Power::State::Running);
  EXPECT_FALSE(power.refuse());
}

TEST(Power, StartsWithTheFirstRequestAndTakesItsTime) {
  FakeClock clock;
  Power power(8s, "w", clock);
  EXPECT_EQ(power.state(), Power::State::Stopped);
  clock.advance(1h);

  const auto refusal = power.refuse();

  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 503);
  EXPECT_EQ(header(*refusal, "retry-after"), "5");
  clock.advance(6s);
  EXPECT_EQ(header(*power.refuse(), "retry-after"), "2");
  EXPECT_EQ(power.state(), Power::State::Starting);
  clock.advance(2s);
  EXPECT_FALSE(power.refuse());
  EXPECT_EQ(power.state(), Power::State::Running);
}

TEST(Power, IsSwitchedFromOutside) {
  FakeClock clock;
  Power power(0s, "w", clock);

  power.set_from_json(R"({"state":"stopped","start_time_ms":2000})");
  EXPECT_EQ(power.to_json(), R"({"state":"stopped","start_time_ms":2000})");
  EXPECT_EQ(power.refuse()->status, 503);
  power.set_from_json(R"({"state":"deleted"})");
  EXPECT_EQ(power.refuse()->status, 404);
  clock.advance(1h);
  EXPECT_EQ(power.refuse()->status, 404);
  power.set_from_json(R"({"state":"running"})");
  EXPECT_FALSE(power.refuse());
}

TEST(Power, RefusesWishesThatItDoesNotKnow) {
  FakeClock clock;
  Power power(0s, "w", clock);

  for (const char* wish :
       {"", "[]", R"({"state":"asleep"})", R"({"state":1})", R"({"start_time_ms":-1})",
        R"({"start_time_ms":"5s"})", R"({"start_time_ms":99999999999})", R"({"stat":"stopped"})"}) {
    EXPECT_THROW(power.set_from_json(wish), std::invalid_argument) << wish;
    EXPECT_EQ(power.to_json(), R"({"state":"running","start_time_ms":0})") << wish;
  }
}

}  // namespace
}  // namespace dbsql::warehouse
