#pragma once

#include "http/transport.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace dbsql::telemetry {

/// Where the requests of telemetry go, and what they carry: the connection's own host, headers and
/// identity, through a transport with its proxy and TLS settings.
///
/// Ownership: shared by senders and requests under way; immutable.
struct Destination {
  std::string origin;      ///< scheme, host and port, for instance `https://h:443`
  std::string host;        ///< as `host_key` gives it
  std::string org_id;      ///< empty = not known
  std::string user_agent;  ///< that of queries
  http::Headers headers;   ///< the user's own
  /// Adds the Authorization header from what is at hand. It must not wait, let alone make anybody
  /// sign in; false when nothing is at hand. Empty = the server wants none. What it throws counts
  /// as false.
  std::function<bool(http::Headers& headers)> authorize;
  std::shared_ptr<http::Transport> transport;  ///< null: nothing is sent
};

/// The headers of a request; nothing when there are no credentials at hand.
std::optional<http::Headers> headers_for(const Destination& destination) noexcept;

}  // namespace dbsql::telemetry
