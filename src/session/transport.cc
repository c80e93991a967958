#include "session/transport.h"

namespace dbsql::session {

std::shared_ptr<http::CurlTransport> make_transport(const config::ConnectionConfig& config) {
  return std::make_shared<http::CurlTransport>(
      http::CurlOptions{.connect_timeout = config.connect_timeout, .tls = config.tls});
}

}  // namespace dbsql::session
