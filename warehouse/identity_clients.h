#pragma once

#include "warehouse/identity_options.h"
#include "warehouse/oidc_form.h"
#include "warehouse/web_token.h"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

class IdentityLedger;

/// Who has asked the token endpoint.
struct Caller {
  std::string client_id;
  bool is_proven = false;  ///< by a secret or a signature
  bool used_basic = false;
};

/// What proves who asks.
struct ClientProof {
  std::string_view authorization;  ///< the request's header
  const OidcForm& form;
  std::string_view token_endpoint;  ///< as the client knows it: the audience of assertions
  std::chrono::system_clock::time_point now;
};

/// The clients that are known, and how each proves that it is the one.
///
/// Threads: safe from any thread.
class IdentityClients {
 public:
  /// \throws std::runtime_error  a key is none
  IdentityClients(const IdentityOptions& options, IdentityLedger& ledger);

  /// Whether an id may start a sign-in.
  bool knows(std::string_view id) const { return takes_any_ || find(id) != nullptr; }

  /// Whether a client has something to prove itself with, and so must, where its own tokens are
  /// concerned.
  bool must_prove(std::string_view id) const;

  /// Who asks: HTTP Basic authentication, a secret in the form, an assertion, or, for public
  /// clients, the id alone (RFC 6749 2.3, RFC 7523 2.2).
  /// \throws OAuthRefusal  more than one proof, or one that does not hold
  Caller identify(const ClientProof& proof) const;

  /// The token of another issuer that is trusted. \throws OAuthRefusal  it is not good now
  WebTokenClaims verify_foreign(std::string_view text,
                                std::chrono::system_clock::time_point now) const;

 private:
  struct Known {
    std::string secret;
    std::optional<PublicKey> key;
  };

  const Known* find(std::string_view id) const;
  Caller by_secret(std::string_view id, std::string_view secret) const;
  Caller by_assertion(const ClientProof& proof) const;

  const bool takes_any_;
  std::map<std::string, Known, std::less<>> clients_;
  std::vector<std::pair<std::string, PublicKey>> issuers_;
  IdentityLedger& ledger_;
};

}  // namespace dbsql::warehouse
