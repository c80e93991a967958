#pragma once

#include <dbsql/token_provider.h>

#include "auth/oidc_discovery.h"
#include "auth/provider_parts.h"

#include <mutex>
#include <string>

namespace dbsql::auth {

/// A refresh token that somebody else has obtained.
struct RefreshGrant {
  Secret refresh_token;
  std::string client_id = "databricks-sql-connector";  ///< that it was given to
  Secret client_secret;                                ///< empty = a public client
  std::string token_endpoint;                          ///< empty = discovered
};

/// Lives on a refresh token, and on those that the server gives in exchange for it.
///
/// Threads: safe from any thread; a refresh token is never spent twice at once.
/// Errors: AuthenticationError when it is used up: nobody can be asked to sign in here.
class RefreshTokenProvider final : public TokenProvider {
 public:
  RefreshTokenProvider(ProviderParts parts, OidcHost host, RefreshGrant grant);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "oauth-refresh"; }

 private:
  const ProviderParts parts_;
  const OidcHost host_;
  const RefreshGrant grant_;
  std::mutex turn_;       // held over the exchange
  Secret refresh_token_;  // guarded by turn_; the latest
};

}  // namespace dbsql::auth
