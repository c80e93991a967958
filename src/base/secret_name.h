#pragma once

#include <cstdint>
#include <string_view>

namespace dbsql::base {

/// How surely what is called so is a secret.
enum class Secrecy : std::uint8_t {
  None,
  Doubtful,   ///< `token`, `secret`: in sentences they are words like others
  Generated,  ///< `client_secret`, `fs.s3a.secret.key`: never a word of a sentence
  Chosen,     ///< `password` and its like: by people, so that any word may be one
};

/// Whether a name is one of a secret, however it is spelled: `clientSecret`, `client-secret`,
/// `spark.x.CLIENT_SECRET`, `OAuth2Secret`. What is about a secret, such as `token_url`, is none.
Secrecy secrecy_of(std::string_view name) noexcept;

}  // namespace dbsql::base
