#include <dbsql/error.h>

#include "session/connection_pool_impl.h"
#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "support/process_counts.h"
#include "unit/session/fake_sessions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace dbsql {
namespace {

using namespace std::chrono_literals;
using test::capture_error;

// A service that keeps the driver in its process for months.

constexpr int kThreads = 64;
constexpr int kConnections = 8;
constexpr std::chrono::seconds kStep{10};
constexpr int kSteps = 360;  // an hour

/// 64 threads with eight connections, on a server that forgets each session after a minute.
class HourTest : public testing::Test {
 protected:
  HourTest() {
    server_.session_life = 1min;
    server_.keeps_statements = false;
    server_.holds_results = true;
  }

  /// Runs `use` once in each thread, then lets time pass, until the hour is over.
  template <class Use>
  void run_for_an_hour(Use use) {
    std::barrier step(kThreads, [this]() noexcept { clock_.advance(kStep); });
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int now = 0; now < kSteps; ++now) {
          try {
            use(i);
            ++succeeded_;
          } catch (const Error& error) {
            is_exact_ = is_exact_ && error.kind() == ErrorKind::SessionExpired &&
                        error.sqlstate() == "08S01" && error.connection_dead() &&
                        !error.outcome_unknown();
            ++failed_;
          }
          step.arrive_and_wait();
        }
      });
    }
  }

  std::vector<Connection> connect(bool recovers) {
    std::vector<Connection> connections;
    for (int i = 0; i < kConnections; ++i) connections.emplace_back(server_.connect(recovers));
    return connections;
  }

  test::FakeClock clock_;
  test::FakeSessions server_{clock_};
  std::atomic<int> succeeded_ = 0;
  std::atomic<int> failed_ = 0;
  std::atomic<bool> is_exact_ = true;
};

std::int64_t rows_of(Connection& connection) {
  std::int64_t rows = 0;
  Result result = connection.query("SELECT 1");
  for (const auto [n] : result.rows<std::int64_t>()) rows += n;
  return rows;
}

TEST_F(HourTest, NoErrorReachesTheCallerWithRecovery) {
  auto connections = connect(true);
  const auto threads = test::thread_count();
  const auto descriptors = test::descriptor_count();

  run_for_an_hour([&](int i) { EXPECT_EQ(rows_of(connections[i % kConnections]), 1); });

  EXPECT_EQ(succeeded_, kThreads * kSteps);
  EXPECT_EQ(failed_, 0);
  for (const Connection& connection : connections) {
    EXPECT_EQ(connection.stats().replaced_sessions, 59U) << "one a minute, for all of its threads";
    EXPECT_TRUE(connection.is_open());
  }
  EXPECT_EQ(test::thread_count(), threads);
  EXPECT_EQ(test::descriptor_count(), descriptors);
}

TEST_F(HourTest, TheExactErrorReachesTheCallerWithoutRecovery) {
  auto connections = connect(false);

  run_for_an_hour([&](int i) { rows_of(connections[i % kConnections]); });

  constexpr int kFirstMinute = 6;
  EXPECT_EQ(succeeded_, kThreads * kFirstMinute);
  EXPECT_EQ(failed_, kThreads * (kSteps - kFirstMinute));
  EXPECT_TRUE(is_exact_);
  EXPECT_EQ(server_.opened(), kConnections);
  for (const Connection& connection : connections) EXPECT_FALSE(connection.is_open());
}

TEST_F(HourTest, NoErrorReachesTheUsersOfAPool) {
  base::Timer timer(clock_);
  ConnectionPool pool(std::make_shared<ConnectionPool::Impl>(
      [this](const ConnectOptions& connect) {
        return server_.connect(connect.recovery.value_or(false));
      },
      PoolOptions{.max_open = kConnections}, clock_, timer));

  run_for_an_hour([&](int) {
    auto connection = pool.acquire();
    EXPECT_EQ(rows_of(*connection), 1);
  });

  EXPECT_EQ(succeeded_, kThreads * kSteps);
  EXPECT_EQ(failed_, 0);
  EXPECT_LE(pool.stats().open, kConnections);
}

/// Opens and closes without end, while closing goes wrong now and then.
class CycleTest : public testing::Test {
 protected:
  static constexpr int kCycles = 10'000;
  static constexpr int kWarmUp = 1'000;
  /// What the allocator and the C++ library keep for themselves.
  static constexpr std::size_t kSlack = std::size_t{64} << 10;

  CycleTest() {
    server_.keeps_statements = false;
    server_.on_close = [this] {
      const std::lock_guard lock(mutex_);
      if (random_() % 3 == 0) throw_error({.kind = ErrorKind::Network, .message = "reset"});
    };
  }

  template <class Cycle>
  void expect_flat(Cycle cycle) {
    for (int i = 0; i < kWarmUp; ++i) cycle();
    const auto threads = test::thread_count();
    const auto descriptors = test::descriptor_count();
    const auto bytes = test::bytes_in_use();
    for (int i = kWarmUp; i < kCycles; ++i) cycle();
    EXPECT_EQ(test::thread_count(), threads);
    EXPECT_EQ(test::descriptor_count(), descriptors);
    EXPECT_LE(test::bytes_in_use(), bytes + kSlack);
  }

  test::FakeClock clock_;
  test::FakeSessions server_{clock_};
  std::mutex mutex_;
  std::minstd_rand random_{20'240'607};  // guarded by mutex_
};

TEST_F(CycleTest, OpeningAndClosingLeavesNothingBehind) {
  expect_flat([this] {
    Connection connection(server_.connect());
    EXPECT_EQ(rows_of(connection), 1);
    connection.close();
  });
  EXPECT_EQ(server_.opened(), kCycles);
}

TEST_F(CycleTest, NeitherDoesReplacingSessions) {
  Connection connection(server_.connect(true));
  expect_flat([&] {
    server_.forget();
    EXPECT_EQ(rows_of(connection), 1);
  });
  EXPECT_EQ(connection.stats().replaced_sessions, static_cast<std::uint64_t>(kCycles));
}

TEST_F(CycleTest, NeitherDoesAPool) {
  base::Timer timer(clock_);
  ConnectionPool pool(std::make_shared<ConnectionPool::Impl>(
      [this](const ConnectOptions&) { return server_.connect(); }, PoolOptions{.max_open = 2},
      clock_, timer));
  int cycles = 0;

  expect_flat([&] {
    auto connection = pool.acquire();
    if (++cycles % 4 == 0) connection->execute("USE elsewhere");
    if (cycles % 3 == 0) connection.discard();
  });

  EXPECT_LE(server_.most_open(), 2);
}

}  // namespace
}  // namespace dbsql
