#include "support/captured_log.h"
#include "support/forward_proxy.h"
#include "support/scoped_environment.h"
#include "warehouse/telemetry_service.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dbsql::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using warehouse::Fault;
using warehouse::JournalEntry;

constexpr const char* kToken = "dapi-canary-token";

/// A warehouse whose names only a proxy knows, and that proxy. Results travel as files of another
/// host.
class NetworkTest : public WireTest {
 protected:
  static warehouse::ServerOptions with_files() {
    warehouse::ServerOptions options;
    options.service.inline_limit_bytes = 1000;
    options.service.file_bytes = 20'000;
    return options;
  }

  void start_here(warehouse::ServerOptions options) {
    options.tls_names = {"warehouse.test", "storage.test"};
    server_ = start(std::move(options));
  }
  void start_with_tls() {
    auto options = with_files();
    options.tls = true;
    start_here(std::move(options));
    server_->storage().set_origin("https://storage.test");
  }

  ForwardProxyOptions proxy_options() const {
    return {.hosts = {{"warehouse.test", server_->port()}, {"storage.test", server_->port()}}};
  }
  ForwardProxyOptions proxy_with_password() const {
    auto options = proxy_options();
    options.username = "me";
    options.password = "pr0xy-canary";
    return options;
  }

  /// \param query  further options
  std::string dsn(const std::string& query) const {
    return std::string("token:") + kToken + "@warehouse.test:443" + server_->http_path() +
           "?tls.ca_file=" + server_->ca_file() + "&retry.wait_min=1ms&retry.wait_max=1ms" + query;
  }

  static std::int64_t rows_of(Connection& connection, int count) {
    Result result = connection.query(
        "SELECT id, concat('a longer text ', CAST(id AS STRING)) AS t "
        "FROM range(" +
        std::to_string(count) + ")");
    return count_rows(result);
  }

  static std::string header(const JournalEntry& entry, std::string_view name) {
    for (const auto& each : entry.headers) {
      if (std::equal(each.name.begin(), each.name.end(), name.begin(), name.end(),
                     [](char a, char b) { return std::tolower(a) == std::tolower(b); }))
        return each.value;
    }
    return {};
  }
  std::vector<JournalEntry> downloads() const {
    std::vector<JournalEntry> found;
    for (JournalEntry& entry : server_->journal().entries())
      if (entry.path.starts_with("/_storage/")) found.push_back(std::move(entry));
    return found;
  }
  std::vector<JournalEntry> calls() const {
    std::vector<JournalEntry> found;
    for (JournalEntry& entry : server_->journal().entries())
      if (!entry.thrift_method.empty()) found.push_back(std::move(entry));
    return found;
  }

  std::unique_ptr<warehouse::Server> server_;
};

// ------------------------------------------------------------------------------------------
// proxies

TEST_F(NetworkTest, ConnectsQueriesAndDownloadsThroughAProxyWithCredentials) {
  start_with_tls();
  ForwardProxy proxy(proxy_with_password());

  Connection connection =
      Connector::from_dsn(dsn("&proxy.url=" + proxy.url_with_credentials())).connect();

  EXPECT_EQ(rows_of(connection, 5000), 5000);
  EXPECT_GE(proxy.count("CONNECT", "warehouse.test:443"), 1);
  EXPECT_GE(proxy.count("CONNECT", "storage.test:443"), 1);
  EXPECT_GE(downloads().size(), 2U);
  for (const ProxiedRequest& request : proxy.requests()) {
    EXPECT_TRUE(request.served);
    EXPECT_THAT(request.head, Not(HasSubstr(kToken))) << "that is for the workspace alone";
  }
  for (const JournalEntry& entry : server_->journal().entries())
    EXPECT_EQ(header(entry, "proxy-authorization"), "");
}

TEST_F(NetworkTest, TellsOfItsUseThroughTheProxyOfQueriesAndNothingOfTheProxy) {
  start_with_tls();
  ForwardProxy proxy(proxy_with_password());
  {
    Connection connection = Connector::from_dsn(dsn("&forceEnableTelemetry=true&proxy.url=" +
                                                    proxy.url_with_credentials()))
                                .connect();
    EXPECT_EQ(rows_of(connection, 10), 10);
  }

  const auto records = server_->telemetry().records();
  EXPECT_EQ(records.size(), 3U) << "nobody but the proxy knows the name";
  for (const std::string& record : records) {
    EXPECT_THAT(record, Not(HasSubstr("pr0xy-canary")));
    EXPECT_THAT(record, Not(HasSubstr(std::to_string(proxy.port()))));
  }
}

TEST_F(NetworkTest, ConnectsThroughASocksProxyThatKnowsTheNames) {
  start_with_tls();
  ForwardProxy proxy(proxy_with_password());

  Connection connection =
      Connector::from_dsn(dsn("&proxy.url=" + proxy.url_with_credentials("socks5h"))).connect();

  EXPECT_EQ(rows_of(connection, 5000), 5000);
  EXPECT_GE(proxy.count("SOCKS5", "warehouse.test:443"), 1);
  EXPECT_GE(proxy.count("SOCKS5", "storage.test:443"), 1);
}

TEST_F(NetworkTest, TakesPlainHttpThroughAProxyWhereThatIsPermitted) {
  start_here(warehouse::ServerOptions{});
  ForwardProxy proxy(proxy_with_password());
  const std::string text = std::string("http://token:") + kToken + "@warehouse.test:80" +
                           server_->http_path() +
                           "?allow_insecure_http=true&proxy.url=" + proxy.url_with_credentials();

  Connection connection = Connector::from_dsn(text).connect();

  EXPECT_EQ(rows_of(connection, 10), 10);
  EXPECT_GE(proxy.count("POST", "warehouse.test:80"), 2);
}

TEST_F(NetworkTest, TakesTheProxyOfTheEnvironmentAndItsExceptions) {  // case H24
  start_with_tls();
  ForwardProxy proxy(proxy_options());
  std::map<std::string, std::string> values{
      {"https_proxy", proxy.url()}, {"NO_PROXY", ""}, {"no_proxy", ""}};
  {
    const ScopedEnvironment environment(values);
    Connection connection = Connector::from_dsn(dsn("")).connect();
    EXPECT_EQ(rows_of(connection, 5000), 5000);
    EXPECT_GE(proxy.count("CONNECT", "warehouse.test:443"), 1);
  }
  const int before = proxy.connection_count();
  values["NO_PROXY"] = ".warehouse.test";
  const ScopedEnvironment environment(values);

  const Error error =
      capture_error([&] { Connector::from_dsn(dsn("&retry.max_attempts=1")).connect(); });

  EXPECT_EQ(error.kind(), ErrorKind::Network) << "the name leads nowhere without the proxy";
  EXPECT_EQ(error.sqlstate(), "08001");
  EXPECT_EQ(proxy.connection_count(), before);
}

TEST_F(NetworkTest, PrefersTheProxyOfTheOptionsWhateverTheEnvironmentExcepts) {  // case H25
  start_with_tls();
  ForwardProxy proxy(proxy_options());
  const ScopedEnvironment environment({{"NO_PROXY", "*"}, {"no_proxy", "*"}});

  Connection connection = Connector::from_dsn(dsn("&proxy.url=" + proxy.url())).connect();

  EXPECT_EQ(rows_of(connection, 10), 10);
  EXPECT_GE(proxy.count("CONNECT", "warehouse.test:443"), 1);
}

TEST_F(NetworkTest, ReachesSomeHostsThroughTheProxyAndOthersDirectly) {
  auto options = with_files();
  options.tls = true;
  start_here(std::move(options));  // storage stays on this machine, which no proxy is asked for
  ForwardProxy proxy(proxy_options());

  Connection connection = Connector::from_dsn(dsn("&proxy.url=" + proxy.url())).connect();

  EXPECT_EQ(rows_of(connection, 5000), 5000);
  EXPECT_GE(downloads().size(), 2U);
  EXPECT_EQ(proxy.count(), proxy.count("CONNECT", "warehouse.test:443"));
}

TEST_F(NetworkTest, GoesAroundTheProxyByItsListOfExceptions) {
  start_with_tls();
  ForwardProxy proxy(proxy_options());

  const Error error = capture_error([&] {
    Connector::from_dsn(
        dsn("&retry.max_attempts=1&proxy.bypass=warehouse.test&proxy.url=" + proxy.url()))
        .connect();
  });

  EXPECT_EQ(error.kind(), ErrorKind::Network) << "the name leads nowhere without the proxy";
  EXPECT_EQ(proxy.connection_count(), 0);
}

TEST_F(NetworkTest, SaysOnceThatTheProxyDoesNotKnowUs) {  // case H26
  start_with_tls();
  ForwardProxy proxy(proxy_with_password());
  const CapturedLog log;

  const Error error = capture_error([&] {
    Connector::from_dsn(
        dsn("&proxy.username=me&proxy.password=wr0ng-canary&proxy.url=" + proxy.url()))
        .connect();
  });

  EXPECT_EQ(error.kind(), ErrorKind::Network);
  EXPECT_EQ(error.sqlstate(), "08001");
  EXPECT_EQ(error.attempts(), 1);
  EXPECT_EQ(proxy.count(), 1);
  EXPECT_THAT(error.what(),
              AllOf(HasSubstr("proxy authentication required"), Not(HasSubstr("canary"))));
  for (const auto& [level, line] : log.lines()) EXPECT_THAT(line, Not(HasSubstr("canary")));
}

TEST_F(NetworkTest, FetchesTokensThroughTheSameProxyAndTrustsTheSameAuthorities) {
  auto options = with_files();
  options.tls = true;
  options.identity.requires_tokens = true;
  options.identity.clients = {{.id = "robot", .secret = "r0bot-canary", .public_key_pem = {}}};
  start_here(std::move(options));
  ForwardProxy proxy(proxy_options());
  const std::string text = "warehouse.test:443" + server_->http_path() +
                           "?authType=OauthM2M&clientId=robot&clientSecret=r0bot-canary&" +
                           "auth.token_endpoint=https://warehouse.test/oidc/v1/token&" +
                           "tls.ca_file=" + server_->ca_file() + "&proxy.url=" + proxy.url();

  Connection connection = Connector::from_dsn(text).connect();

  EXPECT_EQ(rows_of(connection, 10), 10);
  EXPECT_EQ(server_->journal().count("/oidc/v1/token"), 1U);
  EXPECT_GE(proxy.count("CONNECT", "warehouse.test:443"), 1);
}

// -------------------------------------------------------------------------------------
// certificates

class ClientCertificateTest : public NetworkTest {
 protected:
  void SetUp() override {
    warehouse::ServerOptions options;
    options.tls = true;
    options.client_ca_file = authority_file_.path();
    server_ = start(std::move(options));
  }

  Connection connect_with(const std::string& query) {
    return connect_to(*server_, "tls.ca_file=" + server_->ca_file() + query);
  }

  TestAuthority authority_;
  TemporaryFile authority_file_{authority_.certificate()};
  KeyAndCertificate client_ = authority_.issue("DNS:client.example");
  TemporaryFile certificate_{client_.certificate};
  TemporaryFile key_{encrypted_key(client_.key, "k3y-canary")};
};

TEST_F(ClientCertificateTest, IsShownToAServerThatAsksForOne) {  // case H22
  Connection connection =
      connect_with("&tls.client_cert=" + certificate_.path() + "&tls.client_key=" + key_.path() +
                   "&tls.client_key_password=k3y-canary");

  EXPECT_EQ(rows_of(connection, 10), 10);
}

TEST_F(ClientCertificateTest, IsMissedByAServerThatAsksForOne) {
  const Error error = capture_error([&] { connect_with(""); });

  EXPECT_EQ(error.kind(), ErrorKind::Tls);
  EXPECT_EQ(error.attempts(), 1);
  EXPECT_THAT(error.message(), HasSubstr("tls.client_cert"));
}

TEST_F(ClientCertificateTest, WithTheWrongPasswordIsAnErrorOfTheOptions) {  // case H22
  const Error error = capture_error([&] {
    connect_with("&tls.client_cert=" + certificate_.path() + "&tls.client_key=" + key_.path() +
                 "&tls.client_key_password=wr0ng-canary");
  });

  EXPECT_EQ(error.kind(), ErrorKind::Configuration);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("tls.client_key_password"), Not(HasSubstr("canary"))));
  EXPECT_TRUE(server_->journal().entries().empty());
}

TEST_F(NetworkTest, WarnsOnceForEachConnectionThatTrustsAnybody) {  // case H20
  start_with_tls();
  const CapturedLog log;
  const Connector connector = Connector::from_dsn(server_->dsn() + "?tls.verify=none");

  Connection first = connector.connect();
  Connection second = connector.connect();
  EXPECT_EQ(rows_of(first, 10), 10);

  const auto warnings = log.lines(LogLevel::Warn);
  EXPECT_EQ(warnings.size(), 2U);
  EXPECT_THAT(warnings, Each(HasSubstr("tls.verify=none")));
}

// ------------------------------------------------------------------------------ headers, redirects

TEST_F(NetworkTest, TellsTheWorkspaceItsNumberAndStorageNothing) {  // case H27
  start_here(with_files());
  Connection connection = connect_to(*server_, "org_id=42&http.header.X-Gateway=gateway-key");

  EXPECT_EQ(rows_of(connection, 5000), 5000);

  ASSERT_GE(downloads().size(), 2U);
  for (const JournalEntry& entry : calls()) {
    EXPECT_EQ(header(entry, "x-databricks-org-id"), "42") << entry.thrift_method;
    EXPECT_THAT(entry.path, HasSubstr("?o=42")) << entry.thrift_method;
    EXPECT_EQ(header(entry, "x-gateway"), "gateway-key");
    EXPECT_NE(header(entry, "authorization"), "");
  }
  for (const JournalEntry& entry : downloads()) {
    for (const char* name : {"x-databricks-org-id", "authorization", "x-gateway", "user-agent"})
      EXPECT_EQ(header(entry, name), "") << name;
  }
}

TEST_F(NetworkTest, PrefersTheCallersOwnNumberOfTheWorkspace) {  // case H28
  start_here(with_files());
  Connection connection = connect_to(*server_, "org_id=42&http.header.x-databricks-org-id=7");

  for (const JournalEntry& entry : calls()) EXPECT_EQ(header(entry, "x-databricks-org-id"), "7");
  EXPECT_FALSE(calls().empty());
}

TEST_F(NetworkTest, NamesTheProgramThatDrivesThisOne) {  // case H32
  start_here(with_files());
  const ScopedEnvironment environment({{"ANTIGRAVITY_AGENT", ""},
                                       {"CLAUDECODE", ""},
                                       {"CLINE_ACTIVE", ""},
                                       {"CODEX_CI", ""},
                                       {"CURSOR_AGENT", "1"},
                                       {"GEMINI_CLI", ""},
                                       {"OPENCODE", ""},
                                       {"DATABRICKS_DISABLE_AGENT_DETECTION", ""}});

  Connection connection = connect_to(*server_, "user_agent_entry=acme%2Btool");

  EXPECT_THAT(header(calls().at(0), "user-agent"),
              AllOf(HasSubstr(" (acme+tool) "), testing::EndsWith(" agent/cursor")));
}

TEST_F(NetworkTest, FollowsNoRedirectOfACallAndSaysWhatIsWrong) {  // case H15
  start_here({});
  ScriptedServer login(ScriptedServer::always(ScriptedServer::reply("sign in")));
  server_->faults().once("OpenSession",
                         Fault::answer(302, {{"Location", login.url("/login?next=x")}}));

  const Error error = capture_error([&] { connect_to(*server_); });

  EXPECT_EQ(error.kind(), ErrorKind::Redirect);
  EXPECT_EQ(error.attempts(), 1);
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("?o="), HasSubstr(login.url("")), Not(HasSubstr("next=x"))));
  EXPECT_EQ(login.connection_count(), 0) << "nobody else sees the token";
}

TEST_F(NetworkTest, FollowsARedirectOfASignedLinkToAnotherHost) {
  start_here(with_files());
  const std::string origin = "http://127.0.0.1:" + std::to_string(server_->port());
  ScriptedServer front([&](ScriptedServer::Connection& connection) {
    while (const auto request = connection.read_request()) {
      const std::string line = request->target();
      connection.send(ScriptedServer::reply(
          "", 307, "Location: " + origin + line.substr(line.find(' ') + 1) + "\r\n"));
    }
  });
  server_->storage().set_origin("http://127.0.0.1:" + std::to_string(front.port()));
  Connection connection = connect_to(*server_);

  EXPECT_EQ(rows_of(connection, 5000), 5000);

  EXPECT_GE(front.requests().size(), 2U);
  EXPECT_EQ(downloads().size(), front.requests().size());
  for (const ReceivedRequest& request : front.requests())
    EXPECT_EQ(request.header("authorization"), "");
}

// ---------------------------------------------------------------------------------- other settings

TEST_F(NetworkTest, SendsAStatementAgainAfterAStatusThatWasNamed) {
  start_here({});
  const std::string quick = "retry.wait_min=1ms&retry.wait_max=1ms";
  Connection usual = connect_to(*server_, quick);
  Connection bold = connect_to(*server_, quick + "&retry.dangerous_codes=502");

  server_->faults().once("ExecuteStatement", Fault::answer(502));
  EXPECT_TRUE(capture_error([&] { rows_of(usual, 10); }).outcome_unknown());
  server_->faults().once("ExecuteStatement", Fault::answer(502));
  EXPECT_EQ(rows_of(bold, 10), 10);

  EXPECT_EQ(server_->journal().count("ExecuteStatement"), 3U);
}

TEST_F(NetworkTest, GivesEachThreadItsTurnWithOneRequestAtATime) {
  start_here(with_files());
  const Connector connector = Connector::from_dsn(server_->dsn() + "?http.pool_size=1");
  std::atomic<std::int64_t> rows{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        Connection connection = connector.connect();
        rows += rows_of(connection, 1000);
      });
    }
  }

  EXPECT_EQ(rows, 4000);
}

TEST_F(NetworkTest, BeginsADownloadAnewThatBringsNothing) {
  start_here(with_files());
  server_->faults().add({.path = "/_storage/", .count = 1, .fault = Fault::stall_body(100)});
  Connection connection = connect_to(*server_, "cloudfetch.stall_timeout=1s");

  EXPECT_EQ(rows_of(connection, 5000), 5000);
}

// ------------------------------------------------------------------------------------------
// secrets

/// The values in the query of a signed link.
std::vector<std::string> query_values(const std::string& path) {
  std::vector<std::string> values;
  std::size_t at = path.find('?');
  while (at != std::string::npos) {
    const std::size_t equals = path.find('=', at);
    at = path.find('&', at + 1);
    if (equals != std::string::npos) values.push_back(path.substr(equals + 1, at - equals - 1));
  }
  return values;
}

TEST_F(NetworkTest, WritesNoSecretIntoTheLogOfAWholeSession) {  // case H34
  auto options = with_files();
  options.tls = true;
  options.identity.requires_tokens = true;
  options.identity.clients = {{.id = "robot", .secret = "r0bot-canary", .public_key_pem = {}}};
  start_here(std::move(options));
  server_->storage().set_origin("https://storage.test");
  ForwardProxy proxy(proxy_with_password());
  const CapturedLog log;
  std::vector<std::string> texts;
  {
    const Connector connector = Connector::from_dsn(
        "warehouse.test:443" + server_->http_path() +
        "?authType=OauthM2M&clientId=robot&clientSecret=r0bot-canary&" +
        "auth.token_endpoint=https://warehouse.test/oidc/v1/token&tls.ca_file=" +
        server_->ca_file() + "&http.header.X-Gateway=g4teway-canary&retry.wait_min=1ms&" +
        "proxy.url=" + proxy.url_with_credentials());
    Connection connection = connector.connect();
    server_->faults().add({.path = "/_storage/", .count = 2, .fault = Fault::answer(503)});
    EXPECT_EQ(rows_of(connection, 5000), 5000);
    server_->faults().once("GetOperationStatus", Fault::reset_after());
    texts.emplace_back(
        capture_error([&] { connection.query("SELECT * FROM nowhere").rows(); }).what());
    server_->faults().once("ExecuteStatement", Fault::reset_after());
    texts.emplace_back(capture_error([&] { connection.execute("SELECT 1"); }).what());
  }

  for (auto& [level, line] : log.lines()) texts.push_back(line);
  EXPECT_GE(texts.size(), 5U) << "errors, a token, retries";
  ASSERT_FALSE(downloads().empty());
  std::vector<std::string> secrets{"canary", "eyJ"};
  for (const JournalEntry& entry : downloads()) {
    for (const std::string& value : query_values(entry.path)) {
      if (value.size() >= 8) secrets.push_back(value);
    }
  }
  EXPECT_GT(secrets.size(), 2U);
  for (const std::string& secret : secrets) EXPECT_THAT(texts, Each(Not(HasSubstr(secret))));
}

}  // namespace
}  // namespace dbsql::test
