#pragma once

#include <dbsql/token_provider.h>

#include "auth/auth_settings.h"
#include "auth/browser.h"
#include "auth/device_login.h"
#include "auth/loopback_listener.h"
#include "auth/oidc_discovery.h"
#include "auth/shared_login.h"
#include "auth/token_store.h"
#include "base/clock.h"
#include "http/transport.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dbsql::auth {

/// A person and how they sign in (reference/auth-http-config.md 2.5). Client id and ports belong
/// together: services send browsers to registered addresses only.
struct UserLogin {
  std::string client_id = "databricks-sql-connector";
  std::vector<std::string> scopes{"sql", "offline_access"};
  std::vector<std::uint16_t> redirect_ports{8030};
  std::chrono::seconds timeout{120};  ///< for the person
  LoginMode mode = LoginMode::Browser;
  OidcEndpoints endpoints;  ///< those that are empty are discovered
};

/// What a sign-in reaches a person through.
struct LoginSeams {
  BrowserLauncher* browser = nullptr;   ///< null = this machine's
  TellUser tell;                        ///< empty = standard error
  std::shared_ptr<SharedLogin> shared;  ///< null = the process's
};

/// OAuth for people: authorization code with PKCE, or a device code, and refresh tokens after that.
///
/// However many connectors, threads and, with a store, processes want the token of one identity: a
/// person signs in once, and a refresh token is spent once.
///
/// Threads: safe from any thread. A call that signs in lasts as long as the person takes.
/// Errors: AuthenticationError where the sign-in is refused or nobody signs in; ConfigurationError
/// when no port is free.
class UserLoginProvider final : public TokenProvider {
 public:
  /// \param store  where tokens outlive the process; null = nowhere
  UserLoginProvider(std::shared_ptr<http::Transport> transport, OidcHost host, UserLogin login,
                    std::shared_ptr<TokenStore> store = {}, LoginSeams seams = {},
                    base::Clock& clock = base::Clock::system());
  Token get_token(const TokenContext& context) override;
  std::string name() const override { return "oauth-u2m"; }
  void invalidate(const Token& token) noexcept override { shared_->refuse(token); }

 private:
  class StoreAccess;

  bool is_fresh(const Token& token) const;
  OidcEndpoints endpoints(const TokenContext& context) const;
  std::optional<Token> renew(const Token& old, const OidcEndpoints& endpoints,
                             const TokenContext& context) const;
  Token sign_in(const OidcEndpoints& endpoints, const TokenContext& context) const;
  Token sign_in_with_browser(const OidcEndpoints& endpoints, const TokenContext& context) const;
  void send_to(const std::string& address) const;

  const std::shared_ptr<http::Transport> transport_;
  const OidcHost host_;
  const UserLogin login_;
  const std::shared_ptr<TokenStore> store_;
  BrowserLauncher& browser_;
  const TellUser tell_;
  const std::shared_ptr<SharedLogin> shared_;
  base::Clock& clock_;
};

/// Whose tokens a login yields.
TokenIdentity identity_of(const OidcHost& host, const UserLogin& login);

}  // namespace dbsql::auth
