#include "support/captured_log.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <optional>
#include <string>

namespace dbsql::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using warehouse::Fault;

/// What every error of a statement tells, whichever part of the driver it comes from
/// (reference/auth-http-config.md 6.4, query id).
class ErrorWireTest : public WireTest {
 protected:
  static void expect_ids(const Error& error, const Connection& connection,
                         const std::string& statement) {
    EXPECT_EQ(error.connection_id(), connection.id()) << error.what();
    EXPECT_EQ(error.correlation_id(), "nightly-7") << error.what();
    EXPECT_EQ(error.statement_id(), statement) << error.what();
  }

  static ExecuteOptions options() {
    ExecuteOptions options;
    options.correlation_id = "nightly-7";
    return options;
  }
};

TEST_F(ErrorWireTest, ARefusedStatementHasClassStateAndIds) {
  Connection connection = connect();

  const Error error =
      capture_error([&] { connection.query("SELECT * FROM no_such_table", {}, options()); });

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  EXPECT_EQ(error.sqlstate(), "42P01");
  EXPECT_EQ(error.error_class(), "TABLE_OR_VIEW_NOT_FOUND");
  EXPECT_FALSE(error.statement_id().empty());
  expect_ids(error, connection, error.statement_id());
}

// Texts that hold the words of a warehouse's end, as every path of a managed table does.
TEST_F(ErrorWireTest, AStatementThatFailsLeavesTheConnectionAsItWas) {
  Connection connection = connect();

  for (const std::string text :
       {"Error while reading file dbfs:/user/hive/warehouse/t/part-0.parquet. File does not exist",
        "the cluster of stars was deleted", "Endpoint my-model is starting",
        "SQL warehouse 0123456789abcdef was deleted", "Invalid SessionHandle"}) {
    const Error error =
        capture_error([&] { connection.query("SELECT raise_error('" + text + "')"); });

    EXPECT_EQ(error.kind(), ErrorKind::SqlOther) << error.what();
    EXPECT_FALSE(error.connection_dead()) << error.what();
    EXPECT_FALSE(error.retryable()) << error.what();
    EXPECT_TRUE(connection.is_open()) << error.what();
  }
  EXPECT_EQ(connection.execute("SELECT 1"), std::nullopt);
}

TEST_F(ErrorWireTest, SecretsOfAStatementAreNeitherLoggedNorInItsError) {
  const CapturedLog log;
  set_log_level(LogLevel::Debug);
  Connection connection = connect();

  const Error error = capture_error([&] {
    connection.query(
        "CREATE CONNECTION c TYPE postgresql OPTIONS (host 'h', user 'u', password 'hunter2')");
  });
  const Error raised = capture_error([&] {
    connection.query("SELECT raise_error('fs.s3a.secret.key=hunter2, token=hunter2 refused')");
  });

  EXPECT_THAT(error.what(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(raised.what(), HasSubstr("fs.s3a.secret.key=***, token=*** refused"));
  std::string all;
  for (const auto& [level, line] : log.lines()) all += line + '\n';
  EXPECT_THAT(all, HasSubstr("user 'u', password '***'"));
  EXPECT_THAT(all, Not(HasSubstr("hunter2")));
}

TEST_F(ErrorWireTest, AFetchThatFailsNamesItsStatement) {
  Connection connection =
      connect("cloudfetch.enabled=false&retry.max_attempts=2&retry.wait_min=1ms");
  Result result = connection.query("SELECT * FROM range(300000)", {}, options());
  warehouse().faults().add({.method = "FetchResults", .count = 0, .fault = Fault::answer(403)});

  const Error error = capture_error([&] { count_rows(result); });

  EXPECT_EQ(error.http_status(), 403);
  EXPECT_EQ(error.attempts(), 1);
  expect_ids(error, connection, result.statement_id());
}

TEST_F(ErrorWireTest, ADownloadThatFailsNamesItsStatement) {
  warehouse::ServerOptions server_options;
  server_options.service.inline_limit_bytes = 1000;
  server_options.service.file_bytes = 100'000;
  const auto server = start(std::move(server_options));
  server->faults().add({.path = "/_storage/", .skip = 1, .count = 0, .fault = Fault::answer(410)});
  Connection connection = connect_to(*server, "cloudfetch.threads=1");
  Result result = connection.query("SELECT * FROM range(60000)", {}, options());

  const Error error = capture_error([&] { count_rows(result); });

  EXPECT_EQ(error.http_status(), 410);
  EXPECT_GE(error.attempts(), 1);
  expect_ids(error, connection, result.statement_id());
}

TEST_F(ErrorWireTest, AResultThatWasClosedNamesItsStatement) {
  Connection connection = connect();
  Result result = connection.query("SELECT 1", {}, options());
  result.close();

  const Error error = capture_error([&] { skip_batch(result); });

  EXPECT_EQ(error.kind(), ErrorKind::StatementClosed);
  expect_ids(error, connection, result.statement_id());
}

TEST_F(ErrorWireTest, AnArgumentThatIsRefusedHereNamesTheConnection) {
  Connection connection = connect();
  ExecuteOptions wrong = options();
  wrong.row_limit = -1;

  const Error error = capture_error([&] { connection.query("SELECT 1", {}, wrong); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  expect_ids(error, connection, "");
}

TEST_F(ErrorWireTest, AttemptsThatFailedAreCountedAndTheFirstIsTheCause) {
  Connection connection = connect("retry.max_attempts=3&retry.wait_min=1ms&retry.wait_max=2ms");
  warehouse().faults().add(
      {.method = "ExecuteStatement", .count = 1, .fault = Fault::answer(429, {}, "first")});
  warehouse().faults().add({.method = "ExecuteStatement", .count = 0, .fault = Fault::answer(503)});

  const Error error = capture_error([&] { connection.query("SELECT 1", {}, options()); });

  EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
  EXPECT_EQ(error.attempts(), 3);
  EXPECT_TRUE(error.retryable());
  ASSERT_NE(error.cause(), nullptr);
  EXPECT_EQ(error.cause()->kind(), ErrorKind::RateLimited);
  expect_ids(error, connection, "");
}

TEST_F(ErrorWireTest, CredentialsThatAreRefusedLaterEndTheConnection) {
  Connection connection = connect();
  warehouse().faults().add({.method = "ExecuteStatement", .count = 0, .fault = Fault::answer(401)});

  const Error error = capture_error([&] { connection.query("SELECT 1", {}, options()); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_TRUE(error.connection_dead());
  EXPECT_FALSE(connection.is_open());
}

TEST_F(ErrorWireTest, APageInPlaceOfThriftEndsTheConnection) {
  Connection connection = connect();
  warehouse().faults().once("ExecuteStatement",
                            Fault::answer(200, {{"Content-Type", "text/html"}}, "<html>hi</html>"));

  const Error error = capture_error([&] { connection.query("SELECT 1", {}, options()); });

  EXPECT_EQ(error.kind(), ErrorKind::Protocol);
  EXPECT_TRUE(error.outcome_unknown());
  EXPECT_FALSE(error.retryable());
  EXPECT_TRUE(error.connection_dead());
}

TEST_F(ErrorWireTest, APageOfManyLinesIsAMessageOfOne) {
  std::string page = "<html>\n<body>no\n\n";
  page.append(100'000, 'x');
  Connection connection = connect("retry.max_attempts=1");
  warehouse().faults().once("ExecuteStatement", Fault::answer(403, {}, page));

  const Error error = capture_error([&] { connection.query("SELECT 1"); });

  EXPECT_THAT(error.message(), Not(HasSubstr("\n")));
  EXPECT_LE(error.message().size(), 4096U);
}

// reference/auth-http-config.md 5.4
class IdCallbackTest : public ErrorWireTest {
 protected:
  ExecuteOptions told() {
    ExecuteOptions options;
    options.on_statement_id = [this](std::string_view id) { ids_.emplace_back(id); };
    return options;
  }

  std::vector<std::string> ids_;
};

TEST_F(IdCallbackTest, TellsTheStatementsIdOnce) {
  Connection connection = connect();

  const Result result = connection.query("SELECT 1", {}, told());

  EXPECT_THAT(ids_, testing::ElementsAre(result.statement_id()));
}

TEST_F(IdCallbackTest, TellsItBeforeTheStatementHasFinished) {
  Connection connection = connect();
  ExecuteOptions options = told();
  std::size_t known_at_first_poll = 0;
  options.on_progress = [&](const Progress&) {
    if (known_at_first_poll == 0) known_at_first_poll = ids_.size();
  };

  connection.query("SELECT sum(a.id * b.id) FROM range(20000) a, range(10000) b", {}, options);

  EXPECT_EQ(known_at_first_poll, 1U);
}

TEST_F(IdCallbackTest, TellsItOfAStatementThatFails) {
  Connection connection = connect();

  const Error error =
      capture_error([&] { connection.query("SELECT * FROM no_such_table", {}, told()); });

  EXPECT_THAT(ids_, testing::ElementsAre(error.statement_id()));
}

TEST_F(IdCallbackTest, IsSilentWhereThereIsNoId) {
  Connection connection = connect("retry.max_attempts=1");
  warehouse().faults().once("ExecuteStatement", Fault::answer(503));

  capture_error([&] { connection.query("SELECT 1", {}, told()); });

  EXPECT_THAT(ids_, testing::IsEmpty());
}

TEST_F(IdCallbackTest, MayThrowWithoutHarm) {
  Connection connection = connect();
  ExecuteOptions options;
  options.on_statement_id = [](std::string_view) { throw Error({.message = "on purpose"}); };

  Result result = connection.query("SELECT 1", {}, options);

  EXPECT_EQ(count_rows(result), 1);
}

TEST_F(IdCallbackTest, TellsTheConnectionsId) {
  std::vector<std::string> ids;
  const Connection connection =
      Connector::from_dsn(warehouse().dsn()).connect({.on_connection_id = [&](std::string_view id) {
        ids.emplace_back(id);
      }});

  EXPECT_THAT(ids, testing::ElementsAre(connection.id()));
}

}  // namespace
}  // namespace dbsql::test
