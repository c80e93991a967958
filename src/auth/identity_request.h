#pragma once

#include <dbsql/token_provider.h>

#include "base/clock.h"
#include "http/transport.h"

#include <chrono>
#include <memory>
#include <string>

namespace dbsql::auth {

/// A question to a service that hands out identities, where it is no token endpoint of OAuth.
struct IdentityRequest {
  std::string name;  ///< for errors and logs, for instance "managed identity request"
  std::string method = "GET";
  std::string url;
  http::Headers headers;
  Secret body;
  std::chrono::seconds limit{30};  ///< for the answer, all attempts together
};

/// The body of its answer, after the attempts of class AUTH.
/// \throws as `http::Client::send`; TimeoutError after `limit`
Secret ask_identity_service(const std::shared_ptr<http::Transport>& transport,
                            IdentityRequest request, const TokenContext& context,
                            base::Clock& clock);

}  // namespace dbsql::auth
