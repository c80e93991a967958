#pragma once

#include <dbsql/execute_options.h>
#include <dbsql/export.h>
#include <dbsql/result.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql {

/// One server session, opened by `Connector::connect()` and closed by the destructor.
///
/// Ownership: movable, not copyable. Results share the session and may be read after this object is
/// gone. Threads: one thread at a time. To stop a call from another thread, pass a stop token.
/// Errors: everything thrown derives from `dbsql::Error`; after one with `connection_dead()` only
/// destruction is useful. Cost: opening is one round trip; a small query is one more.
class DBSQL_EXPORT Connection {
 public:
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  /// Runs one statement and returns its rows as they arrive.
  ///
  /// \param sql         one statement, UTF-8; parameter markers are `?` or `:name`, not both
  /// \param parameters  copied; one value per marker
  /// \param options     timeout, stop token and row limit of this call alone
  /// \throws SqlError      the server refused or failed it; `sqlstate()` and `statement_id()` are
  /// set \throws TimeoutError  `options.timeout` passed; the statement has been told to cancel
  /// \throws NetworkError  with `outcome_unknown()` when the reply was lost after the server may
  /// have started it Source: reference/thrift.md 3.2, reference/auth-http-config.md 4.7.
  Result query(std::string_view sql, const Parameters& parameters = {},
               const ExecuteOptions& options = {});

  /// Runs one statement for its effect and returns the number of affected rows, where the server
  /// reports one. Errors as `query()`.
  std::optional<std::int64_t> execute(std::string_view sql, const Parameters& parameters = {},
                                      const ExecuteOptions& options = {});

  /// The server's id of the session, in the form of its logs.
  const std::string& id() const noexcept;

  /// Whether the session can still be used, as far as this side knows; no request is sent.
  bool is_open() const noexcept;

  /// Closes the session; further calls on this object are `InvalidState`. Open results end. Never
  /// throws.
  void close() noexcept;

  class Impl;
  explicit Connection(std::shared_ptr<Impl> impl);  ///< internal: connections come from `Connector`

 private:
  std::shared_ptr<Impl> impl_;  // keeps curl, Thrift and OpenSSL out of this header
};

}  // namespace dbsql
