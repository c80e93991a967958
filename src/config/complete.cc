#include <dbsql/error.h>

#include "base/text.h"
#include "config/options.h"
#include "http/url.h"

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
  if (config.scheme == "http" && !http::is_loopback_host(config.host)) {
    fail(base::concat("plain http is only for this machine; use https:// for ", config.host));
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

void complete_credentials(ConnectionConfig& config) {
  const bool is_local = http::is_loopback_host(config.host);
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
