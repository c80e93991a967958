#include "auth/oauth_jwt.h"

#include <dbsql/error.h>

#include "auth/crypto.h"
#include "auth/token_endpoint.h"
#include "base/text.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>
#include <span>
#include <utility>

namespace dbsql::auth {
namespace {

constexpr std::string_view kAssertionType =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::chrono::seconds kLife{300};

std::string joined(const std::vector<std::string>& scopes) {
  std::string text;
  for (const std::string& scope : scopes) text += (text.empty() ? "" : " ") + scope;
  return text;
}

}  // namespace

Secret read_key_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file || text.empty())
    throw_error({.kind = ErrorKind::Configuration,
                 .message = base::concat("auth.jwt.key_file: ", path, " cannot be read")});
  return text;
}

JwtAssertionProvider::JwtAssertionProvider(ProviderParts parts, OidcHost host,
                                           const JwtAssertion& assertion)
    : parts_(std::move(parts)),
      host_(std::move(host)),
      client_id_(assertion.client_id),
      scope_(joined(assertion.scopes)),
      token_endpoint_(assertion.token_endpoint),
      signer_(assertion.key) {
  if (client_id_.empty())
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "a private key needs the auth.client_id that it belongs to"});
}

Token JwtAssertionProvider::get_token(const TokenContext& context) {
  const std::string url =
      token_endpoint_.empty()
          ? discover_endpoints(parts_.transport, host_, to_call(context), *parts_.clock).token
          : token_endpoint_;
  const Secret assertion = assertion_for(url);
  return TokenEndpoint(parts_.transport, url, *parts_.clock)
      .request({{"grant_type", "client_credentials"},
                {"scope", scope_},
                {"client_assertion_type", kAssertionType},
                {"client_assertion", assertion.view()}},
               {}, context);
}

Secret JwtAssertionProvider::assertion_for(const std::string& audience) const {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      parts_.clock->system_now().time_since_epoch());
  const std::string id = random_bytes(16);
  const nlohmann::json claims{
      {"iss", client_id_},  {"sub", client_id_},
      {"aud", audience},    {"jti", base::to_uuid_text(std::as_bytes(std::span(id)))},
      {"iat", now.count()}, {"exp", (now + kLife).count()}};
  return signer_.sign(claims.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace dbsql::auth
