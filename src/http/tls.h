#pragma once

#include <cstdint>
#include <string>

namespace dbsql::http {

/// How the server's certificate is checked (reference/auth-http-config.md 4.2). TLS 1.2 is always
/// the least.
struct TlsOptions {
  enum class Verify : std::uint8_t {
    Full,  ///< chain of trust and host name
    Ca,    ///< chain of trust only
    None,  ///< nothing: for tests and emulators
  };

  Verify verify = Verify::Full;
  std::string ca_file;  ///< PEM file with authorities trusted beside the system's; empty = none

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

}  // namespace dbsql::http
