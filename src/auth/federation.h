#pragma once

#include <dbsql/error.h>
#include <dbsql/token_provider.h>

#include "auth/token_endpoint.h"
#include "base/clock.h"

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// Whether a token must be exchanged before a workspace takes it: a JSON web token whose issuer is
/// another host. The port and the case of the name do not count (reference/auth-http-config.md
/// 2.10).
bool needs_exchange(std::string_view access_token, std::string_view workspace_host);

}  // namespace dbsql::auth

namespace dbsql {

/// Threads: safe from any thread.
class FederatedTokenProvider::Impl {
 public:
  Impl(std::shared_ptr<TokenProvider> inner, std::string host, FederationOptions options,
       auth::TokenEndpoint endpoint, base::Clock& clock);

  Token get_token(const TokenContext& context);
  std::string name() const;
  void invalidate(const Token& token) noexcept { inner_->invalidate(token); }

 private:
  Token exchange(const Token& original, const TokenContext& context) const;
  bool is_hopeless(const Token& original);
  Token fall_back(Token original, const Error& error);
  Token for_a_while(Token original) const;

  const std::shared_ptr<TokenProvider> inner_;
  const std::string host_;
  const FederationOptions options_;
  const auth::TokenEndpoint endpoint_;
  base::Clock* clock_;
  std::mutex mutex_;
  Secret refused_;                          // guarded by mutex_; the token whose exchange failed
  base::Clock::TimePoint refused_until_{};  // guarded by mutex_
};

}  // namespace dbsql
