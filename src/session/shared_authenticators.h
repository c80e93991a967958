#pragma once

#include "auth/authenticator.h"
#include "config/connection_config.h"

#include <functional>
#include <memory>

namespace dbsql::session {

/// The authenticator of that identity at that host: one for all connectors of the process that use
/// it at a time, so that they share its token (reference/auth-http-config.md 3.7).
///
/// Ownership: belongs to those who hold it; when the last is gone, the next call makes another.
/// Threads: safe from any thread; `make` is called without a lock.
std::shared_ptr<const auth::Authenticator> share_authenticator(
    const config::ConnectionConfig& config,
    const std::function<std::shared_ptr<const auth::Authenticator>()>& make);

}  // namespace dbsql::session
