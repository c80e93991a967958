#pragma once

#include <dbsql/token_provider.h>

#include "auth/jwt_signer.h"
#include "auth/provider_parts.h"

#include <memory>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// A service account of Google by its key file (reference/auth-http-config.md 2.7).
struct GoogleServiceAccount {
  std::string email;
  std::string token_uri;
  SigningKey key;
};

/// Tokens of a service account with its key: an ID token for the workspace, and beside it, as far
/// as it can be had, an access token that lets the account act in its project.
///
/// Threads: safe from any thread.
class GoogleCredentialsProvider final : public TokenProvider {
 public:
  /// \param credentials  a file's path, or its JSON content
  /// \throws ConfigurationError  they are none of a service account
  GoogleCredentialsProvider(ProviderParts parts, std::string origin, const Secret& credentials);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "google-credentials"; }

 private:
  const ProviderParts parts_;
  const std::string origin_;
  const GoogleServiceAccount account_;
};

/// Tokens of a service account that this machine's own Google identity (its application-default
/// credentials) may impersonate.
///
/// Threads: safe from any thread.
class GoogleIdProvider final : public TokenProvider {
 public:
  GoogleIdProvider(ProviderParts parts, std::string origin, std::string service_account);
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "google-id"; }

 private:
  Secret own_token(const TokenContext& context) const;
  Secret impersonate(std::string_view method, std::string body, std::string_view member,
                     const Secret& own, const TokenContext& context) const;

  const ProviderParts parts_;
  const std::string origin_;
  const std::string service_account_;
};

/// Where this machine's own Google identity lies; empty = on the metadata service of a cloud
/// machine.
std::string application_default_file(const Environment& environment);

}  // namespace dbsql::auth
