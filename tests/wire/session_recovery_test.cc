#include "support/captured_log.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::test {
namespace {

// Sessions that the server forgets (reference/auth-http-config.md 5.1, 5.3).

using testing::AnyOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using warehouse::Fault;

class SessionRecoveryTest : public WireTest {
 protected:
  static constexpr const char* kOn =
      "connection.recovery=true&retry.wait_min=1ms&retry.wait_max=5ms";

  void SetUp() override {
    WireTest::SetUp();
    warehouse().scalar_text("CREATE TABLE IF NOT EXISTS kept (x INT)");
    warehouse().scalar_text("DELETE FROM kept");
  }

  /// As a restart of the warehouse: nobody's session is known any more.
  static void forget_sessions() {
    warehouse().thrift().end_sessions();
    warehouse().journal().clear();
  }

  static std::string text_of(Connection& connection, std::string_view sql) {
    Result result = connection.query(sql);
    for (const RowRef row : result.rows()) return row.text(0);
    return {};
  }
};

constexpr const char* kInsert = "INSERT INTO kept VALUES (1)";

TEST_F(SessionRecoveryTest, IsLeftToTheCallerByDefault) {
  Connection connection = connect();
  forget_sessions();

  const Error error = capture_error([&] { connection.execute(kInsert); });

  EXPECT_EQ(error.kind(), ErrorKind::SessionExpired);
  EXPECT_EQ(error.sqlstate(), "08S01");
  EXPECT_TRUE(error.connection_dead());
  EXPECT_FALSE(error.outcome_unknown());
  EXPECT_FALSE(connection.is_open());
  EXPECT_EQ(requests("ExecuteStatement"), 1U);
  EXPECT_EQ(requests("OpenSession"), 0U);
  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM kept"), 0);
}

TEST_F(SessionRecoveryTest, RunsTheStatementOnceOnANewSession) {
  CapturedLog log;
  Connection connection = connect(kOn);
  const std::string first = connection.id();
  forget_sessions();

  EXPECT_EQ(connection.execute(kInsert), 1);

  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM kept"), 1);
  EXPECT_EQ(requests("ExecuteStatement"), 2U) << "refused, then run";
  EXPECT_EQ(requests("OpenSession"), 1U);
  EXPECT_EQ(requests("CloseSession"), 0U) << "there is nothing to close";
  EXPECT_TRUE(connection.is_open());
  EXPECT_NE(connection.id(), first);
  EXPECT_EQ(connection.stats().replaced_sessions, 1U);
  EXPECT_THAT(log.lines(LogLevel::Info), Contains(HasSubstr("takes its place")).Times(1));
}

TEST_F(SessionRecoveryTest, LeavesTheNewSessionWhereTheOldOneWas) {
  warehouse().scalar_text("CREATE SCHEMA IF NOT EXISTS elsewhere");
  Connection connection = connect(std::string(kOn) + "&timezone=Asia/Tokyo");
  connection.execute("USE elsewhere");
  forget_sessions();

  EXPECT_EQ(text_of(connection, "SELECT current_schema()"), "elsewhere");
  EXPECT_EQ(text_of(connection, "SELECT current_timezone()"), "Asia/Tokyo") << "as it was opened";

  connection.execute("SET TIME ZONE 'Europe/Berlin'");
  forget_sessions();
  EXPECT_EQ(text_of(connection, "SELECT current_timezone()"), "Europe/Berlin");
  EXPECT_EQ(text_of(connection, "SELECT current_schema()"), "elsewhere");
}

TEST_F(SessionRecoveryTest, KeepsAutocommitOffWhereNoTransactionHasBegun) {
  Connection connection = connect(kOn);
  connection.set_autocommit(false);
  forget_sessions();

  connection.execute(kInsert);
  connection.rollback();

  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM kept"), 0);
  EXPECT_EQ(connection.stats().replaced_sessions, 1U);
}

TEST_F(SessionRecoveryTest, GoesOnAfterATransactionThatHasEnded) {
  Connection connection = connect(kOn);
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  transaction.commit();
  forget_sessions();

  connection.execute(kInsert);

  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM kept"), 2);
  EXPECT_TRUE(connection.autocommit());
}

TEST_F(SessionRecoveryTest, NeverHappensInsideATransaction) {
  Connection connection = connect(kOn);
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  forget_sessions();

  const Error error = capture_error([&] { connection.execute(kInsert); });

  EXPECT_EQ(error.kind(), ErrorKind::SessionExpired);
  EXPECT_THAT(error.message(), HasSubstr("a transaction was open"));
  EXPECT_TRUE(error.connection_dead());
  EXPECT_FALSE(connection.is_open());
  EXPECT_FALSE(transaction.is_open());
  EXPECT_EQ(capture_error([&] { connection.query("SELECT 1"); }).kind(), ErrorKind::SessionExpired);
  transaction.rollback();  // the server has done it
  connection.rollback();
  EXPECT_EQ(requests("OpenSession"), 0U);
  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM kept"), 0);
}

TEST_F(SessionRecoveryTest, ACommitIsNotRepeated) {
  Connection connection = connect(kOn);
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  forget_sessions();

  EXPECT_EQ(capture_error([&] { transaction.commit(); }).kind(), ErrorKind::SessionExpired);

  EXPECT_EQ(requests("ExecuteStatement"), 1U);
  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM kept"), 0);
}

TEST_F(SessionRecoveryTest, WaitsForResultsThatNeedTheOldSession) {
  Connection connection = connect(std::string(kOn) + "&maxRows=100&cloudfetch.enabled=false");
  Result result = connection.query("SELECT id FROM range(100000)");
  ASSERT_TRUE(skip_batch(result));
  forget_sessions();

  const Error error = capture_error([&] { connection.execute(kInsert); });
  EXPECT_EQ(error.kind(), ErrorKind::SessionExpired);
  EXPECT_THAT(error.message(), HasSubstr("still open"));
  EXPECT_TRUE(connection.is_open()) << "it can be used once the result is closed";

  result.close();
  EXPECT_EQ(connection.execute(kInsert), 1);
}

TEST_F(SessionRecoveryTest, DoesNotLoseWhatOnlyTheOldSessionHad) {
  Connection connection = connect(kOn);
  connection.execute("CREATE TEMPORARY VIEW mine AS SELECT 1 AS x");
  forget_sessions();

  const Error error = capture_error([&] { connection.query("SELECT * FROM mine"); });

  EXPECT_EQ(error.kind(), ErrorKind::SessionExpired);
  EXPECT_THAT(error.message(), HasSubstr("a temporary object would be lost"));
}

TEST_F(SessionRecoveryTest, OneNewSessionServesAllThreads) {
  constexpr int kThreads = 16;
  Connection connection = connect(kOn);
  forget_sessions();
  std::barrier start(kThreads);
  std::atomic<int> succeeded = 0;

  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&] {
        start.arrive_and_wait();
        if (text_of(connection, "SELECT 42") == "42") ++succeeded;
      });
  }

  EXPECT_EQ(succeeded, kThreads);
  EXPECT_EQ(requests("OpenSession"), 1U);
  EXPECT_EQ(connection.stats().replaced_sessions, 1U);
}

/// A server that answers before a statement has run, so that every statement is open for a while,
/// and forgets its sessions while statements are at any point of their way.
class UnsynchronisedExpiryTest : public WireTest {
 protected:
  static constexpr int kThreads = 8;
  static constexpr int kExpiries = 40;

  UnsynchronisedExpiryTest() {
    warehouse::ServerOptions options;
    options.service.direct_results_wait = 0ms;
    options.service.long_poll_wait = 5ms;
    server_ = start(std::move(options));
  }

  /// Runs `use` in all threads while sessions expire; none meets more than one expiry at a time.
  template <class Use>
  void run(Use use) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&, i] {
        while (!is_over_) {
          try {
            use();
          } catch (const Error& error) {
            const std::lock_guard lock(mutex_);
            errors_.emplace_back(error.what());
          }
          ++done_[i];
        }
      });
    for (int n = 0; n < kExpiries; ++n) {
      std::array<int, kThreads> before{};
      for (int i = 0; i < kThreads; ++i) before[i] = done_[i];
      server_->thrift().end_sessions();
      // Each has met it, and is in the middle of the next ones.
      EXPECT_TRUE(eventually([&] {
        for (int i = 0; i < kThreads; ++i) {
          if (done_[i] < before[i] + 2 + (n + i) % 3) return false;
        }
        return true;
      }));
    }
    is_over_ = true;
  }

  std::unique_ptr<warehouse::Server> server_;
  std::array<std::atomic<int>, kThreads> done_{};
  std::atomic<bool> is_over_ = false;
  std::mutex mutex_;
  std::vector<std::string> errors_;  // guarded by mutex_
};

TEST_F(UnsynchronisedExpiryTest, NoErrorReachesWhoeverReads) {
  Connection connection =
      connect_to(*server_, "connection.recovery=true&retry.wait_min=1ms&retry.wait_max=5ms");

  run([&] {
    Result result = connection.query("SELECT sum(id) FROM range(1000)");
    std::string sum;
    for (const RowRef row : result.rows()) sum += row.text(0);
    if (sum != "499500") throw_error({.kind = ErrorKind::CorruptResult, .message = "got " + sum});
  });

  EXPECT_THAT(errors_, IsEmpty());
  EXPECT_GE(connection.stats().replaced_sessions, static_cast<std::uint64_t>(kExpiries) / 2);
  EXPECT_TRUE(connection.is_open());
}

TEST_F(UnsynchronisedExpiryTest, NoErrorReachesThePoolsUsersWhoRead) {
  ConnectionPool pool(Connector::from_dsn(server_->dsn()), {.max_open = 4});

  run([&] {
    auto connection = pool.acquire();
    Result result = connection->query("SELECT 42");
    EXPECT_EQ(count_rows(result), 1);
  });

  EXPECT_THAT(errors_, IsEmpty());
}

TEST_F(UnsynchronisedExpiryTest, AWriteIsCarriedOutAtMostOnce) {
  Connection connection =
      connect_to(*server_, "connection.recovery=true&retry.wait_min=1ms&retry.wait_max=5ms");
  connection.execute("CREATE TABLE written (x INT)");
  std::atomic<int> asked = 0;
  std::atomic<int> sure = 0;

  run([&] {
    ++asked;
    try {
      connection.execute("INSERT INTO written VALUES (1)");
      ++sure;
    } catch (const Error& error) {
      if (!error.outcome_unknown()) throw;
    }
  });

  EXPECT_THAT(errors_, IsEmpty()) << "what was not begun runs on another session";
  EXPECT_GE(server_->scalar("SELECT count(*) FROM written"), sure);
  EXPECT_LE(server_->scalar("SELECT count(*) FROM written"), asked);
}

TEST_F(SessionRecoveryTest, AStatementUnderWayDoesNotHoldUpOthers) {
  Connection connection = connect(kOn);
  std::jthread slow([&] {
    // Its own error, if it is a write: whoever ran it has to look.
    capture_error([&] {
      connection.execute(
          "INSERT INTO kept SELECT a.id * 0 FROM range(20000) a, range(20000) b "
          "WHERE a.id + b.id < 0");
    });
  });
  ASSERT_TRUE(eventually([] { return warehouse().thrift().open_operations() == 1; }));
  forget_sessions();

  EXPECT_EQ(text_of(connection, "SELECT 42"), "42");
}

TEST_F(SessionRecoveryTest, AResultOfWhichNothingWasReadIsHadAgain) {
  Connection connection = connect(std::string(kOn) + "&maxRows=100&cloudfetch.enabled=false");
  Result result = connection.query("SELECT id FROM range(100000)");
  StatementHandle handle = connection.submit("SELECT id FROM range(300)");
  Result submitted = handle.result();
  forget_sessions();

  EXPECT_EQ(connection.execute(kInsert), 1) << "nothing is lost by a new session";
  EXPECT_EQ(count_rows(result), 100000);
  EXPECT_EQ(count_rows(submitted), 300);
}

TEST_F(SessionRecoveryTest, AResultThatIsReadInPartFailsAndNamesTheReason) {
  Connection connection = connect(std::string(kOn) + "&maxRows=100&cloudfetch.enabled=false");
  Result result = connection.query("SELECT id FROM range(100000)");
  ASSERT_TRUE(skip_batch(result));
  forget_sessions();

  const Error error = capture_error([&] { count_rows(result); });

  EXPECT_THAT(error.kind(), AnyOf(ErrorKind::StatementClosed, ErrorKind::SessionExpired));
  EXPECT_EQ(connection.execute(kInsert), 1);
}

TEST_F(SessionRecoveryTest, TellsWhyThereIsNoNewSession) {
  Connection connection = connect(std::string(kOn) + "&retry.max_attempts=1");
  forget_sessions();
  warehouse().faults().once("OpenSession", Fault::answer(503));

  const Error error = capture_error([&] { connection.execute(kInsert); });

  EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
  EXPECT_THAT(error.message(), HasSubstr("could not be replaced"));
  ASSERT_NE(error.cause(), nullptr);
  EXPECT_EQ(error.cause()->kind(), ErrorKind::SessionExpired);
  EXPECT_EQ(connection.execute(kInsert), 1) << "the next call tries again";
}

TEST_F(SessionRecoveryTest, AlsoForMetadata) {
  Connection connection = connect(kOn);
  forget_sessions();

  Result tables = connection.tables();

  EXPECT_GT(count_rows(tables), 0);
  EXPECT_EQ(requests("OpenSession"), 1U);
}

TEST_F(SessionRecoveryTest, ASideSessionIsReplacedWhateverIsSet) {
  Connection connection = connect();
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  connection.catalogs().close();
  warehouse().journal().clear();
  warehouse().faults().once("GetCatalogs", Fault::answer(404));

  EXPECT_NO_THROW(connection.catalogs().close());

  EXPECT_EQ(requests("OpenSession"), 1U);
  transaction.commit();
  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM kept"), 1);
}

TEST_F(SessionRecoveryTest, TellsThatTheNewSessionWaitsForTheWarehouse) {
  Connection connection = connect(kOn);
  forget_sessions();
  warehouse().faults().add({.method = "OpenSession", .count = 3, .fault = Fault::answer(503)});
  int told = 0;

  EXPECT_EQ(connection.execute(kInsert, {},
                               {.on_progress =
                                    [&](const Progress& progress) {
                                      told += progress.state == Progress::State::Starting ? 1 : 0;
                                    }}),
            1);

  EXPECT_EQ(told, 3);
}

class PingTest : public WireTest {};

TEST_F(PingTest, ItsErrorNamesTheConnection) {
  Connection connection = connect("connection.recovery=true");
  const Transaction transaction = connection.begin();
  connection.query("SELECT 1").close();
  warehouse().thrift().end_sessions();
  capture_error([&] { connection.query("SELECT 1"); });

  const Error error = capture_error([&] { connection.ping(); });

  EXPECT_EQ(error.kind(), ErrorKind::SessionExpired);
  EXPECT_EQ(error.connection_id(), connection.id());
}

TEST_F(PingTest, IsOneRequest) {
  Connection connection = connect();
  warehouse().journal().clear();

  connection.ping();

  EXPECT_EQ(requests("ExecuteStatement"), 1U);
  EXPECT_TRUE(connection.is_open());
}

TEST_F(PingTest, FindsOutThatTheNetworkIsGone) {
  Connection connection = connect("retry.max_attempts=1");
  warehouse().faults().once("ExecuteStatement", Fault::reset_before());

  const Error error = capture_error([&] { connection.ping(); });

  EXPECT_EQ(error.kind(), ErrorKind::Network);
  EXPECT_TRUE(error.connection_dead());
  EXPECT_FALSE(error.outcome_unknown());
  EXPECT_FALSE(connection.is_open());
}

TEST_F(PingTest, FindsOutThatTheCredentialsAreRefused) {
  Connection connection = connect();
  warehouse().faults().add({.method = "ExecuteStatement", .count = 0, .fault = Fault::answer(401)});

  EXPECT_THROW(connection.ping(), AuthenticationError);

  EXPECT_FALSE(connection.is_open());
}

TEST_F(PingTest, ABusyServerIsNotALostConnection) {
  Connection connection = connect("retry.max_attempts=1");
  warehouse().faults().once("ExecuteStatement", Fault::answer(503));

  EXPECT_EQ(capture_error([&] { connection.ping(); }).kind(), ErrorKind::Unavailable);

  EXPECT_TRUE(connection.is_open());
}

TEST_F(PingTest, KeepsToItsTime) {
  Connection connection = connect();
  warehouse().faults().once("ExecuteStatement", Fault::stall());

  EXPECT_THROW(connection.ping({.timeout = 50ms}), TimeoutError);

  EXPECT_TRUE(connection.is_open()) << "a slow answer is no lost connection";
}

TEST_F(PingTest, ReplacesAnExpiredSession) {
  Connection connection = connect("connection.recovery=true");
  warehouse().thrift().end_sessions();

  connection.ping();

  EXPECT_EQ(connection.stats().replaced_sessions, 1U);
}

}  // namespace
}  // namespace dbsql::test
