#pragma once

#include <dbsql/token_provider.h>

#include "auth/oidc_discovery.h"
#include "auth/provider_parts.h"

#include <functional>
#include <string>
#include <vector>

namespace dbsql::auth {

/// Where a machine's identity comes from: a token of another issuer, asked for anew each time.
/// \throws AuthenticationError  there is none
using IdTokenSource =
    std::function<Secret(const std::string& audience, const TokenContext& context)>;

/// From a variable of the environment.
IdTokenSource id_token_from_environment(Environment environment, std::string variable);
/// From a file, which whoever runs the machine may replace at any time.
IdTokenSource id_token_from_file(std::string path);
/// From GitHub's runner. \param url, bearer  what it has put into ACTIONS_ID_TOKEN_REQUEST_URL and
/// ACTIONS_ID_TOKEN_REQUEST_TOKEN
IdTokenSource id_token_from_github(ProviderParts parts, std::string url, Secret bearer);
/// From an agent of Azure DevOps, by its SYSTEM_... variables.
IdTokenSource id_token_from_azure_devops(ProviderParts parts);

/// The first of the agent's variables that is not set; empty = all are.
std::string missing_azure_devops_variable(const Environment& environment);

struct WorkloadIdentity {
  std::string name;       ///< for instance "github-oidc"
  std::string client_id;  ///< of the service principal; empty = account-wide
  std::string audience;   ///< empty = the account id, else the token endpoint
  std::vector<std::string> scopes{"all-apis"};
  std::string token_endpoint;  ///< empty = discovered
};

/// Exchanges a machine's identity for a token of the workspace (reference/auth-http-config.md 2.8):
/// no secret is stored anywhere.
///
/// Threads: safe from any thread.
class WorkloadIdentityProvider final : public TokenProvider {
 public:
  WorkloadIdentityProvider(ProviderParts parts, OidcHost host, WorkloadIdentity identity,
                           IdTokenSource source);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return identity_.name; }

 private:
  const ProviderParts parts_;
  const OidcHost host_;
  const WorkloadIdentity identity_;
  const IdTokenSource source_;
};

}  // namespace dbsql::auth
