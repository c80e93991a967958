#pragma once

#include <dbsql/token_provider.h>

#include "auth/provider_parts.h"
#include "auth/workload_identity.h"

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// One of Azure's separate clouds, and Databricks in it (reference/auth-http-config.md 2.1).
struct AzureCloud {
  std::string login_host;           ///< for instance "login.microsoftonline.com"
  std::string management_resource;  ///< for instance "https://management.core.windows.net/"
  std::string application_id;       ///< Databricks as Entra knows it; not a tenant
};

/// Whether a host is a workspace on Azure, by its name, on a label boundary.
bool is_azure_host(std::string_view host);

/// \param environment  PUBLIC, USGOVERNMENT or CHINA, without case; empty = by the host's name
/// \throws ConfigurationError  another environment
AzureCloud azure_cloud(std::string_view host, std::string_view environment);

/// The workspace a token is for.
struct AzureWorkspace {
  std::string origin;       ///< scheme, host and port
  std::string org_id;       ///< of a host that many share; empty = none
  std::string resource_id;  ///< for principals that are no users of it yet; empty = not needed
  AzureCloud cloud;
};

/// The Entra tenant of a workspace, from where its sign-in page sends a browser. The redirect is
/// read, not followed.
/// \throws AuthenticationError  it sends nowhere, or not to the cloud's own login host
std::string discover_azure_tenant(const ProviderParts& parts, const AzureWorkspace& workspace,
                                  const TokenContext& context);

/// An Entra service principal.
struct AzurePrincipal {
  std::string tenant_id;  ///< empty = discovered
  std::string client_id;
  Secret client_secret;     ///< or
  IdTokenSource assertion;  ///< a token of GitHub that Entra trusts
  std::string name = "azure-client-secret";
};

/// Tokens of an Entra service principal (reference/auth-http-config.md 2.6). With a resource id
/// also a management token, in headers beside it, which lets the principal into a workspace that
/// does not know it yet.
///
/// Threads: safe from any thread.
class AzurePrincipalProvider final : public TokenProvider {
 public:
  AzurePrincipalProvider(ProviderParts parts, AzureWorkspace workspace, AzurePrincipal principal);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return principal_.name; }

 private:
  std::string tenant(const TokenContext& context);
  Token token_for(const std::string& resource, const std::string& tenant,
                  const TokenContext& context) const;

  const ProviderParts parts_;
  const AzureWorkspace workspace_;
  const AzurePrincipal principal_;
  std::mutex mutex_;
  std::string tenant_;  // guarded by mutex_; once discovered
};

/// The identity that Azure gives to a machine (reference/auth-http-config.md 2.6).
///
/// Threads: safe from any thread. Errors: AuthenticationError within 10 s where there is none.
class AzureManagedIdentityProvider final : public TokenProvider {
 public:
  /// \param client_id  of a user-assigned identity; empty = the machine's own
  AzureManagedIdentityProvider(ProviderParts parts, AzureWorkspace workspace,
                               std::string client_id);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "azure-msi"; }

 private:
  Token token_for(const std::string& resource, const TokenContext& context) const;

  const ProviderParts parts_;
  const AzureWorkspace workspace_;
  const std::string client_id_;
};

/// A workspace's token of the identity whose tokens `token_for` gives, one for each resource. Where
/// the workspace's resource id is known, the management token goes beside it. It ends before Azure
/// ends it, which refuses tokens in their last half minute.
Token workspace_token(const AzureWorkspace& workspace,
                      const std::function<Token(const std::string& resource)>& token_for);

}  // namespace dbsql::auth
