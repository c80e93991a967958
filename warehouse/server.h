#pragma once

#include "base/clock.h"
#include "warehouse/engine.h"
#include "warehouse/faults.h"
#include "warehouse/identity_options.h"
#include "warehouse/journal.h"
#include "warehouse/telemetry_service.h"
#include "warehouse/thrift_service.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::warehouse {

class IdentityService;
class Power;

/// Path of the SQL engine: $DBSQL_ENGINE_LIBRARY, else the place where tools/bootstrap puts it,
/// else libduckdb.so as the system's loader finds it.
std::string default_engine_library();

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0 = a free one
  int io_threads = 2;
  std::size_t max_request_bytes = std::size_t{64} << 20;

  std::string token;  ///< the access token, or password, that is accepted; empty = any
  IdentityOptions identity;
  TelemetryOptions telemetry;
  bool tls = false;
  std::string tls_directory;   ///< where ca.pem is written; empty = a new temporary directory
  std::string client_ca_file;  ///< with TLS: clients need a certificate that these have signed
  std::vector<std::string> tls_names;  ///< hosts that the certificate is for beside this machine
  std::string warehouse_id = "local";
  std::chrono::milliseconds start_time{0};  ///< above 0: it is stopped at first (`Power`)

  ServiceOptions service;
  EngineOptions engine;  ///< an empty library = `default_engine_library()`
  std::vector<std::pair<std::string, std::string>> tables;  ///< name, file to load
};

/// A running local warehouse: what `dbsql-warehouse` is, for programs that want one inside (tests
/// above all).
///
/// Ownership: the constructor starts it, the destructor stops it.
/// Threads: safe from any thread, except the destructor.
/// Errors: the constructor throws std::runtime_error (address taken, engine missing, table that
/// cannot be loaded), with what
///   to do about it.
class Server {
 public:
  explicit Server(ServerOptions options, base::Clock& clock = base::Clock::system());
  /// With an engine of the caller's; `options.engine` is not looked at.
  Server(ServerOptions options, std::unique_ptr<Engine> engine,
         base::Clock& clock = base::Clock::system());
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const noexcept;
  /// How the driver and the shell reach it: a Go-style DSN with a token that works. With TLS the
  /// client must also be told to trust `ca_file()`.
  /// \param shows_secret  false = `***` stands for a token or secret that was given
  std::string dsn(bool shows_secret = true) const;
  std::string http_path() const;
  /// The file with the authority that clients must trust; empty without TLS.
  const std::string& ca_file() const noexcept;

  FaultRules& faults() noexcept;
  Journal& journal() noexcept;
  ThriftService& thrift() noexcept;
  Storage& storage() noexcept;
  IdentityService& identity() noexcept;
  TelemetryService& telemetry() noexcept;
  Power& power() noexcept;

  /// Runs a statement in an engine session of its own, past the wire. Returns the first value of
  /// the first row as text ("" for NULL and for no rows). \throws EngineError
  std::string scalar_text(std::string_view sql);
  /// The same for a whole number. \throws EngineError, std::runtime_error when it is none
  std::int64_t scalar(std::string_view sql);

  /// Takes no more connections, interrupts what runs, closes sessions and connections, joins all
  /// threads. Once is enough.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbsql::warehouse
