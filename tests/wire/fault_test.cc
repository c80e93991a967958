#include "wire/wire_test.h"

#include <stop_token>
#include <string>

namespace dbsql::test {
namespace {

using warehouse::Fault;

/// What the driver makes of networks and servers that fail. Retries wait milliseconds here.
class FaultTest : public WireTest {
 protected:
  static constexpr const char* kQuick = "retry.wait_min=1ms&retry.wait_max=5ms&maxRows=100";
  // Long enough that no machine finishes it while a test runs.
  static constexpr const char* kEndless =
      "SELECT sum(a.id * b.id) FROM range(100000000) a, range(1000000) b";
};

TEST_F(FaultTest, AnInsertWhoseReplyWasLostIsNotRepeated) {
  Connection connection = connect(kQuick);
  connection.execute("CREATE OR REPLACE TABLE lost_reply (id INT)");
  warehouse().journal().clear();
  warehouse().faults().once("ExecuteStatement", Fault::reset_after());

  const Error error =
      capture_error([&] { connection.execute("INSERT INTO lost_reply VALUES (1)"); });

  EXPECT_TRUE(error.outcome_unknown());
  EXPECT_FALSE(error.retryable());
  EXPECT_EQ(requests("ExecuteStatement"), 1U);
  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM lost_reply"), 1);
}

TEST_F(FaultTest, AStatementRefusedBeforeItRanIsSentAgain) {
  Connection connection = connect(kQuick);
  connection.execute("CREATE OR REPLACE TABLE refused_first (id INT)");
  warehouse().journal().clear();
  warehouse().faults().once("ExecuteStatement", Fault::answer(503, {{"Retry-After", "0"}}));

  EXPECT_EQ(connection.execute("INSERT INTO refused_first VALUES (1)"), 1);

  EXPECT_EQ(requests("ExecuteStatement"), 2U);
  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM refused_first"), 1);
}

TEST_F(FaultTest, AServerThatStaysUnavailableIsReportedWithItsHistory) {
  Connection connection = connect(std::string(kQuick) + "&retry.max_attempts=3");
  warehouse().journal().clear();
  warehouse().faults().add({.method = "ExecuteStatement", .count = 0, .fault = Fault::answer(503)});

  const Error error = capture_error([&] { connection.query("SELECT 1"); });

  EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
  EXPECT_EQ(error.http_status(), 503);
  EXPECT_EQ(error.attempts(), 3);
  EXPECT_EQ(requests("ExecuteStatement"), 3U);
}

TEST_F(FaultTest, ARefusedTokenIsAnAuthenticationError) {
  warehouse().faults().once("OpenSession", Fault::answer(401));

  EXPECT_THROW(connect(kQuick), AuthenticationError);
}

TEST_F(FaultTest, APageLostOnTheWayIsAskedForAgainByItsRows) {
  // The first fetch is waited for, the others are on their way while rows are read.
  for (const std::uint64_t skip : {0, 1, 3, 4}) {
    for (const Fault& fault :
         {Fault::reset_body(50), Fault::truncate_body(50), Fault::reset_before(),
          Fault::reset_after(), Fault::reset_body(1), Fault::answer(502)}) {
      SetUp();
      Connection connection = connect(kQuick);
      warehouse().faults().add(
          {.method = "FetchResults", .skip = skip, .count = 1, .fault = fault});
      Result result = connection.query("SELECT id FROM range(600)");

      std::int64_t rows = 0;
      for (const auto [id] : result.rows<std::int64_t>()) EXPECT_EQ(id, rows++);

      EXPECT_EQ(rows, 600) << to_string(fault.kind) << " of fetch " << skip;
    }
  }
}

TEST_F(FaultTest, APageLostForGoodIsAnErrorAndNeverAShortResult) {
  for (const Fault& fault : {Fault::reset_body(50), Fault::truncate_body(50), Fault::reset_before(),
                             Fault::reset_after(), Fault::reset_body(1)}) {
    SetUp();
    Connection connection = connect(kQuick);
    warehouse().faults().add({.method = "FetchResults", .skip = 3, .count = 0, .fault = fault});
    Result result = connection.query("SELECT id FROM range(600)");

    std::int64_t rows = 0;
    const Error error = capture_error([&] {
      for (const auto [id] : result.rows<std::int64_t>()) {
        EXPECT_EQ(id, rows);
        ++rows;
      }
    });

    EXPECT_EQ(error.kind(), ErrorKind::Network) << to_string(fault.kind);
    EXPECT_EQ(rows, 400) << "rows before the lost page are delivered";
    EXPECT_EQ(capture_error([&] { result.next_batch(); }).kind(), ErrorKind::Network)
        << "the error stays";
  }
}

TEST_F(FaultTest, AResetInTheLastPageIsAnErrorWhenItStays) {
  Connection connection = connect(kQuick);
  warehouse().faults().add(
      {.method = "FetchResults", .skip = 4, .count = 0, .fault = Fault::reset_body(20)});
  Result result = connection.query("SELECT id FROM range(600)");

  EXPECT_EQ(capture_error([&] { count_rows(result); }).kind(), ErrorKind::Network);
}

TEST_F(FaultTest, APageThatWasRefusedIsAskedForAgain) {
  Connection connection = connect(kQuick);
  warehouse().faults().once("FetchResults", Fault::answer(503));
  Result result = connection.query("SELECT id FROM range(600)");

  EXPECT_EQ(count_rows(result), 600);
}

TEST_F(FaultTest, AStalledReplyEndsAtTheDeadline) {
  Connection connection = connect(kQuick);
  warehouse().faults().once("ExecuteStatement", Fault::stall());
  ExecuteOptions options;
  options.timeout = 300ms;

  const Error error = capture_error([&] { connection.query("SELECT 1", {}, options); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_TRUE(error.outcome_unknown());
}

TEST_F(FaultTest, AStalledPageEndsAtTheDeadline) {
  Connection connection = connect(kQuick);
  warehouse().faults().once("FetchResults", Fault::stall_body(40));
  ExecuteOptions options;
  options.deadline = std::chrono::steady_clock::now() + 700ms;
  Result result = connection.query("SELECT id FROM range(600)", {}, options);

  EXPECT_EQ(capture_error([&] { count_rows(result); }).kind(), ErrorKind::Timeout);
}

TEST_F(FaultTest, ARunningStatementIsCancelledOnTheServerAtTheDeadline) {
  Connection connection = connect(kQuick);
  ExecuteOptions options;
  options.timeout = 600ms;

  const Error error = capture_error([&] { connection.query(kEndless, {}, options); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_TRUE(eventually([] { return requests("CancelOperation") >= 1; }));
}

TEST_F(FaultTest, ARunningStatementIsCancelledByAStopFromAnotherThread) {
  Connection connection = connect(kQuick);
  std::stop_source stop;
  ExecuteOptions options;
  options.stop = stop.get_token();
  std::jthread canceller([&] {
    eventually([] { return requests("ExecuteStatement") >= 1; });
    stop.request_stop();
  });

  const Error error = capture_error([&] { connection.query(kEndless, {}, options); });

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
  EXPECT_TRUE(eventually([] { return requests("CancelOperation") >= 1; }));
  for (const auto [one] : connection.query("SELECT 1").rows<std::int32_t>()) EXPECT_EQ(one, 1);
}

TEST_F(FaultTest, ALostStatusReplyIsAskedForAgain) {
  Connection connection = connect(kQuick);
  warehouse().faults().add(
      {.method = "GetOperationStatus", .count = 2, .fault = Fault::reset_after()});

  Result result = connection.query("SELECT sum(a.id * b.id) FROM range(20000) a, range(10000) b");

  EXPECT_EQ(count_rows(result), 1);
}

TEST_F(FaultTest, AFailedCloseDisturbsNobody) {
  warehouse().faults().add({.method = "CloseSession", .count = 0, .fault = Fault::answer(500)});
  warehouse().faults().add(
      {.method = "CloseOperation", .count = 0, .fault = Fault::reset_before()});
  {
    Connection connection = connect(std::string(kQuick) + "&retry.max_attempts=2");
    Result result = connection.query("SELECT id FROM range(600)");
    EXPECT_EQ(count_rows(result), 600);
  }

  EXPECT_GE(requests("CloseSession"), 1U);
}

TEST_F(FaultTest, AWebPageInPlaceOfAnAnswerIsExplained) {
  warehouse().faults().once(
      "OpenSession", Fault::answer(200, {{"Content-Type", "text/html"}}, "<html>Sign in</html>"));

  const Error error = capture_error([&] { connect(kQuick); });

  EXPECT_EQ(error.kind(), ErrorKind::Protocol);
  EXPECT_NE(error.message().find("not a Databricks SQL endpoint"), std::string::npos);
}

TEST_F(FaultTest, ASessionThatTheServerForgotIsReportedAsDead) {
  Connection connection = connect(kQuick);
  warehouse().stop();
  warehouse().stop();

  const Error error = capture_error([&] { connection.query("SELECT 1"); });

  EXPECT_EQ(error.kind(), ErrorKind::Network);
  TearDownTestSuite();
  SetUpTestSuite();
}

}  // namespace
}  // namespace dbsql::test
