#include "support/test_certificates.h"
#include "tests/warehouse/server_test.h"
#include "warehouse/tls_identity.h"

#include <nlohmann/json.hpp>

namespace dbsql::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Http : public ServerTest {
 protected:
  HttpClient& client() {
    if (!server) start();
    if (!client_) client_.emplace(server->port());
    return *client_;
  }

 private:
  std::optional<HttpClient> client_;
};

TEST_F(Http, AsksForCredentialsAsServersDo) {
  for (const HttpClient::Headers& headers :
       {HttpClient::Headers{}, {{"authorization", "Basic eDp5"}}, {{"authorization", "Bearer "}}}) {
    const auto result = client().send("POST", kWarehousePath, "", headers);

    EXPECT_EQ(result.status, 401);
    EXPECT_EQ(
        result.body,
        R"({"error_code":401,"message":"Credential was not sent or was of an unsupported type for this API."})");
    EXPECT_EQ(result.header("www-authenticate"), "Bearer realm=\"DatabricksRealm\"");
    EXPECT_THAT(result.header("x-databricks-reason-phrase"), HasSubstr("Credential was not sent"));
    EXPECT_THAT(result.header("content-type"), HasSubstr("application/json"));
  }
}

TEST_F(Http, RefusesAWrongToken) {
  auto options = quick_options();
  options.token = "dapi-right";
  start(options);

  const auto wrong =
      client().send("POST", kWarehousePath, "", {{"Authorization", "Bearer dapi-wrong"}});
  const auto right =
      client().send("POST", kWarehousePath, "", {{"Authorization", "bearer dapi-right"}});
  const auto control = client().send("GET", "/_local/journal");

  EXPECT_EQ(wrong.status, 403);
  EXPECT_EQ(wrong.body, R"({"error_code":403,"message":"Invalid access token."})");
  EXPECT_EQ(wrong.header("www-authenticate"), "");
  EXPECT_EQ(right.status, 200);
  EXPECT_EQ(control.status, 401) << "the local endpoints are behind the token too";
}

TEST_F(Http, PutsTheUsualHeadersOnEveryReply) {
  const auto first = client().send("GET", "/_local/health");
  const auto second = client().send("GET", "/nowhere");

  for (const auto& result : {first, second}) {
    EXPECT_EQ(result.header("server"), "databricks");
    EXPECT_EQ(result.header("x-request-id").size(), 36U);
    EXPECT_THAT(result.header("x-databricks-org-id"), Not(IsEmpty()));
    EXPECT_EQ(result.header("x-content-type-options"), "nosniff");
    EXPECT_THAT(result.header("strict-transport-security"), HasSubstr("max-age"));
  }
  EXPECT_NE(first.header("x-request-id"), second.header("x-request-id"));
}

TEST_F(Http, TakesTheWorkspaceFromAClusterPath) {
  EXPECT_EQ(client().send("POST", kClusterPath).header("x-databricks-org-id"), "42");
}

TEST_F(Http, ServesThriftOnAllItsPaths) {
  start();
  for (const std::string path :
       {"/sql/1.0/warehouses/abc", "/sql/1.0/endpoints/abc", "/sql/protocolv1/o/42/0101-000000-abc",
        "/sql/1.0/warehouses/abc?o=42", "/sql/1.0/warehouses/abc/"}) {
    ThriftClient thrift(server->port(), path);
    EXPECT_EQ(thrift.open().status.statusCode, tcli::TStatusCode::SUCCESS_STATUS) << path;
  }
}

TEST_F(Http, KnowsNoOtherPaths) {
  for (const std::string path : {"/", "/sql/1.0/warehouses/", "/sql/1.0/warehouses/a/b",
                                 "/sql/protocolv1/o/42", "/_local/other"}) {
    EXPECT_EQ(client().send("POST", path, "", {{"authorization", "Bearer x"}}).status, 404) << path;
  }
  EXPECT_EQ(client().send("GET", kWarehousePath, "", {{"authorization", "Bearer x"}}).status, 405);
  EXPECT_EQ(client().send("PUT", "/_local/faults").status, 405);
}

TEST_F(Http, KeepsConnectionsAlive) {
  ThriftClient thrift = connect();
  for (int i = 0; i < 10; ++i) thrift.execute("rows 1");

  for (const auto& entry : server->journal().entries()) EXPECT_EQ(entry.connection, 1U);
  EXPECT_TRUE(thrift.http().is_open());
}

TEST_F(Http, ClosesAConnectionWhenTheClientAsks) {
  const auto result = client().send("GET", "/_local/health", "", {{"connection", "close"}});

  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.header("connection"), "close");
  EXPECT_TRUE(client().wait_for_close());
}

TEST_F(Http, RefusesBodiesAndHeadersThatAreTooLarge) {
  auto options = quick_options();
  options.max_request_bytes = 1000;
  start(options);

  EXPECT_EQ(client().send("POST", "/_local/faults", std::string(1001, ' ')).status, 413);
  HttpClient other(server->port());
  EXPECT_EQ(other.send("GET", "/_local/health", "", {{"x", std::string(70'000, 'x')}}).status, 431);
}

TEST_F(Http, RefusesWhatIsNotHttp) {
  client().send_raw("hello there\r\n\r\n");

  EXPECT_EQ(client().receive().status, 400);
  EXPECT_TRUE(client().wait_for_close());
}

TEST_F(Http, TellsClientsThatAskToGoOn) {
  client().send_raw(
      "POST /_local/faults HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: "
      "2\r\n\r\n");

  EXPECT_EQ(client().receive().status, 100);
  client().send_raw("[]");
  EXPECT_EQ(client().receive().status, 200);
}

TEST_F(Http, TakesChunkedBodies) {
  client().send_raw(
      "POST /_local/faults HTTP/1.1\r\nhost: x\r\ntransfer-encoding: "
      "chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n");

  EXPECT_EQ(client().receive().status, 200);
}

TEST_F(Http, ServesAThousandConnectionsAtOnce) {
  start();
  std::vector<HttpClient> clients;
  for (int i = 0; i < 1000; ++i) clients.emplace_back(server->port());

  int answered = 0;
  for (int round = 0; round < 2; ++round) {
    for (HttpClient& each : clients) answered += each.send("GET", "/_local/health").status == 200;
  }

  EXPECT_EQ(answered, 2000);
}

TEST_F(Http, TellsItsHealth) {
  ThriftClient thrift = connect();

  const auto health = nlohmann::json::parse(client().send("GET", "/_local/health").body);

  EXPECT_EQ(health.at("status"), "ok");
  EXPECT_EQ(health.at("sessions"), 1);
  EXPECT_EQ(health.at("operations"), 0);
}

class JournalTest : public Http {};

TEST_F(JournalTest, HoldsEveryRequestWithoutItsSecrets) {
  ThriftClient thrift = connect();
  thrift.execute("rows 3");

  const auto result = client().send("GET", "/_local/journal");
  const auto entries = nlohmann::json::parse(result.body).at("entries");

  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].at("thrift_method"), "OpenSession");
  EXPECT_EQ(entries[0].at("method"), "POST");
  EXPECT_EQ(entries[0].at("path"), std::string(kWarehousePath));
  EXPECT_EQ(entries[1].at("thrift_method"), "ExecuteStatement");
  EXPECT_EQ(entries[1].at("statement"), "rows 3");
  EXPECT_EQ(entries[1].at("operation_id").get<std::string>().size(), 36U);
  EXPECT_EQ(entries[1].at("status"), 200);
  EXPECT_GT(entries[1].at("request_bytes"), 50);
  EXPECT_GT(entries[1].at("response_bytes"), 200);
  EXPECT_THAT(result.body, Not(HasSubstr("Bearer")));
  EXPECT_THAT(result.body, HasSubstr("application/x-thrift"));
}

TEST_F(JournalTest, CountsByMethodAndByPath) {
  ThriftClient thrift = connect();
  thrift.execute("rows 1");
  thrift.execute("rows 2");

  EXPECT_EQ(server->journal().count("ExecuteStatement"), 2U);
  EXPECT_EQ(server->journal().count("/sql/1.0/"), 3U);
  EXPECT_EQ(server->journal().count("CloseSession"), 0U);
}

TEST_F(JournalTest, CanBeEmptied) {
  ThriftClient thrift = connect();

  EXPECT_EQ(client().send("DELETE", "/_local/journal").status, 200);

  EXPECT_THAT(server->journal().entries(), IsEmpty());
}

TEST_F(JournalTest, KeepsTheNewestEntries) {
  warehouse::Journal journal;
  const warehouse::HttpRequest request{.method = "POST", .target = "/", .headers = {}, .body = {}};
  const std::uint64_t first = journal.begin(request, "OpenSession");
  for (std::size_t i = 0; i < warehouse::Journal::kMaxEntries; ++i) {
    journal.begin(request, "ExecuteStatement");
  }

  journal.finish(first, 200, 0);  // gone by now: nothing happens

  EXPECT_EQ(journal.entries().size(), warehouse::Journal::kMaxEntries);
  EXPECT_EQ(journal.count("OpenSession"), 0U);
  EXPECT_THAT(journal.to_json(), HasSubstr("\"dropped\": 1"));
}

TEST_F(JournalTest, HoldsABoundedAmountOfText) {
  warehouse::Journal journal;
  const warehouse::HttpRequest request{.method = "POST", .target = "/", .headers = {}, .body = {}};
  for (int i = 0; i < 1000; ++i) {
    journal.set_statement(journal.begin(request, "ExecuteStatement"), std::string(70'000, 'x'));
  }

  const auto entries = journal.entries();

  EXPECT_EQ(entries.back().statement.size(), warehouse::Journal::kMaxStatementBytes);
  EXPECT_EQ(entries.size(),
            warehouse::Journal::kMaxTextBytes / warehouse::Journal::kMaxStatementBytes);
}

class Tls : public ServerTest {
 protected:
  void start_tls() {
    auto options = quick_options();
    options.tls = true;
    options.tls_directory = testing::TempDir() + "/dbsql-warehouse-tls";
    start(options);
  }
};

TEST_F(Tls, ServesClientsThatTrustItsAuthority) {
  start_tls();
  ThriftClient client(server->port(), kWarehousePath, server->ca_file());

  client.open();
  const auto reply = client.execute("rows 1000");

  EXPECT_EQ(reply.directResults.resultSet.results.arrowBatches.at(0).rowCount, 1000);
  EXPECT_THAT(server->ca_file(), HasSubstr("dbsql-warehouse-tls/ca.pem"));
}

TEST_F(Tls, ShowsACertificateThatNobodyElseTrusts) {
  start_tls();
  const std::string authority = server->ca_file();
  const auto other = warehouse::make_tls_identity();
  const std::string other_file = warehouse::write_authority(other, "");

  EXPECT_THROW(HttpClient(server->port(), other_file), std::runtime_error);
}

TEST_F(Tls, SurvivesClientsThatDoNotSpeakTls) {
  start_tls();
  HttpClient plain(server->port());

  EXPECT_EQ(plain.send("GET", "/_local/health").status, 0);

  ThriftClient client(server->port(), kWarehousePath, server->ca_file());
  EXPECT_EQ(client.open().status.statusCode, tcli::TStatusCode::SUCCESS_STATUS);
}

class ClientCertificates : public ServerTest {
 protected:
  void start_demanding() {
    auto options = quick_options();
    options.tls = true;
    options.client_ca_file = authority_file_.path();
    start(options);
  }
  HttpResult ask(const KeyAndCertificate* own) {
    return HttpClient(server->port(), server->ca_file(), own).send("GET", "/_local/health");
  }

  const TestAuthority authority_;
  const TemporaryFile authority_file_{authority_.certificate()};
};

TEST_F(ClientCertificates, LetInThoseThatTheAuthorityHasSigned) {
  start_demanding();
  const auto own = authority_.issue("DNS:client");

  EXPECT_EQ(ask(&own).status, 200);
  EXPECT_EQ(ask(&own).status, 200);
}

TEST_F(ClientCertificates, KeepOutThoseWithoutAndThoseOfOtherAuthorities) {
  start_demanding();
  const auto foreign = TestAuthority().issue("DNS:client");

  EXPECT_EQ(ask(nullptr).status, 0);
  EXPECT_EQ(ask(&foreign).status, 0);
  EXPECT_EQ(server->journal().entries().size(), 0U) << "nothing gets past the handshake";
}

TEST_F(ClientCertificates, NeedAFileThatHoldsTheAuthority) {
  const TemporaryFile empty("no certificate");
  auto options = quick_options();
  options.tls = true;
  for (const std::string& file : {empty.path(), std::string("/nowhere/ca.pem")}) {
    options.client_ca_file = file;

    EXPECT_THROW(start(options), std::runtime_error) << file;
  }
}

class Shutdown : public ServerTest {};

TEST_F(Shutdown, InterruptsWhatRunsAndFreesEverything) {
  auto options = quick_options();
  options.service.direct_results_wait = 1h;
  options.service.long_poll_wait = 1h;
  start(options);
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      ThriftClient client(server->port());
      client.open();
      client.post(thrift_call("ExecuteStatement", 1, client.usual_request("gate")));
    });
  }
  ASSERT_TRUE(script->await_waiting(8));
  const auto started = std::chrono::steady_clock::now();

  server->stop();

  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
  for (auto& client : clients) client.join();
  EXPECT_EQ(script->interrupted, 8);
  EXPECT_EQ(script->open_sessions, 0);
  EXPECT_EQ(script->open_results, 0);
}

TEST_F(Shutdown, DropsIdleAndStalledConnections) {
  start();
  HttpClient idle(server->port());
  ASSERT_EQ(idle.send("GET", "/_local/health").status, 200);
  HttpClient stalled(server->port());
  server->faults().add({.path = {}, .count = 0, .fault = warehouse::Fault::stall()});
  stalled.set_timeout(20ms);
  stalled.send("POST", kWarehousePath);

  server->stop();

  idle.set_timeout(5s);
  stalled.set_timeout(5s);
  EXPECT_TRUE(idle.wait_for_close());
  EXPECT_TRUE(stalled.wait_for_close());
  EXPECT_THROW(HttpClient(server->port()), std::runtime_error);
}

TEST_F(Shutdown, MayBeAskedForTwice) {
  ThriftClient client = connect();
  server->stop();
  server->stop();
}

TEST_F(Shutdown, ComesAtOnceWhenADelayIsPending) {
  start();
  server->faults().add({.path = {}, .count = 0, .fault = warehouse::Fault::delayed(1h)});
  std::thread waiting([&] {
    HttpClient client(server->port());
    client.send("POST", kWarehousePath);
  });
  ASSERT_TRUE(eventually([&] { return server->journal().entries().size() == 1; }));

  server->stop();

  waiting.join();
}

TEST_F(Http, SaysWhatToDoAboutATakenPort) {
  start();
  auto options = quick_options();
  options.port = server->port();

  try {
    warehouse::Server second(options, make_fake_engine(script));
    FAIL() << "two servers on one port";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("another program uses this port"));
    EXPECT_THAT(error.what(), HasSubstr("--port 0"));
  }
}

}  // namespace
}  // namespace dbsql::test
