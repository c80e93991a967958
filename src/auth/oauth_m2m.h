#pragma once

#include <dbsql/token_provider.h>

#include "auth/oidc_discovery.h"
#include "base/clock.h"
#include "http/transport.h"

#include <memory>
#include <string>
#include <vector>

namespace dbsql::auth {

/// A service principal that proves itself with a secret (reference/auth-http-config.md 2.4).
struct ClientCredentials {
  std::string client_id;
  Secret client_secret;
  std::vector<std::string> scopes{"all-apis"};
  std::string token_endpoint;  ///< empty = discovered
  bool sends_in_body = false;  ///< id and secret in the form instead of Basic authentication
};

/// OAuth for machines: the client-credentials grant. There is no refresh token: a new one is asked
/// for, which a cache around this does in time.
///
/// Threads: safe from any thread.
/// Errors: AuthenticationError where the identity is refused, NetworkError where nobody answers.
class ClientCredentialsProvider final : public TokenProvider {
 public:
  /// \throws ConfigurationError  an empty id or secret
  ClientCredentialsProvider(std::shared_ptr<http::Transport> transport, OidcHost host,
                            ClientCredentials credentials,
                            base::Clock& clock = base::Clock::system());
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "oauth-m2m"; }

 private:
  const std::shared_ptr<http::Transport> transport_;
  const OidcHost host_;
  const ClientCredentials credentials_;
  base::Clock& clock_;
};

}  // namespace dbsql::auth
