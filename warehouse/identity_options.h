#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace dbsql::warehouse {

/// A program or a service principal that may ask for tokens.
struct IdentityClient {
  std::string id;
  std::string secret;          ///< empty = a public client, which has none
  std::string public_key_pem;  ///< checks its assertions (RFC 7523); empty = it signs none
};

/// Somebody else's tokens that are exchanged for ours: what a federation policy says.
struct TrustedIssuer {
  std::string issuer;          ///< the `iss` of its tokens
  std::string public_key_pem;  ///< of whoever signs them
};

/// How the warehouse proves and checks identities.
struct IdentityOptions {
  /// API calls need a token of the warehouse's own token endpoint (or `ServerOptions::token`).
  /// Otherwise any token is taken, and the token endpoint gives one to any client.
  bool requires_tokens = false;

  /// Beside the clients that drivers sign people in with, which are always known.
  std::vector<IdentityClient> clients;
  std::vector<TrustedIssuer> issuers;

  std::chrono::seconds token_life{3600};
  bool rotates_refresh_tokens = false;      ///< each is good once: using it again ends its sign-in
  std::chrono::seconds device_interval{5};  ///< between two questions of a device
  std::chrono::seconds device_life{600};    ///< to enter its code
  std::string account_id = "6f1b0c6e-2d4a-4a57-9c1e-3b8f5d2a7e90";
};

}  // namespace dbsql::warehouse
