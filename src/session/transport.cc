#include "session/transport.h"

namespace dbsql::session {

std::shared_ptr<http::CurlTransport> make_transport(const config::ConnectionConfig& config) {
  return std::make_shared<http::CurlTransport>(config.transport);
}

}  // namespace dbsql::session
