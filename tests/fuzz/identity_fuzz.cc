// links: dbsql_auth
//
// What identity services answer: a token, a document, claims, or an error of ours. A document never
// sends a secret to a host that it has no business naming.
#include <dbsql/error.h>

#include "auth/federation.h"
#include "auth/json_answer.h"
#include "auth/jwt.h"
#include "auth/oidc_discovery.h"
#include "auth/token_endpoint.h"
#include "http/url.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace dbsql;
using namespace dbsql::auth;

constexpr std::string_view kOrigin = "https://my.example.com";

/// Whatever decodes outside text refuses it with this kind of error, or takes it.
template <class Decode>
void expect_refusal_at_most(Decode decode) {
  try {
    decode();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::Unauthenticated) std::abort();
  }
}

void check_endpoint(const std::string& endpoint) {
  if (endpoint.empty()) return;
  const auto url = http::Url::parse(endpoint);
  const bool is_expected = url && url->scheme == "https" &&
                           (url->host == "my.example.com" || is_trusted_identity_host(url->host));
  if (!is_expected) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  expect_refusal_at_most([&] {
    const Token token = read_token_response(text, std::chrono::system_clock::now());
    if (token.access_token.empty()) std::abort();
  });
  expect_refusal_at_most([&] {
    const OidcEndpoints found = read_discovery_document(text, kOrigin);
    if (found.token.empty()) std::abort();
    for (const std::string* endpoint :
         {&found.authorization, &found.token, &found.device_authorization})
      check_endpoint(*endpoint);
  });
  const bool is_token = read_jwt(text).has_value();
  if (needs_exchange(text, "my.example.com") && !is_token) std::abort();
  json_text(text, "user.name");
  parse_rfc3339(text);
  return 0;
}
