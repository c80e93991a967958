#include "base/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>

namespace dbsql::base {
namespace {

TEST(Executor, RunsEveryTaskOnce) {
  constexpr int kTasks = 1000;
  std::atomic<int> ran = 0;
  std::latch done(kTasks);
  Executor executor(4);

  for (int i = 0; i < kTasks; ++i)
    executor.post([&] {
      ++ran;
      done.count_down();
    });
  done.wait();

  EXPECT_EQ(ran, kTasks);
}

TEST(Executor, StartsNoThreadBeforeTheFirstTask) {
  Executor executor(4);

  EXPECT_EQ(executor.thread_count(), 0U);
}

TEST(Executor, NeverHasMoreThreadsThanAskedFor) {
  std::latch done(100);
  Executor executor(3);

  for (int i = 0; i < 100; ++i) executor.post([&] { done.count_down(); });
  done.wait();

  EXPECT_LE(executor.thread_count(), 3U);
}

TEST(Executor, RunsTasksSideBySide) {
  std::latch both(2);
  std::latch done(2);
  Executor executor(2);

  for (int i = 0; i < 2; ++i)
    executor.post([&] {
      both.arrive_and_wait();  // ends only when two tasks run at the same time
      done.count_down();
    });
  done.wait();

  SUCCEED();
}

TEST(Executor, SurvivesATaskThatThrows) {
  std::latch done(1);
  Executor executor(1);

  executor.post([] { throw std::runtime_error("on purpose"); });
  executor.post([&] { done.count_down(); });
  done.wait();

  SUCCEED();
}

TEST(Executor, TasksMayPostTasks) {
  std::latch done(1);
  Executor executor(1);

  executor.post([&] { executor.post([&] { done.count_down(); }); });
  done.wait();

  SUCCEED();
}

}  // namespace
}  // namespace dbsql::base
