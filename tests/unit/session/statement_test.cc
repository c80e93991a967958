#include "session/statement.h"

#include <dbsql/error.h>

#include "support/capture_error.h"
#include "unit/protocol/scripted_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::session {
namespace {

using namespace std::chrono_literals;
using test::accepted;
using test::capture_error;
using test::column_page;
using test::error_status;
using test::finished;
using test::in_state;

/// `n INT`, as servers without Arrow describe it.
tcli::TGetResultSetMetadataResp one_column() {
  tcli::TPrimitiveTypeEntry primitive;
  primitive.type = tcli::INT_TYPE;
  tcli::TTypeEntry entry;
  entry.__set_primitiveEntry(primitive);
  tcli::TColumnDesc column;
  column.columnName = "n";
  column.typeDesc.types.push_back(entry);
  column.position = 1;
  tcli::TTableSchema schema;
  schema.columns.push_back(column);
  tcli::TGetResultSetMetadataResp reply;
  reply.status = test::success_status();
  reply.__set_schema(schema);
  return reply;
}

/// Statements of a session whose server follows a script.
class StatementHandleTest : public testing::Test {
 protected:
  void SetUp() override {
    server().answer("OpenSession", test::opened());
    session_ = scripted_.backend.open_session({}, {});
  }

  test::ScriptedServer& server() { return *scripted_.server; }
  test::FakeClock& clock() { return scripted_.clock; }

  StatementHandle submit(StatementSettings settings = {}) {
    const Parameters none;
    auto operation = session_->execute({.sql = "x", .parameters = &none, .direct_results = false},
                                       settings.call);
    return StatementHandle(
        std::make_shared<Statement>(session_, std::move(operation), std::move(settings), clock()));
  }

  /// The server has taken the statement, and says so each time it is asked.
  void answer_running() {
    server().answer("ExecuteStatement", accepted());
    server().answer("GetOperationStatus", in_state(tcli::RUNNING_STATE));
  }

  /// The statement has finished with rows 1 to 10 in two pages.
  void answer_rows() {
    server().answer("ExecuteStatement", accepted());
    server().answer("GetOperationStatus", in_state(tcli::FINISHED_STATE));
    server().answer("GetResultSetMetadata", one_column());
    server().answer("FetchResults", column_page(0, {1, 2, 3, 4, 5, 6, 7}, true));
    server().answer("FetchResults", column_page(7, {8, 9, 10}, false));
  }

  void answer_cancel(const tcli::TStatus& status) {
    tcli::TCancelOperationResp reply;
    reply.status = status;
    server().answer("CancelOperation", reply);
  }

  static std::int64_t count_rows(Result& result) {
    std::int64_t rows = 0;
    for (const RowRef row : result.rows()) {
      (void)row;
      ++rows;
    }
    return rows;
  }

  test::ScriptedBackend scripted_;
  std::shared_ptr<protocol::Session> session_;
};

TEST_F(StatementHandleTest, CancelsAndClosesOnceHoweverOftenItIsAsked) {
  answer_running();
  answer_cancel(test::success_status());
  StatementHandle handle = submit();

  handle.cancel();
  handle.cancel();
  handle.close();
  handle.close();
  handle.cancel();

  EXPECT_EQ(server().count("CancelOperation"), 1);
  EXPECT_EQ(server().count("CloseOperation"), 1) << "also after a cancel";
}

TEST_F(StatementHandleTest, WhoeverComesBackLaterNeedNotWaitForTheAnswer) {
  answer_rows();
  StatementHandle handle = submit();
  clock().advance(20s);
  const auto before = clock().elapsed();

  handle.wait();

  EXPECT_EQ(clock().elapsed(), before) << "asked at once, not after a pause";
}

TEST_F(StatementHandleTest, ACancelAfterACloseDoesNothing) {
  answer_rows();
  StatementHandle handle = submit();
  handle.wait();

  handle.close();
  handle.cancel();

  EXPECT_EQ(server().count("CancelOperation"), 0);
  EXPECT_EQ(capture_error([&] { handle.result(); }).kind(), ErrorKind::StatementClosed);
  EXPECT_EQ(handle.state(), StatementState::Finished) << "as it was";
}

TEST_F(StatementHandleTest, EverythingAfterACancelIsCancelledWithoutARequest) {
  answer_rows();
  answer_cancel(test::success_status());
  StatementHandle handle = submit();
  Result result = handle.result();
  auto first = result.next_batch();
  ASSERT_TRUE(first.has_value());

  handle.cancel();
  const auto before = server().count("FetchResults");

  EXPECT_EQ(capture_error([&] { result.next_batch(); }).kind(), ErrorKind::Cancelled);
  EXPECT_EQ(capture_error([&] { handle.wait(); }).kind(), ErrorKind::Cancelled);
  EXPECT_EQ(server().count("FetchResults"), before);
  EXPECT_EQ(server().count("CancelOperation"), 0) << "the statement had finished";
  EXPECT_EQ(server().count("CloseOperation"), 1);
  EXPECT_EQ(first->length, 7) << "rows already delivered stay valid";
  first->release(&*first);
}

TEST_F(StatementHandleTest, AFailedCancelIsReportedAndMayBeRepeated) {
  answer_running();
  answer_cancel(error_status("HY000", "not now"));
  answer_cancel(test::success_status());
  StatementHandle handle = submit();

  const Error error = capture_error([&] { handle.cancel(); });

  EXPECT_EQ(error.kind(), ErrorKind::SqlOther);
  EXPECT_EQ(error.statement_id(), handle.id());
  EXPECT_EQ(handle.state(), StatementState::Running);
  EXPECT_FALSE(handle.wait({.timeout = 1s})) << "nothing has changed";
  handle.cancel();
  EXPECT_EQ(capture_error([&] { handle.wait(); }).kind(), ErrorKind::Cancelled);
  EXPECT_EQ(server().count("CancelOperation"), 2);
}

TEST_F(StatementHandleTest, ACancelThatIsNotHeardIsAnError) {
  answer_running();
  server().answer_with("CancelOperation", [](const http::Request&, std::int32_t) {
    return http::Reply(http::Failure{.message = "connection refused"});
  });
  StatementHandle handle = submit();

  EXPECT_EQ(capture_error([&] { handle.cancel(); }).kind(), ErrorKind::Network);
}

TEST_F(StatementHandleTest, WhatTheServerNoLongerKnowsNeedsNoCancelling) {
  answer_running();
  answer_cancel(error_status("08000", "Invalid OperationHandle: OperationHandle [...]"));
  StatementHandle handle = submit();

  handle.cancel();

  EXPECT_EQ(capture_error([&] { handle.wait(); }).kind(), ErrorKind::Cancelled);
}

TEST_F(StatementHandleTest, DroppingItEndsTheStatement) {
  answer_running();
  { const StatementHandle handle = submit(); }

  EXPECT_EQ(server().count("CancelOperation"), 1);
  EXPECT_EQ(server().count("CloseOperation"), 1);
}

TEST_F(StatementHandleTest, AssigningOverItEndsTheStatement) {
  answer_running();
  StatementHandle handle = submit();

  handle = submit();

  EXPECT_EQ(server().count("CloseOperation"), 1);
}

TEST_F(StatementHandleTest, DroppingADetachedOneLeavesTheStatementRunning) {
  answer_running();
  {
    StatementHandle handle = submit();
    handle.detach();
  }

  EXPECT_EQ(server().count("CancelOperation") + server().count("CloseOperation"), 0);
}

TEST_F(StatementHandleTest, AWaitThatEndsEarlyLeavesTheStatementRunning) {
  answer_running();
  StatementHandle handle = submit();

  EXPECT_FALSE(handle.wait({.timeout = 5s}));
  EXPECT_EQ(capture_error([&] { handle.result({.timeout = 5s}); }).kind(), ErrorKind::Timeout);
  EXPECT_EQ(server().count("CancelOperation"), 0);
  server().answer("GetOperationStatus", in_state(tcli::FINISHED_STATE));

  EXPECT_TRUE(handle.wait());
}

TEST_F(StatementHandleTest, TheDeadlineOfTheStatementIsAnError) {
  answer_running();
  StatementSettings settings;
  settings.call.deadline = clock().now() + 10s;
  StatementHandle handle = submit(settings);

  EXPECT_EQ(capture_error([&] { handle.wait({.timeout = 1h}); }).kind(), ErrorKind::Timeout);
  EXPECT_EQ(handle.state(), StatementState::Running) << "questions are still answered";
}

TEST_F(StatementHandleTest, AServerThatForgetsItsTimeLimitIsNotWaitedForForever) {
  answer_running();
  StatementSettings settings;
  settings.wait_until = clock().now() + 20s;
  StatementHandle handle = submit(settings);

  EXPECT_EQ(capture_error([&] { handle.wait(); }).kind(), ErrorKind::Timeout);
}

TEST_F(StatementHandleTest, GivesItsResultOnce) {
  answer_rows();
  StatementHandle handle = submit();

  Result result = handle.result();

  EXPECT_EQ(capture_error([&] { handle.result(); }).kind(), ErrorKind::InvalidState);
  EXPECT_EQ(count_rows(result), 10);
}

TEST_F(StatementHandleTest, TheResultOwnsTheStatementFromThenOn) {
  answer_rows();
  std::optional<Result> result;
  {
    StatementHandle handle = submit();
    result = handle.result();
  }
  EXPECT_EQ(server().count("CloseOperation"), 0);

  result.reset();

  EXPECT_EQ(server().count("CloseOperation"), 1);
}

TEST_F(StatementHandleTest, ReadingGoesOnWhenTheTimeForWaitingHasPassed) {
  answer_rows();
  StatementHandle handle = submit();
  Result result = handle.result({.timeout = 30s});
  auto first = result.next_batch();
  ASSERT_TRUE(first.has_value());
  first->release(&*first);

  clock().advance(1h);

  auto second = result.next_batch();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->length, 3);
  second->release(&*second);
}

TEST_F(StatementHandleTest, ReadingEndsAtTheDeadlineOfTheStatement) {
  answer_rows();
  StatementSettings settings;
  settings.call.deadline = clock().now() + 30s;
  StatementHandle handle = submit(settings);
  Result result = handle.result();
  auto first = result.next_batch();
  ASSERT_TRUE(first.has_value());
  first->release(&*first);

  clock().advance(1h);

  EXPECT_EQ(capture_error([&] { result.next_batch(); }).kind(), ErrorKind::Timeout);
  EXPECT_EQ(server().count("CloseOperation"), 1) << "a result that cannot go on holds nothing";
}

TEST_F(StatementHandleTest, AClosedResultSaysSo) {
  answer_rows();
  StatementHandle handle = submit();
  Result result = handle.result();

  result.close();
  result.close();

  EXPECT_EQ(capture_error([&] { result.next_batch(); }).kind(), ErrorKind::StatementClosed);
  EXPECT_EQ(server().count("CloseOperation"), 1);
}

TEST_F(StatementHandleTest, AResultReadToItsEndStaysAtItsEnd) {
  answer_rows();
  StatementHandle handle = submit();
  Result result = handle.result();
  count_rows(result);

  result.close();

  EXPECT_EQ(result.next_batch(), std::nullopt);
}

TEST_F(StatementHandleTest, RowsBeyondTheLimitAreCutWhereTheServerIgnoresIt) {
  answer_rows();
  StatementSettings settings;
  settings.row_limit = 5;
  StatementHandle handle = submit(settings);
  Result result = handle.result();

  EXPECT_EQ(count_rows(result), 5);
  EXPECT_EQ(server().count("CloseOperation"), 1);
}

TEST_F(StatementHandleTest, TellsHowItProgresses) {
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", in_state(tcli::PENDING_STATE));
  server().answer("GetOperationStatus", in_state(tcli::RUNNING_STATE));
  server().answer("GetOperationStatus", in_state(tcli::FINISHED_STATE));
  std::vector<Progress::State> seen;
  StatementSettings settings;
  settings.on_progress = [&](const Progress& progress) { seen.push_back(progress.state); };

  submit(settings).wait();

  EXPECT_EQ(seen, (std::vector{Progress::State::Pending, Progress::State::Running,
                               Progress::State::Finished}));
}

TEST_F(StatementHandleTest, ItsSessionIsClosedAfterIt) {
  answer_running();
  {
    const StatementHandle handle = submit();
    session_.reset();
  }

  const auto methods = server().methods();
  ASSERT_GE(methods.size(), 2U);
  EXPECT_EQ(methods.back(), "CloseSession");
  EXPECT_EQ(methods[methods.size() - 2], "CloseOperation");
}

}  // namespace
}  // namespace dbsql::session
