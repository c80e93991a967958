#include <dbsql/error.h>

#include "session/connection_pool_impl.h"
#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "support/process_counts.h"
#include "unit/session/fake_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace dbsql {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A pool of connections to a server in this process, on a clock that the test moves.
class ConnectionPoolTest : public testing::Test {
 protected:
  ConnectionPool& make(PoolOptions options = {}) {
    pool_.emplace(std::make_shared<ConnectionPool::Impl>(
        [this](const ConnectOptions& connect) {
          const std::stop_callback stop(connect.stop, [this] { openings_stopped_ = true; });
          if (on_connect) on_connect(connect);
          return server_.connect(connect.recovery.value_or(false));
        },
        options, clock_, timer_));
    return *pool_;
  }

  ConnectionPool& pool() { return *pool_; }

  /// Whether something that another thread brings about happens within ten seconds.
  static bool eventually(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }
  /// What is done in the background is done.
  bool is_quiet() {
    return eventually([&] {
      const PoolStats stats = pool().stats();
      return stats.resetting == 0 && stats.closing == 0;
    });
  }
  bool await_waiting(int count) {
    return eventually([&] { return pool().stats().waiting == count; });
  }

  test::FakeClock clock_;
  base::Timer timer_{clock_};
  test::FakeSessions server_{clock_};
  std::function<void(const ConnectOptions&)> on_connect;
  std::atomic<bool> openings_stopped_ = false;
  std::optional<ConnectionPool> pool_;  // the first to go
};

TEST_F(ConnectionPoolTest, OpensNothingUntilItIsAsked) {
  make();
  EXPECT_EQ(server_.opened(), 0);
  EXPECT_EQ(pool().stats().open, 0);
}

TEST_F(ConnectionPoolTest, UsesAConnectionAgain) {
  make();
  std::string first;
  {
    auto connection = pool().acquire();
    first = connection->id();
    connection->query("SELECT 1");
  }
  auto connection = pool().acquire();

  EXPECT_EQ(connection->id(), first);
  EXPECT_EQ(server_.opened(), 1);
  EXPECT_THAT(server_.statements(), ElementsAre("SELECT 1")) << "nothing is asked to find out";
  EXPECT_EQ(pool().stats().acquired, 2U);
  EXPECT_EQ(pool().stats().reused, 1U);
}

TEST_F(ConnectionPoolTest, HandsOutTheOneThatWasUsedLast) {
  make();
  auto first = pool().acquire();
  auto second = pool().acquire();
  const std::string last = first->id();
  second.release();
  first.release();

  EXPECT_EQ(pool().acquire()->id(), last);
}

TEST_F(ConnectionPoolTest, AConnectionGoesBackOnce) {
  make();
  auto connection = pool().acquire();
  auto moved = std::move(connection);
  moved.release();
  moved.release();
  moved.discard();

  EXPECT_EQ(pool().stats().idle, 1);
  EXPECT_EQ(pool().stats().in_use, 0);
}

TEST_F(ConnectionPoolTest, ServesWhoeverCameFirst) {
  make({.max_open = 1});
  auto held = pool().acquire();
  std::mutex mutex;
  std::vector<int> order;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      auto connection = pool().acquire();
      const std::lock_guard lock(mutex);
      order.push_back(i);
    });
    ASSERT_TRUE(await_waiting(i + 1));
  }

  held.release();
  threads.clear();

  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(server_.most_open(), 1);
  EXPECT_EQ(pool().stats().waited, 5U);
  EXPECT_EQ(pool().stats().gave_up, 0U);
}

TEST_F(ConnectionPoolTest, AWaitEndsAtItsDeadline) {
  make({.max_open = 2});
  auto first = pool().acquire();
  auto second = pool().acquire();
  std::optional<Error> error;
  std::jthread waiter(
      [&] { error = capture_error([&] { pool().acquire({.timeout = 30s, .stop = {}}); }); });
  ASSERT_TRUE(await_waiting(1));
  clock_.await_waiters(1);

  clock_.advance(30s);
  waiter.join();

  EXPECT_EQ(error->kind(), ErrorKind::Timeout);
  EXPECT_THAT(error->message(), HasSubstr("all 2 are taken"));
  EXPECT_EQ(pool().stats().gave_up, 1U);
  EXPECT_EQ(pool().stats().wait_time, 30s);
  EXPECT_EQ(pool().stats().waiting, 0);
}

TEST_F(ConnectionPoolTest, AStoppedWaitLeavesItsTurnToTheNext) {
  make({.max_open = 1});
  auto held = pool().acquire();
  std::stop_source stop;
  std::optional<Error> error;
  std::jthread stopped([&] {
    error = capture_error([&] { pool().acquire({.timeout = {}, .stop = stop.get_token()}); });
  });
  ASSERT_TRUE(await_waiting(1));
  std::atomic<bool> is_served = false;
  std::jthread next([&] {
    pool().acquire();
    is_served = true;
  });
  ASSERT_TRUE(await_waiting(2));

  stop.request_stop();
  stopped.join();
  EXPECT_EQ(error->kind(), ErrorKind::Cancelled);
  held.release();
  next.join();

  EXPECT_TRUE(is_served);
}

TEST_F(ConnectionPoolTest, AnOpeningThatFailsIsTheMatterOfWhoeverAskedForIt) {
  make({.max_open = 1});
  auto held = pool().acquire();
  std::atomic<int> openings = 0;
  on_connect = [&](const ConnectOptions&) {
    if (openings++ == 0)
      throw_error({.kind = ErrorKind::Unavailable, .message = "the warehouse is starting"});
  };
  std::optional<Error> error;
  std::atomic<bool> is_served = false;
  std::jthread first([&] { error = capture_error([&] { pool().acquire(); }); });
  ASSERT_TRUE(await_waiting(1));
  std::jthread second([&] {
    pool().acquire();
    is_served = true;
  });
  ASSERT_TRUE(await_waiting(2));

  held.discard();
  first.join();
  second.join();

  EXPECT_EQ(error->kind(), ErrorKind::Unavailable);
  EXPECT_TRUE(is_served) << "the place was the next one's";
  EXPECT_EQ(pool().stats().failed_to_open, 1U);
  EXPECT_EQ(server_.most_open(), 1);
}

TEST_F(ConnectionPoolTest, OpeningHoldsUpNobodyElse) {
  make({.max_open = 3});
  auto other = pool().acquire();
  std::atomic<bool> is_opening = false;
  std::atomic<bool> may_open = false;
  on_connect = [&](const ConnectOptions&) {
    is_opening = true;
    eventually([&] { return may_open.load(); });
  };
  std::jthread slow([&] { pool().acquire(); });
  ASSERT_TRUE(eventually([&] { return is_opening.load(); }));

  other.release();
  EXPECT_EQ(pool().acquire()->id(), "session-1");
  EXPECT_EQ(pool().stats().opening, 1);
  may_open = true;
}

TEST_F(ConnectionPoolTest, GivesTheLimitsOfACallToTheOpening) {
  make({.connect_timeout = 10s, .query_tags = {{"team", "x"}}});
  std::vector<ConnectOptions> seen;
  on_connect = [&](const ConnectOptions& connect) { seen.push_back(connect); };

  auto first = pool().acquire({.timeout = 3s, .stop = {}});
  auto second = pool().acquire({.timeout = 30s, .stop = {}});

  EXPECT_EQ(seen[0].timeout, 3s);
  EXPECT_EQ(seen[1].timeout, 10s);
  EXPECT_EQ(seen[1].query_tags.size(), 1U);
  EXPECT_EQ(seen[1].recovery, true);
}

TEST_F(ConnectionPoolTest, ReplacesABrokenConnection) {
  make({.recovery = false});
  {
    auto connection = pool().acquire();
    server_.forget();
    EXPECT_EQ(capture_error([&] { connection->query("SELECT 1"); }).kind(),
              ErrorKind::SessionExpired);
  }
  ASSERT_TRUE(is_quiet());

  pool().acquire()->query("SELECT 1");

  EXPECT_EQ(server_.opened(), 2);
  EXPECT_EQ(pool().stats().closed_broken, 1U);
}

TEST_F(ConnectionPoolTest, AnIdleConnectionWhoseSessionHasExpiredWorksOn) {
  make();
  pool().acquire();
  server_.forget();

  auto connection = pool().acquire();
  EXPECT_NO_THROW(connection->query("SELECT 1"));

  EXPECT_EQ(connection->stats().replaced_sessions, 1U);
}

TEST_F(ConnectionPoolTest, ClosesWhatIsTooOld) {
  make({.max_lifetime = 1h, .max_idle_time = 0ms});
  auto connection = pool().acquire();
  clock_.advance(61min);
  connection.release();
  ASSERT_TRUE(is_quiet());

  EXPECT_EQ(pool().stats().closed_lifetime, 1U);
  EXPECT_EQ(server_.open_count(), 0);
}

TEST_F(ConnectionPoolTest, ClosesWhatNobodyUses) {
  make({.max_idle_time = 10min});
  {
    auto first = pool().acquire();
    auto second = pool().acquire();
    first.release();
    clock_.advance(5min);
  }
  clock_.await_waiters(1);
  clock_.advance(5min);
  ASSERT_TRUE(eventually([&] { return pool().stats().open == 1; }));
  EXPECT_EQ(server_.open_count(), 1);

  clock_.await_waiters(1);
  clock_.advance(5min);
  ASSERT_TRUE(eventually([&] { return pool().stats().open == 0; }));
  EXPECT_EQ(pool().stats().closed_idle_time, 2U);
}

TEST_F(ConnectionPoolTest, KeepsNoMoreThanItShould) {
  make({.max_open = 4, .max_idle = 1});
  {
    std::vector<PooledConnection> connections;
    for (int i = 0; i < 4; ++i) connections.push_back(pool().acquire());
  }
  ASSERT_TRUE(is_quiet());

  EXPECT_EQ(pool().stats().idle, 1);
  EXPECT_EQ(pool().stats().closed_surplus, 3U);
  EXPECT_EQ(server_.open_count(), 1);
}

TEST_F(ConnectionPoolTest, PingsAfterALongRestWhenToldTo) {
  make({.max_idle_time = 0ms, .ping_after = 5min});
  pool().acquire();
  clock_.advance(4min);
  pool().acquire();
  EXPECT_THAT(server_.statements(), IsEmpty());

  clock_.advance(5min);
  pool().acquire();

  EXPECT_THAT(server_.statements(), ElementsAre("SELECT 1"));
}

TEST_F(ConnectionPoolTest, AFailedPingCostsAConnectionAndNoCaller) {
  make({.max_open = 1, .max_idle_time = 0ms, .ping_after = 5min});
  pool().acquire();
  clock_.advance(6min);
  bool is_reset = false;
  server_.on_execute = [&](const std::string&) {
    if (!std::exchange(is_reset, true))
      throw_error({.kind = ErrorKind::Network, .message = "reset"});
  };

  auto connection = pool().acquire();

  EXPECT_EQ(connection->id(), "session-2");
  EXPECT_EQ(pool().stats().closed_broken, 1U);
  EXPECT_EQ(server_.most_open(), 1);
}

// ---- what goes back goes back as it was (reference/auth-http-config.md 5.3)

TEST_F(ConnectionPoolTest, SetsCatalogAndSchemaBack) {
  make();
  pool().acquire()->execute("USE CATALOG x");
  ASSERT_TRUE(is_quiet());
  pool().acquire()->execute("USE y");
  ASSERT_TRUE(is_quiet());

  EXPECT_THAT(server_.statements(), ElementsAre("USE CATALOG x", "USE CATALOG `main`",
                                                "USE `default`", "USE y", "USE `default`"));
  EXPECT_EQ(pool().stats().resets, 2U);
  EXPECT_EQ(server_.opened(), 1);
}

TEST_F(ConnectionPoolTest, ClosesWhatItCannotSetBack) {
  make();
  for (const char* sql :
       {"SET ansi_mode = true", "DECLARE x INT", "CREATE TEMPORARY VIEW v AS SELECT 1"}) {
    pool().acquire()->execute(sql);
    ASSERT_TRUE(is_quiet());
  }
  server_.initial = {};
  pool().acquire()->execute("USE CATALOG x");
  ASSERT_TRUE(is_quiet());

  EXPECT_EQ(pool().stats().closed_changed, 4U);
  EXPECT_EQ(pool().stats().idle, 0);
}

TEST_F(ConnectionPoolTest, RollsBackAndSwitchesAutocommitOn) {
  make();
  {
    auto connection = pool().acquire();
    connection->set_autocommit(false);
    connection->execute("INSERT INTO t VALUES (1)");
  }
  ASSERT_TRUE(is_quiet());

  EXPECT_THAT(server_.statements(),
              ElementsAre("SET AUTOCOMMIT = FALSE", "INSERT INTO t VALUES (1)", "ROLLBACK",
                          "SET AUTOCOMMIT = TRUE"));
  EXPECT_TRUE(pool().acquire()->autocommit());
  EXPECT_EQ(server_.opened(), 1);
}

TEST_F(ConnectionPoolTest, AnExplicitTransactionEndsWithARollbackAlone) {
  make();
  pool().acquire()->execute("BEGIN TRANSACTION");
  ASSERT_TRUE(is_quiet());

  EXPECT_THAT(server_.statements(), ElementsAre("BEGIN TRANSACTION", "ROLLBACK"));
}

TEST_F(ConnectionPoolTest, ClosesAConnectionWhoseResetFails) {
  make();
  server_.on_execute = [](const std::string& sql) {
    if (sql == "SET AUTOCOMMIT = TRUE")
      throw_error({.kind = ErrorKind::SqlOther, .message = "no", .statement_id = "x"});
  };
  {
    auto connection = pool().acquire();
    connection->set_autocommit(false);
    connection->execute("INSERT INTO t VALUES (1)");
  }
  ASSERT_TRUE(is_quiet());

  EXPECT_EQ(pool().stats().closed_reset, 1U);
  EXPECT_EQ(pool().stats().idle, 0);
  EXPECT_TRUE(pool().acquire()->autocommit()) << "of another connection";
  EXPECT_EQ(server_.opened(), 2);
}

TEST_F(ConnectionPoolTest, AResetDoesNotHoldUpWhoeverReturnsTheConnection) {
  make({.max_open = 1});
  std::atomic<bool> may_reset = false;
  std::atomic<bool> is_resetting = false;
  server_.on_execute = [&](const std::string& sql) {
    if (sql != "USE `default`") return;
    is_resetting = true;
    eventually([&] { return may_reset.load(); });
  };
  pool().acquire()->execute("USE y");  // returns while the reset is under way
  ASSERT_TRUE(eventually([&] { return is_resetting.load(); }));
  EXPECT_EQ(pool().stats().resetting, 1);
  std::jthread waiter([&] { pool().acquire(); });
  ASSERT_TRUE(await_waiting(1)) << "its place is taken until it is reset";

  may_reset = true;
  waiter.join();

  EXPECT_EQ(server_.opened(), 1);
}

TEST_F(ConnectionPoolTest, ClosesThatTakeLongHoldUpNoReset) {
  make({.max_open = 5});
  // Shared: connections are closed with the pool, too, which outlives this function.
  const auto may_close = std::make_shared<std::atomic<bool>>(false);
  server_.on_close = [may_close] { eventually([&] { return may_close->load(); }); };
  std::vector<PooledConnection> connections;
  for (int i = 0; i < 5; ++i) connections.push_back(pool().acquire());
  for (int i = 0; i < 4; ++i) connections[static_cast<std::size_t>(i)].discard();
  connections[4]->execute("USE y");
  connections[4].release();

  EXPECT_TRUE(eventually([&] { return pool().stats().idle == 1; }));
  EXPECT_EQ(pool().stats().closing, 4);
  *may_close = true;
}

TEST_F(ConnectionPoolTest, TheTimeOfAResetBeginsWithTheReturn) {
  make({.max_open = 3, .reset_timeout = 5s});
  std::atomic<bool> may_reset = false;
  std::atomic<int> resetting = 0;
  server_.on_execute = [&](const std::string& sql) {
    if (sql != "USE `default`") return;
    ++resetting;
    eventually([&] { return may_reset.load(); });
  };
  {
    std::vector<PooledConnection> connections;
    for (int i = 0; i < 3; ++i) {
      connections.push_back(pool().acquire());
      connections.back()->execute("USE y");
    }
  }
  ASSERT_TRUE(eventually([&] { return resetting == 2; })) << "the third waits for its turn";

  clock_.advance(6s);
  may_reset = true;

  ASSERT_TRUE(is_quiet());
  EXPECT_EQ(pool().stats().closed_reset, 1U);
  EXPECT_EQ(resetting, 2) << "nothing was sent for the third";
}

TEST_F(ConnectionPoolTest, ItsThreadsAreThereBeforeAConnectionComesBack) {
  make();
  const auto threads = test::thread_count();

  const auto connection = pool().acquire();

  EXPECT_GE(test::thread_count(), threads + 2)
      << "starting them might fail, which giving back could tell nobody";
}

TEST_F(ConnectionPoolTest, PassesOnWordOfAWarehouseThatStarts) {
  int told = 0;
  make({.on_progress = [&](const Progress&) { ++told; }});
  on_connect = [](const ConnectOptions& connect) {
    if (connect.on_progress) connect.on_progress({.state = Progress::State::Starting});
  };

  pool().acquire();

  EXPECT_EQ(told, 1);
}

TEST_F(ConnectionPoolTest, ResultsEndWithTheirTurn) {
  make();
  server_.holds_results = true;
  std::optional<Result> result;
  {
    auto connection = pool().acquire();
    result.emplace(connection->query("SELECT 1"));
  }

  EXPECT_EQ(capture_error([&] { result->next_batch(); }).kind(), ErrorKind::StatementClosed);
  EXPECT_EQ(pool().stats().idle, 1);
}

// ---- the end

TEST_F(ConnectionPoolTest, ClosingWakesWhoeverWaits) {
  make({.max_open = 1});
  auto held = pool().acquire();
  std::optional<Error> error;
  std::jthread waiter([&] { error = capture_error([&] { pool().acquire(); }); });
  ASSERT_TRUE(await_waiting(1));

  pool().close();
  waiter.join();

  EXPECT_EQ(error->kind(), ErrorKind::InvalidState);
  EXPECT_EQ(capture_error([&] { pool().acquire(); }).kind(), ErrorKind::InvalidState);
  EXPECT_NO_THROW(held->query("SELECT 1")) << "what is in use stays usable";
  held.release();
  EXPECT_TRUE(eventually([&] { return server_.open_count() == 0; }));
}

TEST_F(ConnectionPoolTest, ClosingEndsAnOpening) {
  make();
  std::atomic<bool> is_opening = false;
  on_connect = [&](const ConnectOptions& connect) {
    is_opening = true;
    eventually([&] { return openings_stopped_.load(); });
    base::CallContext call;
    call.stop = connect.stop;
    base::check(call, clock_);
  };
  std::optional<Error> error;
  std::jthread opener([&] { error = capture_error([&] { pool().acquire(); }); });
  ASSERT_TRUE(eventually([&] { return is_opening.load(); }));

  pool().close();
  opener.join();

  EXPECT_EQ(error->kind(), ErrorKind::InvalidState);
  EXPECT_EQ(server_.open_count(), 0);
}

TEST_F(ConnectionPoolTest, IsClosedInBoundedTimeWhateverTheServerDoes) {
  make({.max_open = 6, .close_timeout = 5s});
  {
    std::vector<PooledConnection> connections;
    for (int i = 0; i < 6; ++i) connections.push_back(pool().acquire());
  }
  std::atomic<bool> is_over = false;
  std::atomic<int> asked = 0;
  server_.on_close = [&] {
    ++asked;
    eventually([&] { return is_over.load(); });
  };
  clock_.advance_when_waited_on(true);

  pool().close();

  is_over = true;
  pool_.reset();
  EXPECT_LE(asked, 2) << "the others are left to the server";
}

TEST_F(ConnectionPoolTest, AConnectionThatComesBackLateIsClosedAllTheSame) {
  make({.max_open = 2, .close_timeout = 5s});
  auto late = pool().acquire();
  std::atomic<bool> is_over = false;
  std::atomic<int> asked = 0;
  server_.on_close = [&] {
    ++asked;
    eventually([&] { return is_over.load(); });
  };
  pool().acquire().discard();
  ASSERT_TRUE(eventually([&] { return asked == 1; }));
  clock_.advance_when_waited_on(true);
  pool().close();  // out of time
  is_over = true;
  clock_.advance_when_waited_on(false);

  late.release();

  EXPECT_TRUE(eventually([&] { return server_.open_count() == 0; }));
  pool_.reset();
  EXPECT_EQ(asked, 2);
}

TEST_F(ConnectionPoolTest, AConnectionMayOutliveItsPool) {
  make();
  auto connection = pool().acquire();
  pool_.reset();

  EXPECT_NO_THROW(connection->query("SELECT 1"));
  connection.release();

  EXPECT_EQ(server_.open_count(), 0);
}

TEST_F(ConnectionPoolTest, RefusesOptionsThatMakeNoSense) {
  const std::vector<std::pair<PoolOptions, const char*>> wrong = {
      {{.max_open = 0}, "max_open"},
      {{.max_idle = -1}, "max_idle"},
      {{.max_open = 2, .max_idle = 3}, "max_idle"},
      {{.max_lifetime = -1ms}, "max_lifetime"},
      {{.max_idle_time = -1ms}, "max_idle_time"},
      {{.ping_after = -1ms}, "ping_after"},
      {{.reset_timeout = 0ms}, "reset_timeout"},
      {{.close_timeout = -1ms}, "close_timeout"},
      {{.connect_timeout = 0ms}, "connect_timeout"}};
  for (const auto& [options, name] : wrong) {
    const Error error = capture_error([&, &options = options] { make(options); });
    EXPECT_EQ(error.kind(), ErrorKind::Configuration) << name;
    EXPECT_THAT(error.message(), HasSubstr(name));
  }
}

TEST_F(ConnectionPoolTest, NeverHasMoreThanItMay) {
  constexpr int kMost = 5;
  constexpr int kThreads = 24;
  constexpr int kRounds = 60;
  make({.max_open = kMost, .max_idle = 2});
  std::atomic<int> openings = 0;
  on_connect = [&](const ConnectOptions&) {
    if (++openings % 3 == 0) throw_error({.kind = ErrorKind::Network, .message = "refused"});
  };
  std::vector<std::jthread> threads;
  std::atomic<int> served = 0;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        std::stop_source stop;
        if ((i + round) % 7 == 0) stop.request_stop();
        try {
          auto connection = pool().acquire({.timeout = {}, .stop = stop.get_token()});
          ++served;
          connection->execute((i + round) % 4 == 0 ? "SET x = 1" : "USE y");
          if ((i * round) % 5 == 0) connection.discard();
        } catch (const Error& error) {
          EXPECT_TRUE(error.kind() == ErrorKind::Network || error.kind() == ErrorKind::Cancelled);
        }
      }
    });
  }
  threads.clear();
  ASSERT_TRUE(is_quiet());

  EXPECT_LE(server_.most_open(), kMost);
  EXPECT_GT(served, 0);
  const PoolStats stats = pool().stats();
  EXPECT_EQ(stats.in_use + stats.opening + stats.waiting, 0);
  EXPECT_EQ(stats.idle, server_.open_count());
  pool().close();
  EXPECT_EQ(server_.open_count(), 0);
}

}  // namespace
}  // namespace dbsql
