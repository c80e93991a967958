#pragma once

#include "base/environment.h"
#include "http/tls.h"

#include <memory>
#include <string>
#include <vector>

// OpenSSL's X509_STORE; declared here so that its headers stay in one file.
struct x509_store_st;

namespace dbsql::http {

/// Where the certificates of the authorities come from that a connection trusts.
struct Authorities {
  bool system = true;                ///< those that came with the system
  std::vector<std::string> files;    ///< PEM
  std::vector<std::string> folders;  ///< in the form that `openssl rehash` makes
  std::string ca_file;               ///< PEM, from the options; must be readable

  /// The same for the same places: tells connections with different trust apart.
  std::string key() const;

  friend bool operator==(const Authorities&, const Authorities&) = default;
};

/// The authorities by options and environment (reference/auth-http-config.md 4.2). In place of the
/// system's stand, the first that is set counting, SSL_CERT_FILE and SSL_CERT_DIR (as for OpenSSL
/// and Go), CURL_CA_BUNDLE (curl), REQUESTS_CA_BUNDLE (Python); beside them NODE_EXTRA_CA_CERTS
/// (Node). With `CaMode::Replace` none of this matters.
Authorities authorities_of(const TlsOptions& options, const base::EnvironmentLookup& environment);

/// Reads what these authorities are.
///
/// Parsed once per process and set of places, read again when a file has changed or after a day:
/// parsing a full bundle takes tens of milliseconds (reference/performance.md 5, row 14). A place
/// that only the environment names and that cannot be read is left out with a warning: that trusts
/// less, never more.
/// Threads: safe from any thread.
/// \throws ConfigurationError  `ca_file` cannot be read or holds no certificate
std::shared_ptr<x509_store_st> ca_store(const Authorities& authorities);

}  // namespace dbsql::http
