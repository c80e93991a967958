#pragma once

#include "config/connection_config.h"
#include "http/curl_transport.h"

#include <memory>

namespace dbsql::session {

/// What carries every request of a connector: to the server, to identity services, to storage. One
/// set of network settings for all of them.
std::shared_ptr<http::CurlTransport> make_transport(const config::ConnectionConfig& config);

}  // namespace dbsql::session
