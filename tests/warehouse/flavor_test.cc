#include "base/base64.h"
#include "tests/warehouse/server_test.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>

namespace dbsql::test {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr std::string_view kHivePath = "/cliservice";

std::string basic(const std::string& user_and_password) {
  return "Basic " + base::base64_encode(user_and_password);
}

class Flavors : public ServerTest {
 protected:
  void start_as(warehouse::Flavor flavor, const std::string& token = {}) {
    auto options = quick_options();
    options.service.flavor = flavor;
    options.token = token;
    start(std::move(options));
  }

  ThriftClient client_of_spark() {
    ThriftClient client(server->port(), kHivePath);
    client.authorization = basic("anonymous:anonymous");
    return client;
  }

  static tcli::TOpenSessionResp open_hive(ThriftClient& client, int protocol = 9) {
    tcli::TOpenSessionReq request;
    request.__set_client_protocol(static_cast<tcli::TProtocolVersion>(protocol));
    return open(client, request);
  }

  static tcli::TOpenSessionResp open(ThriftClient& client, const tcli::TOpenSessionReq& request) {
    auto reply = client.call<tcli::TOpenSessionResp>("OpenSession", request);
    client.session = reply.sessionHandle;
    return reply;
  }

  static tcli::TGetOperationStatusResp wait_for(ThriftClient& client,
                                                const tcli::TOperationHandle& operation) {
    for (;;) {
      auto status = client.status(operation);
      const bool over = status.operationState != tcli::TOperationState::RUNNING_STATE &&
                        status.operationState != tcli::TOperationState::PENDING_STATE;
      if (over) return status;
    }
  }
};

class Spark : public Flavors {
 protected:
  void SetUp() override { start_as(warehouse::Flavor::Spark); }
};

TEST_F(Spark, CannotReadVersionsThatHiveDoesNotHave) {
  ThriftClient client = client_of_spark();
  for (const int protocol : {-7, 10, 42247}) {
    tcli::TOpenSessionReq request;
    request.__set_client_protocol(static_cast<tcli::TProtocolVersion>(protocol));
    request.__set_client_protocol_i64(0xA509);
    try {
      open(client, request);
      ADD_FAILURE() << protocol << " was accepted";
    } catch (const apache::thrift::TApplicationException& error) {
      EXPECT_EQ(error.getType(), apache::thrift::TApplicationException::PROTOCOL_ERROR);
      EXPECT_THAT(error.what(), HasSubstr("client_protocol"));
    }
  }
}

TEST_F(Spark, TakesTheSmallerVersionAndItsOwnWhenNoneIsNamed) {
  ThriftClient client = client_of_spark();

  EXPECT_EQ(static_cast<int>(open_hive(client, 9).serverProtocolVersion), 9);
  EXPECT_EQ(static_cast<int>(open_hive(client, 6).serverProtocolVersion), 6);
  tcli::TOpenSessionReq unnamed;
  unnamed.__isset.client_protocol = false;
  EXPECT_EQ(static_cast<int>(open(client, unnamed).serverProtocolVersion), 9);
}

TEST_F(Spark, AnswersOpenSessionWithoutAnythingOfDatabricks) {
  ThriftClient client = client_of_spark();
  tcli::TOpenSessionReq request;
  request.__set_client_protocol(static_cast<tcli::TProtocolVersion>(9));
  tcli::TNamespace wanted;
  wanted.__set_schemaName("elsewhere");
  request.__set_initialNamespace(wanted);
  request.__set_configuration({{"set:hiveconf:a", "1"}, {"b", "2"}});

  const auto opened = open(client, request);

  EXPECT_TRUE(opened.__isset.configuration);
  EXPECT_FALSE(opened.__isset.initialNamespace);
  EXPECT_FALSE(opened.__isset.canUseMultipleCatalogs);
  EXPECT_FALSE(opened.__isset.getInfos);
  EXPECT_EQ(script->last_settings().schema, "");
  EXPECT_EQ(script->last_settings().confs, (std::map<std::string, std::string>{{"a", "1"}}));
}

TEST_F(Spark, NeverSendsDirectResultsAndSaysNoMoreAlways) {
  ThriftClient client = client_of_spark();
  open_hive(client);

  const auto reply = client.execute("rows 30");
  wait_for(client, reply.operationHandle);
  const auto first = client.fetch(reply.operationHandle, 20);
  const auto second = client.fetch(reply.operationHandle, 20);
  const auto end = client.fetch(reply.operationHandle, 20);

  EXPECT_FALSE(reply.__isset.directResults);
  EXPECT_TRUE(reply.operationHandle.hasResultSet);
  EXPECT_FALSE(first.hasMoreRows);
  EXPECT_EQ(first.results.columns.at(0).i64Val.values.size(), 20U);
  EXPECT_EQ(second.results.startRowOffset, 20);
  EXPECT_THAT(end.results.columns.at(0).i64Val.values, IsEmpty());
  EXPECT_EQ(end.results.startRowOffset, 0);
}

TEST_F(Spark, SendsNoBitmapByteWithoutANull) {
  ThriftClient client = client_of_spark();
  open_hive(client);

  const auto reply = client.execute("rows 10");
  wait_for(client, reply.operationHandle);
  const auto page = client.fetch(reply.operationHandle, 20);

  EXPECT_EQ(page.results.columns.at(0).i64Val.nulls, "");
  EXPECT_EQ(page.results.columns.at(1).stringVal.nulls, std::string("\x00\x02", 2));
}

TEST_F(Spark, TellsTheSchemaAndNothingElseAboutAResult) {
  ThriftClient client = client_of_spark();
  open_hive(client);
  const auto reply = client.execute("rows 1");
  const auto status = wait_for(client, reply.operationHandle);
  tcli::TGetResultSetMetadataReq request;
  request.operationHandle = reply.operationHandle;

  const auto metadata =
      client.call<tcli::TGetResultSetMetadataResp>("GetResultSetMetadata", request);

  EXPECT_EQ(metadata.schema.columns.size(), 2U);
  EXPECT_FALSE(metadata.__isset.resultFormat);
  EXPECT_FALSE(metadata.__isset.lz4Compressed);
  EXPECT_FALSE(metadata.__isset.arrowSchema);
  EXPECT_FALSE(status.__isset.operationStarted);
  EXPECT_FALSE(status.__isset.hasResultSet);
}

TEST_F(Spark, KeepsTheNumberOfChangedRowsToItself) {
  ThriftClient client = client_of_spark();
  open_hive(client);
  const auto reply = client.execute("dml 7");
  const auto status = wait_for(client, reply.operationHandle);
  tcli::TGetResultSetMetadataReq request;
  request.operationHandle = reply.operationHandle;

  const auto metadata =
      client.call<tcli::TGetResultSetMetadataResp>("GetResultSetMetadata", request);

  EXPECT_FALSE(status.__isset.numModifiedRows);
  ASSERT_EQ(metadata.schema.columns.size(), 1U);
  EXPECT_EQ(metadata.schema.columns[0].columnName, "Result");
}

TEST_F(Spark, SendsTheExceptionWithItsStackForAnError) {
  ThriftClient client = client_of_spark();
  open_hive(client);
  const auto reply = client.execute("fail");

  const auto status = wait_for(client, reply.operationHandle);

  EXPECT_EQ(status.operationState, tcli::TOperationState::ERROR_STATE);
  EXPECT_EQ(status.sqlState, "42P01");
  EXPECT_THAT(status.errorMessage,
              AllOf(StartsWith("org.apache.hive.service.cli.HiveSQLException: Error running query: "
                               "[TABLE_OR_VIEW_NOT_FOUND] "),
                    HasSubstr("\n\tat ")));
  EXPECT_FALSE(status.__isset.displayMessage);
  EXPECT_FALSE(status.__isset.errorDetailsJson);
  const auto gone = client.close(tcli::TOperationHandle());
  EXPECT_FALSE(gone.__isset.displayMessage);
  EXPECT_THAT(gone.infoMessages, Not(IsEmpty()));
}

TEST_F(Spark, DoesNotForgiveASecondClose) {
  ThriftClient client = client_of_spark();
  open_hive(client);
  const auto reply = client.execute("rows 1");
  client.close(reply.operationHandle);

  const auto again = client.close(reply.operationHandle);

  EXPECT_EQ(again.statusCode, tcli::TStatusCode::ERROR_STATUS);
  EXPECT_EQ(again.sqlState, "08000");
}

TEST_F(Spark, WantsToBeAskedForRowsAndLooksAtNoOffset) {
  ThriftClient client = client_of_spark();
  open_hive(client);
  const auto reply = client.execute("rows 30");
  wait_for(client, reply.operationHandle);
  client.fetch(reply.operationHandle, 10);
  tcli::TFetchResultsReq request;
  request.operationHandle = reply.operationHandle;
  request.maxRows = 10;
  request.__set_startRowOffset(0);

  EXPECT_EQ(client.fetch(reply.operationHandle, 0).status.statusCode,
            tcli::TStatusCode::ERROR_STATUS);
  EXPECT_EQ(client.call<tcli::TFetchResultsResp>("FetchResults", request).results.startRowOffset,
            10);
}

TEST_F(Spark, CancelsWhatRuns) {
  ThriftClient client = client_of_spark();
  open_hive(client);
  const auto reply = client.execute("gate");
  ASSERT_TRUE(script->await_waiting(1));

  EXPECT_EQ(client.cancel(reply.operationHandle).statusCode, tcli::TStatusCode::SUCCESS_STATUS);

  EXPECT_EQ(client.status(reply.operationHandle).operationState,
            tcli::TOperationState::CANCELED_STATE);
}

TEST_F(Spark, TellsItsVersion) {
  ThriftClient client = client_of_spark();
  open_hive(client);
  tcli::TGetInfoReq request;
  request.sessionHandle = client.session;
  request.infoType = tcli::TGetInfoType::CLI_DBMS_VER;

  const auto info = client.call<tcli::TGetInfoResp>("GetInfo", request);

  EXPECT_EQ(info.infoValue.stringValue, "3.5.1");
}

TEST_F(Spark, HasNoCatalogsAndNoKeys) {
  ThriftClient client = client_of_spark();
  open_hive(client);
  tcli::TGetCatalogsReq catalogs;
  catalogs.sessionHandle = client.session;
  tcli::TGetPrimaryKeysReq keys;
  keys.sessionHandle = client.session;

  const auto reply = client.call<tcli::TGetCatalogsResp>("GetCatalogs", catalogs);
  const auto page = client.fetch(reply.operationHandle, 10);

  EXPECT_THAT(page.results.columns.at(0).stringVal.values, IsEmpty());
  EXPECT_EQ(client.call<tcli::TGetPrimaryKeysResp>("GetPrimaryKeys", keys).status.statusCode,
            tcli::TStatusCode::ERROR_STATUS);
}

TEST_F(Spark, IsOnItsOwnPathAlone) {
  ThriftClient there(server->port(), "/cliservice/more");
  there.authorization = basic("a:b");
  ThriftClient elsewhere(server->port(), kWarehousePath);
  elsewhere.authorization = basic("a:b");
  const std::string body = thrift_call("OpenSession", 1, tcli::TOpenSessionReq());

  EXPECT_EQ(there.post(body).status, 200);
  const HttpResult missing = elsewhere.post(body);
  EXPECT_EQ(missing.status, 404);
  EXPECT_THAT(missing.body, HasSubstr("<html>"));
  EXPECT_EQ(missing.header("x-databricks-org-id"), "");
}

TEST_F(Spark, NeedsAUserAndAPasswordWhateverTheyAre) {
  ThriftClient client(server->port(), kHivePath);
  const std::string body = thrift_call("OpenSession", 1, tcli::TOpenSessionReq());

  for (const std::string& credentials :
       {std::string(), std::string("Bearer local"), std::string("Basic"), basic("user"),
        basic(":password"), basic("user:")}) {
    const HttpResult refused = client.post_as(credentials, body);
    EXPECT_EQ(refused.status, 401) << credentials;
    EXPECT_THAT(refused.body, StartsWith("Authentication Error: "));
  }
  EXPECT_EQ(client.post_as(basic("a:b:c"), body).status, 200);
}

TEST_F(Spark, TakesItsCookieForThePassword) {
  const std::string body = thrift_call("OpenSession", 1, tcli::TOpenSessionReq());
  HttpClient http(server->port());
  const HttpResult first =
      http.send("POST", kHivePath, body, {{"authorization", basic("anonymous:anonymous")}});
  const std::string cookie = first.header("set-cookie");

  ASSERT_THAT(cookie, StartsWith("hive.server2.auth="));
  EXPECT_EQ(
      http.send("POST", kHivePath, body, {{"cookie", cookie.substr(0, cookie.find(';'))}}).status,
      200);
  EXPECT_EQ(http.send("POST", kHivePath, body, {{"cookie", "hive.server2.auth=guess"}}).status,
            401);
}

TEST_F(Flavors, SparkChecksThePasswordItWasGiven) {
  start_as(warehouse::Flavor::Spark, "s3cret");
  ThriftClient client(server->port(), kHivePath);
  const std::string body = thrift_call("OpenSession", 1, tcli::TOpenSessionReq());

  EXPECT_EQ(client.post_as(basic("ada:s3cret"), body).status, 200);
  EXPECT_EQ(client.post_as(basic("ada:other"), body).status, 401);
  EXPECT_THAT(server->dsn(), AllOf(HasSubstr("anonymous:s3cret@"), HasSubstr("/cliservice")));
}

class DatabricksOld : public Flavors {
 protected:
  void SetUp() override { start_as(warehouse::Flavor::DatabricksOld); }
};

TEST_F(DatabricksOld, SpeaksVersionThreeAndKnowsNoNamespace) {
  ThriftClient client(server->port());

  const auto opened = client.open();

  EXPECT_EQ(static_cast<int>(opened.serverProtocolVersion), 0xA503);
  EXPECT_FALSE(opened.__isset.initialNamespace);
  EXPECT_FALSE(opened.__isset.canUseMultipleCatalogs);
}

TEST_F(DatabricksOld, SendsColumnsInDirectResultsWithoutTheNewerFields) {
  ThriftClient client(server->port());
  client.open();

  const auto direct = client.execute("rows 30").directResults;

  EXPECT_EQ(direct.operationStatus.operationState, tcli::TOperationState::FINISHED_STATE);
  EXPECT_EQ(direct.resultSetMetadata.schema.columns.size(), 2U);
  EXPECT_FALSE(direct.resultSetMetadata.__isset.resultFormat);
  EXPECT_FALSE(direct.resultSetMetadata.__isset.lz4Compressed);
  EXPECT_FALSE(direct.resultSetMetadata.__isset.arrowSchema);
  EXPECT_EQ(direct.resultSet.results.columns.at(0).i64Val.values.size(), 30U);
  EXPECT_TRUE(direct.__isset.closeOperation);
}

TEST_F(DatabricksOld, CountsChangesInTheResultAlone) {
  ThriftClient client(server->port());
  client.open();

  const auto direct = client.execute("dml 7").directResults;

  EXPECT_FALSE(direct.operationStatus.__isset.numModifiedRows);
  EXPECT_EQ(direct.resultSet.results.columns.at(0).i64Val.values.at(0), 7);
}

TEST_F(DatabricksOld, ExplainsErrorsWithoutClassesAndTextForPeople) {
  ThriftClient client(server->port());
  client.open();

  const auto status = client.execute("fail").directResults.operationStatus;

  EXPECT_EQ(status.operationState, tcli::TOperationState::ERROR_STATE);
  EXPECT_THAT(status.errorMessage,
              AllOf(StartsWith("Error running query: org.apache.spark"),
                    Not(HasSubstr("[TABLE_OR_VIEW_NOT_FOUND]")), Not(HasSubstr("SQLSTATE"))));
  EXPECT_FALSE(status.__isset.displayMessage);
}

TEST_F(DatabricksOld, DoesNotKnowParameters) {
  ThriftClient client(server->port());
  client.open();
  auto request = client.usual_request("rows 1");
  tcli::TSparkParameter parameter;
  parameter.__set_name("x");
  request.__set_parameters({parameter});

  client.execute(request);

  EXPECT_THAT(script->last_parameters(), IsEmpty());
}

}  // namespace
}  // namespace dbsql::test
