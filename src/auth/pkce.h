#pragma once

#include <string>
#include <string_view>

namespace dbsql::auth {

/// What proves that whoever brings the code is who asked for it (RFC 7636).
struct Pkce {
  std::string verifier;   ///< 43 characters, sent with the code
  std::string challenge;  ///< sent with the browser
};

/// A fresh pair out of 32 random bytes.
Pkce make_pkce();

/// The S256 challenge of a verifier.
std::string pkce_challenge(std::string_view verifier);

/// 22 characters that nobody can guess, for the `state` of an authorization request.
std::string make_state();

}  // namespace dbsql::auth
