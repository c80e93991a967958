#pragma once

#include <dbsql/token_provider.h>

#include "base/clock.h"
#include "http/client.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::auth {

using Form = std::vector<std::pair<std::string_view, std::string_view>>;

/// The HTTP side of a token endpoint: one form in, one token out (reference/auth-http-config.md 2.4
/// to 2.10).
///
/// Ownership: shares the transport of the connector: the same TLS and proxy settings.
/// Threads: safe from any thread.
/// Errors: AuthenticationError where the server refuses, NetworkError and the like where it cannot
/// be reached after the attempts of class AUTH (reference/auth-http-config.md 4.7). Neither form
/// nor answer appears in them, nor in a log.
class TokenEndpoint {
 public:
  TokenEndpoint(std::shared_ptr<http::Transport> transport, std::string url,
                base::Clock& clock = base::Clock::system());

  /// \param basic_credentials  `id:secret`, both percent-encoded; empty = no Basic authentication
  Token request(const Form& form, const Secret& basic_credentials,
                const TokenContext& context) const;

  const std::string& url() const noexcept { return url_; }

 private:
  http::Client client_;
  std::string url_;
  base::Clock* clock_;
};

/// The token in the answer of a token endpoint. \throws AuthenticationError when it holds none
Token read_token_response(std::string_view body, std::chrono::system_clock::time_point now);

/// What an internal call may take, as a provider hears of it, and back.
base::CallContext to_call(const TokenContext& context);

}  // namespace dbsql::auth
