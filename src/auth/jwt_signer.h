#pragma once

#include <dbsql/token_provider.h>

#include <memory>
#include <string>
#include <string_view>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace dbsql::auth {

/// A private key as JSON web tokens are signed with it.
struct SigningKey {
  Secret pem;                      ///< PKCS#1, PKCS#8 or encrypted PKCS#8
  Secret passphrase;               ///< of an encrypted one
  std::string algorithm{"RS256"};  ///< RS, PS or ES with 256, 384 or 512
  std::string key_id;              ///< `kid` in the header; empty = none
};

/// Signs JSON web tokens (RFC 7515, RFC 7518).
///
/// Threads: safe from any thread. Errors: ConfigurationError from the constructor: an unknown
/// algorithm, a key that is none or does not fit it, an encrypted key without its passphrase.
class JwtSigner {
 public:
  explicit JwtSigner(const SigningKey& key);

  /// The signed token. \param claims  a JSON object
  Secret sign(std::string_view claims) const;

 private:
  std::string signature(std::string_view text) const;

  std::string algorithm_;
  std::string header_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace dbsql::auth
