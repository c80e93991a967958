#include "base/clock.h"

#include "support/capture_error.h"
#include "support/fake_clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

namespace dbsql::base {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using test::FakeClock;

TEST(Clock, IsNeverAheadOfItselfWhereItIsCoarse) {
  const Clock& clock = Clock::system();
  const auto before = clock.coarse_now();

  EXPECT_LE(before, clock.now());
  EXPECT_LE(before, clock.coarse_now());
  EXPECT_GT(before, Clock::TimePoint());
  FakeClock fake;
  EXPECT_EQ(fake.coarse_now(), fake.now());
}

TEST(Clock, SleepEndsWhenTheTimeHasPassed) {
  FakeClock clock;
  std::jthread sleeper([&] { clock.sleep(10s, CallContext{}); });
  clock.await_waiters(1);

  clock.advance(10s);

  sleeper.join();
  SUCCEED();
}

TEST(Clock, SleepThrowsTimeoutWhenTheDeadlineComesFirst) {
  FakeClock clock;
  CallContext call;
  call.deadline = clock.now() + 5s;
  call.statement_id = "s-1";
  clock.advance_when_waited_on(true);

  const Error error = capture_error([&] { clock.sleep(10s, call); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_EQ(error.statement_id(), "s-1");
  EXPECT_EQ(clock.elapsed(), 5s);
}

TEST(Clock, SleepThrowsCancelledAtOnceWhenAStopIsRequested) {
  FakeClock clock;
  std::stop_source stop;
  CallContext call;
  call.stop = stop.get_token();
  ErrorKind kind{};
  std::jthread sleeper([&] { kind = capture_error([&] { clock.sleep(1h, call); }).kind(); });
  clock.await_waiters(1);

  stop.request_stop();

  sleeper.join();
  EXPECT_EQ(kind, ErrorKind::Cancelled);
}

TEST(Clock, WaitReturnsWhenTheConditionHolds) {
  FakeClock clock;
  std::mutex mutex;
  std::condition_variable_any changed;
  bool ready = false;
  std::jthread waiter([&] {
    std::unique_lock lock(mutex);
    clock.wait(lock, changed, CallContext{}, [&] { return ready; });
  });
  clock.await_waiters(1);

  {
    std::lock_guard lock(mutex);
    ready = true;
  }
  changed.notify_all();

  waiter.join();
  SUCCEED();
}

TEST(Clock, TheSystemClockHonoursAPassedDeadline) {
  CallContext call;
  call.deadline = Clock::system().now() - 1s;

  const Error error = capture_error([&] { Clock::system().sleep(1h, call); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
}

TEST(CallContext, BoundedByNeverExtendsADeadline) {
  CallContext call;
  const auto now = Clock::system().now();
  call.deadline = now + 1s;

  EXPECT_EQ(call.bounded_by(now + 2s).deadline, now + 1s);
  EXPECT_EQ(call.bounded_by(now).deadline, now);
  EXPECT_EQ(CallContext{}.bounded_by(now).deadline, now);
}

}  // namespace
}  // namespace dbsql::base
