#pragma once

#include "auth/environment.h"
#include "base/clock.h"
#include "http/transport.h"

#include <memory>

namespace dbsql::auth {

/// What every provider is built on. The transport is the connector's: one set of TLS and proxy
/// settings for all that leaves the process (the address of cloud metadata goes around proxies).
struct ProviderParts {
  std::shared_ptr<http::Transport> transport;
  Environment environment = Environment::process();
  base::Clock* clock = &base::Clock::system();
};

}  // namespace dbsql::auth
