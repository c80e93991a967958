#pragma once

#include "http/transport.h"

#include <optional>
#include <string>

namespace dbsql::http {

/// How many redirects of one request are followed.
constexpr int kMostRedirects = 3;

/// Which redirects are followed (reference/auth-http-config.md 4.5).
enum class RedirectRule : std::uint8_t {
  SameHost,  ///< for requests with credentials: only on the host they were meant for
  AnyHost,   ///< for signed links, which carry none
};

/// Where a reply sends a GET or HEAD to, in full.
/// \return nothing when it is no redirect or not one to follow: of another method, to another host
///   where the rule forbids it, from https to http, to what is no address
std::optional<std::string> redirect_target(const Request& request, const Response& response,
                                           RedirectRule rule);

}  // namespace dbsql::http
