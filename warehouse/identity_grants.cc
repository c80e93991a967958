#include "warehouse/identity_grants.h"

#include "base/text.h"
#include "warehouse/guid.h"
#include "warehouse/identity_error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::warehouse {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kOfflineAccess = "offline_access";
constexpr std::array<std::string_view, 6> kScopes = {"all-apis",     "sql",   "openid",
                                                     kOfflineAccess, "email", "profile"};
// What Entra's scopes for a workspace end with (reference/auth-http-config.md 2.4, 2.5).
constexpr std::array<std::string_view, 2> kEntraScopes = {"/.default", "/user_impersonation"};
constexpr std::array<std::string_view, 3> kSubjectTypes = {
    "urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token",
    "urn:ietf:params:oauth:token-type:access_token"};
constexpr std::size_t kShortestVerifier = 43;  // RFC 7636 4.1
constexpr std::size_t kLongestVerifier = 128;

[[noreturn]] void refuse(std::string_view code, const std::string& description) {
  throw OAuthRefusal(code, description);
}

std::string_view required(const OidcForm& form, std::string_view name) {
  const std::string_view value = form.get(name);
  if (value.empty()) refuse("invalid_request", base::concat(name, " is missing."));
  return value;
}

bool is_known_scope(std::string_view scope) {
  if (std::find(kScopes.begin(), kScopes.end(), scope) != kScopes.end()) return true;
  return std::any_of(kEntraScopes.begin(), kEntraScopes.end(),
                     [&](std::string_view end) { return scope.ends_with(end); });
}

bool has_scope(const std::vector<std::string>& scopes, std::string_view scope) {
  return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string dumped(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::int64_t seconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

}  // namespace

std::vector<std::string> IdentityGrants::requested_scopes(const OidcForm& form,
                                                          std::string_view usual) {
  auto scopes = split_words(form.has("scope") ? form.get("scope") : usual);
  for (const std::string& scope : scopes)
    if (!is_known_scope(scope))
      refuse("invalid_scope", base::concat("The scope ", scope.substr(0, 100), " is not known."));
  return scopes;
}

IdentityGrants::Handler IdentityGrants::handler_of(std::string_view grant_type) {
  constexpr std::array<std::pair<std::string_view, Handler>, 6> kHandlers{{
      {"client_credentials", &IdentityGrants::client_credentials},
      {"authorization_code", &IdentityGrants::authorization_code},
      {"refresh_token", &IdentityGrants::refresh_token},
      {"urn:ietf:params:oauth:grant-type:device_code", &IdentityGrants::device_code},
      {"urn:ietf:params:oauth:grant-type:token-exchange", &IdentityGrants::token_exchange},
      {"urn:ietf:params:oauth:grant-type:jwt-bearer", &IdentityGrants::jwt_bearer},
  }};
  for (const auto& [name, handler] : kHandlers)
    if (name == grant_type) return handler;
  return nullptr;
}

HttpReply IdentityGrants::answer(const OidcForm& form, std::string_view authorization,
                                 const IdentityPlace& place) {
  const bool is_basic = base::starts_with_ignore_case(authorization, "Basic ");
  try {
    const Handler handler = handler_of(required(form, "grant_type"));
    if (handler == nullptr) refuse("unsupported_grant_type", "This grant_type is not supported.");
    const std::string endpoint = place.issuer + "/v1/token";
    const Caller caller = clients_.identify({.authorization = authorization,
                                             .form = form,
                                             .token_endpoint = endpoint,
                                             .now = clock_.system_now()});
    return (this->*handler)({form, caller, place});
  } catch (const OAuthRefusal& refusal) {
    return to_reply(refusal, is_basic);
  }
}

/// Machines: there is no refresh token (reference/auth-http-config.md 2.4).
HttpReply IdentityGrants::client_credentials(const Asked& asked) {
  if (!asked.caller.is_proven)
    refuse("invalid_client", "Client authentication failed: no secret and no assertion came.");
  auto scopes = requested_scopes(asked.form);
  if (has_scope(scopes, kOfflineAccess))
    refuse("invalid_scope", "offline_access is for people, not for machines.");
  return issue({.client_id = asked.caller.client_id,
                .subject = asked.caller.client_id,
                .scopes = std::move(scopes),
                .account_id = {},
                .sign_in = {}},
               asked.place);
}

/// Of a client that has a secret or a key: otherwise whoever finds a code could spend it.
void IdentityGrants::require_proof(const Asked& asked) const {
  if (!asked.caller.is_proven && clients_.must_prove(asked.caller.client_id))
    refuse("invalid_client", "Client authentication failed: no secret and no assertion came.");
}

HttpReply IdentityGrants::authorization_code(const Asked& asked) {
  require_proof(asked);
  const auto request = ledger_.spend_code(required(asked.form, "code"));
  if (!request) refuse("invalid_grant", "The code is not known, was used before or has expired.");
  if (request->grant.client_id != asked.caller.client_id)
    refuse("invalid_grant", "The code is another client's.");
  if (request->redirect_uri != required(asked.form, "redirect_uri"))
    refuse("invalid_grant", "redirect_uri is another one than the code was asked with.");
  const std::string_view verifier = required(asked.form, "code_verifier");
  const bool is_sized = verifier.size() >= kShortestVerifier && verifier.size() <= kLongestVerifier;
  if (!is_sized || !is_same_secret(sha256_base64url(verifier), request->challenge))
    refuse("invalid_grant", "code_verifier does not fit the code's challenge.");
  return issue_with_refresh(request->grant, asked.place,
                            has_scope(request->grant.scopes, kOfflineAccess));
}

HttpReply IdentityGrants::refresh_token(const Asked& asked) {
  require_proof(asked);
  const std::string_view old = required(asked.form, "refresh_token");
  const bool rotates = options_.rotates_refresh_tokens;
  auto grant = ledger_.use_refresh(old, asked.caller.client_id, rotates);
  if (!grant) refuse("invalid_grant", "The refresh token is not known, used up or revoked.");
  if (asked.form.has("scope")) {
    auto scopes = requested_scopes(asked.form);
    for (const std::string& scope : scopes)
      if (!has_scope(grant->scopes, scope))
        refuse("invalid_scope", "A refresh token grants no more than it was given for.");
    grant->scopes = std::move(scopes);
  }
  return issue_with_refresh(std::move(*grant), asked.place, rotates);
}

HttpReply IdentityGrants::device_code(const Asked& asked) {
  require_proof(asked);
  Grant grant;
  const std::string_view code = required(asked.form, "device_code");
  switch (ledger_.poll_device(code, asked.caller.client_id, grant)) {
    case DeviceState::Pending:
      refuse("authorization_pending", "Nobody has entered the code yet.");
    case DeviceState::SlowDown:
      refuse("slow_down", "Ask less often: five seconds more between two questions.");
    case DeviceState::Denied:
      refuse("access_denied", "The person has refused.");
    case DeviceState::Expired:
      refuse("expired_token", "The code was not entered in time.");
    case DeviceState::Unknown:
      refuse("invalid_grant", "The device code is not known.");
    case DeviceState::Allowed:
      break;
  }
  const bool gives_refresh = has_scope(grant.scopes, kOfflineAccess);
  return issue_with_refresh(std::move(grant), asked.place, gives_refresh);
}

HttpReply IdentityGrants::token_exchange(const Asked& asked) {
  const std::string_view type = required(asked.form, "subject_token_type");
  if (std::find(kSubjectTypes.begin(), kSubjectTypes.end(), type) == kSubjectTypes.end())
    refuse("invalid_request", "subject_token_type is not supported.");
  return exchange(asked, required(asked.form, "subject_token"), asked.caller.client_id);
}

/// The form in which the C# driver asks for the same (reference/auth-http-config.md 2.10).
HttpReply IdentityGrants::jwt_bearer(const Asked& asked) {
  const std::string_view named = asked.form.get("identity_federation_client_id");
  if (!named.empty() && !clients_.knows(named))
    refuse("invalid_client", "The service principal is not known.");
  return exchange(asked, required(asked.form, "assertion"),
                  named.empty() ? std::string_view(asked.caller.client_id) : named);
}

HttpReply IdentityGrants::exchange(const Asked& asked, std::string_view subject_token,
                                   std::string_view client_id) {
  auto scopes = requested_scopes(asked.form);
  Grant own;
  if (asked.form.get("return_original_token_if_authenticated") == "true" &&
      ledger_.check_access(subject_token, &own) == TokenState::Good) {
    ordered_json json;
    json["access_token"] = subject_token;
    json["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token";
    json["token_type"] = "Bearer";
    json["scope"] = joined(own.scopes);
    return private_json_reply(200, dumped(json));
  }
  const WebTokenClaims claims = clients_.verify_foreign(subject_token, clock_.system_now());
  return issue({.client_id = std::string(client_id),
                .subject = client_id.empty() ? claims.subject : std::string(client_id),
                .scopes = std::move(scopes),
                .account_id = {},
                .sign_in = {}},
               asked.place, /*is_exchange=*/true);
}

HttpReply IdentityGrants::issue_with_refresh(Grant grant, const IdentityPlace& place,
                                             bool gives_refresh) {
  if (!gives_refresh) return issue(std::move(grant), place);
  const std::string refresh = ledger_.grant_refresh(grant);
  HttpReply reply = issue(std::move(grant), place);
  ordered_json json = ordered_json::parse(reply.body.front().text());
  json["refresh_token"] = refresh;
  return private_json_reply(200, dumped(json));
}

HttpReply IdentityGrants::issue(Grant grant, const IdentityPlace& place, bool is_exchange) {
  grant.account_id = place.account_id;
  const auto now = clock_.system_now();
  const auto ends = now + options_.token_life;
  ordered_json claims;
  claims["client_id"] = grant.client_id;
  claims["scope"] = joined(grant.scopes);
  claims["iss"] = place.issuer;
  claims["aud"] = place.account_id.empty() ? place.org_id : place.account_id;
  claims["sub"] = grant.subject;
  claims["iat"] = seconds_of(now);
  claims["exp"] = seconds_of(ends);
  claims["jti"] = Guid::random().to_text();
  const std::string token = signer_.sign(dumped(claims));
  ordered_json json;
  json["access_token"] = token;
  if (is_exchange) json["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token";
  json["token_type"] = "Bearer";
  json["expires_in"] = options_.token_life.count();
  json["scope"] = joined(grant.scopes);
  ledger_.keep_access(token, std::move(grant), ends);
  return private_json_reply(200, dumped(json));
}

}  // namespace dbsql::warehouse
