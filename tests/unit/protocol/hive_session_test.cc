#include <dbsql/error.h>

#include "protocol/backend.h"
#include "support/capture_error.h"
#include "unit/protocol/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

// Opening sessions on servers that are not Databricks (reference/thrift.md 5.2).
namespace dbsql::protocol::thrift {
namespace {

using test::capture_error;
using test::column_page;
using test::error_status;
using test::finished;
using test::opened;
using testing::HasSubstr;

constexpr std::int32_t kProtocolError = 7;

/// The reply of a server that could not read the call.
test::ScriptedServer::Answer application_exception(const std::string& method,
                                                   const std::string& message,
                                                   std::int32_t type = kProtocolError) {
  return [=](const http::Request&, std::int32_t sequence_id) {
    auto memory = std::make_shared<apache::thrift::transport::TMemoryBuffer>();
    apache::thrift::protocol::TBinaryProtocol out(memory);
    out.writeMessageBegin(method, apache::thrift::protocol::T_EXCEPTION, sequence_id);
    out.writeStructBegin("TApplicationException");
    out.writeFieldBegin("message", apache::thrift::protocol::T_STRING, 1);
    out.writeString(message);
    out.writeFieldBegin("type", apache::thrift::protocol::T_I32, 2);
    out.writeI32(type);
    out.writeFieldStop();
    out.writeStructEnd();
    return http::Reply(
        http::Response{.status = 200, .body = base::Buffer::copy_of(memory->getBufferAsString())});
  };
}

const std::string kUnset = "Required field 'client_protocol' is unset!";

/// What a Spark server answers: the version, and nothing of Databricks.
tcli::TOpenSessionResp opened_on_hive(std::int32_t protocol) {
  tcli::TOpenSessionResp reply;
  reply.status = test::success_status();
  reply.serverProtocolVersion = static_cast<tcli::TProtocolVersion>(protocol);
  tcli::TSessionHandle handle;
  handle.sessionId = test::handle_id('\x11');
  reply.__set_sessionHandle(handle);
  reply.__set_configuration({});
  return reply;
}

int asked_protocol(const test::ScriptedBackend& scripted) {
  return scripted.server->last_request<tcli::TOpenSessionReq>("OpenSession").client_protocol;
}

TEST(HiveSession, IsOpenedInHivesOwnFormWhenTheServerCannotReadOurs) {
  test::ScriptedBackend scripted;
  scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
  scripted.server->answer("OpenSession", opened_on_hive(9));

  scripted.backend.open_session({.confs = {{"timezone", "Asia/Tokyo"}, {"my.conf", "1"}}}, {});

  const auto sent = scripted.server->last_request<tcli::TOpenSessionReq>("OpenSession");
  EXPECT_EQ(static_cast<int>(sent.client_protocol), 9);
  EXPECT_FALSE(sent.__isset.client_protocol_i64);
  EXPECT_EQ(sent.configuration, (std::map<std::string, std::string>{
                                    {"set:hiveconf:spark.sql.session.timeZone", "Asia/Tokyo"},
                                    {"set:hiveconf:my.conf", "1"}}));
}

TEST(HiveSession, GoesDownTheVersionsUntilTheServerKnowsOne) {
  test::ScriptedBackend scripted;
  for (int i = 0; i < 3; ++i)
    scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
  scripted.server->answer("OpenSession", opened_on_hive(7));

  scripted.backend.open_session({}, {});

  EXPECT_EQ(asked_protocol(scripted), 7);
  EXPECT_EQ(scripted.server->count("OpenSession"), 4);
}

TEST(HiveSession, TakesARefusalInTheStatusForAMisunderstandingToo) {
  test::ScriptedBackend scripted;
  tcli::TOpenSessionResp refusal;
  refusal.status = error_status("", kUnset);
  refusal.serverProtocolVersion = tcli::HIVE_CLI_SERVICE_PROTOCOL_V1;
  scripted.server->answer("OpenSession", refusal);
  scripted.server->answer("OpenSession", opened_on_hive(9));

  scripted.backend.open_session({}, {});

  EXPECT_EQ(asked_protocol(scripted), 9);
}

TEST(HiveSession, RemembersTheVersionForTheNextOne) {
  test::ScriptedBackend scripted;
  scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
  scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
  scripted.server->answer("OpenSession", opened_on_hive(8));
  scripted.backend.open_session({}, {});

  scripted.backend.open_session({}, {});

  EXPECT_EQ(asked_protocol(scripted), 8);
  EXPECT_EQ(scripted.server->count("OpenSession"), 4);
}

TEST(HiveSession, IsGivenUpWhenNoVersionIsTaken) {
  test::ScriptedBackend scripted;
  scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));

  const Error error = capture_error([&] { scripted.backend.open_session({}, {}); });

  EXPECT_EQ(error.kind(), ErrorKind::NotSupported);
  EXPECT_THAT(error.message(), HasSubstr("client_protocol"));
  EXPECT_EQ(scripted.server->count("OpenSession"), 6);
  EXPECT_EQ(asked_protocol(scripted), 5) << "an older version would bring rows";
}

TEST(HiveSession, IsNotTriedWhenTheServerHadAReasonToRefuse) {
  test::ScriptedBackend scripted;
  tcli::TOpenSessionResp refusal;
  refusal.status = error_status("42704", "[NO_SUCH_CATALOG_EXCEPTION] Catalog 'x' was not found");
  refusal.serverProtocolVersion = tcli::SPARK_CLI_SERVICE_PROTOCOL_V8;
  scripted.server->answer("OpenSession", refusal);

  EXPECT_EQ(capture_error([&] { scripted.backend.open_session({.catalog = "x"}, {}); }).kind(),
            ErrorKind::NotFound);
  EXPECT_EQ(scripted.server->count("OpenSession"), 1);
}

TEST(HiveSession, TakesAnErrorOfHivesFormAsItIs) {
  test::ScriptedBackend scripted;
  scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
  tcli::TOpenSessionResp refusal;
  refusal.status = error_status("", "java.lang.IllegalStateException: no more sessions");
  refusal.serverProtocolVersion = tcli::HIVE_CLI_SERVICE_PROTOCOL_V10;
  scripted.server->answer("OpenSession", refusal);

  const Error error = capture_error([&] { scripted.backend.open_session({}, {}); });

  EXPECT_EQ(error.message(), "no more sessions");
  EXPECT_EQ(scripted.server->count("OpenSession"), 2);
}

TEST(HiveSession, HasOneCatalogUnderItsOwnNames) {
  for (const std::string catalog : {"spark_catalog", "SPARK"}) {
    test::ScriptedBackend scripted;
    scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
    scripted.server->answer("OpenSession", opened_on_hive(9));

    scripted.backend.open_session({.catalog = catalog}, {});

    EXPECT_EQ(scripted.server->count("ExecuteStatement"), 0) << catalog;
  }
  test::ScriptedBackend scripted;
  scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
  scripted.server->answer("OpenSession", opened_on_hive(9));
  EXPECT_EQ(capture_error([&] { scripted.backend.open_session({.catalog = "main"}, {}); }).kind(),
            ErrorKind::NotSupported);
}

TEST(HiveSession, ChoosesItsSchemaByStatement) {
  test::ScriptedBackend scripted;
  scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
  scripted.server->answer("OpenSession", opened_on_hive(9));
  scripted.server->answer("ExecuteStatement", finished(column_page(0, {}, false), true));

  scripted.backend.open_session({.schema = "sales"}, {});

  EXPECT_EQ(scripted.server->last_request<tcli::TExecuteStatementReq>("ExecuteStatement").statement,
            "USE `sales`");
}

TEST(HiveSession, SendsNothingThatOnlyDatabricksUnderstands) {
  test::ScriptedBackend scripted;
  scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
  scripted.server->answer("OpenSession", opened_on_hive(9));
  scripted.server->answer("ExecuteStatement", test::accepted());
  const auto session = scripted.backend.open_session({}, {});
  const Parameters none;

  session->execute(
      {.sql = "SELECT 1", .parameters = &none, .row_limit = 5, .query_tags = {{"team", "a"}}}, {});

  const auto sent = scripted.server->last_request<tcli::TExecuteStatementReq>("ExecuteStatement");
  EXPECT_TRUE(sent.runAsync);
  EXPECT_FALSE(sent.__isset.getDirectResults);
  EXPECT_FALSE(sent.__isset.canReadArrowResult);
  EXPECT_FALSE(sent.__isset.canDownloadResult);
  EXPECT_FALSE(sent.__isset.resultRowLimit);
  EXPECT_FALSE(sent.__isset.confOverlay);
}

/// Spark before 3 and HiveServer2 leave the number of a page's first row at 0.
TEST(HiveSession, ReadsPagesThatAreNotNumbered) {
  test::ScriptedBackend scripted;
  scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
  scripted.server->answer("OpenSession", opened_on_hive(9));
  scripted.server->answer("ExecuteStatement", finished(column_page(0, {1, 2, 3}, false), false));
  scripted.server->answer("FetchResults", column_page(0, {4, 5}, false));
  scripted.server->answer("FetchResults", column_page(0, {}, false));
  const auto session = scripted.backend.open_session({}, {});
  const Parameters none;
  const auto operation = session->execute({.sql = "SELECT 1", .parameters = &none}, {});

  std::int64_t rows = 0;
  while (const auto page = operation->next_page({}))
    rows += std::get<ColumnarRows>(page->rows).columns.front().count;

  EXPECT_EQ(rows, 5);
}

TEST(HiveSession, RefusesParametersWithTheNameOfTheServer) {
  test::ScriptedBackend scripted;
  scripted.server->answer_with("OpenSession", application_exception("OpenSession", kUnset));
  scripted.server->answer("OpenSession", opened_on_hive(9));
  const auto session = scripted.backend.open_session({}, {});
  const Parameters parameters{{"x", 5}};

  const Error error =
      capture_error([&] { session->execute({.sql = "SELECT :x", .parameters = &parameters}, {}); });

  EXPECT_EQ(error.kind(), ErrorKind::NotSupported);
  EXPECT_THAT(error.message(), HasSubstr("HiveServer2 or Spark"));
  EXPECT_EQ(scripted.server->count("ExecuteStatement"), 0);
}

}  // namespace
}  // namespace dbsql::protocol::thrift
