#include <dbsql/error.h>

#include "config/option_rows.h"

#include <array>
#include <utility>

namespace dbsql::config {
namespace {

using Config = ConnectionConfig;
using Value = OptionValue;
using Auth = AuthOptions;

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

void set_auth_type(Config& config, const Value& value) {
  const auto type = parse_auth_type(value.text);
  if (!type) {
    fail(base::concat("unknown auth.type '", value.text.substr(0, 100), "'; it is one of ",
                      auth_type_names()));
  }
  config.auth_type = *type;
}

// A token says by itself that it is one.
std::string auth_type_text(const Config& config) {
  if (config.auth_type == AuthType::Token) return {};
  return std::string(auth_type_name(config.auth_type));
}

void set_scopes(Config& config, const Value& value) {
  config.auth.scopes.clear();
  std::string words = value.text;
  for (char& c : words) c = c == ',' ? ' ' : c;
  for (const std::string_view scope : base::split(words, ' ')) {
    if (!scope.empty()) config.auth.scopes.emplace_back(scope);
  }
}

std::string scopes_text(const Config& config) {
  std::string joined;
  for (const std::string& scope : config.auth.scopes)
    joined += base::concat(joined.empty() ? "" : " ", scope);
  return joined;
}

void set_ports(Config& config, const Value& value) {
  config.auth.redirect_ports.clear();
  for (const std::string_view word : base::split(value.text, ',')) {
    const auto port = base::parse_number<std::uint16_t>(base::trim(word));
    if (!port || *port == 0)
      fail("auth.redirect_ports is not a list of ports from 1 to 65535 with commas between");
    config.auth.redirect_ports.push_back(*port);
  }
}

std::string ports_text(const Config& config) {
  std::string joined;
  for (const std::uint16_t port : config.auth.redirect_ports)
    joined += base::concat(joined.empty() ? "" : ",", port);
  return joined;
}

constexpr std::array<std::pair<Login, std::string_view>, 3> kLogins = {
    {{Login::Browser, "browser"}, {Login::Url, "url"}, {Login::Device, "device"}}};

void set_login(Config& config, const Value& value) {
  for (const auto& [login, name] : kLogins) {
    if (name == value.text) config.auth.login = login;
  }
}

std::string login_text(const Config& config) {
  for (const auto& [login, name] : kLogins) {
    if (login == config.auth.login) return std::string(name);
  }
  return {};
}

constexpr Option kAuth[] = {
    {.key = "auth.type",
     .go_names = "authType",
     .other_names = "auth_type adbc.spark.auth_type adbc.databricks.oauth.grant_type",
     .profile_names = "auth_type",
     .environment_names = "DATABRICKS_AUTH_TYPE",
     .help = "how to prove who one is; found out from the other options when absent",
     .store = set_auth_type,
     .text = auth_type_text},
    {.key = "auth.token",
     .go_names = "accessToken",
     .other_names = "token staticToken access_token adbc.spark.token "
                    "adbc.spark.oauth.access_token",
     .jdbc_names = "Auth_AccessToken",
     .odbc_names = "Auth_AccessToken",
     .profile_names = "token",
     .environment_names = "DATABRICKS_TOKEN DATABRICKS_ACCESS_TOKEN",
     .secret = true,
     .help = "personal access token, or any ready-made token",
     .store = store<&Config::token>},
    {.key = "auth.user",
     .other_names = "username",
     .help = "user of a Spark Thrift server, in place of USER:PASSWORD@ before the host",
     .store = store<&Config::user>},
    {.key = "auth.password",
     .other_names = "password",
     .secret = true,
     .help = "password of that user",
     .store = store<&Config::password>},
    {.key = "auth.client_id",
     .go_names = "clientId clientID",
     .other_names = "oauth_client_id oauthClientId oauth.client_id "
                    "adbc.databricks.oauth.client_id",
     .jdbc_names = "OAuth2ClientId",
     .odbc_names = "Auth_Client_ID",
     .profile_names = "client_id",
     .environment_names = "DATABRICKS_CLIENT_ID",
     .help = "OAuth client: of a service principal, or of the application that logs people in",
     .store = store<&Config::auth, &Auth::client_id>,
     .text = text<&Config::auth, &Auth::client_id>},
    {.key = "auth.client_secret",
     .go_names = "clientSecret",
     .other_names = "oauth_client_secret oauthClientSecret oauth.client_secret "
                    "adbc.databricks.oauth.client_secret",
     .jdbc_names = "OAuth2Secret",
     .odbc_names = "Auth_Client_Secret",
     .profile_names = "client_secret",
     .environment_names = "DATABRICKS_CLIENT_SECRET",
     .secret = true,
     .help = "secret of the service principal",
     .store = store<&Config::auth, &Auth::client_secret>,
     .text = text<&Config::auth, &Auth::client_secret>},
    {.key = "auth.client_auth",
     .type = OptionType::Choice,
     .fallback = "basic",
     .choices = "basic body",
     .help = "where client id and secret stand in a token request",
     .store = [](Config& config,
                 const Value& value) { config.auth.sends_secret_in_body = value.text == "body"; },
     .text =
         [](const Config& config) {
           return std::string(config.auth.sends_secret_in_body ? "body" : "basic");
         }},
    {.key = "auth.scopes",
     .other_names = "oauth_scopes oauthScopes adbc.databricks.oauth.scope",
     .jdbc_names = "Auth_Scope",
     .odbc_names = "Auth_Scope",
     .profile_names = "scopes",
     .help = "OAuth scopes, with blanks or commas between; the method's usual ones when absent",
     .store = set_scopes,
     .text = scopes_text},
    {.key = "auth.token_endpoint",
     .other_names = "token_url",
     .jdbc_names = "OAuth2ConnAuthTokenEndpoint OAuth2TokenEndpoint",
     .odbc_names = "OAuth2ConnAuthTokenEndpoint",
     .help = "where tokens are asked for; discovered when absent",
     .store = store<&Config::auth, &Auth::token_endpoint>,
     .text = text<&Config::auth, &Auth::token_endpoint>},
    {.key = "auth.authorize_endpoint",
     .jdbc_names = "OAuth2ConnAuthAuthorizeEndpoint OAuth2AuthorizationEndPoint",
     .odbc_names = "OAuth2ConnAuthAuthorizeEndpoint",
     .help = "page on which people log in; discovered when absent",
     .store = store<&Config::auth, &Auth::authorize_endpoint>,
     .text = text<&Config::auth, &Auth::authorize_endpoint>},
    {.key = "auth.discovery_url",
     .jdbc_names = "OIDCDiscoveryEndpoint OAuthDiscoveryURL",
     .odbc_names = "OIDCDiscoveryEndpoint",
     .profile_names = "discovery_url",
     .environment_names = "DATABRICKS_DISCOVERY_URL",
     .help = "document that names both endpoints, in place of the workspace's own",
     .store = store<&Config::auth, &Auth::discovery_url>,
     .text = text<&Config::auth, &Auth::discovery_url>},
    {.key = "auth.account_id",
     .other_names = "account_id",
     .profile_names = "account_id",
     .environment_names = "DATABRICKS_ACCOUNT_ID",
     .help = "Databricks account, where the host is an account console",
     .store = store<&Config::auth, &Auth::account_id>,
     .text = text<&Config::auth, &Auth::account_id>},
    {.key = "auth.refresh_token",
     .other_names = "oauth.refresh_token",
     .jdbc_names = "Auth_RefreshToken OAuthRefreshToken",
     .odbc_names = "Auth_RefreshToken",
     .secret = true,
     .help = "OAuth refresh token of an earlier login",
     .store = store<&Config::auth, &Auth::refresh_token>,
     .text = text<&Config::auth, &Auth::refresh_token>},
    {.key = "auth.federation_client_id",
     .other_names = "identity_federation_client_id federationClientId "
                    "adbc.databricks.identity_federation_client_id",
     .jdbc_names = "Identity_Federation_Client_Id",
     .odbc_names = "Identity_Federation_Client_Id",
     .help = "service principal that a foreign token is exchanged for",
     .store = store<&Config::auth, &Auth::federation_client_id>,
     .text = text<&Config::auth, &Auth::federation_client_id>},
    {.key = "auth.federation_strict",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "a failed exchange is an error; otherwise the foreign token is used",
     .store = store<&Config::auth, &Auth::federation_strict>,
     .text = text<&Config::auth, &Auth::federation_strict>},
    {.key = "auth.login",
     .type = OptionType::Choice,
     .fallback = "browser",
     .choices = "browser url device",
     .help = "how people log in: the browser is opened, its address is told, or a code for "
             "another machine is",
     .store = set_login,
     .text = login_text},
    {.key = "auth.redirect_ports",
     .other_names = "oauth_redirect_port auth.redirect_port",
     .jdbc_names = "OAuth2RedirectUrlPort",
     .odbc_names = "OAuth2RedirectUrlPort",
     .profile_names = "oauth_callback_port",
     .environment_names = "DATABRICKS_OAUTH_CALLBACK_PORT",
     .help = "ports of this machine to which the browser may return, with commas between",
     .store = set_ports,
     .text = ports_text},
    {.key = "auth.u2m_timeout",
     .type = OptionType::Duration,
     .unit = "s",
     .fallback = "120s",
     .minimum = 1'000,
     .maximum = kHour,
     .help = "time that a person has for logging in",
     .store = store<&Config::auth, &Auth::login_timeout>,
     .text = text<&Config::auth, &Auth::login_timeout>},
    {.key = "auth.token_cache",
     .jdbc_names = "EnableTokenCache",
     .odbc_names = "EnableTokenCache",
     .type = OptionType::Boolean,
     .fallback = "false",
     .help = "keep people's tokens on disk, encrypted, for the next start",
     .store = store<&Config::auth, &Auth::token_cache>,
     .text = text<&Config::auth, &Auth::token_cache>},
    {.key = "auth.token_cache_passphrase",
     .jdbc_names = "TokenCachePassPhrase",
     .odbc_names = "TokenCachePassPhrase",
     .secret = true,
     .help = "what they are encrypted with; a key file of the user's when absent",
     .store = store<&Config::auth, &Auth::token_cache_passphrase>,
     .text = text<&Config::auth, &Auth::token_cache_passphrase>},
};

}  // namespace

std::span<const Option> auth_options() noexcept { return kAuth; }

}  // namespace dbsql::config
