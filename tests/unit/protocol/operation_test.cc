#include <dbsql/error.h>

#include "protocol/backend.h"
#include "support/capture_error.h"
#include "unit/protocol/scripted_server.h"

#include <gtest/gtest.h>

#include <stop_token>
#include <string>
#include <vector>

namespace dbsql::protocol::thrift {
namespace {

using namespace std::chrono_literals;
using test::accepted;
using test::capture_error;
using test::column_page;
using test::error_status;
using test::finished;
using test::in_state;
using test::opened;
using test::success_status;

/// A session whose server follows a script.
class ThriftOperationTest : public testing::Test {
 protected:
  void SetUp() override { server().answer("OpenSession", opened()); }

  test::ScriptedServer& server() { return *scripted_.server; }

  std::unique_ptr<Operation> execute(const std::string& sql = "SELECT 1",
                                     const base::CallContext& call = {}) {
    if (!session_) session_ = scripted_.backend.open_session({}, {});
    static const Parameters none;
    return session_->execute({.sql = sql, .parameters = &none}, call);
  }

  /// Reads all pages and returns the number of rows.
  static std::int64_t drain(Operation& operation) {
    std::int64_t rows = 0;
    while (auto page = operation.next_page({})) {
      if (const auto* columns = std::get_if<ColumnarRows>(&page->rows))
        rows += columns->columns.front().count;
    }
    return rows;
  }

  test::ScriptedBackend scripted_;
  std::shared_ptr<Session> session_;
};

TEST_F(ThriftOperationTest, SendsNothingMoreForAResultThatCameWithTheExecuteReply) {
  server().answer("ExecuteStatement", finished(column_page(0, {1, 2, 3}, false), true));

  const auto operation = execute();
  operation->wait({});
  operation->metadata({});
  EXPECT_EQ(drain(*operation), 3);
  operation->cancel({});
  operation->cancel_in_background();
  operation->close();

  EXPECT_EQ(server().methods(), (std::vector<std::string>{"OpenSession", "ExecuteStatement"}));
}

TEST_F(ThriftOperationTest, ClosesExactlyOnceWhenTheServerDidNot) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, false), false));

  const auto operation = execute();
  operation->wait({});
  drain(*operation);
  operation->close();
  operation->close();

  EXPECT_EQ(server().count("CloseOperation"), 1);
}

TEST_F(ThriftOperationTest, PollsUntilTheStatementHasFinished) {
  server().answer("ExecuteStatement", accepted());
  for (const auto state : {tcli::INITIALIZED_STATE, tcli::PENDING_STATE, tcli::RUNNING_STATE})
    server().answer("GetOperationStatus", in_state(state));
  tcli::TGetOperationStatusResp silent;  // no state at all: keep polling
  silent.status = success_status();
  server().answer("GetOperationStatus", silent);
  server().answer("GetOperationStatus", in_state(tcli::FINISHED_STATE));

  execute()->wait({});

  EXPECT_EQ(server().count("GetOperationStatus"), 5);
}

TEST_F(ThriftOperationTest, FirstPollComesWithinTenMilliseconds) {
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", in_state(tcli::FINISHED_STATE));
  const auto operation = execute();
  const auto before = scripted_.clock.elapsed();

  operation->wait({});

  EXPECT_LE(scripted_.clock.elapsed() - before, 10ms);
}

TEST_F(ThriftOperationTest, FailsWithATypedErrorForEveryFailedState) {
  const std::vector<std::pair<tcli::TOperationState, ErrorKind>> cases{
      {tcli::CANCELED_STATE, ErrorKind::Cancelled},
      {tcli::CLOSED_STATE, ErrorKind::StatementClosed},
      {tcli::ERROR_STATE, ErrorKind::SqlOther},
      {tcli::TIMEDOUT_STATE, ErrorKind::Timeout},
      {tcli::UKNOWN_STATE, ErrorKind::SqlOther},
      {static_cast<tcli::TOperationState>(99), ErrorKind::SqlOther}};
  for (const auto& [state, kind] : cases) {
    test::ScriptedBackend scripted;
    scripted.server->answer("OpenSession", opened());
    scripted.server->answer("ExecuteStatement", accepted());
    scripted.server->answer("GetOperationStatus", in_state(state));
    const auto session = scripted.backend.open_session({}, {});
    const Parameters none;
    const auto operation = session->execute({.sql = "x", .parameters = &none}, {});

    const Error error = capture_error([&] { operation->wait({}); });

    EXPECT_EQ(error.kind(), kind) << static_cast<int>(state);
    EXPECT_EQ(error.statement_id(), "22222222-2222-2222-2222-222222222222");
    EXPECT_EQ(error.connection_id(), "11111111-1111-1111-1111-111111111111");
  }
}

TEST_F(ThriftOperationTest, PrefersTheTextMeantForUsers) {
  tcli::TGetOperationStatusResp status = in_state(tcli::ERROR_STATE);
  status.__set_sqlState("42P01");
  status.__set_errorMessage("Error running query: org.apache.spark.SomeException: ...");
  status.__set_displayMessage("[TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found.");
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", status);
  const auto operation = execute();

  const Error error = capture_error([&] { operation->wait({}); });

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  EXPECT_EQ(error.error_class(), "TABLE_OR_VIEW_NOT_FOUND");
  EXPECT_EQ(error.message(), "[TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found.");
}

TEST_F(ThriftOperationTest, ReportsARefusedStatementWithoutAHandle) {
  tcli::TExecuteStatementResp refused;
  refused.status = error_status("42601", "[PARSE_SYNTAX_ERROR] near 'SELEC'");
  server().answer("ExecuteStatement", refused);

  const Error error = capture_error([&] { execute(); });

  EXPECT_EQ(error.kind(), ErrorKind::SqlSyntax);
  EXPECT_EQ(server().count("CloseOperation"), 0);
}

TEST_F(ThriftOperationTest, FreesAStatementThatFailedInItsDirectResults) {
  tcli::TExecuteStatementResp reply = accepted();
  tcli::TSparkDirectResults direct;
  direct.__set_operationStatus(in_state(tcli::ERROR_STATE));
  reply.__set_directResults(direct);
  server().answer("ExecuteStatement", reply);

  capture_error([&] { execute(); });

  EXPECT_EQ(server().count("CloseOperation"), 1);
}

TEST_F(ThriftOperationTest, AWaitThatIsGivenUpLeavesTheStatementRunning) {
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", in_state(tcli::RUNNING_STATE));
  const auto operation = execute();
  base::CallContext call;
  call.deadline = scripted_.clock.now() + 3s;

  const Error error = capture_error([&] { operation->wait(call); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_EQ(server().count("CancelOperation"), 0);
  EXPECT_TRUE(operation->is_open());
}

TEST_F(ThriftOperationTest, AStopEndsTheWaitBeforeTheNextRequest) {
  std::stop_source stop;
  server().answer("ExecuteStatement", accepted());
  server().answer_with("GetOperationStatus", [&](const http::Request&, std::int32_t) {
    stop.request_stop();
    return http::Reply(http::Failure{.message = "unused"});
  });
  const auto operation = execute();
  base::CallContext call;
  call.stop = stop.get_token();

  // The failed poll is not retried here (attempts are limited to one), so either error shows that
  // waiting ended; the next call must be refused as cancelled.
  capture_error([&] { operation->wait(call); });
  const Error error = capture_error([&] { operation->wait(call); });

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
  EXPECT_EQ(server().count("GetOperationStatus"), 1);
}

TEST_F(ThriftOperationTest, ReadsOnThroughEmptyPagesWhileTheServerHasMore) {
  server().answer("ExecuteStatement", finished(column_page(0, {1, 2, 3, 4, 5}, true), false));
  tcli::TFetchResultsResp empty;
  empty.status = success_status();
  empty.__set_hasMoreRows(true);
  empty.__set_results({});
  server().answer("FetchResults", empty);
  server().answer("FetchResults", column_page(5, {6, 7, 8, 9}, false));

  EXPECT_EQ(drain(*execute()), 9);
  EXPECT_EQ(server().count("FetchResults"), 2);
}

TEST_F(ThriftOperationTest, FailsWhenRowsWereSkippedOrRepeated) {
  for (const std::int64_t start : {15, 5}) {
    test::ScriptedBackend scripted;
    scripted.server->answer("OpenSession", opened());
    scripted.server->answer("ExecuteStatement",
                            finished(column_page(0, std::vector<std::int32_t>(10), true), false));
    scripted.server->answer("FetchResults", column_page(start, {1}, false));
    const auto session = scripted.backend.open_session({}, {});
    const Parameters none;
    const auto operation = session->execute({.sql = "x", .parameters = &none}, {});
    operation->next_page({});

    const Error error = capture_error([&] { operation->next_page({}); });

    EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
  }
}

TEST_F(ThriftOperationTest, AFailedPageIsAnErrorAndNotTheEnd) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  tcli::TFetchResultsResp failed;
  failed.status = error_status("08000", "Invalid OperationHandle: OperationHandle [...]");
  failed.__set_results({});
  server().answer("FetchResults", failed);
  const auto operation = execute();
  operation->next_page({});

  EXPECT_EQ(capture_error([&] { operation->next_page({}); }).kind(), ErrorKind::StatementClosed);
}

http::Reply lost(const http::Request&, std::int32_t) {
  return http::Failure{.message = "connection reset", .bytes_sent = true};
}

TEST_F(ThriftOperationTest, ALostPageIsAskedForByItsRowsAndNeverByTheCursorAgain) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server().answer_with("FetchResults", lost);
  server().answer("FetchResults", column_page(1, {2, 3}, true));
  server().answer("FetchResults", column_page(3, {4}, false));
  const auto operation = execute();

  EXPECT_EQ(drain(*operation), 4);
  EXPECT_EQ(server().count("FetchResults"), 3);
  const auto last = server().last_request<tcli::TFetchResultsReq>("FetchResults");
  EXPECT_TRUE(last.__isset.startRowOffset) << "the cursor's place is still unknown";
  EXPECT_EQ(last.startRowOffset, 3);
}

TEST_F(ThriftOperationTest, ALostPageIsAnErrorWhenTheServerGivesOtherRowsForIt) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server().answer_with("FetchResults", lost);
  server().answer("FetchResults", column_page(3, {4}, false));  // the cursor had moved on
  const auto operation = execute();
  operation->next_page({});

  EXPECT_EQ(capture_error([&] { operation->next_page({}); }).kind(), ErrorKind::CorruptResult);
}

TEST_F(ThriftOperationTest, ALostLastPageIsAnErrorWhenTheServerStandsBehindItsRows) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server().answer_with("FetchResults", lost);
  server().answer("FetchResults", column_page(3, {}, false));  // the cursor had moved on
  const auto operation = execute();
  operation->next_page({});

  EXPECT_EQ(capture_error([&] { operation->next_page({}); }).kind(), ErrorKind::CorruptResult);
}

TEST_F(ThriftOperationTest, AnEmptyLastPageBehindTheRowsIsTheEnd) {
  server().answer("ExecuteStatement", finished(column_page(0, {1, 2}, true), false));
  server().answer("FetchResults", column_page(2, {}, false));

  EXPECT_EQ(drain(*execute()), 2);
}

TEST_F(ThriftOperationTest, AfterATimeoutThePageIsAskedForByItsRows) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server().answer_with("FetchResults", [](const http::Request&, std::int32_t) -> http::Reply {
    throw_error({.kind = ErrorKind::Timeout, .message = "the caller's time is over"});
  });
  server().answer("FetchResults", column_page(1, {2}, false));
  const auto operation = execute();
  operation->next_page({});
  EXPECT_EQ(capture_error([&] { operation->next_page({}); }).kind(), ErrorKind::Timeout);

  EXPECT_EQ(drain(*operation), 1);
  const auto last = server().last_request<tcli::TFetchResultsReq>("FetchResults");
  EXPECT_TRUE(last.__isset.startRowOffset);
  EXPECT_EQ(last.startRowOffset, 1);
}

TEST_F(ThriftOperationTest, APageAskedForAheadIsNotAskedForTwice) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server().answer("FetchResults", column_page(1, {2}, true));
  server().answer("FetchResults", column_page(2, {3}, false));
  const auto operation = execute();
  operation->next_page({});

  operation->ask_ahead();
  operation->ask_ahead();
  EXPECT_EQ(server().count("FetchResults"), 1) << "before anybody came for it";
  EXPECT_EQ(operation->next_page({})->start_row, 1);
  EXPECT_EQ(server().count("FetchResults"), 1);
  EXPECT_EQ(operation->next_page({})->start_row, 2);
  operation->ask_ahead();  // the end: nothing is left to ask for
  EXPECT_FALSE(operation->next_page({}));
  EXPECT_EQ(server().count("FetchResults"), 2);
}

TEST_F(ThriftOperationTest, APageLostAheadIsAskedForByItsRows) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server().answer_with("FetchResults", lost);
  server().answer("FetchResults", column_page(1, {2}, true));
  server().answer("FetchResults", column_page(2, {3}, false));
  const auto operation = execute();
  operation->next_page({});
  operation->ask_ahead();

  EXPECT_EQ(operation->next_page({})->start_row, 1);
  operation->ask_ahead();
  EXPECT_EQ(operation->next_page({})->start_row, 2);
  const auto last = server().last_request<tcli::TFetchResultsReq>("FetchResults");
  EXPECT_EQ(last.startRowOffset, 2) << "asked for ahead, but by its rows";
}

TEST_F(ThriftOperationTest, AnErrorOfAPageAskedForAheadComesInItsTurn) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  tcli::TFetchResultsResp failed;
  failed.status = error_status("22012", "Division by zero");
  failed.__set_results({});
  server().answer("FetchResults", failed);
  const auto operation = execute();
  operation->next_page({});
  operation->ask_ahead();

  EXPECT_EQ(capture_error([&] { operation->next_page({}); }).sqlstate(), "22012");
}

TEST_F(ThriftOperationTest, ALostExecuteReplyLeavesTheOutcomeUnknown) {
  server().answer_with("ExecuteStatement", [](const http::Request&, std::int32_t) {
    return http::Reply(http::Failure{.message = "connection reset", .bytes_sent = true});
  });

  const Error error = capture_error([&] { execute("INSERT INTO t VALUES (1)"); });

  EXPECT_TRUE(error.outcome_unknown());
  EXPECT_EQ(server().count("ExecuteStatement"), 1);
}

TEST_F(ThriftOperationTest, ALostStatusReplyLeavesTheOutcomeUnknown) {
  server().answer("ExecuteStatement", accepted());
  server().answer_with("GetOperationStatus", [](const http::Request&, std::int32_t) {
    return http::Reply(http::Response{.status = 410});
  });
  const auto operation = execute("INSERT INTO t VALUES (1)");

  EXPECT_TRUE(capture_error([&] { operation->wait({}); }).outcome_unknown());
}

TEST_F(ThriftOperationTest, AStatementThatFailedOnTheServerHasAKnownOutcome) {
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", in_state(tcli::ERROR_STATE));
  const auto operation = execute("INSERT INTO t VALUES (1)");

  EXPECT_FALSE(capture_error([&] { operation->wait({}); }).outcome_unknown());
}

TEST_F(ThriftOperationTest, ADeadlineThatPassesWhileAStatementRunsLeavesTheOutcomeUnknown) {
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", in_state(tcli::RUNNING_STATE));
  const auto operation = execute("INSERT INTO t VALUES (1)");
  base::CallContext call;
  call.deadline = scripted_.clock.now() + 1s;

  EXPECT_TRUE(capture_error([&] { operation->wait(call); }).outcome_unknown());
}

TEST_F(ThriftOperationTest, OldServersEndWithAnEmptyPage) {
  test::ScriptedBackend scripted;
  scripted.server->answer("OpenSession", opened(9));  // HIVE V10
  scripted.server->answer("ExecuteStatement", accepted());
  scripted.server->answer("GetOperationStatus", in_state(tcli::FINISHED_STATE));
  scripted.server->answer("FetchResults", column_page(0, {1, 2}, false));
  scripted.server->answer("FetchResults", column_page(2, {3}, false));
  scripted.server->answer("FetchResults", column_page(3, {}, false));
  const auto session = scripted.backend.open_session({}, {});
  const Parameters none;
  const auto operation = session->execute({.sql = "x", .parameters = &none}, {});
  operation->wait({});

  EXPECT_EQ(drain(*operation), 3);
  EXPECT_FALSE(scripted.server->last_request<tcli::TExecuteStatementReq>("ExecuteStatement")
                   .__isset.getDirectResults);
}

TEST_F(ThriftOperationTest, AsksForNothingThatAnOlderServerDoesNotKnow) {
  struct Case {
    std::int32_t protocol;
    bool direct, arrow, lz4, row_limit;
  };
  for (const Case& expected :
       {Case{0xA503, true, false, false, false}, Case{0xA504, true, false, false, true},
        Case{0xA505, true, true, false, true}, Case{0xA506, true, true, true, true}}) {
    test::ScriptedBackend scripted;
    scripted.server->answer("OpenSession", opened(expected.protocol));
    scripted.server->answer("ExecuteStatement", finished(column_page(0, {1}, false), true));
    const auto session = scripted.backend.open_session({}, {});
    const Parameters none;

    session->execute({.sql = "x", .parameters = &none, .row_limit = 5}, {});

    const auto sent = scripted.server->last_request<tcli::TExecuteStatementReq>("ExecuteStatement");
    EXPECT_EQ(sent.__isset.getDirectResults, expected.direct);
    EXPECT_EQ(sent.canReadArrowResult, expected.arrow);
    EXPECT_EQ(sent.canDecompressLZ4Result, expected.lz4);
    EXPECT_EQ(sent.__isset.resultRowLimit, expected.row_limit);
  }
}

TEST_F(ThriftOperationTest, RefusesParametersThatTheServerWouldIgnore) {
  test::ScriptedBackend scripted;
  scripted.server->answer("OpenSession", opened(0xA507));
  const auto session = scripted.backend.open_session({}, {});
  const Parameters one = Parameters::positional({1});

  const Error error =
      capture_error([&] { session->execute({.sql = "SELECT ?", .parameters = &one}, {}); });

  EXPECT_EQ(error.kind(), ErrorKind::NotSupported);
  EXPECT_EQ(scripted.server->count("ExecuteStatement"), 0);
}

TEST_F(ThriftOperationTest, SendsParametersAsTypedText) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, false), true));
  session_ = scripted_.backend.open_session({}, {});
  const Parameters parameters{{"min", 15}, {"name", "O'Hare"}, {"none", nullptr}, {"f", 5.1F}};

  session_->execute({.sql = "x", .parameters = &parameters}, {});

  const auto sent =
      server().last_request<tcli::TExecuteStatementReq>("ExecuteStatement").parameters;
  ASSERT_EQ(sent.size(), 4U);
  EXPECT_EQ(sent[0].name, "min");
  EXPECT_EQ(sent[0].type, "INT");
  EXPECT_EQ(sent[0].value.stringValue, "15");
  EXPECT_EQ(sent[1].value.stringValue, "O'Hare");
  EXPECT_EQ(sent[2].type, "VOID");
  EXPECT_FALSE(sent[2].__isset.value);
  EXPECT_EQ(sent[3].type, "FLOAT");
  EXPECT_EQ(sent[3].value.stringValue, "5.1");
}

TEST_F(ThriftOperationTest, SendsNoParametersWhereThereAreNone) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, false), true));
  session_ = scripted_.backend.open_session({}, {});
  const Parameters none;

  session_->execute({.sql = "x", .parameters = &none}, {});

  EXPECT_FALSE(
      server().last_request<tcli::TExecuteStatementReq>("ExecuteStatement").__isset.parameters);
}

TEST_F(ThriftOperationTest, SendsTextByteForByte) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, false), true));
  session_ = scripted_.backend.open_session({}, {});
  std::string text("it's \\ \"x\" \0 \xF0\x9F\x98\x80 \n", 19);
  text += std::string(std::size_t{1} << 20, 'x');
  const Parameters one = Parameters::positional({text});

  session_->execute({.sql = "x", .parameters = &one}, {});

  const auto sent = server().last_request<tcli::TExecuteStatementReq>("ExecuteStatement");
  EXPECT_EQ(sent.parameters.at(0).value.stringValue, text);
}

TEST_F(ThriftOperationTest, ReportsModifiedRows) {
  tcli::TGetOperationStatusResp status = in_state(tcli::FINISHED_STATE);
  status.__set_numModifiedRows(3);
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", status);
  const auto operation = execute();

  operation->wait({});

  EXPECT_EQ(operation->affected_rows(), 3);
}

tcli::TFetchResultsResp link_page(std::int64_t start_row, std::int64_t row_count, bool has_more) {
  tcli::TFetchResultsResp reply;
  reply.status = success_status();
  reply.__set_hasMoreRows(has_more);
  tcli::TRowSet rows;
  rows.startRowOffset = start_row;
  tcli::TSparkArrowResultLink link;
  link.fileLink = "https://storage.example/file";
  link.startRowOffset = start_row;
  link.rowCount = row_count;
  link.expiryTime = 1'900'000'000'000;
  rows.__set_resultLinks({link});
  reply.__set_results(rows);
  return reply;
}

TEST_F(ThriftOperationTest, AsksForWhatTheReplyDidNotBring) {
  tcli::TGetResultSetMetadataResp metadata;
  metadata.status = success_status();
  metadata.__set_schema({});
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", in_state(tcli::FINISHED_STATE));
  server().answer("GetResultSetMetadata", metadata);
  server().answer("FetchResults", column_page(0, {1, 2, 3}, false));

  const auto operation = execute();
  operation->wait({});
  operation->metadata({});
  EXPECT_EQ(drain(*operation), 3);
  operation->close();

  EXPECT_EQ(server().methods(),
            (std::vector<std::string>{"OpenSession", "ExecuteStatement", "GetOperationStatus",
                                      "GetResultSetMetadata", "FetchResults", "CloseOperation"}));
}

TEST_F(ThriftOperationTest, AStatementWithLinksStaysOpenUntilItsReaderIsDone) {
  server().answer("ExecuteStatement", finished(link_page(0, 100, true), false));
  server().answer("FetchResults", link_page(100, 50, false));

  const auto operation = execute();
  while (operation->next_page({})) continue;
  EXPECT_EQ(server().count("CloseOperation"), 0) << "expired links could not be renewed";
  EXPECT_TRUE(operation->is_open());
  operation->close();

  EXPECT_EQ(server().count("CloseOperation"), 1);
  EXPECT_FALSE(operation->is_open());
}

TEST_F(ThriftOperationTest, AsksForFreshLinksByTheirRowAlsoFromTheFirstOneOn) {
  server().answer("ExecuteStatement", finished(link_page(0, 100, true), false));
  server().answer("FetchResults", link_page(0, 100, true));
  const auto operation = execute();
  operation->next_page({});

  const auto links = operation->refresh_links(0, {});

  const auto sent = server().last_request<tcli::TFetchResultsReq>("FetchResults");
  EXPECT_TRUE(sent.__isset.startRowOffset) << "without it the server would move on";
  EXPECT_EQ(sent.startRowOffset, 0);
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].row_count, 100);
}

TEST_F(ThriftOperationTest, AnEmptyPageOfAnotherShapeChangesNothing) {
  tcli::TFetchResultsResp empty = column_page(1, {}, true);
  tcli::TGetResultSetMetadataResp other;
  other.status = success_status();
  other.__set_arrowSchema("of something else");
  empty.__set_resultSetMetadata(other);
  server().answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server().answer("FetchResults", empty);
  server().answer("FetchResults", column_page(1, {2, 3}, false));
  const auto operation = execute();

  EXPECT_EQ(drain(*operation), 3);
  EXPECT_TRUE(operation->metadata({}).arrow_schema.empty());
}

TEST_F(ThriftOperationTest, TheRowsOfThePageThatSaysNothingMoreAreDelivered) {
  tcli::TFetchResultsResp silent = column_page(1, {2, 3}, false);
  silent.__isset.hasMoreRows = false;
  server().answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server().answer("FetchResults", silent);

  EXPECT_EQ(drain(*execute()), 3);
}

TEST_F(ThriftOperationTest, AsksNothingAboutRowsThatAStatementDoesNotHave) {
  tcli::TExecuteStatementResp reply = accepted();
  reply.operationHandle.hasResultSet = false;
  server().answer("ExecuteStatement", reply);
  server().answer("GetOperationStatus", in_state(tcli::FINISHED_STATE));
  const auto operation = execute("CREATE TABLE t (id INT)");
  operation->wait({});

  EXPECT_TRUE(operation->metadata({}).columns.empty());
  EXPECT_EQ(drain(*operation), 0);

  EXPECT_EQ(server().count("GetResultSetMetadata") + server().count("FetchResults"), 0);
  EXPECT_EQ(server().count("CloseOperation"), 1);
}

TEST_F(ThriftOperationTest, TellsItsStateAndAsksOnlyWhileItCanChange) {
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", in_state(tcli::PENDING_STATE));
  server().answer("GetOperationStatus", in_state(tcli::RUNNING_STATE));
  server().answer("GetOperationStatus", in_state(tcli::ERROR_STATE));
  const auto operation = execute();

  EXPECT_EQ(operation->state({}), StatementState::Pending);
  EXPECT_EQ(operation->state({}), StatementState::Running);
  EXPECT_EQ(operation->state({}), StatementState::Failed);
  EXPECT_EQ(operation->state({}), StatementState::Failed);

  EXPECT_EQ(server().count("GetOperationStatus"), 3);
}

TEST_F(ThriftOperationTest, AStatementThatTheServerForgotIsClosed) {
  tcli::TGetOperationStatusResp unknown;
  unknown.status = error_status("08000", "Invalid OperationHandle: OperationHandle [...]");
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", unknown);

  EXPECT_EQ(execute()->state({}), StatementState::Closed);
}

TEST_F(ThriftOperationTest, AFailureIsReportedAsOftenAsItIsAskedFor) {
  server().answer("ExecuteStatement", accepted());
  server().answer("GetOperationStatus", in_state(tcli::TIMEDOUT_STATE));
  const auto operation = execute();

  EXPECT_EQ(capture_error([&] { operation->wait({}); }).kind(), ErrorKind::Timeout);
  EXPECT_EQ(capture_error([&] { operation->wait({}); }).kind(), ErrorKind::Timeout);

  EXPECT_EQ(server().count("GetOperationStatus"), 1);
}

TEST_F(ThriftOperationTest, IsTakenOverByItsId) {
  server().answer("GetOperationStatus", in_state(tcli::RUNNING_STATE));
  session_ = scripted_.backend.open_session({}, {});

  const auto operation = session_->attach("33333333-3333-3333-3333-333333333333", nullptr, {});

  const auto asked =
      server().last_request<tcli::TGetOperationStatusReq>("GetOperationStatus").operationHandle;
  EXPECT_EQ(asked.operationId.guid, std::string(16, '3'));
  EXPECT_EQ(asked.operationId.secret, std::string(16, '3')) << "the id stands in for the secret";
  EXPECT_TRUE(asked.operationType == tcli::EXECUTE_STATEMENT);
  EXPECT_TRUE(asked.hasResultSet);
  EXPECT_EQ(operation->statement_id(), "33333333-3333-3333-3333-333333333333");
}

TEST_F(ThriftOperationTest, CannotBeTakenOverByAnythingElse) {
  tcli::TGetOperationStatusResp unknown;
  unknown.status = error_status("08000", "Invalid OperationHandle: OperationHandle [...]");
  server().answer("GetOperationStatus", unknown);
  session_ = scripted_.backend.open_session({}, {});

  EXPECT_EQ(capture_error([&] { session_->attach("no id", nullptr, {}); }).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(capture_error([&] {
              session_->attach("33333333-3333-3333-3333-333333333333", nullptr, {});
            }).kind(),
            ErrorKind::StatementClosed);
}

TEST_F(ThriftOperationTest, SendsARowLimitOnlyWhenThereIsOne) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, false), true));
  session_ = scripted_.backend.open_session({}, {});
  const Parameters none;
  const auto limit_sent = [&](std::int64_t limit) {
    session_->execute({.sql = "x", .parameters = &none, .row_limit = limit}, {});
    return server().last_request<tcli::TExecuteStatementReq>("ExecuteStatement");
  };

  EXPECT_FALSE(limit_sent(0).__isset.resultRowLimit);
  EXPECT_EQ(limit_sent(5).resultRowLimit, 5);
}

TEST_F(ThriftOperationTest, SendsQueryTagsOnlyWhenThereAreSome) {
  server().answer("ExecuteStatement", finished(column_page(0, {1}, false), true));
  session_ = scripted_.backend.open_session({}, {});
  const Parameters none;

  session_->execute({.sql = "x", .parameters = &none}, {});
  EXPECT_FALSE(
      server().last_request<tcli::TExecuteStatementReq>("ExecuteStatement").__isset.confOverlay);
  session_->execute({.sql = "x", .parameters = &none, .query_tags = {{"team", "a:b"}}}, {});

  EXPECT_EQ(server()
                .last_request<tcli::TExecuteStatementReq>("ExecuteStatement")
                .confOverlay.at("query_tags"),
            "team:a\\:b");
}

}  // namespace
}  // namespace dbsql::protocol::thrift
