#include "session/telemetry_settings.h"

#include "config/dsn.h"
#include "telemetry/record.h"
#include "telemetry/tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>

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

/// Of a connection with such options: what its first record holds, by published name.
std::set<std::string_view> facts_told(const std::string& options) {
  telemetry::Record record;
  record.operation.type = telemetry::OperationType::CreateSession;
  record.connection = telemetry_facts_of(config_of(options));
  std::set<std::string_view> told;
  for (const telemetry::TagRow& row : telemetry::tags()) {
    if (!std::holds_alternative<std::monostate>(telemetry::value_of(row.tag, record)))
      told.insert(row.name);
  }
  return told;
}

/// A field that is documented as told and never is, tells people nonsense.
TEST(TelemetryFacts, AreAllToldBySomeConnection) {
  std::set<std::string_view> told = facts_told("proxy.url=http://me:secret@p.example.com:3128");
  told.merge(
      facts_told("auth.type=oauth-jwt&auth.jwt.key_file=/key.pem&auth.client_id=me&"
                 "auth.token_endpoint=https://id.example.com/token&auth.scopes=sql"));
  told.merge(facts_told("telemetry.query_tags=true&query.tags=team:sales&userAgentEntry=acme&o=7"));

  for (const telemetry::TagRow& row : telemetry::tags()) {
    const bool is_of_the_connection =
        row.tag >= telemetry::Tag::DriverVersion && row.tag <= telemetry::Tag::AuthType;
    if (!is_of_the_connection) continue;
    EXPECT_EQ(told.count(row.name), 1U) << row.name;
  }
}

TEST(TelemetryFacts, SayWhatTheOptionsSay) {
  const auto parameters = [](const std::string& options) {
    return telemetry_facts_of(config_of(options))->parameters;
  };
  const auto plain = parameters("proxy.url=direct");
  EXPECT_EQ(plain.use_proxy, false);
  EXPECT_EQ(plain.use_system_proxy, false);
  EXPECT_EQ(plain.proxy_auth, telemetry::ProxyAuth::Unspecified);
  EXPECT_EQ(plain.use_system_trust_store, true);
  EXPECT_EQ(plain.enable_token_cache, false);
  EXPECT_EQ(plain.enable_metric_view_metadata, false);
  EXPECT_EQ(plain.auto_commit, true);
  EXPECT_EQ(plain.fetch_auto_commit_from_server, false);
  EXPECT_EQ(plain.jwt_algorithm, "");

  const auto through = parameters("proxy.url=http://me:secret@p.example.com:3128");
  EXPECT_EQ(through.use_proxy, true);
  EXPECT_EQ(through.use_system_proxy, false);
  EXPECT_EQ(through.proxy_auth, telemetry::ProxyAuth::Basic);
  EXPECT_EQ(parameters("proxy.url=http://p.example.com:3128").proxy_auth,
            telemetry::ProxyAuth::None);
  EXPECT_EQ(parameters("metadata.metric_views=true").enable_metric_view_metadata, true);
}

}  // namespace
}  // namespace dbsql::session
