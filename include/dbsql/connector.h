#pragma once

#include <dbsql/connection.h>
#include <dbsql/connector_options.h>
#include <dbsql/export.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql {

/// Bounds of one `Connector::connect()` call.
struct ConnectOptions {
  std::optional<std::chrono::milliseconds> timeout;
  std::stop_token stop;
  /// Labels of all statements of the connection, in the form of `ExecuteOptions::query_tags`; in
  /// place of those of the DSN (`query.tags`).
  std::vector<std::pair<std::string, std::optional<std::string>>> query_tags;
  /// Whether a session that has expired is replaced; in place of `connection.recovery`.
  std::optional<bool> recovery;
  /// The caller's place in a trace, as in `ExecuteOptions::trace_parent`: for the requests that
  /// open the session, and for the span `db.connect` where spans are exported (docs/tracing.md). A
  /// malformed one is `InvalidArgument`.
  std::string trace_parent;
  std::string trace_state;
  /// Called from the connecting thread, with `Progress::State::Starting`, each time the server says
  /// that the warehouse is not up yet (option `warehouse.start_timeout`). It must not throw.
  std::function<void(const Progress&)> on_progress;
  /// Called from the calling thread with the server's id of the session, as soon as it is known;
  /// also of one that takes the place of an expired one. It must not throw.
  std::function<void(std::string_view connection_id)> on_connection_id;
};

/// Where and how to connect: checked once, then used for any number of connections.
///
/// Ownership: copies share the settings and the pool of network connections.
/// Threads: `connect()` may be called from any thread at any time.
/// Cost: no network traffic before `connect()`.
class DBSQL_EXPORT Connector {
 public:
  /// Reads a DSN of the Go driver, a `databricks://` URI, a JDBC URL or an ODBC string
  /// (docs/connecting.md).
  /// \throws ConfigurationError naming the part that is wrong; no secret ever appears in it
  static Connector from_dsn(std::string_view text);

  /// `ConnectorOptions::from_environment()`, connected.
  static Connector from_environment();

  /// `ConnectorOptions::from_profile()`, connected.
  static Connector from_profile(std::string_view profile = {}, std::string_view file = {});

  /// \throws ConfigurationError naming the option that is missing or wrong
  explicit Connector(const ConnectorOptions& options);

  /// Opens a session.
  /// \throws AuthenticationError  the token was refused
  /// \throws NetworkError         the host could not be reached, or its certificate is not trusted
  /// \throws ConfigurationError   there is no such warehouse or path on the host
  /// \throws TimeoutError, CancelledError  by `options`
  Connection connect(const ConnectOptions& options = {}) const;

 private:
  class Impl;
  explicit Connector(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

}  // namespace dbsql
