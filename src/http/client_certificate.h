#pragma once

#include "http/tls.h"

namespace dbsql::http {

/// Reads the client certificate and its key once, so that what is wrong with them is said by name
/// and at once, not in the middle of the first handshake. libcurl reads the same files again for
/// each new connection: a renewed certificate is used from then on.
/// \throws ConfigurationError  naming the option: a file that cannot be read, a password that is
///   missing or wrong, a key of another certificate
void check_client_certificate(const TlsOptions& options);

}  // namespace dbsql::http
