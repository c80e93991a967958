#include "warehouse/identity_service.h"

#include "base/text.h"
#include "warehouse/identity_error.h"
#include "warehouse/identity_pages.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace dbsql::warehouse {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kPrefix = "/oidc/";
constexpr std::string_view kAccountsPrefix = "accounts/";
constexpr std::string_view kHostMetadataPath = "/.well-known/databricks-config";
constexpr std::string_view kUser = "person@example.com";  // whoever clicks at the consent page
constexpr std::size_t kLongestHost = 255;

std::string_view query_of(const HttpRequest& request) {
  const std::string_view target = request.target;
  const std::size_t question = target.find('?');
  return question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
}

/// Somebody's Host header ends up in documents and tokens: letters, digits and what addresses have.
bool is_plain_host(std::string_view host) {
  return !host.empty() && host.size() <= kLongestHost &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
         });
}

/// Anybody's account ends up there, too.
bool is_plain_id(std::string_view id) {
  return !id.empty() && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// Back to a program on the person's own machine, and nowhere else (RFC 8252 7.3).
bool is_loopback_redirect(std::string_view uri) {
  constexpr std::string_view kScheme = "http://";
  if (!uri.starts_with(kScheme)) return false;
  std::string_view rest = uri.substr(kScheme.size());
  rest = rest.substr(0, rest.find_first_of("/?"));
  for (const std::string_view host : {"localhost", "127.0.0.1", "[::1]"}) {
    if (!rest.starts_with(host)) continue;
    const std::string_view port = rest.substr(host.size());
    const bool is_port = port.starts_with(':') && base::parse_number<std::uint16_t>(port.substr(1));
    const bool is_clean = uri.find_first_of("#\r\n\"<> ") == std::string_view::npos;
    return is_clean && (port.empty() || is_port);
  }
  return false;
}

HttpReply redirect(const CodeRequest& request, const std::string& parameters) {
  const bool has_query = request.redirect_uri.find('?') != std::string::npos;
  std::string location = base::concat(request.redirect_uri, has_query ? "&" : "?", parameters);
  if (!request.state.empty()) location += base::concat("&state=", encode_form_text(request.state));
  HttpReply reply{.status = 302};
  reply.headers = {{"location", std::move(location)}, {"cache-control", "no-store"}};
  return reply;
}

HttpReply redirect_error(const CodeRequest& request, std::string_view code,
                         std::string_view description) {
  return redirect(
      request, base::concat("error=", code, "&error_description=", encode_form_text(description)));
}

HttpReply bad_request_page(std::string_view why) {
  return message_page(400, "This sign-in cannot go on", why);
}

HttpReply not_found() {
  return json_reply(404, R"({"error_code":"ENDPOINT_NOT_FOUND","message":"No such endpoint."})");
}

}  // namespace

const IdentityService::Endpoint IdentityService::kEndpoints[] = {
    {"GET", ".well-known/oauth-authorization-server", &IdentityService::discovery},
    {"GET", ".well-known/openid-configuration", &IdentityService::discovery},
    {"GET", "jwks.json", &IdentityService::keys},
    {"POST", "v1/token", &IdentityService::token},
    {"POST", "oauth2/v2.0/token", &IdentityService::token},
    {"POST", "v1/revoke", &IdentityService::revoke},
    {"GET", "v1/authorize", &IdentityService::show_consent},
    {"POST", "v1/authorize", &IdentityService::take_consent},
    {"GET", "oauth2/v2.0/authorize", &IdentityService::show_consent},
    {"POST", "oauth2/v2.0/authorize", &IdentityService::take_consent},
    {"POST", "v1/device_authorization", &IdentityService::start_device},
    {"GET", "device", &IdentityService::show_device},
    {"POST", "device", &IdentityService::take_device},
};

IdentityService::IdentityService(IdentityOptions options, std::string org_id, Journal& journal,
                                 base::Clock& clock)
    : options_(std::move(options)),
      org_id_(std::move(org_id)),
      journal_(journal),
      clock_(clock),
      ledger_(clock),
      clients_(options_, ledger_),
      grants_(options_, clients_, ledger_, signer_, clock) {}

bool IdentityService::serves(std::string_view path) {
  return path.starts_with(kPrefix) || path == kHostMetadataPath;
}

/// The origin as the client sees it: it compares hosts.
std::string IdentityService::origin_of(const HttpRequest& request) const {
  const std::string_view host = find_header(request.headers, "host");
  if (!is_plain_host(host)) return origin_;
  return base::concat(origin_.substr(0, origin_.find("://") + 3), base::to_lower(host));
}

HttpReply IdentityService::serve(const HttpRequest& request, std::uint64_t journal_number) {
  if (request.path() == kHostMetadataPath) return host_metadata(request);
  std::string_view rest = request.path().substr(kPrefix.size());
  IdentityPlace place{.issuer = origin_of(request) + "/oidc", .account_id = {}, .org_id = org_id_};
  if (rest.starts_with(kAccountsPrefix)) {
    rest.remove_prefix(kAccountsPrefix.size());
    place.account_id = rest.substr(0, rest.find('/'));
    place.issuer += base::concat("/accounts/", place.account_id);
    rest.remove_prefix(std::min(place.account_id.size() + 1, rest.size()));
    const bool is_ours = place.account_id == options_.account_id || !options_.requires_tokens;
    if (!is_ours || !is_plain_id(place.account_id)) return not_found();
  }
  bool is_known = false;
  for (const Endpoint& endpoint : kEndpoints) {
    if (endpoint.path != rest) continue;
    if (endpoint.method == request.method)
      return (this->*endpoint.handler)(request, place, journal_number);
    is_known = true;
  }
  if (!is_known) return not_found();
  return json_reply(405, R"({"error_code":"METHOD_NOT_ALLOWED","message":"Not this method."})");
}

OidcForm IdentityService::form_of(const HttpRequest& request, std::uint64_t number) {
  const std::string_view type = find_header(request.headers, "content-type");
  if (!base::starts_with_ignore_case(type, "application/x-www-form-urlencoded"))
    throw OAuthRefusal("invalid_request", "The body must be application/x-www-form-urlencoded.");
  auto form = OidcForm::parse(request.body);
  if (!form) throw OAuthRefusal("invalid_request", "The form is damaged, or a field comes twice.");
  journal_.set_form(number, form->without_secrets());
  return std::move(*form);
}

HttpReply IdentityService::host_metadata(const HttpRequest& request) const {
  ordered_json json;
  json["oidc_endpoint"] = origin_of(request) + "/oidc";
  json["account_id"] = options_.account_id;
  json["workspace_id"] = org_id_;
  json["cloud"] = "AWS";
  json["host_type"] = "WORKSPACE";
  return json_reply(200, json.dump());
}

HttpReply IdentityService::discovery(const HttpRequest&, const IdentityPlace& place,
                                     std::uint64_t) {
  ordered_json json;
  json["issuer"] = place.issuer;
  json["authorization_endpoint"] = place.issuer + "/v1/authorize";
  json["token_endpoint"] = place.issuer + "/v1/token";
  json["device_authorization_endpoint"] = place.issuer + "/v1/device_authorization";
  json["revocation_endpoint"] = place.issuer + "/v1/revoke";
  json["jwks_uri"] = place.issuer + "/jwks.json";
  json["scopes_supported"] = {"all-apis", "sql", "offline_access", "openid", "email", "profile"};
  json["response_types_supported"] = {"code"};
  json["response_modes_supported"] = {"query"};
  json["grant_types_supported"] = {"client_credentials",
                                   "authorization_code",
                                   "refresh_token",
                                   "urn:ietf:params:oauth:grant-type:device_code",
                                   "urn:ietf:params:oauth:grant-type:token-exchange",
                                   "urn:ietf:params:oauth:grant-type:jwt-bearer"};
  json["code_challenge_methods_supported"] = {"S256"};
  json["token_endpoint_auth_methods_supported"] = {"client_secret_basic", "client_secret_post",
                                                   "private_key_jwt", "none"};
  json["subject_types_supported"] = {"public"};
  json["id_token_signing_alg_values_supported"] = {"RS256"};
  return json_reply(200, json.dump());
}

HttpReply IdentityService::keys(const HttpRequest&, const IdentityPlace&, std::uint64_t) {
  return json_reply(200, signer_.key_set());
}

HttpReply IdentityService::token(const HttpRequest& request, const IdentityPlace& place,
                                 std::uint64_t number) {
  try {
    const OidcForm form = form_of(request, number);
    return grants_.answer(form, find_header(request.headers, "authorization"), place);
  } catch (const OAuthRefusal& refusal) {
    return to_reply(refusal);
  }
}

HttpReply IdentityService::revoke(const HttpRequest& request, const IdentityPlace&,
                                  std::uint64_t number) {
  try {
    ledger_.revoke(form_of(request, number).get("token"));
    return private_json_reply(200, "{}");
  } catch (const OAuthRefusal& refusal) {
    return to_reply(refusal);
  }
}

/// Until the redirect address is known to be good, errors are shown here (RFC 6749 4.1.2.1).
HttpReply IdentityService::show_consent(const HttpRequest& request, const IdentityPlace&,
                                        std::uint64_t) {
  const auto query = OidcForm::parse(query_of(request));
  if (!query) return bad_request_page("The address is damaged.");
  if (!clients_.knows(query->get("client_id")) || !query->has("client_id"))
    return bad_request_page("The program that sent you here is not known.");
  if (!is_loopback_redirect(query->get("redirect_uri")))
    return bad_request_page("redirect_uri does not lead back to this machine.");
  CodeRequest asked{.grant = {.client_id = std::string(query->get("client_id")),
                              .subject = std::string(kUser),
                              .scopes = {},
                              .account_id = {},
                              .sign_in = {}},
                    .redirect_uri = std::string(query->get("redirect_uri")),
                    .state = std::string(query->get("state")),
                    .challenge = std::string(query->get("code_challenge"))};
  if (query->get("response_type") != "code")
    return redirect_error(asked, "unsupported_response_type", "response_type must be code.");
  if (asked.challenge.empty() || query->get("code_challenge_method") != "S256")
    return redirect_error(asked, "invalid_request", "PKCE with S256 is required.");
  try {
    asked.grant.scopes = IdentityGrants::requested_scopes(*query);
  } catch (const OAuthRefusal& refusal) {
    return redirect_error(asked, refusal.code(), refusal.what());
  }
  const Grant grant = asked.grant;
  const std::string id = ledger_.open_request(std::move(asked));
  return consent_page(
      {.client_id = grant.client_id, .scopes = grant.scopes, .user = kUser, .request_id = id});
}

HttpReply IdentityService::take_consent(const HttpRequest& request, const IdentityPlace&,
                                        std::uint64_t number) {
  try {
    const OidcForm form = form_of(request, number);
    auto asked = ledger_.take_request(form.get("request"));
    if (!asked) return bad_request_page("It was decided already, or too long ago.");
    if (form.get("decision") != "allow")
      return redirect_error(*asked, "access_denied", "The person has refused.");
    const CodeRequest kept = *asked;
    const std::string code = ledger_.grant_code(std::move(*asked));
    return redirect(kept, base::concat("code=", code));
  } catch (const OAuthRefusal& refusal) {
    return bad_request_page(refusal.what());
  }
}

HttpReply IdentityService::start_device(const HttpRequest& request, const IdentityPlace& place,
                                        std::uint64_t number) {
  try {
    const OidcForm form = form_of(request, number);
    if (!form.has("client_id") || !clients_.knows(form.get("client_id")))
      throw OAuthRefusal("invalid_client", "The client is not known.");
    const auto device = ledger_.open_device({.client_id = std::string(form.get("client_id")),
                                             .subject = std::string(kUser),
                                             .scopes = IdentityGrants::requested_scopes(form),
                                             .account_id = place.account_id,
                                             .sign_in = {}},
                                            options_.device_life, options_.device_interval);
    ordered_json json;
    json["device_code"] = device.device_code;
    json["user_code"] = device.user_code;
    json["verification_uri"] = place.issuer + "/device";
    json["verification_uri_complete"] =
        base::concat(place.issuer, "/device?user_code=", device.user_code);
    json["expires_in"] = options_.device_life.count();
    json["interval"] = options_.device_interval.count();
    return private_json_reply(200, json.dump());
  } catch (const OAuthRefusal& refusal) {
    return to_reply(refusal);
  }
}

HttpReply IdentityService::show_device(const HttpRequest& request, const IdentityPlace&,
                                       std::uint64_t) {
  const auto query = OidcForm::parse(query_of(request));
  return query ? device_page(query->get("user_code")) : bad_request_page("The address is damaged.");
}

HttpReply IdentityService::take_device(const HttpRequest& request, const IdentityPlace&,
                                       std::uint64_t number) {
  try {
    const OidcForm form = form_of(request, number);
    const bool is_allowed = form.get("decision") == "allow";
    if (!ledger_.decide_device(form.get("user_code"), is_allowed, std::string(kUser)))
      return bad_request_page("No device waits for this code.");
    return message_page(200, is_allowed ? "Your device is signed in" : "Your device is refused",
                        "You may close this page.");
  } catch (const OAuthRefusal& refusal) {
    return bad_request_page(refusal.what());
  }
}

std::optional<HttpReply> IdentityService::refuse(std::string_view authorization) const {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view token = base::starts_with_ignore_case(authorization, kScheme)
                                     ? base::trim(authorization.substr(kScheme.size()))
                                     : std::string_view();
  Grant grant;
  const TokenState state = ledger_.check_access(token, &grant);
  ordered_json json;
  if (state != TokenState::Good) {
    const std::string why = state == TokenState::Expired   ? "The access token has expired."
                            : state == TokenState::Revoked ? "The access token has been revoked."
                                                           : "Invalid access token.";
    json["error_code"] = 401;
    json["message"] = why;
    HttpReply reply = json_reply(401, json.dump());
    reply.headers.push_back(
        {"www-authenticate",
         base::concat("Bearer realm=\"DatabricksRealm\", error=\"invalid_token\", "
                      "error_description=\"",
                      why, "\"")});
    reply.headers.push_back({"x-databricks-reason-phrase", why});
    return reply;
  }
  const auto allows = [](const std::string& scope) {
    return scope == "sql" || scope == "all-apis" || scope.find('/') != std::string::npos;
  };
  if (std::any_of(grant.scopes.begin(), grant.scopes.end(), allows)) return std::nullopt;
  json["error_code"] = 403;
  json["message"] = "Provided OAuth token does not have required scopes: sql";
  return json_reply(403, json.dump());
}

HttpReply IdentityService::who_am_i(const HttpRequest& request) const {
  const std::string_view authorization = find_header(request.headers, "authorization");
  const std::size_t blank = authorization.find(' ');
  Grant grant{.subject = "token"};
  if (blank != std::string_view::npos)
    ledger_.check_access(base::trim(authorization.substr(blank)), &grant);
  ordered_json json;
  json["schemas"] = {"urn:ietf:params:scim:schemas:core:2.0:User"};
  json["userName"] = grant.subject;
  json["displayName"] = grant.subject;
  json["active"] = true;
  return json_reply(200, json.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

}  // namespace dbsql::warehouse
