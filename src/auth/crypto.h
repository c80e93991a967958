#pragma once

#include <dbsql/token_provider.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// Bytes from the system's generator, fit for keys and for what nobody may guess.
std::string random_bytes(std::size_t count);

std::string sha256(std::string_view bytes);  ///< 32 bytes

/// Base64 in the alphabet of URLs, without padding (RFC 4648 5; RFC 7636 and RFC 7515 use it).
std::string base64url_encode(std::string_view bytes);

/// 32 bytes out of a passphrase: PBKDF2 with SHA-256 and 600000 rounds, about a quarter of a
/// second.
Secret derive_key(std::string_view passphrase, std::string_view salt);

/// AES-256-GCM. \param nonce  12 bytes, never twice with one key
/// \param header  not encrypted, but part of what the seal vouches for
/// \return the encrypted text and 16 bytes of seal
std::string seal(const Secret& key, std::string_view nonce, std::string_view header,
                 std::string_view text);

/// Undoes `seal`; empty when key, nonce, header or bytes are not those.
std::optional<Secret> unseal(const Secret& key, std::string_view nonce, std::string_view header,
                             std::string_view sealed);

}  // namespace dbsql::auth
