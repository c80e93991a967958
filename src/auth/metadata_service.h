#pragma once

#include <dbsql/token_provider.h>

#include "auth/provider_parts.h"

#include <string>

namespace dbsql::auth {

/// Tokens of a service on this machine that signs in for its programs
/// (reference/auth-http-config.md 1.8, `metadata-service`).
///
/// Threads: safe from any thread.
class MetadataServiceProvider final : public TokenProvider {
 public:
  /// \param url     of the service
  /// \param origin  of the workspace that tokens are for
  /// \throws ConfigurationError  the service is not on this machine
  MetadataServiceProvider(ProviderParts parts, std::string url, std::string origin);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "metadata-service"; }

 private:
  const ProviderParts parts_;
  const std::string url_;
  const std::string origin_;
};

}  // namespace dbsql::auth
