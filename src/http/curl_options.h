#pragma once

#include "http/proxy.h"
#include "http/tls.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace dbsql::http {

/// How requests leave this process: the settings of one transport, the same for the workspace,
/// identity providers, storage and whatever else a connector talks to. Transports of one process
/// share I/O threads and connections whatever they say here; connections made with different TLS
/// settings, or by another user of a proxy, are never mixed.
struct CurlOptions {
  std::chrono::milliseconds connect_timeout{30'000};  ///< name look-up, TCP and TLS together
  TlsOptions tls;
  ProxyOptions proxy;
  int io_threads =
      1;  ///< 1 to 8; each has connections of its own, so more pay only for large downloads
  std::size_t max_body_size = std::size_t{2} << 30;  ///< a longer reply is a `Failure`
  /// `HOST:PORT:ADDRESS:PORT` each: where servers are found in place of what the name service says.
  std::vector<std::string> connect_to;

  friend bool operator==(const CurlOptions&, const CurlOptions&) = default;
};

}  // namespace dbsql::http
