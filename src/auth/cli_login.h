#pragma once

#include <dbsql/token_provider.h>

#include "auth/azure.h"
#include "auth/provider_parts.h"

#include <string>
#include <vector>

namespace dbsql::auth {

/// Tokens of whoever is signed in to the Azure CLI (reference/auth-http-config.md 2.6).
///
/// Threads: safe from any thread. Cost: a second or two of `az` for each token; at most 30 s.
/// Errors: AuthenticationError with what `az` says, or that it is not installed.
class AzureCliProvider final : public TokenProvider {
 public:
  /// \param program    empty = `az` in PATH
  /// \param tenant_id  empty = the one signed in to
  AzureCliProvider(ProviderParts parts, AzureWorkspace workspace, std::string program,
                   std::string tenant_id);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "azure-cli"; }

 private:
  Token token_for(const std::string& resource, const TokenContext& context) const;
  bool is_managed_identity(const std::string& program, const TokenContext& context) const;

  const ProviderParts parts_;
  const AzureWorkspace workspace_;
  const std::string program_;
  const std::string tenant_id_;
};

/// Tokens of whoever is signed in to the Databricks CLI: `databricks auth token`
/// (reference/auth-http-config.md 1.8).
///
/// Threads: safe from any thread. Errors: AuthenticationError with what the CLI says, or that it is
/// not installed, or too old.
class DatabricksCliProvider final : public TokenProvider {
 public:
  struct Login {
    std::string program;     ///< empty = `databricks` in PATH
    std::string profile;     ///< of its configuration; empty = by the host
    std::string origin;      ///< of the host
    std::string account_id;  ///< empty = a workspace
  };
  DatabricksCliProvider(ProviderParts parts, Login login);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "databricks-cli"; }

 private:
  const ProviderParts parts_;
  const Login login_;
};

/// What `az account get-access-token` has printed. \throws AuthenticationError when there is no
/// token in it
Token read_azure_cli_token(std::string_view output);

}  // namespace dbsql::auth
