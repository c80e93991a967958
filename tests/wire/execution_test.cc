#include "wire/wire_test.h"

#include <algorithm>
#include <latch>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::test {
namespace {

using warehouse::Fault;

/// Statements that are submitted, watched, cancelled and taken over; several at once.
class ExecutionTest : public WireTest {
 protected:
  // Long enough that no machine finishes it while a test runs.
  static constexpr const char* kEndless =
      "SELECT sum(a.id * b.id) FROM range(100000000) a, range(1000000) b";

  static std::vector<std::string> methods() {
    std::vector<std::string> names;
    for (const auto& entry : warehouse().journal().entries()) names.push_back(entry.thrift_method);
    return names;
  }

  static std::string text_of(Connection& connection, std::string_view sql) {
    Result result = connection.query(sql);
    for (const RowRef row : result.rows()) return row.text(result.column_count() - 1);
    return {};
  }
};

TEST_F(ExecutionTest, ASubmittedStatementGivesItsRowsLater) {
  Connection connection = connect();

  StatementHandle handle = connection.submit("SELECT id FROM range(1000)");
  EXPECT_TRUE(handle.wait());
  EXPECT_EQ(handle.state(), StatementState::Finished);
  Result result = handle.result();

  EXPECT_EQ(result.statement_id(), handle.id());
  EXPECT_EQ(count_rows(result), 1000);
  EXPECT_TRUE(eventually([] { return requests("CloseOperation") == 1; }));
}

TEST_F(ExecutionTest, AResultThatDidNotComeInTimeCanBeAskedForAgain) {
  // The first needs a page, the second the zone of the session, before there is a schema.
  const std::pair<const char*, const char*> cases[] = {
      {"result.format=columns", "FetchResults"}, {"result.native_types=none", "ExecuteStatement"}};
  for (const auto& [options, method] : cases) {
    Connection connection = connect(options);
    StatementHandle handle =
        connection.submit("SELECT TIMESTAMP '2021-07-01 05:43:28' AS t FROM range(10)");
    ASSERT_TRUE(handle.wait());
    warehouse().faults().add({.method = method, .fault = Fault::stall()});

    EXPECT_EQ(capture_error([&] { handle.result({.timeout = 200ms}); }).kind(), ErrorKind::Timeout)
        << options;
    warehouse().faults().clear();
    Result result = handle.result();
    EXPECT_EQ(count_rows(result), 10) << options;
  }
}

TEST_F(ExecutionTest, SubmittingReturnsWhileTheStatementRuns) {
  Connection connection = connect();

  StatementHandle handle = connection.submit(kEndless);

  EXPECT_FALSE(is_final(handle.state()));
  EXPECT_FALSE(handle.wait({.timeout = 50ms}));
  EXPECT_EQ(requests("CancelOperation"), 0U);
}

TEST_F(ExecutionTest, ACancelStopsTheStatementOnTheServer) {
  Connection connection = connect();
  StatementHandle handle = connection.submit(kEndless);

  handle.cancel();

  EXPECT_EQ(capture_error([&] { handle.wait(); }).kind(), ErrorKind::Cancelled);
  EXPECT_EQ(capture_error([&] { handle.result(); }).kind(), ErrorKind::Cancelled);
  EXPECT_TRUE(eventually([&] { return handle.state() == StatementState::Cancelled; }));
  for (const auto [one] : connection.query("SELECT 1").rows<std::int32_t>()) EXPECT_EQ(one, 1);
}

TEST_F(ExecutionTest, ACancelFromAnotherThreadEndsAWait) {
  Connection connection = connect();
  StatementHandle handle = connection.submit(kEndless);
  std::jthread canceller([&] {
    eventually([] { return requests("GetOperationStatus") >= 1; });
    handle.cancel();
  });

  const Error error = capture_error([&] { handle.wait(); });

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
  EXPECT_EQ(error.statement_id(), handle.id());
}

TEST_F(ExecutionTest, ACancelFromAnotherThreadEndsARead) {
  Connection connection = connect("maxRows=10");
  StatementHandle handle = connection.submit("SELECT id FROM range(1000)");
  Result result = handle.result();
  warehouse().faults().add({.method = "FetchResults", .skip = 1, .fault = Fault::stall()});
  std::jthread canceller([&] {
    eventually([] { return requests("FetchResults") >= 2; });
    handle.cancel();
  });

  EXPECT_EQ(capture_error([&] { count_rows(result); }).kind(), ErrorKind::Cancelled);
  EXPECT_TRUE(eventually([] { return requests("CloseOperation") == 1; }));
}

TEST_F(ExecutionTest, AFailedCancelIsReportedAndMayBeRepeated) {
  Connection connection = connect("retry.max_attempts=1");
  StatementHandle handle = connection.submit(kEndless);
  warehouse().faults().once("CancelOperation", Fault::answer(500));

  EXPECT_EQ(capture_error([&] { handle.cancel(); }).http_status(), 500);
  EXPECT_FALSE(is_final(handle.state()));
  handle.cancel();

  EXPECT_TRUE(eventually([&] { return handle.state() == StatementState::Cancelled; }));
}

TEST_F(ExecutionTest, AFailureIsReportedByWhoeverWaits) {
  Connection connection = connect();
  StatementHandle handle = connection.submit("SELECT * FROM no_such_table");

  const Error error = capture_error([&] { handle.wait(); });

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  EXPECT_EQ(error.statement_id(), handle.id());
  EXPECT_EQ(capture_error([&] { handle.result(); }).kind(), ErrorKind::NotFound);
  EXPECT_EQ(handle.state(), StatementState::Failed);
}

TEST_F(ExecutionTest, ADroppedHandleEndsItsStatement) {
  Connection connection = connect();
  { StatementHandle handle = connection.submit(kEndless); }

  EXPECT_TRUE(eventually([] { return requests("CancelOperation") == 1; }));
  EXPECT_TRUE(eventually([] { return requests("CloseOperation") == 1; }));
}

TEST_F(ExecutionTest, AStatementIsTakenOverByAnotherConnection) {
  Connection first = connect();
  std::string id;
  {
    StatementHandle handle = first.submit("SELECT id FROM range(1000)");
    handle.detach();
    id = handle.id();
  }

  Connection second = connect();
  StatementHandle handle = second.attach(id);
  Result result = handle.result();

  EXPECT_EQ(result.statement_id(), id);
  EXPECT_EQ(count_rows(result), 1000);
}

TEST_F(ExecutionTest, AStatementThatIsTakenOverCanBeCancelled) {
  Connection first = connect();
  StatementHandle submitted = first.submit(kEndless);
  submitted.detach();

  Connection second = connect();
  StatementHandle taken = second.attach(submitted.id());
  taken.cancel();

  EXPECT_EQ(capture_error([&] { submitted.wait(); }).kind(), ErrorKind::Cancelled)
      << "the server says so";
}

TEST_F(ExecutionTest, AnUnknownStatementCannotBeTakenOver) {
  Connection connection = connect();

  EXPECT_EQ(
      capture_error([&] { connection.attach("01f00000-0000-1000-8000-0000000000aa"); }).kind(),
      ErrorKind::StatementClosed);
  EXPECT_EQ(capture_error([&] { connection.attach("SELECT 1"); }).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_TRUE(connection.is_open());
}

TEST_F(ExecutionTest, AHandleWorksAfterItsConnectionIsGone) {
  std::optional<StatementHandle> handle;
  {
    Connection connection = connect();
    handle = connection.submit("SELECT id FROM range(100)");
  }
  Result result = handle->result();

  EXPECT_EQ(count_rows(result), 100);
}

TEST_F(ExecutionTest, ASubmittedStatementTellsHowItProgresses) {
  Connection connection = connect();
  ExecuteOptions options;
  std::vector<Progress> seen;
  options.on_progress = [&](const Progress& progress) { seen.push_back(progress); };

  StatementHandle handle =
      connection.submit("SELECT sum(a.id * b.id) FROM range(20000) a, range(10000) b", {}, options);
  handle.wait();

  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().state, Progress::State::Finished);
  EXPECT_EQ(seen.back().statement_id, handle.id());
}

TEST_F(ExecutionTest, ManyThreadsShareOneConnection) {
  constexpr std::size_t kThreads = 8;
  Connection connection = connect("maxRows=500");
  std::vector<std::int64_t> sums(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i)
      threads.emplace_back([&, i] {
        for (int repeat = 0; repeat < 5; ++repeat) {
          Result result = i % 2 == 0 ? connection.query("SELECT id FROM range(2000)")
                                     : connection.submit("SELECT id FROM range(2000)").result();
          for (const auto [id] : result.rows<std::int64_t>()) sums[i] += id;
        }
      });
  }

  for (const std::int64_t sum : sums) EXPECT_EQ(sum, 5 * 1999LL * 2000 / 2);
}

TEST_F(ExecutionTest, ThreadsMayShareOneHandle) {
  Connection connection = connect();
  StatementHandle handle = connection.submit(kEndless);
  std::vector<ErrorKind> kinds(4, ErrorKind::Internal);
  {
    std::vector<std::jthread> waiters;
    std::latch asked(4);
    for (auto& kind : kinds)
      waiters.emplace_back([&] {
        handle.state();
        asked.count_down();
        kind = capture_error([&] { handle.wait(); }).kind();
      });
    asked.wait();
    handle.cancel();
  }

  for (const ErrorKind kind : kinds) EXPECT_EQ(kind, ErrorKind::Cancelled);
}

TEST_F(ExecutionTest, ClosingAResultEndsAReadOnAnotherThread) {
  Connection connection = connect("maxRows=10");
  Result result = connection.query("SELECT id FROM range(1000)");
  warehouse().faults().add({.method = "FetchResults", .count = 0, .fault = Fault::stall()});
  std::jthread closer([&] {
    eventually([] { return requests("FetchResults") >= 1; });
    result.close();
  });

  const Error error = capture_error([&] { count_rows(result); });

  EXPECT_EQ(error.kind(), ErrorKind::StatementClosed);
  EXPECT_TRUE(eventually([] { return requests("CloseOperation") == 1; }));
}

TEST_F(ExecutionTest, AStopEndsTheReadingOfAResult) {
  Connection connection = connect("maxRows=10");
  std::stop_source stop;
  Result result = connection.query("SELECT id FROM range(1000)", {}, {.stop = stop.get_token()});
  auto first = result.next_batch();
  ASSERT_TRUE(first.has_value());
  first->release(&*first);

  stop.request_stop();

  EXPECT_EQ(capture_error([&] { count_rows(result); }).kind(), ErrorKind::Cancelled);
  EXPECT_TRUE(eventually([] { return requests("CloseOperation") == 1; }));
}

TEST_F(ExecutionTest, ClosingAConnectionClosesItsStatementsFirst) {
  Connection connection = connect("maxRows=10");
  Result a = connection.query("SELECT id FROM range(1000)");
  Result b = connection.query("SELECT id FROM range(1000)");
  StatementHandle running = connection.submit(kEndless);

  connection.close();

  const auto all = methods();
  const auto session_closed = std::find(all.begin(), all.end(), "CloseSession");
  ASSERT_NE(session_closed, all.end());
  EXPECT_EQ(std::count(all.begin(), session_closed, "CloseOperation"), 3);
  EXPECT_EQ(capture_error([&] { count_rows(a); }).kind(), ErrorKind::StatementClosed);
  EXPECT_EQ(capture_error([&] { running.wait(); }).kind(), ErrorKind::StatementClosed);
  EXPECT_EQ(capture_error([&] { connection.submit("SELECT 1"); }).kind(), ErrorKind::InvalidState);
}

TEST_F(ExecutionTest, ClosingAConnectionLeavesResultsThatAreAllHere) {
  Connection connection = connect();
  Result result = connection.query("SELECT id FROM range(10)");

  connection.close();

  EXPECT_EQ(count_rows(result), 10);
}

TEST_F(ExecutionTest, ACloseThatIsAnsweredWithNotFoundIsDone) {
  Connection connection = connect("maxRows=10");
  warehouse().faults().add({.method = "CloseOperation", .count = 0, .fault = Fault::answer(404)});
  warehouse().faults().add({.method = "CloseSession", .count = 0, .fault = Fault::answer(404)});
  Result result = connection.query("SELECT id FROM range(100)");

  result.close();
  connection.close();

  EXPECT_EQ(requests("CloseOperation"), 1U);
  EXPECT_EQ(requests("CloseSession"), 1U);
}

TEST_F(ExecutionTest, AResultThatNobodyReadsIsKeptAlive) {
  Connection connection = connect("maxRows=10&query.keep_alive_interval=50ms");
  Result result = connection.query("SELECT id FROM range(100)");

  EXPECT_TRUE(eventually([] { return requests("GetOperationStatus") >= 3; }));
  EXPECT_EQ(count_rows(result), 100);
}

TEST_F(ExecutionTest, LinksAreKeptAliveUntilTheLastFileIsHere) {
  warehouse::ServerOptions options;
  options.service.inline_limit_bytes = 1000;
  options.service.file_bytes = 20'000;
  const auto server = start(std::move(options));
  Connection connection = connect_to(*server);
  Result result = connection.query("SELECT id FROM range(60000)");
  EXPECT_EQ(count_rows(result), 60'000);

  EXPECT_TRUE(eventually([&] { return server->journal().count("CloseOperation") == 1; }));
  std::size_t last_download = 0;
  std::size_t closed = 0;
  const auto entries = server->journal().entries();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].path.starts_with("/_storage/")) last_download = i;
    if (entries[i].thrift_method == "CloseOperation") closed = i;
  }
  EXPECT_GT(last_download, 0U);
  EXPECT_GT(closed, last_download);
}

TEST_F(ExecutionTest, TheServerStopsAStatementAtItsOwnTimeLimit) {
  Connection connection = connect("query.timeout=1h");

  const Error error =
      capture_error([&] { connection.query(kEndless, {}, {.server_timeout = 1s}); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_FALSE(error.outcome_unknown()) << "the server itself says that nothing came of it";
}

TEST_F(ExecutionTest, ACountOfChangedRowsLeavesTheResultReadable) {
  Connection connection = connect();
  connection.execute("CREATE OR REPLACE TABLE counted (id INT)");
  connection.execute("INSERT INTO counted VALUES (1), (2), (3)");

  Result result = connection.query("UPDATE counted SET id = id + 1");

  EXPECT_EQ(result.affected_rows(), 3);
  EXPECT_EQ(result.schema()[0].name, "num_affected_rows");
  for (const auto [count] : result.rows<std::int64_t>()) EXPECT_EQ(count, 3);
  connection.execute("DROP TABLE counted");
}

TEST_F(ExecutionTest, AQueryChangesNoRows) {
  Connection connection = connect();

  EXPECT_EQ(connection.query("SELECT 1").affected_rows(), std::nullopt);
  EXPECT_EQ(connection.execute("SELECT 1"), std::nullopt);
}

TEST_F(ExecutionTest, RowsMayBeTakenInPieces) {
  Connection connection = connect();
  Result result = connection.query("SELECT id FROM range(5) ORDER BY id");
  EXPECT_EQ(result.column_count(), 1U) << "before any row";
  auto rows = result.rows<std::int64_t>();
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> second;

  for (const auto [id] : rows) {
    first.push_back(id);
    if (first.size() == 2) break;
  }
  for (const auto [id] : rows) second.push_back(id);

  EXPECT_EQ(first, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(second, (std::vector<std::int64_t>{2, 3, 4}));
  for (const auto [id] : rows) ADD_FAILURE() << "past the end: " << id;
}

TEST_F(ExecutionTest, ASecondReaderOfAHalfReadResultIsRefused) {
  Connection connection = connect();
  Result result = connection.query("SELECT id FROM range(5)");
  for (const RowRef row : result.rows()) {
    (void)row;
    break;
  }

  EXPECT_EQ(capture_error([&] { result.rows(); }).kind(), ErrorKind::InvalidState);
  EXPECT_EQ(capture_error([&] { result.next_batch(); }).kind(), ErrorKind::InvalidState);
}

TEST_F(ExecutionTest, TagsOfAConnectionReachTheSession) {
  Connection by_dsn = connect("query.tags=team:eng,note:a%5C%3Ab&QUERY_TAGS=raw:1");
  Connection by_options =
      Connector::from_dsn(warehouse().dsn())
          .connect({.query_tags = {{"team", "a:b"}, {"nightly", std::nullopt}}});
  Connection raw = connect("QUERY_TAGS=raw:1");

  EXPECT_EQ(text_of(by_dsn, "SET QUERY_TAGS"), "team:eng,note:a\\:b");
  EXPECT_EQ(text_of(by_options, "SET QUERY_TAGS"), "team:a\\:b,nightly");
  EXPECT_EQ(text_of(raw, "SET QUERY_TAGS"), "raw:1");
}

TEST_F(ExecutionTest, TagsThatNobodyCouldReadBackAreRefused) {
  EXPECT_THROW(connect("query.tags=a%5C%3Ab:c"), ConfigurationError);
  EXPECT_EQ(capture_error([&] {
              Connector::from_dsn(warehouse().dsn()).connect({.query_tags = {{"a,b", "c"}}});
            }).kind(),
            ErrorKind::InvalidArgument);
}

}  // namespace
}  // namespace dbsql::test
