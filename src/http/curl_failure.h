#pragma once

#include "http/transport.h"

#include <curl/curl.h>

#include <string>
#include <string_view>

namespace dbsql::http {

/// What libcurl knew when a transfer failed.
struct CurlFailure {
  CURLcode code = CURLE_OK;
  std::string_view detail;  ///< libcurl's own text, may be empty
  std::string origin;       ///< scheme://host:port
  std::string proxy;        ///< the same of the proxy, empty = none
  long proxy_status = 0;    ///< the proxy's answer to CONNECT, 0 = none
  long proxy_error = 0;     ///< what went wrong with a SOCKS proxy, a CURLproxycode
  bool bytes_sent = false;
};

/// The failure in our terms: its kind, a message that names the server, and whether repeating can
/// help.
Failure to_failure(const CurlFailure& failure);

}  // namespace dbsql::http
