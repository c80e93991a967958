#pragma once

#include "config/connection_config.h"
#include "http/curl_transport.h"

#include <memory>

namespace dbsql::session {

/// What carries every request of a connector: to the server, to identity services, to storage. One
/// set of network settings, `config.transport`, for all of them.
/// \throws ConfigurationError  a CA file or a client certificate that cannot be used
std::shared_ptr<http::CurlTransport> make_transport(const config::ConnectionConfig& config);

}  // namespace dbsql::session
