#pragma once

#include <cstdint>
#include <string>

namespace dbsql::http {

/// How the server's certificate is checked and our own is shown (reference/auth-http-config.md
/// 4.2).
struct TlsOptions {
  enum class Verify : std::uint8_t {
    Full,  ///< chain of trust and host name
    Ca,    ///< chain of trust only
    None,  ///< nothing: for tests and emulators
  };
  enum class CaMode : std::uint8_t {
    Add,      ///< `ca_file` is trusted beside the system's authorities
    Replace,  ///< `ca_file` alone is trusted
  };
  enum class Version : std::uint8_t { Tls12, Tls13 };

  Verify verify = Verify::Full;
  std::string ca_file;  ///< PEM file with authorities; empty = none
  CaMode ca_mode = CaMode::Add;
  Version min_version = Version::Tls12;

  std::string client_cert;  ///< PEM file: our certificate, then those between it and its authority
  std::string client_key;   ///< PEM file; empty = it is in `client_cert`
  std::string client_key_password;  ///< secret; of an encrypted key

  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

}  // namespace dbsql::http
