#include "auth/pkce.h"

#include "auth/crypto.h"

namespace dbsql::auth {

Pkce make_pkce() {
  Pkce pkce{.verifier = base64url_encode(random_bytes(32)), .challenge = {}};
  pkce.challenge = pkce_challenge(pkce.verifier);
  return pkce;
}

std::string pkce_challenge(std::string_view verifier) { return base64url_encode(sha256(verifier)); }

std::string make_state() { return base64url_encode(random_bytes(16)); }

}  // namespace dbsql::auth
