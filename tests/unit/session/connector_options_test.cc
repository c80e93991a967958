#include <dbsql/connector.h>
#include <dbsql/connector_options.h>

#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbsql {
namespace {

using test::capture_error;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

ConnectorOptions usual() {
  return ConnectorOptions().with_host("https://WS.example/").with_warehouse_id("abc");
}

TEST(ConnectorOptions, MakeTheConnectionThatADsnMakes) {
  const auto options = usual()
                           .with_access_token("dapi1")
                           .with_catalog("main")
                           .with_session_setting("ANSI_MODE", "true")
                           .set("maxRows", "5");

  EXPECT_EQ(
      options.to_string(),
      "token:***@ws.example:443/sql/1.0/warehouses/abc?catalog=main&maxRows=5&ANSI_MODE=true");
}

TEST(ConnectorOptions, TakeEveryFormOfText) {
  EXPECT_EQ(ConnectorOptions::from_text("databricks://token:x@h/p").to_string(),
            ConnectorOptions::from_text("Host=h;HTTPPath=/p;PWD=x").to_string());
  EXPECT_EQ(ConnectorOptions::from_map({{"server_hostname", "h"}, {"path", "/p"}, {"token", "x"}})
                .to_string(),
            "token:***@h:443/p");
}

TEST(ConnectorOptions, LetALaterValueTakeThePlaceOfAnEarlierOne) {
  auto options = ConnectorOptions::from_text("token:x@h:443/p?catalog=a").with_catalog("b");

  EXPECT_THAT(options.report(), Contains("catalog = b  (with_catalog(); not from DSN)"));
  options.set("catalog", "");
  EXPECT_FALSE(options.has("catalog"));
  EXPECT_TRUE(options.has("server_hostname"));
}

TEST(ConnectorOptions, ShowNoSecret) {
  const auto options =
      usual().with_client_credentials("id", "s3cret").set("http.header.X-Key", "s3cret");

  EXPECT_THAT(options.report(), Each(Not(HasSubstr("s3cret"))));
  EXPECT_THAT(options.to_string(), AllOf(HasSubstr("clientSecret=***"), Not(HasSubstr("s3cret"))));
}

TEST(ConnectorOptions, NameTheNearestOptionForOneThatIsNone) {
  const Error error = capture_error([] { ConnectorOptions().set("retry.max_atempts", "3"); });

  EXPECT_EQ(error.kind(), ErrorKind::Configuration);
  EXPECT_THAT(error.message(), HasSubstr("did you mean retry.max_attempts?"));
}

TEST(ConnectorOptions, RefuseWhatIsEmpty) {
  EXPECT_THAT(capture_error([] { ConnectorOptions().with_access_token(""); }).message(),
              HasSubstr("with_access_token(): it is empty"));
  EXPECT_THAT(capture_error([] { ConnectorOptions().with_token_provider(nullptr); }).message(),
              HasSubstr("no provider"));
  EXPECT_THROW(ConnectorOptions().with_static_token(" "), ConfigurationError);
}

TEST(ConnectorOptions, TakeOneWayToAuthenticate) {
  auto options = usual().with_static_token("x");
  EXPECT_NO_THROW(Connector{options});

  options.with_access_token("dapi1");
  EXPECT_THAT(capture_error([&] { Connector{options}; }).message(),
              HasSubstr("a token provider and pat exclude each other"));
  EXPECT_THAT(capture_error([] {
                Connector{usual().set("auth.type", "pat").with_static_token("x")};
              }).message(),
              HasSubstr("exclude each other"));
}

TEST(ConnectorOptions, ReportTheProvider) {
  const auto callback = [](const TokenContext&) { return Token{}; };
  EXPECT_THAT(usual().with_external_token(callback).report(),
              Contains("auth.type = token-provider  (external)"));
  EXPECT_THAT(usual()
                  .with_federated_token_provider(std::make_shared<ExternalTokenProvider>(callback),
                                                 "client")
                  .report(),
              Contains("auth.type = token-provider  (federation[external])"));
}

// Nothing is sent before a token is needed, whatever the way to get one.
TEST(ConnectorOptions, SetUpEveryWayToAuthenticate) {
  const auto named = [](const char* type) { return usual().set("auth.type", type); };
  EXPECT_NO_THROW(Connector{usual().with_client_credentials("id", "secret")});
  EXPECT_NO_THROW(Connector{named("oauth-u2m")});
  EXPECT_NO_THROW(Connector{named("oauth-refresh").set("auth.refresh_token", "r")});
  EXPECT_NO_THROW(Connector{named("azure-client-secret")
                                .set("auth.azure.client_id", "i")
                                .set("auth.azure.client_secret", "s")});
  EXPECT_NO_THROW(Connector{named("unified")});
  EXPECT_NO_THROW(Connector{usual().with_access_token("x").set("auth.federation_client_id", "i")});
  EXPECT_THROW(Connector{named("oauth-jwt")}, ConfigurationError);  // no key
}

TEST(ConnectorOptions, ExplainHowTheyProveWhoOneIs) {
  const AuthExplanation service = usual().with_client_credentials("id", "s3cret").explain_auth();
  EXPECT_EQ(service.method(), "oauth-m2m");
  EXPECT_EQ(service.origin, "https://ws.example");
  EXPECT_EQ(service.rule, "no auth.type: the one method that is configured");
  EXPECT_EQ(service.failure, "");
  EXPECT_THAT(service.to_text(),
              AllOf(HasSubstr("auth.token is not set"), Not(HasSubstr("s3cret"))));

  const AuthExplanation named =
      usual().with_access_token("dapi1").set("auth.type", "oauth-u2m").explain_auth();
  EXPECT_EQ(named.method(), "oauth-u2m");
  EXPECT_THAT(named.rule, HasSubstr("names the method"));

  EXPECT_EQ(ConnectorOptions::from_text("http://localhost:8080").explain_auth().method(), "none");
  EXPECT_EQ(ConnectorOptions::from_text("me:x@h:443/cliservice").explain_auth().method(), "basic");
  const auto callback = [](const TokenContext&) { return Token{}; };
  EXPECT_EQ(usual().with_external_token(callback).explain_auth().attempts.at(0).reason, "external");
}

TEST(ConnectorOptions, TryNothingWhereOneMethodIsConfigured) {
  const AuthExplanation explanation =
      usual().set("auth.type", "unified").with_access_token("dapi1").explain_auth();

  EXPECT_EQ(explanation.method(), "pat");
  EXPECT_THAT(explanation.rule, HasSubstr("none has to be tried"));
}

TEST(ConnectorOptions, ExplainWhatIsWrongWithTheCredentials) {
  const AuthExplanation none = usual().explain_auth();
  EXPECT_EQ(none.method(), "");
  EXPECT_THAT(none.failure, HasSubstr("no credentials given"));

  const AuthExplanation two = usual()
                                  .with_access_token("dapi-s3cret")
                                  .with_client_credentials("id", "s3cret")
                                  .explain_auth();
  EXPECT_EQ(two.method(), "");
  EXPECT_THAT(two.failure, HasSubstr("more than one way to authenticate: pat and oauth-m2m"));
  EXPECT_THAT(two.to_text(), AllOf(HasSubstr("passed over  oauth-m2m"), Not(HasSubstr("s3cret"))));

  const AuthExplanation word = usual().with_access_token("undefined").explain_auth();
  EXPECT_EQ(word.method(), "");
  EXPECT_THAT(word.failure, HasSubstr("the word for a value that was not there"));

  EXPECT_THROW(ConnectorOptions().with_access_token("x").explain_auth(), ConfigurationError);
}

TEST(ConnectorOptions, RefuseAZoneThatIsNone) {  // case C15
  EXPECT_THAT(
      capture_error([] { Connector::from_dsn("token:x@h:443/p?timezone=Mars/Phobos"); }).message(),
      HasSubstr("Mars/Phobos"));
}

TEST(ConnectorOptions, ExplainEveryOption) {
  EXPECT_THAT(ConnectorOptions::help(), HasSubstr("auth.client_secret  (secret)"));
}

}  // namespace
}  // namespace dbsql
