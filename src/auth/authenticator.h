#pragma once

#include "base/call_context.h"
#include "http/transport.h"

#include <cstddef>
#include <memory>
#include <string_view>

namespace dbsql::auth {

/// What HTTP Basic authentication sends.
struct BasicCredentials {
  std::string_view user;
  std::string_view password;
};

/// Adds the credentials to each request.
///
/// Ownership: keeps its own copy of the secret and overwrites it when it goes.
/// Threads: safe from any thread.
/// Cost: one copy of the header for each attempt; no I/O.
class Authenticator {
 public:
  /// Sends no credentials: for a local warehouse that asks for none.
  Authenticator() = default;

  /// Sends `Authorization: Bearer <token>`.
  /// \throws ConfigurationError  the token is blank, or contains a character that does not fit into
  /// a header; the
  ///   token never appears in the error
  explicit Authenticator(std::string_view token);

  /// Sends `Authorization: Basic` with user and password.
  /// \throws ConfigurationError  the user is empty or has a colon in it
  explicit Authenticator(const BasicCredentials& credentials);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  /// Fits `http::Client::Decorator`.
  void apply(http::Headers& headers, const base::CallContext& call) const;

 private:
  void keep(std::string_view scheme, std::string_view credentials);

  std::unique_ptr<char[]>
      value_;  ///< the header's value; a string could leave copies behind when it moves
  std::size_t size_ = 0;
};

}  // namespace dbsql::auth
