#include "session/credentials.h"

#include <dbsql/error.h>

#include "auth/auth_chain.h"
#include "auth/federation.h"
#include "auth/token_endpoint.h"
#include "base/clock.h"
#include "http/url.h"
#include "session/shared_authenticators.h"

#include <chrono>
#include <mutex>
#include <utility>

namespace dbsql::session {
namespace {

using config::AuthType;

/// The first method that works on this machine, found out when a token is needed.
///
/// Threads: safe from any thread.
class UnifiedProvider final : public TokenProvider {
 public:
  UnifiedProvider(auth::AuthSettings settings, auth::ProviderParts parts)
      : settings_(std::move(settings)), parts_(std::move(parts)) {}

  Token get_token(const TokenContext& context) override {
    return chosen(context)->get_token(context);
  }

  std::string name() const override {
    const auto provider = known();
    return provider ? provider->name() : "unified";
  }

  void invalidate(const Token& token) noexcept override {
    if (const auto provider = known()) provider->invalidate(token);
  }

 private:
  std::shared_ptr<TokenProvider> known() const {
    const std::lock_guard lock(mutex_);
    return provider_;
  }

  std::shared_ptr<TokenProvider> chosen(const TokenContext& context) {
    if (auto provider = known()) return provider;
    auto choice = auth::choose_auth(settings_, parts_, context);
    if (!choice.provider) {
      throw_error({.kind = ErrorKind::Configuration,
                   .message = "auth.type=unified found nothing that brings a token"});
    }
    const std::lock_guard lock(mutex_);
    if (!provider_) provider_ = std::move(choice.provider);
    return provider_;
  }

  const auth::AuthSettings settings_;
  const auth::ProviderParts parts_;
  mutable std::mutex mutex_;
  std::shared_ptr<TokenProvider> provider_;  // guarded by mutex_; null until one has been chosen
};

auth::LoginMode login_mode(config::Login login) {
  switch (login) {
    case config::Login::Browser:
      return auth::LoginMode::Browser;
    case config::Login::Url:
      return auth::LoginMode::PrintUrl;
    case config::Login::Device:
      return auth::LoginMode::DeviceCode;
  }
  return auth::LoginMode::Browser;
}

/// The program's own provider, with the exchange of its tokens where that was asked for.
std::shared_ptr<TokenProvider> own_provider(const ConnectorOptions::Impl& options,
                                            const config::ConnectionConfig& config,
                                            std::shared_ptr<http::Transport> transport) {
  if (!options.federation_client_id) return options.provider;
  return std::make_shared<FederatedTokenProvider>(std::make_unique<FederatedTokenProvider::Impl>(
      options.provider, config.host,
      FederationOptions{.client_id = *options.federation_client_id,
                        .strict = config.auth.federation_strict},
      auth::TokenEndpoint(std::move(transport), origin_of(config) + "/oidc/v1/token"),
      base::Clock::system()));
}

}  // namespace

std::string origin_of(const config::ConnectionConfig& config) {
  return http::Url{config.scheme, config.host, config.port, {}, {}}.to_string();
}

auth::AuthSettings auth_settings_of(const config::ConnectionConfig& config) {
  const config::AuthOptions& from = config.auth;
  auth::AuthSettings to;
  to.origin = origin_of(config);
  to.account_id = from.account_id;
  to.org_id = config.org_id;
  // A ready-made token is exchanged only where that was asked for.
  const bool is_foreign = config.auth_type == AuthType::Token && !from.federation_client_id.empty();
  to.type = is_foreign ? "oauth-token" : config::auth_type_name(config.auth_type);
  to.profile = from.profile;
  to.token = config.token;
  to.user = config.user;
  to.password = config.password;
  to.client_id = from.client_id;
  to.client_secret = from.client_secret;
  to.scopes = from.scopes;
  to.sends_secret_in_body = from.sends_secret_in_body;
  to.token_endpoint = from.token_endpoint;
  to.authorize_endpoint = from.authorize_endpoint;
  to.discovery_url = from.discovery_url;
  to.refresh_token = from.refresh_token;
  to.login = login_mode(from.login);
  to.redirect_ports = from.redirect_ports;
  to.login_timeout = std::chrono::ceil<std::chrono::seconds>(from.login_timeout);
  to.federation_client_id = from.federation_client_id;
  to.federation_strict = from.federation_strict;
  to.jwt = {from.jwt.key_file, from.jwt.key_id, from.jwt.algorithm, from.jwt.passphrase};
  to.azure = {from.azure.tenant_id,   from.azure.client_id,   from.azure.client_secret,
              from.azure.resource_id, from.azure.environment, from.azure.uses_managed_identity};
  to.azure_cli_path = from.azure.cli_path;
  to.google = {from.google.service_account, from.google.credentials};
  to.oidc = {from.oidc.token_env, from.oidc.token_file, from.oidc.audience, from.oidc.request_url,
             from.oidc.request_token};
  to.token_store.is_enabled = from.token_cache;
  to.token_store.passphrase = from.token_cache_passphrase;
  to.databricks_cli_path = from.databricks_cli_path;
  to.metadata_service_url = from.metadata_service_url;
  return to;
}

std::shared_ptr<const auth::Authenticator> make_authenticator(
    const ConnectorOptions::Impl& options, const config::ConnectionConfig& config,
    std::shared_ptr<http::Transport> transport) {
  using auth::Authenticator;
  if (config.auth_type == AuthType::Provider)
    return std::make_shared<const Authenticator>(
        own_provider(options, config, std::move(transport)));
  if (config.auth_type == AuthType::None) return std::make_shared<const Authenticator>();
  if (config.auth_type == AuthType::Basic)
    return std::make_shared<const Authenticator>(
        auth::BasicCredentials{.user = config.user, .password = config.password});
  // A ready-made token needs no provider, unless it is another issuer's.
  if (config.auth_type == AuthType::Token && config.auth.federation_client_id.empty())
    return std::make_shared<const Authenticator>(config.token);
  auth::ProviderParts parts{.transport = std::move(transport)};
  if (config.auth_type == AuthType::Unified)
    return std::make_shared<const Authenticator>(
        std::make_shared<UnifiedProvider>(auth_settings_of(config), std::move(parts)));
  return share_authenticator(config, [&] {
    const auto choice = auth::choose_auth(auth_settings_of(config), parts);
    return std::make_shared<const Authenticator>(choice.provider, base::Clock::system(),
                                                 choice.refresh_timeout);
  });
}

}  // namespace dbsql::session
