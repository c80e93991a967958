#include "base/base64.h"
#include "base/text.h"
#include "support/canaries.h"
#include "support/captured_log.h"
#include "support/scripted_server.h"
#include "support/temporary_folder.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <regex>
#include <stdexcept>

namespace dbsql::test {
namespace {

using base::concat;
using testing::IsEmpty;
using warehouse::Fault;

TEST(Canaries, AreFoundInEveryForm) {
  Canaries canaries;
  const std::string mark = canaries.make("x");
  for (const std::string& text :
       {mark, percent_encoded(mark), percent_encoded(mark, /*in_upper_case=*/false),
        base::base64_encode(mark), base::base64_encode("id:" + mark),
        base::base64_encode("user:" + percent_encoded(mark)), base::base64_encode("a:" + mark)}) {
    EXPECT_EQ(canaries.found_in("before " + text + " behind").size(), 1U) << text;
  }
  EXPECT_THAT(canaries.found_in(mark.substr(0, mark.size() - 1)), IsEmpty());
}

/// Real work with marked secrets while everything is logged: whatever the driver lets out is kept,
/// and searched for the marks at the end.
class CanaryTest : public WireTest {
 protected:
  void SetUp() override { server_ = start_with(pat_); }

  void TearDown() override {
    for (const auto& [level, line] : log_.lines()) kept_ += line + '\n';
    for (const warehouse::Server* server : {server_.get()})
      kept_ += const_cast<warehouse::Server*>(server)->journal().to_json();
    EXPECT_THAT(canaries_.found_in(kept_), IsEmpty());
    // Links are signed with what nobody marks; their query is a secret as a whole.
    std::smatch link;
    EXPECT_FALSE(std::regex_search(kept_, link, std::regex(".*X-Amz-Signature=[^*].*")))
        << link.str();
    EXPECT_GT(kept_.size(), 200U) << "nothing was let out at all: the search proves nothing";
  }

  static std::unique_ptr<warehouse::Server> start_with(const std::string& token) {
    warehouse::ServerOptions options;
    options.token = token;
    options.service.inline_limit_bytes = 1000;  // larger results travel as files
    options.service.file_bytes = 50'000;
    return start(std::move(options));
  }

  std::string secret(std::string_view purpose) { return canaries_.make(purpose); }
  void keep(std::string_view text) { kept_ += concat(text, "\n"); }

  /// Everything an error says.
  void keep(const Error& error) {
    for (const std::string_view text :
         {std::string_view(error.what()), std::string_view(error.message()),
          std::string_view(error.error_class()), std::string_view(error.statement_id())})
      keep(text);
  }
  template <class Call>
  void fails(Call call) {
    try {
      call();
      ADD_FAILURE() << "nothing was wrong";
    } catch (const Error& error) {
      keep(error);
    }
  }

  /// The address of the warehouse, without a token in it.
  std::string address() const {
    return concat("127.0.0.1:", server_->port(), server_->http_path());
  }
  ConnectorOptions options() const {
    return ConnectorOptions::from_text(concat("http://", address(), "?retry.max_attempts=2&retry.",
                                              "wait_min=10ms&retry.wait_max=20ms"));
  }
  /// What a program may print of its options.
  void keep(const ConnectorOptions& options) {
    for (const std::string& line : options.report()) keep(line);
    try {
      keep(options.to_string());
      keep(options.explain_auth().to_text());
    } catch (const Error& error) {
      keep(error);
    }
  }

  void work(Connection& connection) {
    EXPECT_EQ(count_rows(connection.query("SELECT 1")), 1);
    EXPECT_EQ(count_rows(connection.query("SELECT id, repeat('x', 50) FROM range(5000)")), 5000);
    EXPECT_GT(server_->journal().count("/_storage/"), 0U);
    fails([&] { connection.query("SELECT * FROM no_such_table"); });
  }
  static std::int64_t count_rows(Result result) { return WireTest::count_rows(result); }

  Canaries canaries_;
  std::string pat_ = canaries_.make("pat");
  CapturedLog log_;
  std::string kept_;
  std::unique_ptr<warehouse::Server> server_;
};

TEST_F(CanaryTest, AccessToken) {
  const ConnectorOptions good = options().with_access_token(pat_);
  keep(good);
  Connection connection = Connector(good).connect();
  work(connection);
  for (const int status : {401, 403, 500}) {
    server_->faults().add({.method = "ExecuteStatement", .fault = Fault::answer(status)});
    fails([&] { connection.query("SELECT 1"); });
  }
  server_->faults().add({.method = "ExecuteStatement", .fault = Fault::reset_after()});
  fails([&] { connection.query("SELECT 1"); });

  fails([&] { Connector(options().with_access_token(secret("wrong"))).connect(); });
  fails([&] { Connector(options().with_access_token(pat_).with_http_path("/nowhere")).connect(); });
  server_->stop();
  fails([&] { Connector(good).connect(); });
}

TEST_F(CanaryTest, SignedLinksThatFail) {
  Connection connection = Connector(options().with_access_token(pat_)).connect();
  for (const Fault& fault :
       {Fault::answer(403), Fault::answer(500), Fault::reset_before(), Fault::truncate_body(100)}) {
    server_->faults().clear();
    server_->faults().add({.path = "/_storage/", .count = 0, .fault = fault});
    // A read-only statement goes on without files where downloads are forbidden.
    try {
      count_rows(connection.query("SELECT id, repeat('x', 50) FROM range(5000)"));
    } catch (const Error& error) {
      keep(error);
    }
  }
}

TEST_F(CanaryTest, FilesOfVolumes) {
  const TemporaryFolder folder;
  const std::string local = folder.write("a", std::string(1000, 'a'));
  Connection connection = Connector(options().with_access_token(pat_).set("staging.allowed_paths",
                                                                          folder.path().string()))
                              .connect();
  connection.execute("CREATE VOLUME IF NOT EXISTS vol");
  const std::string put = concat("PUT '", local, "' INTO '/Volumes/main/default/vol/a' OVERWRITE");
  connection.execute(put);
  for (const Fault& fault : {Fault::answer(403, {}, "<Code>AccessDenied</Code>"),
                             Fault::reset_before(), Fault::answer(500)}) {
    server_->faults().clear();
    server_->faults().add({.path = "/_storage/volumes/", .count = 0, .fault = fault});
    fails([&] { connection.execute(put); });
  }
}

/// A token endpoint that says one thing after the other; the last one for ever.
ScriptedServer::Script endpoint(std::vector<std::string> replies) {
  auto next = std::make_shared<std::atomic<std::size_t>>(0);
  return [replies = std::move(replies), next](ScriptedServer::Connection& connection) {
    while (connection.read_request())
      connection.send(replies[std::min(next->fetch_add(1), replies.size() - 1)]);
  };
}

TEST_F(CanaryTest, ServicePrincipal) {
  server_ = start_with("");
  const std::string client_secret = secret("client-secret");
  const std::string access = secret("access-token");
  const std::string answer = concat(R"({"access_token":")", access, R"(","refresh_token":")",
                                    secret("refresh-token"), R"(","expires_in":3600})");
  const ScriptedServer tokens(endpoint({
      ScriptedServer::reply(answer),
      ScriptedServer::reply(R"({"error":"invalid_client","error_description":"no"})", 401),
      ScriptedServer::reply("<html>" + answer, 200),
      ScriptedServer::reply(answer.substr(0, answer.size() - 5), 200),
      ScriptedServer::reply(concat(R"({"access_token":")", access, R"( and more"})"), 200),
  }));
  for (const char* client_auth : {"basic", "body"}) {
    const ConnectorOptions mine = options()
                                      .with_client_credentials("a-client", client_secret)
                                      .set("auth.client_auth", client_auth)
                                      .set("auth.token_endpoint", tokens.url());
    keep(mine);
    if (std::string_view(client_auth) == "basic") {
      Connection connection = Connector(mine).connect();
      work(connection);
    }
    for (int i = 0; i < 3; ++i) fails([&] { Connector(mine).connect(); });
  }
  EXPECT_THAT(tokens.requests().at(0).head, testing::HasSubstr("Basic "));
}

TEST_F(CanaryTest, RefreshToken) {
  server_ = start_with("");
  const ScriptedServer tokens(endpoint({
      ScriptedServer::reply(concat(R"({"access_token":")", secret("access"),
                                   R"(","refresh_token":")", secret("next"), R"("})")),
      ScriptedServer::reply(R"({"error":"invalid_grant"})", 400),
  }));
  const ConnectorOptions mine = options()
                                    .set("auth.type", "oauth-refresh")
                                    .set("auth.refresh_token", secret("refresh"))
                                    .set("auth.client_id", "a-client")
                                    .set("auth.token_endpoint", tokens.url());
  keep(mine);
  Connection connection = Connector(mine).connect();
  work(connection);
  server_->faults().add({.method = "ExecuteStatement", .count = 0, .fault = Fault::answer(401)});
  fails([&] { connection.query("SELECT 1"); });
  fails([&] { Connector(mine).connect(); });
}

TEST_F(CanaryTest, TokensOfTheProgramAndTheirExchange) {
  server_ = start_with("");
  // {"iss":"https://idp.example.com"}
  const std::string foreign =
      concat("e30.eyJpc3MiOiJodHRwczovL2lkcC5leGFtcGxlLmNvbSJ9.", secret("foreign"));
  const std::string plain = secret("external");
  const auto external = [](const std::string& text) {
    return std::make_shared<ExternalTokenProvider>([text](const TokenContext&) {
      Token token;
      token.access_token = text;
      return token;
    });
  };
  Connection connection = Connector(options().with_token_provider(external(plain))).connect();
  work(connection);
  Connection federated =
      Connector(options().with_federated_token_provider(external(foreign), "a-principal"))
          .connect();  // the warehouse trusts nobody: the exchange fails, the original is used
  work(federated);
  keep(options().with_federated_token_provider(external(foreign)));
  fails([&] {
    Connector(options()
                  .with_federated_token_provider(external(foreign))
                  .set("auth.federation_strict", "true"))
        .connect();
  });
  fails([&] { Connector(options().with_token_provider(external(plain + "\r\nX: y"))).connect(); });
  fails([&] { options().with_static_token(plain + " "); });
}

TEST_F(CanaryTest, Proxy) {
  const std::string password = secret("proxy-password");
  const ScriptedServer closed(ScriptedServer::always(
      ScriptedServer::reply("who are you?", 407, "Proxy-Authenticate: Basic realm=\"x\"\r\n")));
  const auto through = [&](const std::string& proxy) {
    return options()  // what is on this machine is reached directly
        .with_host("ws.example")
        .set("allow_insecure_http", "true")
        .with_access_token(pat_)
        .set("proxy.url", proxy);
  };
  const std::string here = concat("127.0.0.1:", closed.port());
  const ConnectorOptions inside =
      through(concat("http://me:", percent_encoded(password), "@", here));
  keep(inside);
  fails([&] { Connector(inside).connect(); });
  const ConnectorOptions beside =
      through("http://" + here).set("proxy.username", "me").set("proxy.password", password);
  keep(beside);
  fails([&] { Connector(beside).connect(); });
  EXPECT_FALSE(closed.requests().empty());
  fails([&] {
    Connector(through(concat("http://me:", percent_encoded(password), "@127.0.0.1:1"))).connect();
  });
  fails([&] {
    Connector(through(concat("ftp://me:", percent_encoded(password), "@h:1"))).connect();
  });
  fails([&] { Connector(through(concat("me:", password, "@h:x"))).connect(); });
}

TEST_F(CanaryTest, ToolsThatAnswerInAnotherWay) {
  const TemporaryFolder folder;
  // A small file is taken for the old tool.
  const std::string tool =
      folder.write("databricks", concat("#!/bin/sh\necho '{\"access_token\":\"", secret("tool"),
                                        "\" oops'\nexit 0\n#", std::string(1 << 20, '.'), "\n"));
  std::filesystem::permissions(tool, std::filesystem::perms(0700));
  for (const char* type : {"databricks-cli", "unified"}) {
    const ConnectorOptions asked =
        options().set("auth.type", type).set("auth.databricks_cli_path", tool);
    keep(asked);
    fails([&] { Connector(asked).connect(); });
  }
}

TEST_F(CanaryTest, KeysAndTheirPasswords) {
  const TemporaryFolder folder;
  const std::string key = folder.write(
      "key.pem",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
  const ConnectorOptions with_certificate = options()
                                                .with_access_token(pat_)
                                                .set("tls.client_cert", key)
                                                .set("tls.client_key", key)
                                                .set("tls.client_key_password", secret("key"));
  keep(with_certificate);
  fails([&] { Connector(with_certificate).connect(); });
  const ConnectorOptions assertion = options()
                                         .set("auth.type", "oauth-jwt")
                                         .set("auth.client_id", "a-client")
                                         .set("auth.jwt.key_file", key)
                                         .set("auth.jwt.passphrase", secret("passphrase"));
  keep(assertion);
  fails([&] { Connector(assertion).connect(); });
  keep(options()
           .set("auth.type", "google-credentials")
           .set("auth.google.credentials", concat("{\"private_key\":\"", secret("google"), "\"}")));
}

TEST_F(CanaryTest, ConnectionsThatAreMistyped) {
  const std::string text = secret("mistyped");
  for (const std::string& wrong :
       {concat("token:", text, "@h/p"), concat("token:", text, "@h:443x/p"),
        concat("tokn:", text, "@h:1/p"), concat(text, "@h:443/p"),
        concat("h:443/p?acessToken=", text), concat("h:443/p?accessToken=%", text),
        concat("databricks://token:", text, "@h:x/p"), concat("databricks://h/p?", text),
        concat("databricks://h/p?clientSecret=", text, "&clientId=a&token=", text),
        concat("databricks://token:", text, "@h/p?catalogue=1"),
        concat("jdbc:databricks://h:443;httpPath=/p;AuthMech=3;UID=bob;PWD=", text),
        concat("jdbc:databricks://h;httpPath=/p;PWD=", text, ";PWD=x"),
        concat("jdbc:databricks://h;httpPath=/p;PWD=", text, ";nonsense"),
        concat("Host=h;HTTPPath=/p;AuthMech=3;UID=bob;PWD=", text),
        concat("Host=h;HTTPPath=/p;AuthMech=3;UID=token;PWD={", text),
        concat("Host=h;HTTPPath=/p;AuthMech=11;Auth_Flow=9;Auth_Client_Secret=", text),
        concat("Host=h;HTTPPath=/p;SSP_password=", text), concat("Host=", text, "@h;PWD=", text)}) {
    fails([&] { Connector{ConnectorOptions::from_text(wrong)}; });
  }
  for (const char* key :
       {"auth.token", "auth.client_secret", "auth.refresh_token", "proxy.password",
        "auth.azure.client_secret", "tls.client_key_password"}) {
    fails([&] { Connector{options().set(key, text + "\n")}; });
    fails([&] { ConnectorOptions().set(std::string(key) + "x", text); });
    fails([&] { ConnectorOptions::from_map({{key, text}, {"no_such_option", text}}); });
  }
  fails([&] {
    ConnectorOptions().set("retry.max_attempts", "x").set("http.header.Authorization", text);
  });
  keep(options().set("http.header.X-Gateway-Key", text).with_access_token(pat_));
}

}  // namespace
}  // namespace dbsql::test
