#pragma once

#include "base/call_context.h"
#include "base/clock.h"
#include "http/transport.h"

#include <memory>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// Where a host's identity is proven.
struct OidcEndpoints {
  std::string authorization;  ///< for a browser; empty = not offered
  std::string token;
  std::string device_authorization;  ///< for a device without a browser; empty = not offered
};

/// The host that a connection goes to, as identity services see it.
struct OidcHost {
  std::string origin;  ///< scheme, host and port, for instance "https://my.cloud.databricks.com"
  std::string account_id;     ///< of an account console; empty = a workspace
  std::string discovery_url;  ///< a document elsewhere that is asked in place of the host's own
};

/// Finds the endpoints of a host (reference/auth-http-config.md 2.2): from the document that is
/// named, else by rule for an account console, else from the workspace's OAuth document, else,
/// where there is no such document, by the paths that workspaces have.
///
/// Documents are remembered for the life of the process. Threads: safe from any thread.
/// \throws AuthenticationError  the host offers no OAuth, or its document points to a host that is
///   neither its own, nor the document's where that was named, nor one of Databricks' or its
///   clouds'
OidcEndpoints discover_endpoints(const std::shared_ptr<http::Transport>& transport,
                                 const OidcHost& host, const base::CallContext& call,
                                 base::Clock& clock = base::Clock::system());

/// The endpoints in a document that comes from `origin`. \throws AuthenticationError as above
OidcEndpoints read_discovery_document(std::string_view body, std::string_view origin);

/// Whether a host belongs to Databricks or to a cloud that signs in for it.
bool is_trusted_identity_host(std::string_view host);

}  // namespace dbsql::auth
