#pragma once

#include <dbsql/token_provider.h>

#include "auth/token_cache.h"
#include "base/call_context.h"
#include "base/clock.h"
#include "http/client.h"
#include "http/transport.h"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// What HTTP Basic authentication sends.
struct BasicCredentials {
  std::string_view user;
  std::string_view password;
};

/// Adds the credentials to each request.
///
/// Ownership: keeps its own copy of the secret and overwrites it when it goes.
/// Threads: safe from any thread.
/// Cost: one copy of the header for each attempt; no I/O but where a provider must be waited for.
class Authenticator {
 public:
  /// Sends no credentials: for a local warehouse that asks for none.
  Authenticator() = default;

  /// Sends `Authorization: Bearer <token>`.
  /// \throws ConfigurationError  the token is blank, or contains a character that does not fit into
  /// a header; the
  ///   token never appears in the error
  explicit Authenticator(std::string_view token);

  /// Sends `Authorization: Basic` with user and password.
  /// \throws ConfigurationError  the user is empty or has a colon in it
  explicit Authenticator(const BasicCredentials& credentials);

  /// Sends the tokens of a provider, and asks it for another one when the server refuses one. Every
  /// provider but a static one is cached.
  /// \param refresh_timeout  for one answer of it; a person who signs in needs longer
  explicit Authenticator(std::shared_ptr<TokenProvider> provider,
                         base::Clock& clock = base::Clock::system(),
                         std::chrono::seconds refresh_timeout = std::chrono::seconds(60));
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  /// Fits `http::Client::Decorator`.
  /// \throws AuthenticationError when there is no token to be had
  void apply(http::Headers& headers, const base::CallContext& call) const;

  /// The same with what is at hand: asks nobody and waits for nobody, and renews nothing.
  /// \return false when nothing is at hand
  bool apply_at_hand(http::Headers& headers) const;

  /// The server has refused these headers: whether others may be had.
  bool renew(const http::Headers& refused) const;

  /// All three, for an HTTP client. This object outlives the client by shared ownership.
  static http::Client::Credentials credentials(std::shared_ptr<const Authenticator> authenticator);

  /// How the identity is proven, for logs: `pat`, `basic`, or the provider's name.
  const std::string& name() const noexcept { return name_; }

 private:
  Secret value_;  ///< the header's value, where it never changes
  std::unique_ptr<TokenCache> cache_;
  std::string name_ = "none";
};

}  // namespace dbsql::auth
