#include <dbsql/error.h>

#include "base/text.h"
#include "config/complete_target.h"
#include "config/options.h"
#include "http/url.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::config {
namespace {

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

/// What people paste in place of a token, and what could smuggle a header (rule 11 of
/// reference/auth-http-config.md 1.9).
void check_token(std::string_view token) {
  if (base::trim(token).empty()) fail("the token is blank");
  if (base::equals_ignore_case(token, "null") || base::equals_ignore_case(token, "undefined")) {
    fail("the token is the word for a value that was not there; check where it comes from");
  }
  for (const char c : token) {
    if (c <= ' ' || c >= '\x7f') {
      fail("the token contains a blank, a line break or another character that no token has");
    }
  }
}

/// The path of Spark Thrift servers and of Hive (reference/thrift.md 1.1).
bool is_hive_path(std::string_view path) {
  constexpr std::string_view kPath = "/cliservice";
  const std::string_view rest = path.substr(0, path.find('?'));
  return rest == kPath || (rest.starts_with(kPath) && rest[kPath.size()] == '/');
}

/// Spark Thrift servers want a user and a password even when they check neither
/// (reference/thrift.md 5.1).
void complete_basic(ConnectionConfig& config) {
  constexpr const char* kAnonymous = "anonymous";
  if (!config.token.empty()) fail("a token and basic authentication exclude each other");
  if (config.user.empty() && !config.password.empty()) fail("auth.password needs auth.user");
  if (config.user.empty()) config.user = kAnonymous;
  if (config.password.empty()) config.password = kAnonymous;
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
  if (config.user.find(':') != std::string::npos || std::ranges::any_of(config.user, is_control) ||
      std::ranges::any_of(config.password, is_control)) {
    fail("user and password must not contain control characters, nor the user a colon");
  }
}

/// Words that stand for nothing, and what cannot be part of a secret.
void check_secret(std::string_view key, std::string_view secret) {
  if (secret.empty()) return;
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; };
  const std::string_view word = base::trim(secret);
  if (word.empty() || base::equals_ignore_case(word, "null") ||
      base::equals_ignore_case(word, "undefined") || std::ranges::any_of(secret, is_control)) {
    fail(base::concat(key,
                      " is blank, stands for a value that was not there, or contains a line "
                      "break; check where it comes from"));
  }
}

/// The ways to prove one's identity that the options hold something for.
std::vector<AuthType> given_methods(const ConnectionConfig& config) {
  const AuthOptions& auth = config.auth;
  const bool has_identity_token = !auth.oidc.token_env.empty() || !auth.oidc.token_file.empty();
  std::vector<AuthType> methods;
  const auto add = [&](bool is_given, AuthType type) {
    if (is_given) methods.push_back(type);
  };
  add(!config.token.empty(), AuthType::Token);
  add(!auth.jwt.key_file.empty(), AuthType::OauthJwt);
  add(!auth.refresh_token.empty(), AuthType::OauthRefresh);
  // Beside a refresh token, client and secret are those of the program that it was given to.
  const bool has_secret = !auth.client_secret.empty() && auth.refresh_token.empty();
  // Alone, an id may as well belong to a workload identity: the chain finds out whose it is.
  const bool has_lone_id = !auth.client_id.empty() && methods.empty() && !has_identity_token &&
                           config.auth_type != AuthType::Unified;
  add(has_secret || has_lone_id, AuthType::OauthM2m);
  add(!auth.azure.client_secret.empty(), AuthType::AzureClientSecret);
  add(auth.azure.uses_managed_identity, AuthType::AzureMsi);
  add(!auth.metadata_service_url.empty(), AuthType::MetadataService);
  add(!auth.google.credentials.empty(), AuthType::GoogleCredentials);
  add(!auth.google.service_account.empty() && auth.google.credentials.empty(), AuthType::GoogleId);
  add(!auth.oidc.token_env.empty(), AuthType::EnvOidc);
  add(!auth.oidc.token_file.empty(), AuthType::FileOidc);
  return methods;
}

std::string names_of(const std::vector<AuthType>& methods) {
  std::string names;
  for (const AuthType method : methods)
    names += base::concat(names.empty() ? "" : " and ", auth_type_name(method));
  return names;
}

void find_auth_type(ConnectionConfig& config) {
  const auto methods = given_methods(config);
  if (config.auth_type == AuthType::Provider && !methods.empty()) {
    fail(base::concat("a token provider and ", names_of(methods),
                      " exclude each other; leave one out"));
  }
  if (config.auth_type != AuthType::Unspecified && config.auth_type != AuthType::Unified) return;
  if (methods.size() > 1) {
    fail(base::concat("more than one way to authenticate: ", names_of(methods),
                      "; choose with auth.type"));
  }
  if (methods.size() == 1) {
    config.auth_type = methods.front();
  } else if (is_hive_path(config.http_path)) {
    config.auth_type = AuthType::Basic;
  } else if (!config.user.empty()) {
    fail(
        "basic authentication is not available on Databricks; write "
        "token:PERSONAL_ACCESS_TOKEN@host, or add authType=basic for a Spark Thrift server whose "
        "path is not /cliservice");
  }
}

[[noreturn]] void fail_no_credentials() {
  fail(
      "no credentials given: a token (auth.token, or token:PERSONAL_ACCESS_TOKEN@ before the "
      "host), a service principal (auth.client_id and auth.client_secret), or auth.type with one "
      "of the methods of docs/authentication.md");
}

void check_credentials(const ConnectionConfig& config) {
  const AuthOptions& auth = config.auth;
  check_secret("auth.client_secret", auth.client_secret);
  check_secret("auth.client_id", auth.client_id);
  check_secret("auth.refresh_token", auth.refresh_token);
  check_secret("auth.azure.client_secret", auth.azure.client_secret);
  if (config.auth_type == AuthType::OauthM2m &&
      (auth.client_id.empty() || auth.client_secret.empty())) {
    fail("oauth-m2m: auth.client_id and auth.client_secret are both needed");
  }
  if (config.auth_type != AuthType::Token) return;
  if (config.token.empty()) fail_no_credentials();
  check_token(config.token);
}

void complete_credentials(ConnectionConfig& config) {
  const bool is_local = http::is_loopback_host(config.host);
  find_auth_type(config);
  if (config.auth_type == AuthType::Basic) return complete_basic(config);
  if (!config.user.empty() || !config.password.empty()) {
    fail("a user and a password go with authType=basic only");
  }
  if (config.auth_type == AuthType::Unspecified) {
    if (!is_local) fail_no_credentials();
    config.auth_type = AuthType::None;
  }
  if (config.auth_type == AuthType::None) {
    if (!is_local) fail("auth.type=none is only for a warehouse on this machine");
    if (!config.token.empty()) fail("auth.type=none and a token exclude each other");
    return;
  }
  check_credentials(config);
}

}  // namespace

void complete(ConnectionConfig& config) {
  complete_target(config);
  complete_credentials(config);
  if (config.retry.wait_min > config.retry.wait_max) {
    fail("retry.wait_min is longer than retry.wait_max");
  }
}

}  // namespace dbsql::config
