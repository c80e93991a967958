#include "tests/warehouse/server_test.h"

namespace dbsql::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class Statements : public ServerTest {
 protected:
  static bool ok(const tcli::TStatus& status) {
    return status.statusCode == tcli::TStatusCode::SUCCESS_STATUS;
  }
  /// Asynchronous, without direct results.
  static tcli::TExecuteStatementReq async_request(const ThriftClient& client,
                                                  const std::string& sql) {
    auto request = client.usual_request(sql);
    request.__isset.getDirectResults = false;
    return request;
  }
};

TEST_F(Statements, ThatAreSmallAreAnsweredWholeAndClosed) {
  ThriftClient client = connect();

  const auto reply = client.execute("rows 3");

  ASSERT_TRUE(ok(reply.status));
  EXPECT_TRUE(reply.operationHandle.hasResultSet);
  const auto& direct = reply.directResults;
  EXPECT_TRUE(ok(direct.operationStatus.status));
  EXPECT_EQ(direct.operationStatus.operationState, tcli::TOperationState::FINISHED_STATE);
  EXPECT_TRUE(direct.operationStatus.__isset.operationStarted);
  EXPECT_TRUE(direct.operationStatus.__isset.operationCompleted);
  EXPECT_FALSE(direct.operationStatus.__isset.displayMessage);
  EXPECT_FALSE(direct.operationStatus.__isset.numModifiedRows);
  EXPECT_TRUE(ok(direct.resultSetMetadata.status));
  EXPECT_EQ(direct.resultSetMetadata.resultFormat, tcli::TSparkRowSetType::ARROW_BASED_SET);
  EXPECT_TRUE(ok(direct.resultSet.status));
  EXPECT_FALSE(direct.resultSet.hasMoreRows);
  EXPECT_EQ(direct.resultSet.results.arrowBatches.at(0).rowCount, 3);
  EXPECT_THAT(direct.resultSet.results.rows, IsEmpty());
  EXPECT_TRUE(direct.__isset.closeOperation);
  EXPECT_TRUE(ok(direct.closeOperation.status));
  EXPECT_EQ(server->thrift().open_operations(), 0U);
}

TEST_F(Statements, ThatAreLargeKeepTheirOperationOpen) {
  ThriftClient client = connect();

  const auto reply = client.execute(client.usual_request("rows 25 10", 10));

  EXPECT_TRUE(reply.directResults.resultSet.hasMoreRows);
  EXPECT_FALSE(reply.directResults.__isset.closeOperation);
  EXPECT_EQ(client.fetch(reply.operationHandle, 10).results.startRowOffset, 10);
  const auto last = client.fetch(reply.operationHandle, 10);
  EXPECT_FALSE(last.hasMoreRows);
  EXPECT_EQ(last.results.startRowOffset, 20);
  EXPECT_EQ(last.results.arrowBatches.at(0).rowCount, 5);
  EXPECT_TRUE(ok(client.close(reply.operationHandle)));
  EXPECT_EQ(script->open_results, 0);
}

TEST_F(Statements, GiveStatusAndMetadataAloneWhenNoDirectRowsAreWanted) {
  ThriftClient client = connect();

  const auto reply = client.execute(client.usual_request("rows 3", 0));

  EXPECT_EQ(reply.directResults.operationStatus.operationState,
            tcli::TOperationState::FINISHED_STATE);
  EXPECT_TRUE(reply.directResults.__isset.resultSetMetadata);
  EXPECT_FALSE(reply.directResults.__isset.resultSet);
  EXPECT_FALSE(reply.directResults.__isset.closeOperation);
}

TEST_F(Statements, ThatTakeLongAreLeftRunning) {
  ThriftClient client = connect();

  const auto reply = client.execute("gate");

  EXPECT_TRUE(ok(reply.status));
  EXPECT_EQ(reply.directResults.operationStatus.operationState,
            tcli::TOperationState::RUNNING_STATE);
  EXPECT_FALSE(reply.directResults.__isset.resultSetMetadata);
  EXPECT_FALSE(reply.directResults.__isset.resultSet);
  script->open_gate();
  while (client.status(reply.operationHandle).operationState !=
         tcli::TOperationState::FINISHED_STATE) {
  }
  EXPECT_EQ(client.fetch(reply.operationHandle, 100).results.arrowBatches.at(0).rowCount, 1);
}

TEST_F(Statements, AnswerAtOnceWhenNobodyAskedForDirectResults) {
  auto options = quick_options();
  options.service.direct_results_wait = 1h;
  start(options);
  ThriftClient client = connect();

  const auto reply = client.execute(async_request(client, "gate"));

  EXPECT_TRUE(ok(reply.status));
  EXPECT_FALSE(reply.__isset.directResults);
}

TEST_F(Statements, BlockWhenTheyAreNotAsynchronous) {
  ThriftClient client = connect();
  auto request = client.usual_request("gate");
  request.__set_runAsync(false);
  std::thread opener([&] {
    script->await_waiting(1);
    script->open_gate();
  });

  const auto reply = client.execute(request);
  opener.join();

  EXPECT_EQ(reply.directResults.operationStatus.operationState,
            tcli::TOperationState::FINISHED_STATE);
}

TEST_F(Statements, ThatFailTellTheErrorInTheirOperation) {
  ThriftClient client = connect();

  const auto reply = client.execute("fail");

  EXPECT_TRUE(ok(reply.status));
  const auto& status = reply.directResults.operationStatus;
  EXPECT_TRUE(ok(status.status));
  EXPECT_EQ(status.operationState, tcli::TOperationState::ERROR_STATE);
  EXPECT_EQ(status.sqlState, "42P01");
  EXPECT_EQ(status.errorCode, 0);
  EXPECT_THAT(status.errorMessage, StartsWith("Error running query: [TABLE_OR_VIEW_NOT_FOUND] "));
  EXPECT_THAT(status.displayMessage, StartsWith("[TABLE_OR_VIEW_NOT_FOUND]"));
  EXPECT_THAT(status.errorDetailsJson, HasSubstr("\"sqlState\": \"42P01\""));
  EXPECT_FALSE(reply.directResults.__isset.closeOperation);
  EXPECT_TRUE(ok(client.close(reply.operationHandle)));
}

TEST_F(Statements, ThatFailWhileSomebodyWaitsHaveNoHandle) {
  ThriftClient client = connect();
  auto request = client.usual_request("fail");
  request.__set_runAsync(false);

  const auto reply = client.execute(request);

  EXPECT_EQ(reply.status.statusCode, tcli::TStatusCode::ERROR_STATUS);
  EXPECT_EQ(reply.status.sqlState, "42P01");
  EXPECT_THAT(reply.status.displayMessage, StartsWith("[TABLE_OR_VIEW_NOT_FOUND]"));
  EXPECT_THAT(reply.status.infoMessages.at(0), StartsWith("*org.apache.hive"));
  EXPECT_GT(reply.status.infoMessages.size(), 5U);
  EXPECT_FALSE(reply.__isset.operationHandle);
  EXPECT_EQ(server->thrift().open_operations(), 0U);
}

TEST_F(Statements, WhoseFirstRowsFailAreFailedStatements) {
  ThriftClient client = connect();

  const auto reply = client.execute("rows 0 10 fail");

  EXPECT_EQ(reply.directResults.operationStatus.operationState, tcli::TOperationState::ERROR_STATE);
  EXPECT_EQ(reply.directResults.operationStatus.sqlState, "22012");
}

TEST_F(Statements, WhoseLaterRowsFailGiveAnErrorInPlaceOfThePage) {
  ThriftClient client = connect();
  const auto reply = client.execute(client.usual_request("rows 25 10 fail", 10));

  EXPECT_EQ(client.fetch(reply.operationHandle, 10).status.statusCode,
            tcli::TStatusCode::SUCCESS_STATUS);
  const auto last = client.fetch(reply.operationHandle, 10);

  EXPECT_EQ(last.status.statusCode, tcli::TStatusCode::ERROR_STATUS);
  EXPECT_EQ(last.status.sqlState, "22012");
}

TEST_F(Statements, ThatAreCancelledInterruptTheEngine) {
  ThriftClient client = connect();
  const auto reply = client.execute("gate");
  ASSERT_TRUE(script->await_waiting(1));

  EXPECT_TRUE(ok(client.cancel(reply.operationHandle)));

  EXPECT_TRUE(eventually([&] { return script->interrupted == 1; }));
  const auto status = client.status(reply.operationHandle);
  EXPECT_EQ(status.operationState, tcli::TOperationState::CANCELED_STATE);
  EXPECT_FALSE(status.__isset.errorMessage);
  EXPECT_EQ(client.fetch(reply.operationHandle, 1).status.statusCode,
            tcli::TStatusCode::ERROR_STATUS);
  EXPECT_TRUE(ok(client.close(reply.operationHandle)));
}

TEST_F(Statements, ThatWaitForTheirTurnCanBeCancelledUnseen) {
  ThriftClient client = connect();
  const auto first = client.execute("gate");
  ASSERT_TRUE(script->await_waiting(1));
  const auto second = client.execute(async_request(client, "rows 1"));
  EXPECT_EQ(client.status(second.operationHandle).operationState,
            tcli::TOperationState::PENDING_STATE);

  client.cancel(second.operationHandle);
  script->open_gate();
  while (client.status(first.operationHandle).operationState !=
         tcli::TOperationState::FINISHED_STATE) {
  }

  client.execute("rows 2");
  EXPECT_THAT(script->statements(), ElementsAre("gate", "rows 2"));
}

TEST_F(Statements, ThatRunIntoTheirTimeoutAreTimedOut) {
  ThriftClient client = connect();
  auto request = async_request(client, "gate");
  request.__set_queryTimeout(1);

  const auto reply = client.execute(request);

  tcli::TOperationState state = tcli::TOperationState::PENDING_STATE;
  while (state == tcli::TOperationState::PENDING_STATE ||
         state == tcli::TOperationState::RUNNING_STATE) {
    state = client.status(reply.operationHandle).operationState;
  }
  EXPECT_EQ(state, tcli::TOperationState::TIMEDOUT_STATE);
  EXPECT_TRUE(eventually([&] { return script->interrupted == 1; }));
}

TEST_F(Statements, HoldStatusRequestsUntilTheyAreOver) {
  auto options = quick_options();
  options.service.long_poll_wait = 1h;
  start(options);
  ThriftClient client = connect();
  const auto reply = client.execute("gate");
  ASSERT_TRUE(script->await_waiting(1));
  std::thread opener([&] {
    eventually([&] { return server->journal().count("GetOperationStatus") == 1; });
    script->open_gate();
  });

  const auto status = client.status(reply.operationHandle);
  opener.join();

  EXPECT_EQ(status.operationState, tcli::TOperationState::FINISHED_STATE);
}

TEST_F(Statements, LetManyWaitWithoutHoldingThreads) {
  auto options = quick_options();
  options.service.long_poll_wait = 1h;
  options.service.request_threads = 1;
  options.io_threads = 1;
  start(options);
  ThriftClient client = connect();
  const auto reply = client.execute("gate");
  std::vector<std::thread> pollers;
  std::atomic<int> finished = 0;
  for (int i = 0; i < 20; ++i) {
    pollers.emplace_back([&] {
      ThriftClient poller(server->port());
      if (poller.status(reply.operationHandle).operationState ==
          tcli::TOperationState::FINISHED_STATE) {
        ++finished;
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return server->journal().count("GetOperationStatus") == 20; }));

  ThriftClient other = connect();
  EXPECT_TRUE(ok(other.execute("rows 5").status)) << "others are served meanwhile";
  script->open_gate();

  for (auto& poller : pollers) poller.join();
  EXPECT_EQ(finished, 20);
}

TEST_F(Statements, OfOneSessionNeverTakeTheTurnOfAnother) {
  auto options = quick_options();
  options.service.statement_threads = 2;
  start(options);
  ThriftClient greedy = connect();
  for (int i = 0; i < 10; ++i) greedy.execute(async_request(greedy, "gate"));
  ASSERT_TRUE(script->await_waiting(1));

  ThriftClient other = connect();
  const auto reply = other.execute("rows 1");

  EXPECT_TRUE(reply.directResults.__isset.closeOperation);
}

TEST_F(Statements, OfOneSessionRunInOrder) {
  ThriftClient client = connect();
  for (int i = 0; i < 20; ++i) client.execute(async_request(client, "rows " + std::to_string(i)));
  client.execute("rows 20");

  std::vector<std::string> expected;
  for (int i = 0; i <= 20; ++i) expected.push_back("rows " + std::to_string(i));
  EXPECT_EQ(script->statements(), expected);
}

TEST_F(Statements, AreFoundByGuidWhateverElseTheHandleSays) {
  ThriftClient client = connect();
  auto handle = client.execute(client.usual_request("rows 25 10", 10)).operationHandle;
  handle.operationType = tcli::TOperationType::UNKNOWN;
  handle.hasResultSet = false;
  handle.operationId.secret = std::string(16, 'x');

  EXPECT_EQ(client.fetch(handle, -1).results.startRowOffset, 10);
  EXPECT_TRUE(ok(client.close(handle)));
}

TEST_F(Statements, MayBeClosedAgainOnAWarehouse) {
  ThriftClient client = connect();
  const auto reply = client.execute("rows 3");

  EXPECT_TRUE(ok(client.close(reply.operationHandle)));
}

TEST_F(Statements, MayNotBeClosedAgainOnACluster) {
  ThriftClient client = connect(0xA509, kClusterPath);
  const auto reply = client.execute("rows 3");

  const auto status = client.close(reply.operationHandle);

  EXPECT_EQ(status.statusCode, tcli::TStatusCode::ERROR_STATUS);
  EXPECT_EQ(status.sqlState, "08000");
  EXPECT_THAT(status.errorMessage,
              StartsWith("Invalid OperationHandle: OperationHandle [opType=EXECUTE_STATEMENT, "
                         "getHandleIdentifier()=01"));
}

TEST_F(Statements, ThatAreClosedInterruptTheirPageInTheMaking) {
  ThriftClient client = connect();
  const auto handle = client.execute(client.usual_request("rows 30 10 gate", 10)).operationHandle;
  client.fetch(handle, 10);
  std::thread reader([&] {
    ThriftClient other(server->port());
    EXPECT_EQ(other.fetch(handle, 100).status.statusCode, tcli::TStatusCode::ERROR_STATUS);
  });
  ASSERT_TRUE(script->await_waiting(1));

  EXPECT_TRUE(ok(client.close(handle)));

  reader.join();
  EXPECT_EQ(script->interrupted, 1);
  EXPECT_TRUE(eventually([&] { return script->open_results == 0; }));
}

TEST_F(Statements, CanBeClosedWhileTheirSessionIsBusyWithAnother) {
  ThriftClient client = connect();
  const auto read = client.execute(client.usual_request("rows 30 10", 10)).operationHandle;
  const auto busy = client.execute("gate").operationHandle;
  ASSERT_TRUE(script->await_waiting(1));

  EXPECT_TRUE(ok(client.close(read))) << "answered while the other one runs";

  EXPECT_EQ(client.fetch(read, 10).status.sqlState, "08000");
  script->open_gate();
  EXPECT_TRUE(eventually(
      [&] { return client.status(busy).operationState == tcli::TOperationState::FINISHED_STATE; }));
  EXPECT_TRUE(ok(client.close(busy)));
  EXPECT_TRUE(eventually([&] { return script->open_results == 0; }));
}

TEST_F(Statements, ThatAreUnknownAreInvalidForEveryCall) {
  ThriftClient client = connect();
  tcli::TOperationHandle handle;
  handle.operationId.guid = std::string(16, 'g');
  handle.operationId.secret = std::string(16, 's');
  handle.operationType = tcli::TOperationType::UNKNOWN;

  tcli::TGetResultSetMetadataReq metadata;
  metadata.operationHandle = handle;
  const std::vector<tcli::TStatus> statuses{
      client.status(handle).status, client.fetch(handle, 1).status, client.cancel(handle),
      client.close(handle),
      client.call<tcli::TGetResultSetMetadataResp>("GetResultSetMetadata", metadata).status};

  for (const auto& status : statuses) {
    EXPECT_EQ(status.statusCode, tcli::TStatusCode::ERROR_STATUS);
    EXPECT_EQ(status.sqlState, "08000");
    EXPECT_THAT(status.displayMessage, HasSubstr("opType=UNKNOWN_OPERATION"));
  }
}

TEST_F(Statements, CannotBeReadBeforeTheyAreFinished) {
  ThriftClient client = connect();
  const auto reply = client.execute("gate");

  const auto page = client.fetch(reply.operationHandle, 1);

  EXPECT_EQ(page.status.statusCode, tcli::TStatusCode::ERROR_STATUS);
  EXPECT_THAT(page.status.errorMessage,
              HasSubstr("Expected states: [FINISHED], but found RUNNING"));
}

TEST_F(Statements, WithoutRowsHaveOneColumnForThriftAndNoneForArrow) {
  ThriftClient client = connect();

  const auto direct = client.execute("ddl").directResults;

  const auto& schema = direct.resultSetMetadata.schema;
  ASSERT_EQ(schema.columns.size(), 1U);
  EXPECT_EQ(schema.columns[0].columnName, "Result");
  EXPECT_EQ(schema.columns[0].position, 1);
  EXPECT_EQ(schema.columns[0].typeDesc.types.at(0).primitiveEntry.type, tcli::TTypeId::STRING_TYPE);
  EXPECT_TRUE(direct.resultSetMetadata.__isset.arrowSchema);
  EXPECT_TRUE(direct.resultSetMetadata.lz4Compressed);
  EXPECT_TRUE(direct.resultSet.results.__isset.arrowBatches);
  EXPECT_THAT(direct.resultSet.results.arrowBatches, IsEmpty());
  EXPECT_FALSE(direct.operationStatus.__isset.numModifiedRows);
  EXPECT_TRUE(direct.__isset.closeOperation);
}

TEST_F(Statements, ThatChangeRowsCountThemTwice) {
  ThriftClient client = connect();

  const auto direct = client.execute("dml 7").directResults;

  EXPECT_EQ(direct.operationStatus.numModifiedRows, 7);
  EXPECT_EQ(direct.resultSetMetadata.schema.columns.at(0).columnName, "num_affected_rows");
  EXPECT_EQ(direct.resultSet.results.arrowBatches.at(0).rowCount, 1);
}

TEST_F(Statements, CarryTheirParametersAndRowLimitToTheEngine) {
  ThriftClient client = connect();
  auto request = client.usual_request("rows 1");
  tcli::TSparkParameter named, null, list;
  named.__set_name("a");
  named.__set_type("INT");
  tcli::TSparkParameterValue value;
  value.__set_stringValue("5");
  named.__set_value(value);
  null.__set_name("b");
  list.__set_name("c");
  list.__set_type("ARRAY");
  tcli::TSparkParameterValueArg element;
  element.__set_type("INT");
  element.__set_value("1");
  list.__set_arguments({element});
  request.__set_parameters({named, null, list});
  request.__set_resultRowLimit(12);

  client.execute(request);

  const auto seen = script->last_parameters();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].name, "a");
  EXPECT_EQ(seen[0].type, "INT");
  EXPECT_EQ(seen[0].value, "5");
  EXPECT_FALSE(seen[1].value);
  EXPECT_EQ(seen[2].arguments.at(0).value, "1");
  EXPECT_EQ(script->last_row_limit(), 12);
}

TEST_F(Statements, HaveParametersByTheAgeOfTheServerNotOfTheClient) {
  for (const auto& [server_version, expected] : {std::pair(0xA508, 1U), std::pair(0xA507, 0U)}) {
    auto options = quick_options();
    options.service.max_protocol = server_version;
    start(options);
    ThriftClient client = connect(0xA507);
    auto request = client.usual_request("rows 1");
    request.__set_parameters({tcli::TSparkParameter()});

    client.execute(request);

    EXPECT_EQ(script->last_parameters().size(), expected);
  }
}

TEST_F(Statements, RunAsSoonAsAWorkerIsFreeHoweverManySessionsThereAre) {
  auto options = quick_options();
  options.service.direct_results_wait = 20s;
  start(options);
  std::vector<std::thread> clients;
  std::atomic<int> complete = 0;
  for (int i = 0; i < 50; ++i) {
    clients.emplace_back([&] {
      ThriftClient client(server->port());
      client.open();
      for (int j = 0; j < 10; ++j) {
        if (client.execute("rows 5").directResults.__isset.closeOperation) ++complete;
      }
      client.close_session();
    });
  }
  for (auto& client : clients) client.join();

  EXPECT_EQ(complete, 500);
  EXPECT_EQ(server->thrift().open_operations(), 0U);
  EXPECT_EQ(script->open_results, 0);
}

}  // namespace
}  // namespace dbsql::test
