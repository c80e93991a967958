#include "base/text.h"
#include "support/fake_clock.h"
#include "tests/warehouse/http_client.h"
#include "tests/warehouse/server_test.h"

namespace dbsql::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Sessions : public ServerTest {};

TEST_F(Sessions, OpenWithAVersionAndEndWithClose) {
  start();
  ThriftClient client(server->port());

  const auto opened = client.open();

  EXPECT_EQ(opened.status.statusCode, tcli::TStatusCode::SUCCESS_STATUS);
  EXPECT_EQ(static_cast<int>(opened.serverProtocolVersion), 0xA508);
  EXPECT_EQ(opened.sessionHandle.sessionId.guid.size(), 16U);
  EXPECT_EQ(opened.sessionHandle.sessionId.secret.size(), 16U);
  EXPECT_TRUE(opened.__isset.getInfos);
  EXPECT_FALSE(opened.__isset.configuration);
  EXPECT_EQ(server->thrift().open_sessions(), 1U);
  EXPECT_EQ(client.close_session().statusCode, tcli::TStatusCode::SUCCESS_STATUS);
  EXPECT_EQ(server->thrift().open_sessions(), 0U);
  EXPECT_TRUE(eventually([&] { return script->open_sessions == 0; }));
}

TEST_F(Sessions, HaveTimeOrderedVersionOneGuids) {
  start();
  ThriftClient client(server->port());

  const std::string first = client.open().sessionHandle.sessionId.guid;
  const std::string second = client.open().sessionHandle.sessionId.guid;

  EXPECT_LE(first.substr(0, 8), second.substr(0, 8));
  EXPECT_EQ(static_cast<unsigned char>(first[6]) >> 4, 1) << "version";
  EXPECT_EQ(static_cast<unsigned char>(first[8]) >> 6, 2) << "variant";
}

TEST_F(Sessions, ShareOneSecretAsRealWarehousesDo) {
  start();
  ThriftClient client(server->port());

  const auto first = client.open().sessionHandle.sessionId;
  const auto second = client.open().sessionHandle.sessionId;

  EXPECT_EQ(first.secret, second.secret);
  EXPECT_NE(first.guid, second.guid);
}

struct Negotiation {
  std::optional<int> client;
  std::optional<std::int64_t> client_i64;
  int server;
  int expected;
};

class Negotiating : public Sessions, public testing::WithParamInterface<Negotiation> {};

TEST_P(Negotiating, TakesTheNewestVersionThatBothSpeak) {
  auto options = quick_options();
  options.service.max_protocol = GetParam().server;
  start(options);
  ThriftClient client(server->port());
  tcli::TOpenSessionReq request;
  if (GetParam().client) {
    request.__set_client_protocol(static_cast<tcli::TProtocolVersion>(*GetParam().client));
  }
  if (GetParam().client_i64) request.__set_client_protocol_i64(*GetParam().client_i64);

  const auto opened = client.call<tcli::TOpenSessionResp>("OpenSession", request);

  EXPECT_EQ(static_cast<int>(opened.serverProtocolVersion), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Clients, Negotiating,
                         testing::Values(Negotiation{-7, 0xA509, 0xA508, 0xA508},
                                         Negotiation{-7, 0xA507, 0xA508, 0xA507},
                                         Negotiation{0, 0xA508, 0xA508, 0xA508},
                                         Negotiation{0xA507, 0xA507, 0xA509, 0xA507},
                                         Negotiation{std::nullopt, 0xA507, 0xA508, 0xA507},
                                         Negotiation{9, std::nullopt, 0xA508, 9},
                                         Negotiation{-7, 0xA509, 9, 9},
                                         Negotiation{std::nullopt, std::nullopt, 0xA508, 0xA508}));

TEST_F(Sessions, StartInTheNamespaceTheyAskFor) {
  start();
  ThriftClient client(server->port());
  tcli::TOpenSessionReq request;
  request.__set_client_protocol_i64(0xA508);
  tcli::TNamespace wanted;
  wanted.__set_catalogName("sales");
  request.__set_initialNamespace(wanted);
  request.__set_configuration({{"TIMEZONE", "UTC"}});

  const auto opened = client.call<tcli::TOpenSessionResp>("OpenSession", request);

  EXPECT_EQ(opened.initialNamespace.catalogName, "sales");
  EXPECT_EQ(opened.initialNamespace.schemaName, "default");
  EXPECT_TRUE(opened.canUseMultipleCatalogs);
  EXPECT_EQ(script->last_settings().catalog, "sales");
  EXPECT_EQ(script->last_settings().confs.at("TIMEZONE"), "UTC");
}

TEST_F(Sessions, EchoThePseudoCatalogSparkAndOpenTheDefaultOne) {
  start();
  ThriftClient client(server->port());
  tcli::TOpenSessionReq request;
  request.__set_client_protocol_i64(0xA508);
  tcli::TNamespace wanted;
  wanted.__set_catalogName("SPARK");
  request.__set_initialNamespace(wanted);

  const auto opened = client.call<tcli::TOpenSessionResp>("OpenSession", request);

  EXPECT_EQ(opened.initialNamespace.catalogName, "SPARK");
  EXPECT_EQ(script->last_settings().catalog, "");
}

TEST_F(Sessions, UnwrapTheSettingsOfHiveClients) {
  start();
  ThriftClient client(server->port());
  tcli::TOpenSessionReq request;
  request.__set_client_protocol(tcli::TProtocolVersion::HIVE_CLI_SERVICE_PROTOCOL_V10);
  request.__set_configuration({{"use:database", "sales"}, {"set:hiveconf:a", "1"}});

  client.call<tcli::TOpenSessionResp>("OpenSession", request);

  EXPECT_EQ(script->last_settings().schema, "sales");
  EXPECT_EQ(script->last_settings().confs.at("a"), "1");
}

TEST_F(Sessions, ThatCannotBeOpenedSayWhyAndStillNameTheVersion) {
  start();
  ThriftClient client(server->port());
  tcli::TOpenSessionReq request;
  request.__set_client_protocol_i64(0xA508);
  tcli::TNamespace wanted;
  wanted.__set_catalogName("nowhere");
  request.__set_initialNamespace(wanted);

  const auto opened = client.call<tcli::TOpenSessionResp>("OpenSession", request);

  EXPECT_EQ(opened.status.statusCode, tcli::TStatusCode::ERROR_STATUS);
  EXPECT_EQ(opened.status.sqlState, "42704");
  EXPECT_THAT(opened.status.displayMessage, StartsWith("[NO_SUCH_CATALOG_EXCEPTION]"));
  EXPECT_FALSE(opened.__isset.sessionHandle);
  EXPECT_EQ(static_cast<int>(opened.serverProtocolVersion), 0xA508);
}

TEST_F(Sessions, ThatAreClosedAreInvalidFromThenOn) {
  ThriftClient client = connect();
  client.close_session();

  const auto executed = client.execute("rows 1");
  const auto closed = client.close_session();

  for (const auto& status : {executed.status, closed}) {
    EXPECT_EQ(status.statusCode, tcli::TStatusCode::ERROR_STATUS);
    EXPECT_EQ(status.sqlState, "08000");
    EXPECT_EQ(status.errorCode, 0);
    EXPECT_THAT(status.errorMessage, StartsWith("Invalid SessionHandle"));
    EXPECT_EQ(status.displayMessage, status.errorMessage);
    EXPECT_THAT(status.infoMessages.at(0), StartsWith("*"));
  }
}

TEST_F(Sessions, TakeTheirOperationsWithThem) {
  ThriftClient client = connect();
  client.execute("gate");
  ASSERT_TRUE(script->await_waiting(1));

  client.close_session();

  EXPECT_TRUE(eventually([&] { return script->interrupted == 1; }));
  EXPECT_EQ(server->thrift().open_operations(), 0U);
  EXPECT_TRUE(eventually([&] { return script->open_sessions == 0; }));
}

TEST_F(Sessions, ThatNobodyUsesExpire) {
  FakeClock clock;
  auto options = quick_options();
  options.service.session_idle_timeout = 10min;
  server.emplace(options, make_fake_engine(script), clock);
  ThriftClient idle(server->port());
  ThriftClient busy(server->port());
  idle.open();
  busy.open();
  clock.advance(9min);
  busy.execute("rows 1");
  clock.advance(2min);

  server->thrift().expire_idle_sessions();

  EXPECT_THAT(idle.execute("rows 1").status.errorMessage, StartsWith("Invalid SessionHandle"));
  EXPECT_EQ(busy.execute("rows 1").status.statusCode, tcli::TStatusCode::SUCCESS_STATUS);
}

TEST_F(Sessions, EndAllAtOnceWhenTheyAreToldTo) {
  ThriftClient client = connect();
  HttpClient http(server->port());

  EXPECT_EQ(http.send("GET", "/_local/sessions").status, 405);
  const auto reply = http.send("DELETE", "/_local/sessions");

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"ended":1})");
  EXPECT_EQ(server->thrift().open_sessions(), 0U);
  EXPECT_THAT(client.execute("rows 1").status.errorMessage, StartsWith("Invalid SessionHandle"));
}

TEST_F(Sessions, AnswerTheThreeInfosThatRealServersAnswer) {
  ThriftClient client = connect();
  const auto info = [&](tcli::TGetInfoType type) {
    tcli::TGetInfoReq request;
    request.sessionHandle = client.session;
    request.infoType = type;
    return client.call<tcli::TGetInfoResp>("GetInfo", request);
  };

  EXPECT_EQ(info(tcli::TGetInfoType::CLI_SERVER_NAME).infoValue.stringValue, "Spark SQL");
  EXPECT_EQ(info(tcli::TGetInfoType::CLI_DBMS_NAME).infoValue.stringValue, "Spark SQL");
  EXPECT_EQ(info(tcli::TGetInfoType::CLI_DBMS_VER).infoValue.stringValue, "3.1.1");
  EXPECT_EQ(info(tcli::TGetInfoType::CLI_MAX_COLUMN_NAME_LEN).status.statusCode,
            tcli::TStatusCode::ERROR_STATUS);
}

TEST_F(Sessions, HandOutNoDelegationTokens) {
  ThriftClient client = connect();
  tcli::TGetDelegationTokenReq request;
  request.sessionHandle = client.session;

  const auto reply = client.call<tcli::TGetDelegationTokenResp>("GetDelegationToken", request);

  EXPECT_EQ(reply.status.statusCode, tcli::TStatusCode::ERROR_STATUS);
}

TEST_F(Sessions, RefuseHandlesThatAreNoHandles) {
  start();
  ThriftClient client(server->port());
  client.session.sessionId.guid = "short";

  EXPECT_EQ(client.execute("rows 1").status.statusCode, tcli::TStatusCode::INVALID_HANDLE_STATUS);
}

class Messages : public ServerTest {};

TEST_F(Messages, EchoNameAndSequenceAndHoldNothingElse) {
  ThriftClient client = connect();
  tcli::TCloseSessionReq request;
  request.sessionHandle = client.session;

  const auto result = client.post(thrift_call("CloseSession", 77, request));
  const auto reply = parse_reply<tcli::TCloseSessionResp>(result.body);

  EXPECT_EQ(reply.method, "CloseSession");
  EXPECT_EQ(reply.sequence, 77);
  EXPECT_EQ(reply.bytes_left, 0U);
  EXPECT_EQ(result.header("content-type"), "application/x-thrift; protocol=TBINARY");
}

TEST_F(Messages, OfUnknownMethodsGetAnApplicationException) {
  ThriftClient client = connect();

  const auto result = client.post(thrift_call("UploadData", 5, tcli::TCloseSessionReq()));
  const auto reply = parse_reply<tcli::TCloseSessionResp>(result.body);

  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(reply.method, "UploadData");
  EXPECT_EQ(reply.sequence, 5);
  ASSERT_TRUE(reply.exception);
  EXPECT_EQ(reply.exception->getType(), apache::thrift::TApplicationException::UNKNOWN_METHOD);
}

TEST_F(Messages, ThatCannotBeReadGetAnApplicationException) {
  ThriftClient client = connect();
  tcli::TCloseSessionReq request;
  request.sessionHandle = client.session;
  const std::string whole = thrift_call("CloseSession", 1, request);
  // No message, a message cut short, and the non-strict form, which no driver writes.
  const std::vector<std::string> bodies{"", "hello", whole.substr(0, whole.size() / 2),
                                        std::string("\0\0\0\1x\1\0\0\0\1\0", 11)};

  for (const std::string& body : bodies) {
    const auto result = client.post(body);
    EXPECT_EQ(result.status, 200);
    const auto reply = parse_reply<tcli::TCloseSessionResp>(result.body);
    ASSERT_TRUE(reply.exception) << body.size();
    EXPECT_EQ(reply.exception->getType(), apache::thrift::TApplicationException::PROTOCOL_ERROR);
  }
}

TEST_F(Messages, WithHugeCountsAreRefusedBeforeMemoryIsTaken) {
  ThriftClient client = connect();
  std::string body = thrift_call("OpenSession", 1, tcli::TOpenSessionReq());
  // Field 4 `configuration`: a map of two billion entries.
  body.resize(body.size() - 2);
  body += std::string("\x0d\x00\x04\x0b\x0b\x7f\xff\xff\xff", 9);

  const auto reply = parse_reply<tcli::TOpenSessionResp>(client.post(body).body);

  EXPECT_TRUE(reply.exception);
}

TEST_F(Messages, MayCarryFieldsThatNobodyKnows) {
  ThriftClient client = connect();
  tcli::TCloseSessionReq request;
  request.sessionHandle = client.session;
  std::string body = thrift_call("CloseSession", 1, request);
  // An unknown i32 field 3329 at the end of the request struct.
  body.insert(body.size() - 2, std::string("\x08\x0d\x01\x00\x00\x00\x07", 7));

  const auto reply = parse_reply<tcli::TCloseSessionResp>(client.post(body).body);

  EXPECT_EQ(reply.success.status.statusCode, tcli::TStatusCode::SUCCESS_STATUS);
}

}  // namespace
}  // namespace dbsql::test
