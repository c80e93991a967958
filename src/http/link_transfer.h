#pragma once

#include "http/curl_transport.h"

#include <functional>
#include <memory>

namespace dbsql::http {

/// Starts the download of a signed link and returns. Up to three redirects are followed, also to
/// other hosts, which then see none of the link's own headers.
/// \param completion  called once, on an I/O thread, unless the transfer was aborted
/// \return ends the transfer, whichever part of it is running; may be called by any thread
std::function<void()> start_link_transfer(std::shared_ptr<CurlTransport> transport,
                                          const Request& request, Transport::Completion completion);

}  // namespace dbsql::http
