#include "telemetry/circuit_breaker.h"

#include "support/fake_clock.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace dbsql::telemetry {
namespace {

using namespace std::chrono_literals;
using test::FakeClock;
using State = CircuitBreaker::State;

void outcomes(CircuitBreaker& breaker, int count, bool good) {
  for (int i = 0; i < count; ++i) breaker.run([&] { return good; });
}
void fail(CircuitBreaker& breaker, int count = 1) { outcomes(breaker, count, false); }
void succeed(CircuitBreaker& breaker, int count = 1) { outcomes(breaker, count, true); }

/// Opens on the first failure.
BreakerOptions nervous() {
  BreakerOptions options;
  options.minimum_calls = 1;
  return options;
}

TEST(CircuitBreaker, IsClosedAtFirst) {
  FakeClock clock;
  CircuitBreaker breaker({}, clock);

  EXPECT_EQ(breaker.state(), State::Closed);
  EXPECT_EQ(breaker.failure_rate(), 0);
}

TEST(CircuitBreaker, OpensWhenEnoughCallsFailed) {
  FakeClock clock;
  CircuitBreaker breaker({.minimum_calls = 10, .window = 20}, clock);

  fail(breaker, 6);
  succeed(breaker, 3);
  EXPECT_EQ(breaker.state(), State::Closed);
  fail(breaker);  // 7 of 10

  EXPECT_EQ(breaker.state(), State::Open);
}

TEST(CircuitBreaker, WaitsForTheMinimumOfCalls) {
  FakeClock clock;
  CircuitBreaker breaker({.minimum_calls = 20}, clock);

  fail(breaker, 10);
  EXPECT_EQ(breaker.state(), State::Closed);
  fail(breaker, 10);

  EXPECT_EQ(breaker.state(), State::Open);
}

TEST(CircuitBreaker, OpensAtExactlyTheRate) {
  FakeClock clock;
  CircuitBreaker breaker({.minimum_calls = 30}, clock);

  for (int i = 0; i < 15; ++i) {
    succeed(breaker);
    fail(breaker);
  }

  EXPECT_EQ(breaker.state(), State::Open);
}

TEST(CircuitBreaker, StaysClosedBelowTheRate) {
  FakeClock clock;
  CircuitBreaker breaker({.minimum_calls = 100, .window = 100}, clock);

  fail(breaker, 49);
  succeed(breaker, 51);

  EXPECT_EQ(breaker.state(), State::Closed);
  EXPECT_EQ(breaker.failure_rate(), 49);
}

TEST(CircuitBreaker, ForgetsWhatLeftTheWindow) {
  FakeClock clock;
  CircuitBreaker breaker({.window = 30}, clock);

  succeed(breaker, 30);
  fail(breaker, 14);
  EXPECT_EQ(breaker.state(), State::Closed);
  fail(breaker);

  EXPECT_EQ(breaker.state(), State::Open);
}

TEST(CircuitBreaker, RunsNothingWhileOpen) {
  FakeClock clock;
  CircuitBreaker breaker(nervous(), clock);
  fail(breaker);
  bool was_run = false;

  EXPECT_FALSE(breaker.run([&] { return was_run = true; }));
  EXPECT_FALSE(was_run);
}

TEST(CircuitBreaker, ProbesWhenTheWaitIsOver) {
  FakeClock clock;
  CircuitBreaker breaker(nervous(), clock);
  fail(breaker);

  clock.advance(29'999ms);
  EXPECT_FALSE(breaker.admit());
  clock.advance(1ms);
  succeed(breaker);

  EXPECT_EQ(breaker.state(), State::HalfOpen);
}

TEST(CircuitBreaker, ClosesAfterEnoughSuccessfulProbes) {
  FakeClock clock;
  CircuitBreaker breaker(nervous(), clock);
  fail(breaker);
  clock.advance(30s);

  succeed(breaker, 3);

  EXPECT_EQ(breaker.state(), State::Closed);
  EXPECT_EQ(breaker.failure_rate(), 0);
}

TEST(CircuitBreaker, OpensAgainWhenAProbeFails) {
  FakeClock clock;
  CircuitBreaker breaker(nervous(), clock);
  fail(breaker);
  clock.advance(30s);
  succeed(breaker);

  fail(breaker);

  EXPECT_EQ(breaker.state(), State::Open);
  EXPECT_EQ(breaker.failure_rate(), 0);
  EXPECT_EQ(breaker.remaining_wait(), 30s);
}

TEST(CircuitBreaker, StaysClosedWhileAllIsWell) {
  FakeClock clock;
  CircuitBreaker breaker({}, clock);

  succeed(breaker, 50);

  EXPECT_EQ(breaker.state(), State::Closed);
  EXPECT_EQ(breaker.failure_rate(), 0);
}

TEST(CircuitBreaker, OpensOnceHoweverManyThreadsFail) {
  FakeClock clock;
  CircuitBreaker breaker({}, clock);
  std::atomic<int> admitted = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 30; ++i) {
      threads.emplace_back([&] {
        breaker.run([&] {
          ++admitted;
          return false;
        });
      });
    }
  }

  EXPECT_GE(admitted, 20);
  EXPECT_EQ(breaker.state(), State::Open);
}

TEST(CircuitBreaker, WaitsAsLongAsTheServerAsks) {
  FakeClock clock;
  CircuitBreaker breaker({.minimum_calls = 1, .open_wait = 50ms}, clock);
  breaker.hint(300ms);
  fail(breaker);

  clock.advance(100ms);
  EXPECT_FALSE(breaker.admit());
  clock.advance(250ms);

  EXPECT_TRUE(breaker.admit());
}

TEST(CircuitBreaker, TakesTheLongestOfSeveralHints) {
  FakeClock clock;
  CircuitBreaker breaker({}, clock);

  std::vector<std::chrono::milliseconds> seen;
  for (const auto hint : {30s, 10s, 90s, 0s, -5s}) {
    breaker.hint(hint);
    seen.push_back(breaker.hinted_wait());
  }

  EXPECT_EQ(seen, (std::vector<std::chrono::milliseconds>{30s, 30s, 90s, 90s, 90s}));
}

TEST(CircuitBreaker, ForgetsTheHintWhenItRecovers) {
  FakeClock clock;
  CircuitBreaker breaker(nervous(), clock);
  breaker.hint(60s);
  fail(breaker);
  clock.advance(60s);

  succeed(breaker, 2);
  breaker.hint(5s);
  succeed(breaker);

  EXPECT_EQ(breaker.state(), State::Closed);
  EXPECT_EQ(breaker.hinted_wait(), 0s);
}

TEST(CircuitBreaker, GoesBackToItsOwnWaitWithoutANewHint) {
  FakeClock clock;
  CircuitBreaker breaker(nervous(), clock);
  breaker.hint(90s);
  fail(breaker);
  clock.advance(90s);

  fail(breaker);

  EXPECT_EQ(breaker.remaining_wait(), 30s);
}

TEST(CircuitBreaker, CountsAHintThatCameBeforeItOpened) {
  FakeClock clock;
  CircuitBreaker breaker(nervous(), clock);

  breaker.hint(90s);
  fail(breaker);

  EXPECT_EQ(breaker.remaining_wait(), 90s);
}

TEST(CircuitBreaker, AdmitsFewProbesAtATime) {
  FakeClock clock;
  CircuitBreaker breaker(nervous(), clock);
  fail(breaker);
  clock.advance(30s);
  std::atomic<int> admitted = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 20; ++i)
      threads.emplace_back([&] { admitted += breaker.admit().has_value() ? 1 : 0; });
  }

  EXPECT_EQ(admitted, 3);
}

TEST(CircuitBreaker, IgnoresTheOutcomeOfACallFromAnEarlierState) {
  FakeClock clock;
  CircuitBreaker breaker(nervous(), clock);
  const auto early = breaker.admit();
  fail(breaker);
  clock.advance(30s);
  const auto probe = breaker.admit();
  ASSERT_TRUE(early && probe);

  breaker.failed(*early);
  EXPECT_EQ(breaker.state(), State::HalfOpen);
  breaker.succeeded(*early);
  breaker.succeeded(*early);
  breaker.succeeded(*early);

  EXPECT_EQ(breaker.state(), State::HalfOpen);
}

TEST(CircuitBreaker, DoesNotCountWhatWeGaveUpOurselves) {
  FakeClock clock;
  CircuitBreaker breaker({.minimum_calls = 1, .probes = 1}, clock);

  breaker.abandoned(*breaker.admit());
  EXPECT_EQ(breaker.state(), State::Closed);
  fail(breaker);
  clock.advance(30s);
  breaker.abandoned(*breaker.admit());
  succeed(breaker);

  EXPECT_EQ(breaker.state(), State::Closed);
}

TEST(CircuitBreaker, DoesNotStayOpenForEverWhenTheClockGoesBack) {
  FakeClock clock;
  clock.advance(1h);
  CircuitBreaker breaker(nervous(), clock);
  fail(breaker);

  clock.advance(-1h);
  EXPECT_FALSE(breaker.admit());
  clock.advance(30s);

  EXPECT_TRUE(breaker.admit());
}

TEST(CircuitBreaker, AdmitsEverythingWhenSwitchedOff) {
  FakeClock clock;
  CircuitBreaker breaker({.minimum_calls = 1, .enabled = false}, clock);

  fail(breaker, 100);

  EXPECT_TRUE(breaker.admit());
  EXPECT_EQ(breaker.state(), State::Closed);
}

}  // namespace
}  // namespace dbsql::telemetry
