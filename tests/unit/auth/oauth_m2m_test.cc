#include "auth/oauth_m2m.h"

#include <dbsql/error.h>

#include "auth/oidc_discovery.h"
#include "auth/token_cache.h"
#include "support/capture_error.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"
#include "unit/auth/scripted_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbsql::auth {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kToken =
    R"({"access_token":"granted","token_type":"bearer","expires_in":3600,"scope":"all-apis"})";

std::string document(const std::string& origin) {
  return R"({"authorization_endpoint":")" + origin + R"(/oidc/v1/authorize","token_endpoint":")" +
         origin + R"(/oidc/v1/token"})";
}

class OAuthM2MTest : public testing::Test {
 protected:
  OAuthM2MTest() { clock_.advance_when_waited_on(true); }

  /// Each test has a host of its own: documents are remembered for the life of the process.
  OidcHost host(const std::string& name) {
    return {.origin = "https://" + name + ".databricks.com"};
  }

  Token token(const OidcHost& host,
              ClientCredentials credentials = {.client_id = "id", .client_secret = "s3cret"}) {
    return ClientCredentialsProvider(endpoint_, host, std::move(credentials), clock_).get_token({});
  }

  test::FakeClock clock_;
  std::shared_ptr<test::ScriptedEndpoint> endpoint_ = std::make_shared<test::ScriptedEndpoint>();
};

TEST_F(OAuthM2MTest, AsksTheDiscoveredEndpointWithBasicAuthentication) {
  endpoint_->answer(200, document(host("m2m-1").origin));
  endpoint_->answer(200, kToken);

  const Token granted =
      token(host("m2m-1"), {.client_id = "id", .client_secret = "a:b+c/\xc3\xa4"});

  EXPECT_EQ(granted.access_token.view(), "granted");
  EXPECT_EQ(granted.token_type, "Bearer");
  EXPECT_EQ(granted.expires_at, clock_.system_now() + 1h);
  ASSERT_EQ(endpoint_->requests.size(), 2U);
  EXPECT_EQ(endpoint_->requests[0].url,
            "https://m2m-1.databricks.com/oidc/.well-known/oauth-authorization-server");
  EXPECT_EQ(endpoint_->requests[1].url, "https://m2m-1.databricks.com/oidc/v1/token");
  EXPECT_EQ(endpoint_->requests[1].body.text(), "grant_type=client_credentials&scope=all-apis");
  EXPECT_EQ(http::find_header(endpoint_->requests[1].headers, "authorization"),
            "Basic aWQ6YSUzQWIlMkJjJTJGJUMzJUE0")
      << "both parts are encoded before they are joined";
}

TEST_F(OAuthM2MTest, SendsTheSecretInTheBodyWhereAskedTo) {
  endpoint_->answer(200, kToken);

  token(host("m2m-2"), {.client_id = "id",
                        .client_secret = "a&b",
                        .scopes = {"sql", "offline_access"},
                        .token_endpoint = "https://idp.example.com/token",
                        .sends_in_body = true});

  ASSERT_EQ(endpoint_->requests.size(), 1U);
  EXPECT_EQ(endpoint_->requests[0].url, "https://idp.example.com/token");
  EXPECT_EQ(endpoint_->requests[0].body.text(),
            "grant_type=client_credentials&scope=sql%20offline_access&client_id=id"
            "&client_secret=a%26b");
  EXPECT_EQ(http::find_header(endpoint_->requests[0].headers, "authorization"), "");
}

TEST_F(OAuthM2MTest, AWrongSecretIsRefusedAtOnce) {
  endpoint_->answer(200, document(host("m2m-3").origin));
  endpoint_->answer(401, R"({"error":"invalid_client","error_description":"bad secret"})");

  const Error error = capture_error([&] { token(host("m2m-3")); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_EQ(error.sqlstate(), "28000");
  EXPECT_THAT(error.message(), HasSubstr("invalid_client: bad secret"));
  EXPECT_THAT(error.message(), Not(HasSubstr("s3cret")));
  EXPECT_EQ(endpoint_->requests.size(), 2U) << "the document, and one attempt";
}

TEST_F(OAuthM2MTest, TriesAgainWhenTheServiceIsBusy) {
  endpoint_->answer(200, document(host("m2m-4").origin));
  endpoint_->answer(503, "");
  endpoint_->answer(429, "");
  endpoint_->answer(200, kToken);

  EXPECT_EQ(token(host("m2m-4")).access_token.view(), "granted");
}

TEST_F(OAuthM2MTest, RemembersTheDocumentOfAHost) {
  endpoint_->answer(200, document(host("m2m-5").origin));
  endpoint_->answer(200, kToken);

  token(host("m2m-5"));
  token(host("m2m-5"));

  EXPECT_EQ(endpoint_->requests.size(), 3U);
}

TEST_F(OAuthM2MTest, UsesTheUsualPathsWhereThereIsNoDocument) {
  endpoint_->answer(404, "");
  endpoint_->answer(200, kToken);

  token(host("m2m-6"));

  EXPECT_EQ(endpoint_->requests[1].url, "https://m2m-6.databricks.com/oidc/v1/token");
}

TEST_F(OAuthM2MTest, SendsNoSecretWhereADocumentLeadsElsewhere) {
  for (const char* elsewhere : {"https://evil.example", "http://m2m-10.databricks.com"}) {
    endpoint_ = std::make_shared<test::ScriptedEndpoint>();
    endpoint_->answer(200, document(elsewhere));
    endpoint_->answer(200, kToken);

    EXPECT_EQ(capture_error([&] { token(host("m2m-10")); }).kind(), ErrorKind::Unauthenticated);
    EXPECT_EQ(endpoint_->requests.size(), 1U) << elsewhere;
  }
}

TEST_F(OAuthM2MTest, AsksOnceForManyRequests) {
  clock_.advance_when_waited_on(false);
  endpoint_->answer(200, document(host("m2m-11").origin));
  endpoint_->answer(200, kToken);
  TokenCache cache(std::make_shared<ClientCredentialsProvider>(
                       endpoint_, host("m2m-11"),
                       ClientCredentials{.client_id = "id", .client_secret = "s3cret"}, clock_),
                   {}, clock_);

  for (int i = 0; i < 3; ++i) EXPECT_EQ(cache.get({})->header.view(), "Bearer granted");

  EXPECT_EQ(endpoint_->requests.size(), 2U) << "the document, and one token";
}

TEST_F(OAuthM2MTest, SaysThatAHostHasNoOAuth) {
  endpoint_->answer(403, "");

  EXPECT_THAT(capture_error([&] { token(host("m2m-7")); }).message(),
              HasSubstr("OAuth is not supported for https://m2m-7.databricks.com"));
}

TEST_F(OAuthM2MTest, KnowsTheEndpointsOfAnAccountWithoutAsking) {
  endpoint_->answer(200, kToken);
  OidcHost account{.origin = "https://accounts.cloud.databricks.com", .account_id = "acc-1"};

  token(account);

  ASSERT_EQ(endpoint_->requests.size(), 1U) << "no document";
  EXPECT_EQ(endpoint_->requests[0].url,
            "https://accounts.cloud.databricks.com/oidc/accounts/acc-1/v1/token");
}

TEST_F(OAuthM2MTest, AsksTheDocumentThatIsNamed) {
  endpoint_->answer(200, document("https://identity.example"));
  endpoint_->answer(200, kToken);
  OidcHost named = host("m2m-12");
  named.discovery_url = "https://identity.example/tenant/.well-known/openid-configuration";

  token(named);

  ASSERT_EQ(endpoint_->requests.size(), 2U);
  EXPECT_EQ(endpoint_->requests[0].url, named.discovery_url);
  EXPECT_EQ(endpoint_->requests[1].url, "https://identity.example/oidc/v1/token");
}

TEST_F(OAuthM2MTest, GuessesNothingInPlaceOfADocumentThatIsNamed) {
  endpoint_->answer(404, "");
  OidcHost named = host("m2m-13");
  named.discovery_url = "https://identity.example/nothing";

  EXPECT_EQ(capture_error([&] { token(named); }).http_status(), 404);
  EXPECT_EQ(endpoint_->requests.size(), 1U);
  named.discovery_url = "http://identity.example/open";
  EXPECT_EQ(capture_error([&] { token(named); }).kind(), ErrorKind::Configuration);
  EXPECT_EQ(endpoint_->requests.size(), 1U);
}

TEST_F(OAuthM2MTest, LogsTokenFetchesAtDebugOnlyAndNeverAToken) {
  clock_.advance_when_waited_on(false);
  endpoint_->answer(200, document(host("m2m-8").origin));
  endpoint_->answer(200, kToken);
  const test::CapturedLog log;
  TokenCache cache(std::make_shared<ClientCredentialsProvider>(
                       endpoint_, host("m2m-8"),
                       ClientCredentials{.client_id = "id", .client_secret = "s3cret"}, clock_),
                   {}, clock_);

  cache.get({});

  EXPECT_FALSE(log.lines().empty());
  for (const auto& [level, line] : log.lines()) {
    EXPECT_LE(level, LogLevel::Debug) << line;
    EXPECT_THAT(line, Not(HasSubstr("granted")));
    EXPECT_THAT(line, Not(HasSubstr("s3cret")));
  }
}

TEST_F(OAuthM2MTest, RefusesToBeSetUpWithoutASecret) {
  EXPECT_EQ(capture_error([&] { token(host("m2m-9"), {.client_id = "id"}); }).kind(),
            ErrorKind::Configuration);
}

TEST(OidcDiscovery, TrustsItsOwnHostAndTheIdentityHostsOfTheClouds) {
  const std::string origin = "https://my.example.com";
  EXPECT_EQ(read_discovery_document(document(origin), origin).token, origin + "/oidc/v1/token");
  EXPECT_NO_THROW(read_discovery_document(document("https://login.microsoftonline.com"), origin));
  EXPECT_NO_THROW(
      read_discovery_document(document("http://127.0.0.1:8080"), "http://127.0.0.1:8080"))
      << "a warehouse on this machine";
  for (const char* evil :
       {"https://evil.com", "http://my.example.com", "https://evil.azuredatabricks.net.example.com",
        "https://notdatabricks.com", "ftp://my.example.com", "https://user@my.example.com"}) {
    EXPECT_EQ(capture_error([&] { read_discovery_document(document(evil), origin); }).kind(),
              ErrorKind::Unauthenticated)
        << evil;
  }
}

TEST(OidcDiscovery, RefusesDocumentsThatSayNothing) {
  for (const char* body : {"", "[]", "{}", "<html>", R"({"token_endpoint":7})"}) {
    EXPECT_EQ(capture_error([&] { read_discovery_document(body, "https://h"); }).kind(),
              ErrorKind::Unauthenticated)
        << body;
  }
}

}  // namespace
}  // namespace dbsql::auth
