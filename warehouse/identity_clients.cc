#include "warehouse/identity_clients.h"

#include "base/base64.h"
#include "base/text.h"
#include "warehouse/identity_error.h"
#include "warehouse/identity_ledger.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace dbsql::warehouse {
namespace {

using WallTime = std::chrono::system_clock::time_point;

// What drivers and tools sign people in with (reference/auth-http-config.md 2.5).
constexpr std::array<std::string_view, 5> kPublicClients = {
    "databricks-sql-connector", "databricks-sql-python", "databricks-sql-jdbc", "databricks-cli",
    "96eecda7-19ea-49cc-abb5-240097d554f5"};
constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::chrono::seconds kClockSlack{60};
constexpr std::chrono::hours kLongestAssertion{1};

WallTime time_from(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

PublicKey key_from(const std::string& pem, std::string_view owner) {
  try {
    return PublicKey(pem);
  } catch (const std::runtime_error& error) {
    throw std::runtime_error(base::concat("the key of ", owner, ": ", error.what()));
  }
}

[[noreturn]] void refuse_client(const std::string& why) {
  throw OAuthRefusal("invalid_client", why);
}

struct Basic {
  std::string id;
  std::string secret;
};

/// Both parts are form-encoded inside (RFC 6749 2.3.1).
Basic read_basic(std::string_view header) {
  constexpr std::size_t kScheme = std::string_view("Basic ").size();
  const std::string pair = base::base64_decode(base::trim(header.substr(kScheme))).value_or("");
  const std::size_t colon = pair.find(':');
  if (colon == std::string::npos) refuse_client("The Authorization header is not id and secret.");
  auto id = decode_form_text(std::string_view(pair).substr(0, colon));
  auto secret = decode_form_text(std::string_view(pair).substr(colon + 1));
  if (!id || !secret) refuse_client("The Authorization header is not form-encoded inside.");
  return {std::move(*id), std::move(*secret)};
}

}  // namespace

IdentityClients::IdentityClients(const IdentityOptions& options, IdentityLedger& ledger)
    : takes_any_(!options.requires_tokens), ledger_(ledger) {
  for (const std::string_view id : kPublicClients) clients_[std::string(id)] = {};
  for (const IdentityClient& client : options.clients) {
    Known& known = clients_[client.id];
    if (!client.secret.empty()) known.secret = client.secret;
    if (!client.public_key_pem.empty()) known.key = key_from(client.public_key_pem, client.id);
  }
  for (const TrustedIssuer& issuer : options.issuers)
    issuers_.emplace_back(issuer.issuer, key_from(issuer.public_key_pem, issuer.issuer));
}

const IdentityClients::Known* IdentityClients::find(std::string_view id) const {
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : &found->second;
}

bool IdentityClients::must_prove(std::string_view id) const {
  const Known* known = takes_any_ ? nullptr : find(id);
  return known != nullptr && (!known->secret.empty() || known->key);
}

Caller IdentityClients::identify(const ClientProof& proof) const {
  const bool is_basic = base::starts_with_ignore_case(proof.authorization, "Basic ");
  const bool has_secret = proof.form.has("client_secret");
  const bool has_assertion = proof.form.has("client_assertion");
  if ((is_basic && (has_secret || has_assertion)) || (has_secret && has_assertion))
    throw OAuthRefusal("invalid_request", "The client proves itself in more than one way.");
  if (is_basic) {
    const Basic basic = read_basic(proof.authorization);
    Caller caller = by_secret(basic.id, basic.secret);
    caller.used_basic = true;
    return caller;
  }
  if (has_assertion) return by_assertion(proof);
  return by_secret(proof.form.get("client_id"), proof.form.get("client_secret"));
}

Caller IdentityClients::by_secret(std::string_view id, std::string_view secret) const {
  Caller caller{.client_id = std::string(id), .is_proven = !secret.empty()};
  if (takes_any_ || id.empty()) {
    caller.is_proven = caller.is_proven && !id.empty();
    return caller;
  }
  const Known* known = find(id);
  if (known == nullptr) refuse_client("Client authentication failed: the client is not known.");
  // A public client, or the service principal that somebody with a foreign token wants to become.
  if (secret.empty()) return caller;
  if (known->secret.empty() || !is_same_secret(known->secret, secret))
    refuse_client("Client authentication failed.");
  return caller;
}

/// RFC 7523 3 and reference/auth-http-config.md 2.9.
Caller IdentityClients::by_assertion(const ClientProof& proof) const {
  if (proof.form.get("client_assertion_type") != kAssertionType)
    throw OAuthRefusal("invalid_request", "client_assertion_type is not supported.");
  const auto token = WebToken::parse(proof.form.get("client_assertion"));
  if (!token) refuse_client("The client assertion is not a JSON web token.");
  const WebTokenClaims& claims = token->claims;
  if (claims.subject.empty() || claims.issuer != claims.subject)
    refuse_client("The client assertion must have the client id as iss and sub.");
  if (proof.form.has("client_id") && proof.form.get("client_id") != claims.subject)
    refuse_client("The client assertion is another client's.");
  const Known* known = find(claims.subject);
  if (known == nullptr || !known->key) {
    if (!takes_any_) refuse_client("No key is registered for this client.");
  } else if (!known->key->has_signed(*token)) {
    refuse_client("The signature of the client assertion does not verify.");
  }
  if (std::find(claims.audience.begin(), claims.audience.end(), proof.token_endpoint) ==
      claims.audience.end())
    refuse_client("The client assertion is for another audience.");
  if (!claims.ends || time_from(*claims.ends) <= proof.now)
    refuse_client("The client assertion has expired.");
  if (time_from(*claims.ends) > proof.now + kLongestAssertion)
    refuse_client("The client assertion lives too long.");
  if (claims.issued && time_from(*claims.issued) > proof.now + kClockSlack)
    refuse_client("The client assertion was issued in the future.");
  if (claims.id.empty() ||
      !ledger_.take_assertion(claims.subject, claims.id, time_from(*claims.ends)))
    refuse_client("The client assertion has no jti or was used before.");
  return {.client_id = claims.subject, .is_proven = true};
}

WebTokenClaims IdentityClients::verify_foreign(std::string_view text, WallTime now) const {
  const auto refuse = [](const char* why) { throw OAuthRefusal("invalid_request", why); };
  const auto token = WebToken::parse(text);
  if (!token || token->claims.issuer.empty() || token->claims.subject.empty())
    refuse("subject_token is not a JSON web token with iss and sub.");
  const auto policy = std::find_if(issuers_.begin(), issuers_.end(), [&](const auto& issuer) {
    return issuer.first == token->claims.issuer;
  });
  if (policy == issuers_.end()) {
    if (!takes_any_) refuse("No federation policy matches the issuer of subject_token.");
  } else if (!policy->second.has_signed(*token)) {
    refuse("The signature of subject_token does not verify.");
  }
  if (!token->claims.ends || time_from(*token->claims.ends) <= now)
    refuse("subject_token has expired.");
  return token->claims;
}

}  // namespace dbsql::warehouse
