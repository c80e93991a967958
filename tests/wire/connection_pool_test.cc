#include "support/process_counts.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <thread>

namespace dbsql::test {
namespace {

// A pool over the wire (reference/auth-http-config.md 5.3, cases 8.5 and 8.6).

using testing::ElementsAre;
using testing::IsEmpty;
using warehouse::Fault;

class PoolOnTheWireTest : public WireTest {
 protected:
  static constexpr const char* kQuick = "retry.wait_min=1ms&retry.wait_max=5ms";

  void SetUp() override {
    WireTest::SetUp();
    warehouse().scalar_text("CREATE TABLE IF NOT EXISTS pooled (x INT)");
    warehouse().scalar_text("DELETE FROM pooled");
    warehouse().scalar_text("CREATE CATALOG IF NOT EXISTS pool_catalog");
    warehouse().journal().clear();
  }

  static Connector connector(const std::string& more = {}) {
    const std::string dsn = warehouse().dsn();
    return Connector::from_dsn(dsn + (dsn.find('?') == std::string::npos ? "?" : "&") + kQuick +
                               more);
  }
  static ConnectionPool pool(const PoolOptions& options = {}, const std::string& more = {}) {
    return ConnectionPool(connector(more), options);
  }

  static bool is_quiet(const ConnectionPool& pool) {
    return eventually([&] {
      const PoolStats stats = pool.stats();
      return stats.resetting == 0 && stats.closing == 0;
    });
  }

  static std::vector<std::string> sent() {
    std::vector<std::string> texts;
    for (const auto& entry : warehouse().journal().entries()) {
      if (entry.thrift_method == "ExecuteStatement") texts.push_back(entry.statement);
    }
    return texts;
  }

  static std::string text_of(Connection& connection, std::string_view sql) {
    Result result = connection.query(sql);
    for (const RowRef row : result.rows()) return row.text(0);
    return {};
  }
};

TEST_F(PoolOnTheWireTest, ANewUserFindsTheCatalogOfTheBeginning) {
  auto connections = pool({.max_open = 1});
  std::string home;
  {
    auto connection = connections.acquire();
    home = text_of(*connection, "SELECT current_catalog()");
    connection->execute("USE CATALOG pool_catalog");
    EXPECT_EQ(text_of(*connection, "SELECT current_catalog()"), "pool_catalog");
  }

  auto connection = connections.acquire();

  EXPECT_EQ(text_of(*connection, "SELECT current_catalog()"), home);
  EXPECT_EQ(text_of(*connection, "SELECT current_schema()"), "default");
  EXPECT_EQ(requests("OpenSession"), 1U);
}

TEST_F(PoolOnTheWireTest, AnOpenTransactionIsRolledBackBeforeAutocommitIsSwitchedOn) {
  auto connections = pool({.max_open = 1});
  {
    auto connection = connections.acquire();
    connection->set_autocommit(false);
    connection->execute("INSERT INTO pooled VALUES (1)");
  }
  ASSERT_TRUE(is_quiet(connections));

  EXPECT_THAT(sent(), ElementsAre("SET AUTOCOMMIT = FALSE", "INSERT INTO pooled VALUES (1)",
                                  "ROLLBACK", "SET AUTOCOMMIT = TRUE"));
  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM pooled"), 0);
  EXPECT_EQ(connections.stats().idle, 1);
  connections.acquire()->execute("INSERT INTO pooled VALUES (2)");
  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM pooled"), 1) << "committed by itself";
}

TEST_F(PoolOnTheWireTest, AConnectionWhoseAutocommitCannotBeSwitchedOnIsClosed) {
  auto connections = pool({.max_open = 1}, "&retry.max_attempts=1");
  {
    auto connection = connections.acquire();
    connection->set_autocommit(false);
    connection->execute("INSERT INTO pooled VALUES (1)");
    // ROLLBACK passes, SET AUTOCOMMIT = TRUE does not.
    warehouse().faults().add(
        {.method = "ExecuteStatement", .skip = 1, .count = 1, .fault = Fault::answer(503)});
  }
  ASSERT_TRUE(is_quiet(connections));

  EXPECT_EQ(connections.stats().closed_reset, 1U);
  EXPECT_EQ(connections.stats().idle, 0);
  EXPECT_EQ(requests("CloseSession"), 1U);
  connections.acquire()->execute("INSERT INTO pooled VALUES (2)");
  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM pooled"), 1);
}

TEST_F(PoolOnTheWireTest, AsksNothingToFindOutThatAConnectionIsGood) {
  auto connections = pool();
  for (int i = 0; i < 5; ++i) connections.acquire();

  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_EQ(requests("OpenSession"), 1U);
}

TEST_F(PoolOnTheWireTest, SurvivesARestartOfTheWarehouse) {
  auto connections = pool({.max_open = 4});
  for (int round = 0; round < 3; ++round) {
    std::vector<std::jthread> threads;
    std::atomic<int> succeeded = 0;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        if (text_of(*connections.acquire(), "SELECT 42") == "42") ++succeeded;
      });
    threads.clear();
    EXPECT_EQ(succeeded, 8);
    warehouse().thrift().end_sessions();
  }
}

TEST_F(PoolOnTheWireTest, ClosesItsSessionsWithIt) {
  const auto before = warehouse().thrift().open_sessions();
  {
    auto connections = pool();
    auto first = connections.acquire();
    auto second = connections.acquire();
    EXPECT_EQ(warehouse().thrift().open_sessions(), before + 2);
  }
  EXPECT_TRUE(eventually([&] { return warehouse().thrift().open_sessions() == before; }));
}

TEST_F(PoolOnTheWireTest, IsClosedInTimeWhenTheServerIsSilent) {
  auto connections = pool({.max_open = 8, .close_timeout = 200ms});
  {
    std::vector<PooledConnection> all;
    for (int i = 0; i < 8; ++i) all.push_back(connections.acquire());
  }
  warehouse().faults().add({.method = "CloseSession", .count = 0, .fault = Fault::stall()});
  const auto began = std::chrono::steady_clock::now();

  { const auto closed = std::move(connections); }

  EXPECT_LT(std::chrono::steady_clock::now() - began, 4s) << "not five seconds for each";
}

TEST_F(PoolOnTheWireTest, IsClosedInTimeWithTheSessionsForMetadata) {
  auto connections = pool({.max_open = 6, .close_timeout = 200ms});
  {
    std::vector<PooledConnection> all;
    for (int i = 0; i < 6; ++i) {
      all.push_back(connections.acquire());
      const Transaction transaction = all.back()->begin();
      all.back()->query("SELECT 1").close();
      all.back()->catalogs().close();
    }
  }
  ASSERT_TRUE(is_quiet(connections));
  ASSERT_EQ(connections.stats().idle, 6);
  warehouse().faults().add({.method = "CloseSession", .count = 0, .fault = Fault::stall()});
  const auto began = std::chrono::steady_clock::now();

  { const auto closed = std::move(connections); }

  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s) << "not ten seconds for each of them";
}

TEST_F(PoolOnTheWireTest, AnOpeningThatIsGivenUpLeavesNoSessionBehind) {
  const auto before = warehouse().thrift().open_sessions();
  auto connections = pool({.max_open = 1});
  warehouse().faults().once("OpenSession", Fault::delayed(1s));
  std::stop_source stop;
  // Once the server has the request: before that, there would be nothing to close.
  std::jthread impatient([&] {
    EXPECT_TRUE(eventually([] { return requests("OpenSession") == 1; }));
    stop.request_stop();
  });

  EXPECT_THROW(connections.acquire({.timeout = {}, .stop = stop.get_token()}), CancelledError);

  ASSERT_TRUE(eventually([] { return requests("CloseSession") == 1; }));
  EXPECT_TRUE(eventually([&] { return warehouse().thrift().open_sessions() == before; }));
  EXPECT_NO_THROW(connections.acquire());
}

// ---- many statements, and for long

TEST_F(PoolOnTheWireTest, AThousandStatementsOnEightConnectionsTakeFewThreads) {
  constexpr int kConnections = 8;
  constexpr int kStatements = 1'000;
  auto connections = pool({.max_open = kConnections});
  std::vector<PooledConnection> held;
  for (int i = 0; i < kConnections; ++i) held.push_back(connections.acquire());
  // The warehouse is in this process: all of its threads are there once it has had enough to do.
  {
    std::vector<StatementHandle> warm_up;
    for (int i = 0; i < 64; ++i)
      warm_up.push_back(held[static_cast<std::size_t>(i) % kConnections]->submit(
          "SELECT sum(id) FROM range(200000)"));
    for (StatementHandle& handle : warm_up) {
      Result result = handle.result();
      EXPECT_EQ(count_rows(result), 1);
    }
  }
  const std::size_t threads = thread_count();

  std::vector<StatementHandle> handles;
  for (int i = 0; i < kStatements; ++i)
    handles.push_back(held[static_cast<std::size_t>(i) % kConnections]->submit(
        "SELECT CAST(" + std::to_string(i) + " AS BIGINT)"));
  const std::size_t most = thread_count();
  std::int64_t sum = 0;
  for (StatementHandle& handle : handles) {
    Result result = handle.result();
    for (const auto [n] : result.rows<std::int64_t>()) sum += n;
  }

  EXPECT_EQ(sum, std::int64_t{kStatements} * (kStatements - 1) / 2) << "each one, once";
  // The warehouse's own threads come and go with its load.
  EXPECT_LE(most, threads + kStatements / 4) << "not one for each statement";
  EXPECT_LE(thread_count(), threads + kStatements / 4);
}

TEST_F(PoolOnTheWireTest, CyclesWithFailingClosesLeaveNothingBehind) {
  constexpr int kCycles = 400;
  const Connector to_warehouse = connector("&retry.max_attempts=1");
  std::minstd_rand random(85);
  const auto cycle = [&] {
    switch (random() % 6) {
      case 0:
        warehouse().faults().once("CloseSession", Fault::answer(503));
        break;
      case 1:
        warehouse().faults().once("CloseSession", Fault::reset_after());
        break;
      case 2:
        warehouse().faults().once("CloseSession", Fault::answer(404));
        break;
      default:
        break;
    }
    Connection connection = to_warehouse.connect();
    EXPECT_EQ(text_of(connection, "SELECT 42"), "42");
    connection.close();
    warehouse().faults().clear();
    warehouse().thrift().end_sessions();  // those that were not heard of
  };
  for (int i = 0; i < kCycles / 4; ++i) cycle();
  warehouse().journal().clear();
  const auto threads = thread_count();
  const auto descriptors = descriptor_count();

  for (int i = 0; i < kCycles; ++i) cycle();

  EXPECT_LE(thread_count(), threads + 2);
  EXPECT_LE(descriptor_count(), descriptors + 4);
}

}  // namespace
}  // namespace dbsql::test
