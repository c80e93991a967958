#pragma once

#include <dbsql/token_provider.h>

#include "auth/oidc_discovery.h"
#include "base/clock.h"
#include "http/transport.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// Says something to the person who signs in; never on standard output, which is the application's.
using TellUser = std::function<void(std::string_view text)>;

struct DeviceLogin {
  std::string client_id;
  std::string scope;                  ///< separated by blanks
  std::chrono::seconds timeout{120};  ///< for the person; the service's own limit may be shorter
};

/// Signs in with a short code that the person types on any machine (RFC 8628).
/// \throws AuthenticationError  refused, too late, or not offered by this host
Token sign_in_with_device(const std::shared_ptr<http::Transport>& transport,
                          const OidcEndpoints& endpoints, const DeviceLogin& login,
                          const TellUser& tell, const TokenContext& context, base::Clock& clock);

}  // namespace dbsql::auth
