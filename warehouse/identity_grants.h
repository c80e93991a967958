#pragma once

#include "base/clock.h"
#include "warehouse/http_message.h"
#include "warehouse/identity_clients.h"
#include "warehouse/identity_ledger.h"
#include "warehouse/identity_options.h"
#include "warehouse/oidc_form.h"
#include "warehouse/web_token.h"

#include <string>
#include <string_view>
#include <vector>

namespace dbsql::warehouse {

/// Where a request to the identity provider has gone.
struct IdentityPlace {
  std::string issuer;      ///< `https://HOST/oidc`, with `/accounts/ID` for an account
  std::string account_id;  ///< empty = the workspace
  std::string org_id;      ///< of the workspace: the audience of its tokens
};

/// The token endpoint: proofs in, tokens out (RFC 6749 4 to 6, RFC 7523, RFC 8628, RFC 8693;
/// reference/auth-http-config.md 2.4 to 2.10).
///
/// Ownership: refers to everything it is given. Threads: safe from any thread.
class IdentityGrants {
 public:
  IdentityGrants(const IdentityOptions& options, const IdentityClients& clients,
                 IdentityLedger& ledger, TokenSigner& signer, base::Clock& clock)
      : options_(options), clients_(clients), ledger_(ledger), signer_(signer), clock_(clock) {}

  /// What the endpoint answers to a form. \param authorization  the request's header
  HttpReply answer(const OidcForm& form, std::string_view authorization,
                   const IdentityPlace& place);

  /// The scopes that are asked for. \throws OAuthRefusal  one is not known
  static std::vector<std::string> requested_scopes(const OidcForm& form,
                                                   std::string_view usual = "all-apis");

 private:
  struct Asked {
    const OidcForm& form;
    const Caller& caller;
    const IdentityPlace& place;
  };
  using Handler = HttpReply (IdentityGrants::*)(const Asked&);
  static Handler handler_of(std::string_view grant_type);

  HttpReply client_credentials(const Asked& asked);
  HttpReply authorization_code(const Asked& asked);
  HttpReply refresh_token(const Asked& asked);
  HttpReply device_code(const Asked& asked);
  HttpReply token_exchange(const Asked& asked);
  HttpReply jwt_bearer(const Asked& asked);

  void require_proof(const Asked& asked) const;
  HttpReply exchange(const Asked& asked, std::string_view subject_token,
                     std::string_view client_id);
  HttpReply issue(Grant grant, const IdentityPlace& place, bool is_exchange = false);
  HttpReply issue_with_refresh(Grant grant, const IdentityPlace& place, bool gives_refresh);

  const IdentityOptions& options_;
  const IdentityClients& clients_;
  IdentityLedger& ledger_;
  TokenSigner& signer_;
  base::Clock& clock_;
};

}  // namespace dbsql::warehouse
