#include "support/captured_log.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <string>

namespace dbsql::test {
namespace {

// Sessions that the server forgets (reference/auth-http-config.md 5.1, 5.3).

using testing::Contains;
using testing::HasSubstr;
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

class PingTest : public WireTest {};

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
