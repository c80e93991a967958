#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// What we read in a JSON web token. Nothing is verified: it decides about routing and renewal
/// only, never about trust (reference/auth-http-config.md 2.10).
struct JwtClaims {
  std::string issuer;  ///< empty = none
  std::optional<std::chrono::system_clock::time_point> expires_at;
};

/// The claims of a token; empty when it is no JSON web token.
std::optional<JwtClaims> read_jwt(std::string_view token);

}  // namespace dbsql::auth
