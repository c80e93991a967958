#include "auth/oidc_discovery.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "http/client.h"
#include "http/url.h"

#include <nlohmann/json.hpp>

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::size_t kLargestDocument = std::size_t{1} << 20;
constexpr std::chrono::seconds kAnswerTimeout{10};

// On a label boundary: "evil.azuredatabricks.net.example.com" is none of these.
constexpr std::array<std::string_view, 12> kTrustedSuffixes = {
    ".databricks.com",           ".cloud.databricks.us",    ".azuredatabricks.net",
    ".databricks.azure.us",      ".databricks.azure.cn",    ".login.microsoftonline.com",
    ".login.microsoftonline.us", ".login.chinacloudapi.cn", ".sts.windows.net",
    ".accounts.google.com",      ".oauth2.googleapis.com",  ".iam.googleapis.com"};

[[noreturn]] void refuse(std::string message) {
  throw_error({.kind = ErrorKind::Unauthenticated, .message = std::move(message)});
}

/// An endpoint we would send secrets to.
void check_endpoint(std::string_view text, const http::Url& origin) {
  const auto url = http::Url::parse(text);
  if (!url) refuse("the OAuth document of the host names an endpoint that is no URL");
  const bool is_own = base::equals_ignore_case(url->host, origin.host);
  const bool is_safe = url->scheme == "https" || (is_own && origin.scheme == "http");
  if (is_safe && (is_own || is_trusted_identity_host(url->host))) return;
  refuse(base::concat("the OAuth document of ", origin.authority(), " points to ", url->origin(),
                      ", which is neither that host nor one of Databricks or its clouds; nothing "
                      "is sent there. Set auth.token_endpoint if it is right"));
}

std::string text_of(const nlohmann::json& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_string() ? member->get<std::string>() : std::string();
}

OidcEndpoints workspace_endpoints(std::string_view origin) {
  return {.authorization = base::concat(origin, "/oidc/v1/authorize"),
          .token = base::concat(origin, "/oidc/v1/token"),
          .device_authorization = {}};
}

OidcEndpoints account_endpoints(const OidcHost& host) {
  const std::string base = base::concat(host.origin, "/oidc/accounts/", host.account_id, "/v1/");
  return {.authorization = base + "authorize", .token = base + "token", .device_authorization = {}};
}

/// Where the document of a host is: its own, or the one that is named.
std::string document_url(const OidcHost& host) {
  if (!host.discovery_url.empty()) return host.discovery_url;
  return base::concat(host.origin, "/oidc/.well-known/oauth-authorization-server");
}

/// Whose word a document is: an endpoint may be on its host. One that is named is trusted as the
/// option that names it.
std::string document_origin(const OidcHost& host) {
  if (host.discovery_url.empty()) return host.origin;
  const auto url = http::Url::parse(host.discovery_url);
  const bool is_safe = url && (url->scheme == "https" || http::is_loopback_host(url->host));
  if (!is_safe)
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "auth.discovery_url is not an https address"});
  return url->origin();
}

OidcEndpoints fetch(const std::shared_ptr<http::Transport>& transport, const OidcHost& host,
                    const base::CallContext& call, base::Clock& clock) {
  const std::string origin = document_origin(host);
  http::Request request;
  request.method = "GET";
  request.url = document_url(host);
  request.headers = {{"Accept", "application/json"}};
  request.name = "OAuth discovery";
  request.request_class = http::RequestClass::Read;
  request.first_byte_timeout = kAnswerTimeout;
  const http::Client client(transport, {}, {}, clock);
  try {
    return read_discovery_document(client.send(std::move(request), call).body.text(), origin);
  } catch (const Error& error) {
    if (!host.discovery_url.empty()) throw;
    if (error.http_status() == 404) return workspace_endpoints(host.origin);
    if (error.http_status() != 403) throw;
    refuse(base::concat("OAuth is not supported for ", host.origin,
                        ": it does not show its OAuth document (HTTP 403)"));
  }
}

}  // namespace

bool is_trusted_identity_host(std::string_view host) {
  const std::string dotted = base::concat('.', base::to_lower(host));
  for (const std::string_view suffix : kTrustedSuffixes) {
    if (dotted.ends_with(suffix)) return true;
  }
  return false;
}

OidcEndpoints read_discovery_document(std::string_view body, std::string_view origin) {
  const auto own = http::Url::parse(origin);
  const auto json = body.size() <= kLargestDocument
                        ? nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false)
                        : nlohmann::json();
  if (!own || !json.is_object())
    refuse(base::concat("the OAuth document of ", origin, " is not a JSON object"));
  OidcEndpoints endpoints{.authorization = text_of(json, "authorization_endpoint"),
                          .token = text_of(json, "token_endpoint"),
                          .device_authorization = text_of(json, "device_authorization_endpoint")};
  if (endpoints.token.empty())
    refuse(base::concat("the OAuth document of ", origin, " names no token_endpoint"));
  for (const std::string* endpoint :
       {&endpoints.authorization, &endpoints.token, &endpoints.device_authorization}) {
    if (!endpoint->empty()) check_endpoint(*endpoint, *own);
  }
  return endpoints;
}

OidcEndpoints discover_endpoints(const std::shared_ptr<http::Transport>& transport,
                                 const OidcHost& host, const base::CallContext& call,
                                 base::Clock& clock) {
  const bool is_named = !host.discovery_url.empty();
  if (!is_named && !host.account_id.empty()) return account_endpoints(host);
  static std::mutex mutex;
  static auto* const known = new std::map<std::string, OidcEndpoints>;  // by document; leaked
  const std::string document = document_url(host);
  {
    std::lock_guard lock(mutex);
    if (const auto found = known->find(document); found != known->end()) return found->second;
  }
  OidcEndpoints endpoints = fetch(transport, host, call, clock);
  std::lock_guard lock(mutex);
  return known->insert_or_assign(document, std::move(endpoints)).first->second;
}

}  // namespace dbsql::auth
