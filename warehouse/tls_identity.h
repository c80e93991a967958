#pragma once

#include <string>
#include <vector>

namespace dbsql::warehouse {

/// A certificate for this machine's loopback names and the authority that signed it, both made up
/// on the spot.
struct TlsIdentity {
  std::string authority_pem;    ///< what clients must trust
  std::string certificate_pem;  ///< localhost, 127.0.0.1, ::1
  std::string key_pem;          ///< private key of the certificate; never written to disk
};

/// \param names  host names that the certificate is for as well
/// \throws std::runtime_error when OpenSSL refuses
TlsIdentity make_tls_identity(const std::vector<std::string>& names = {});

/// Writes the authority's certificate as `ca.pem` into `directory`, which is made when it does not
/// exist. Returns the file's path. \param directory  empty = a new one among the system's temporary
/// files \throws std::runtime_error when it cannot be written
std::string write_authority(const TlsIdentity& identity, const std::string& directory);

}  // namespace dbsql::warehouse
