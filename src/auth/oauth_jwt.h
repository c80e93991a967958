#pragma once

#include <dbsql/token_provider.h>

#include "auth/jwt_signer.h"
#include "auth/oidc_discovery.h"
#include "auth/provider_parts.h"

#include <string>
#include <vector>

namespace dbsql::auth {

/// A service principal that proves itself with a private key (reference/auth-http-config.md 2.9).
struct JwtAssertion {
  std::string client_id;
  SigningKey key;
  std::vector<std::string> scopes{"all-apis"};
  std::string token_endpoint;  ///< empty = discovered
};

/// OAuth for machines without a shared secret: the client-credentials grant with a signed assertion
/// that lives five minutes and is used once (RFC 7523 2.2).
///
/// Threads: safe from any thread. Errors: as `ClientCredentialsProvider` and `JwtSigner`.
class JwtAssertionProvider final : public TokenProvider {
 public:
  JwtAssertionProvider(ProviderParts parts, OidcHost host, const JwtAssertion& assertion);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "oauth-jwt"; }

 private:
  Secret assertion_for(const std::string& audience) const;

  const ProviderParts parts_;
  const OidcHost host_;
  const std::string client_id_;
  const std::string scope_;
  const std::string token_endpoint_;
  const JwtSigner signer_;
};

/// The file of a private key. \throws ConfigurationError  it cannot be read
Secret read_key_file(const std::string& path);

}  // namespace dbsql::auth
