#pragma once

#include "http/tls.h"

#include <memory>
#include <string>

// OpenSSL's X509_STORE; declared here so that its headers stay in one file.
struct x509_store_st;

namespace dbsql::http {

/// The authorities a connection trusts: the system's, and those of `ca_file` beside them.
///
/// Parsed once per process and file, read again when the file has changed or after a day: parsing
/// a full bundle takes tens of milliseconds (reference/performance.md 5, row 14).
/// Threads: safe from any thread.
/// \throws ConfigurationError  `ca_file` cannot be read or holds no certificate
std::shared_ptr<x509_store_st> ca_store(const std::string& ca_file);

}  // namespace dbsql::http
