#pragma once

#include "auth/auth_settings.h"
#include "auth/authenticator.h"
#include "config/connection_config.h"
#include "http/transport.h"
#include "session/connector_options_impl.h"

#include <memory>
#include <string>

namespace dbsql::session {

/// Scheme, host and port of the server.
std::string origin_of(const config::ConnectionConfig& config);

/// What the options say about identity, in the terms of the methods that prove it.
auth::AuthSettings auth_settings_of(const config::ConnectionConfig& config);

/// What puts the credentials on the requests of a connector. The requests that this takes go
/// through the connector's own transport: the same TLS settings, the same proxy. None is sent here:
/// with `auth.type=unified` the methods are tried when the first token is needed.
/// \throws ConfigurationError  the method lacks something
std::shared_ptr<const auth::Authenticator> make_authenticator(
    const ConnectorOptions::Impl& options, const config::ConnectionConfig& config,
    std::shared_ptr<http::Transport> transport);

}  // namespace dbsql::session
