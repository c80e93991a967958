#pragma once

#include "http/proxy.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::config {

/// A proxy as options describe it: in one URL, or host and port by themselves as in JDBC and ODBC.
struct ProxyParts {
  std::string url;  ///< `direct` = none; may hold a user name and a password
  std::string host;
  std::uint16_t port = 0;
  std::optional<bool> enabled;
  std::string username;
  std::string password;  ///< secret
  http::Proxy::Auth auth = http::Proxy::Auth::Basic;
  std::string bypass;

  friend bool operator==(const ProxyParts&, const ProxyParts&) = default;
};

/// A proxy's URL as it may be shown, also where it is none: without user name and password.
std::string shown_proxy(std::string_view url);

}  // namespace dbsql::config
