#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace dbsql::warehouse {

/// The claims of a JSON web token that decide something (RFC 7519).
struct WebTokenClaims {
  std::string issuer;
  std::string subject;
  std::vector<std::string> audience;
  std::string id;                      ///< jti
  std::optional<std::int64_t> ends;    ///< exp, seconds since 1970
  std::optional<std::int64_t> issued;  ///< iat
};

/// A JSON web token as it came; nothing about it has been checked.
struct WebToken {
  std::string algorithm;
  WebTokenClaims claims;
  std::string signed_text;  ///< what the signature is of
  std::string signature;    ///< raw bytes

  /// \return nothing when the text is no such token
  static std::optional<WebToken> parse(std::string_view text);
};

/// A key to check signatures with. Threads: safe from any thread.
class PublicKey {
 public:
  /// \param pem  a public key or a certificate
  /// \throws std::runtime_error  it is neither, or not of a kind that signs tokens
  explicit PublicKey(std::string_view pem);

  /// Whether this key's owner has signed the token: RS, PS and ES with 256, 384 and 512 (RFC 7518
  /// 3.1). Anything else, "none" above all, is no signature.
  bool has_signed(const WebToken& token) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
};

/// The key that the warehouse signs its own tokens with (RS256): a new one for each, made when it
/// is first needed. Threads: safe from any thread.
class TokenSigner {
 public:
  TokenSigner();
  ~TokenSigner();
  TokenSigner(const TokenSigner&) = delete;
  TokenSigner& operator=(const TokenSigner&) = delete;

  /// \param claims  a JSON object
  std::string sign(std::string_view claims);

  /// The public half as a JSON web key set (RFC 7517).
  std::string key_set();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// An id that nobody guesses: so many random bytes as base64url.
std::string random_id(std::size_t bytes = 32);

/// SHA-256 of a text as base64url: what PKCE makes of a verifier (RFC 7636 4.2).
std::string sha256_base64url(std::string_view text);

/// Whether two secrets are the same, without telling by the time it takes where they differ.
bool is_same_secret(std::string_view a, std::string_view b) noexcept;

}  // namespace dbsql::warehouse
