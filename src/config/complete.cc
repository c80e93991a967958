#include <dbsql/error.h>

#include "base/text.h"
#include "config/options.h"
#include "http/url.h"

#include <algorithm>
#include <utility>

namespace dbsql::config {
namespace {

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

void complete_path(ConnectionConfig& config) {
  std::string path(base::trim(config.http_path));
  if (!path.empty() && path.front() != '/') path.insert(path.begin(), '/');
  while (path.ends_with('/')) path.pop_back();
  config.http_path = std::move(path);
}

void check_target(const ConnectionConfig& config) {
  if (config.host.empty()) fail("the host is missing");
  const http::Url origin{config.scheme, config.host, config.port, {}, {}};
  if (config.port == 0 || !http::Url::parse(origin.origin())) {
    fail("host and port do not make a valid address");
  }
  if (!http::Url::parse(origin.origin() + config.http_path)) {
    fail("the http path contains blanks, '#' or characters that must be escaped");
  }
  if (config.scheme == "http" && !http::is_loopback_host(config.host) &&
      !config.allow_insecure_http) {
    fail(base::concat("plain http is only for this machine; use https:// for ", config.host,
                      ", or accept that anybody on the way can read and change everything with "
                      "allow_insecure_http=true"));
  }
  if (config.http_path.empty() && !http::is_loopback_host(config.host)) {
    fail(
        "the http path is missing; it is in the connection details of the warehouse, for instance "
        "/sql/1.0/warehouses/abc123");
  }
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

void find_auth_type(ConnectionConfig& config) {
  if (config.auth_type != AuthType::Unspecified) return;
  const bool hive = is_hive_path(config.http_path);
  if (!config.token.empty()) {
    config.auth_type = AuthType::Token;
  } else if (hive) {
    config.auth_type = AuthType::Basic;
  } else if (!config.user.empty()) {
    fail(
        "basic authentication is not available on Databricks; write "
        "token:PERSONAL_ACCESS_TOKEN@host, or add authType=basic for a Spark Thrift server whose "
        "path is not /cliservice");
  }
}

void complete_credentials(ConnectionConfig& config) {
  const bool is_local = http::is_loopback_host(config.host);
  find_auth_type(config);
  if (config.auth_type == AuthType::Basic) return complete_basic(config);
  if (!config.user.empty() || !config.password.empty()) {
    fail("a user and a password go with authType=basic only");
  }
  if (config.auth_type == AuthType::Unspecified) {
    config.auth_type = config.token.empty() && is_local ? AuthType::None : AuthType::Token;
  }
  if (config.auth_type == AuthType::None) {
    if (!is_local) fail("auth.type=none is only for a warehouse on this machine");
    if (!config.token.empty()) fail("auth.type=none and a token exclude each other");
    return;
  }
  if (config.token.empty()) {
    fail("no credentials: write token:PERSONAL_ACCESS_TOKEN@ before the host, or give accessToken");
  }
  check_token(config.token);
}

}  // namespace

void complete(ConnectionConfig& config) {
  config.host = base::to_lower(base::trim(config.host));
  complete_path(config);
  check_target(config);
  complete_credentials(config);
  if (config.retry.wait_min > config.retry.wait_max) {
    fail("retry.wait_min is longer than retry.wait_max");
  }
}

}  // namespace dbsql::config
