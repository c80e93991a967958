#include "session/telemetry_settings.h"

#include "config/dsn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <tuple>

namespace dbsql::session {
namespace {

using config::AuthType;
using config::ConnectionConfig;
using telemetry::AuthFlow;
using telemetry::AuthMech;
using testing::HasSubstr;
using testing::Not;

ConnectionConfig config_of(const std::string& options = {}) {
  return config::parse_dsn("token:dapi0123456789@h.example.com:443/sql/1.0/warehouses/abc" +
                           (options.empty() ? "" : "?" + options));
}

TEST(TelemetrySettings, AreNotThereWhenNothingWillBeTold) {
  const auto authenticator = std::make_shared<const auth::Authenticator>();

  EXPECT_FALSE(telemetry_settings_of(config_of(), authenticator));
  EXPECT_FALSE(telemetry_settings_of(config_of("enableTelemetry=false"), authenticator));
  EXPECT_TRUE(telemetry_settings_of(config_of("enableTelemetry=true"), authenticator));
  EXPECT_TRUE(telemetry_settings_of(config_of("telemetrySink=file:/tmp/x"), authenticator));
}

TEST(TelemetrySettings, LeadToTheHostOfTheConnection) {
  const auto authenticator = std::make_shared<const auth::Authenticator>("dapi0123456789");
  const auto settings = telemetry_settings_of(
      config_of("forceEnableTelemetry=true&http.header.X-Mine=1"), authenticator);

  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->destination->origin, "https://h.example.com:443");
  EXPECT_EQ(settings->destination->host, "h.example.com");
  http::Headers headers;
  EXPECT_TRUE(settings->destination->authorize(headers));
  EXPECT_EQ(http::find_header(headers, "Authorization"), "Bearer dapi0123456789");
}

TEST(TelemetrySettings, KeepNoCredentialsAlive) {
  auto authenticator = std::make_shared<const auth::Authenticator>("dapi0123456789");
  const auto settings =
      telemetry_settings_of(config_of("forceEnableTelemetry=true"), authenticator);
  authenticator.reset();
  http::Headers headers;

  EXPECT_FALSE(settings->destination->authorize(headers));
}

TEST(TelemetrySettings, ShareNoSenderBetweenConnectors) {
  const auto authenticator = std::make_shared<const auth::Authenticator>("dapi0123456789");
  const auto first = telemetry_settings_of(config_of("forceEnableTelemetry=true"), authenticator);
  const auto second = telemetry_settings_of(config_of("forceEnableTelemetry=true"), authenticator);

  EXPECT_NE(first->identity, second->identity);
}

TEST(TelemetryFacts, SayHowOneAuthenticatesInAgreeingWords) {
  const std::tuple<AuthType, AuthMech, AuthFlow, const char*> rows[] = {
      {AuthType::Token, AuthMech::Pat, AuthFlow::Unspecified, "pat"},
      {AuthType::OauthM2m, AuthMech::Oauth, AuthFlow::ClientCredentials, "oauth-m2m"},
      {AuthType::AzureClientSecret, AuthMech::Oauth, AuthFlow::ClientCredentials,
       "azure-client-secret"},
      {AuthType::OauthU2m, AuthMech::Oauth, AuthFlow::BrowserBasedAuthentication, "oauth-u2m"},
      {AuthType::EnvOidc, AuthMech::Oauth, AuthFlow::TokenPassthrough, "env-oidc"},
      {AuthType::Provider, AuthMech::Other, AuthFlow::Unspecified, "custom-provider"},
      {AuthType::None, AuthMech::Other, AuthFlow::Unspecified, "none"},
  };

  for (const auto& [type, mech, flow, word] : rows) {
    ConnectionConfig config = config_of();
    config.auth_type = type;
    const auto facts = telemetry_facts_of(config);
    EXPECT_EQ(facts->parameters.auth_mech, mech) << word;
    EXPECT_EQ(facts->parameters.auth_flow, flow) << word;
    EXPECT_EQ(facts->parameters.auth_type, word);
  }
}

TEST(TelemetryFacts, LeaveOutWhatPeopleHaveNamed) {
  ConnectionConfig config = config_of("query.tags=MARKED:x&userAgentEntry=/home/MARKED/report");
  config.auth.scopes = {"MARKED"};
  config.http_path = "/MARKED/path?token=MARKED";
  const auto facts = telemetry_facts_of(config);

  for (const std::string& text :
       {facts->parameters.http_path, facts->parameters.query_tags, facts->parameters.auth_scope,
        facts->system.client_app_name, facts->user_agent}) {
    EXPECT_THAT(text, Not(HasSubstr("MARKED")));
  }
}

TEST(TelemetryFacts, TellQueryTagsAndTheProcessAsTheOptionsSay) {
  EXPECT_EQ(telemetry_facts_of(config_of("query.tags=a:b"))->parameters.query_tags, "");
  EXPECT_EQ(telemetry_facts_of(config_of("query.tags=a:b&telemetry.query_tags=true"))
                ->parameters.query_tags,
            "a:b");
  EXPECT_NE(telemetry_facts_of(config_of())->system.process_name, "");
  EXPECT_EQ(telemetry_facts_of(config_of("telemetry.process_name=false"))->system.process_name, "");
}

TEST(TelemetryFacts, KnowTheWorkspaceFromThePath) {
  ConnectionConfig config = config_of();
  config.http_path = "/sql/1.0/warehouses/abc?o=1&token=x";
  const auto facts = telemetry_facts_of(config);

  EXPECT_EQ(facts->workspace_id, 1);
  EXPECT_EQ(facts->parameters.http_path, "/sql/1.0/warehouses/abc");
}

}  // namespace
}  // namespace dbsql::session
