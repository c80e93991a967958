#pragma once

#include "http/transport.h"

#include <functional>

namespace dbsql::result {

/// Ends a running download; its completion may still come, and is then ignored.
using AbortDownload = std::function<void()>;

/// Starts a GET and returns at once; `completion` is called on an I/O thread. The seam between the
/// pipeline and the network: no credentials are added on this way, for storage hosts must never see
/// any.
using StartDownload = std::function<AbortDownload(const http::Request& request,
                                                  std::function<void(http::Reply)> completion)>;

}  // namespace dbsql::result
