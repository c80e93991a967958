#include "base/timer.h"

#include "support/fake_clock.h"

#include <gtest/gtest.h>

#include <latch>
#include <stdexcept>
#include <vector>

namespace dbsql::base {
namespace {

using namespace std::chrono_literals;

TEST(Timer, RunsTasksInTheOrderOfTheirTimes) {
  test::FakeClock clock;
  std::vector<int> order;
  std::latch done(1);
  Timer timer(clock);
  const auto start = clock.now();

  timer.at(start + 20s, [&] { order.push_back(2); });
  timer.at(start + 10s, [&] { order.push_back(1); });
  timer.at(start + 30s, [&] { done.count_down(); });
  clock.advance(30s);
  done.wait();

  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Timer, RunsNothingBeforeItsTime) {
  test::FakeClock clock;
  int early = 0;
  int late = 0;
  std::latch passed(1);
  Timer timer(clock);

  timer.at(clock.now() + 60s, [&] { ++late; });
  timer.at(clock.now() + 59s, [&] {
    early = late;
    passed.count_down();
  });
  clock.advance(59s);
  passed.wait();

  EXPECT_EQ(early, 0);
}

TEST(Timer, TakesTasksThatAreAlreadyDue) {
  test::FakeClock clock;
  std::latch done(1);
  Timer timer(clock);

  timer.at(clock.now() - 1s, [&] { done.count_down(); });

  done.wait();
}

TEST(Timer, DropsACancelledTask) {
  test::FakeClock clock;
  int ran = 0;
  std::latch done(1);
  Timer timer(clock);
  const auto ticket = timer.at(clock.now() + 10s, [&] { ++ran; });
  timer.at(clock.now() + 10s, [&] { done.count_down(); });

  timer.cancel(ticket);
  timer.cancel(ticket);
  clock.advance(10s);
  done.wait();

  EXPECT_EQ(ran, 0);
}

TEST(Timer, ATaskMayAskForAnotherOne) {
  test::FakeClock clock;
  std::latch done(1);
  Timer timer(clock);

  timer.at(clock.now(), [&] { timer.at(clock.now(), [&] { done.count_down(); }); });

  done.wait();
}

TEST(Timer, GoesOnAfterATaskThatThrows) {
  test::FakeClock clock;
  std::latch done(1);
  Timer timer(clock);

  timer.at(clock.now(), [] { throw std::runtime_error("bad task"); });
  timer.at(clock.now(), [&] { done.count_down(); });

  done.wait();
}

TEST(Timer, DropsWhatIsNotDueWhenItGoes) {
  test::FakeClock clock;
  auto owned = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = owned;
  {
    Timer timer(clock);
    timer.at(clock.now() + 1h, [kept = std::move(owned)] { (void)kept; });
  }

  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace dbsql::base
