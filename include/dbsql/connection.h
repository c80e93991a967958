#pragma once

#include <dbsql/execute_options.h>
#include <dbsql/export.h>
#include <dbsql/result.h>
#include <dbsql/statement_handle.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql {

/// One server session, opened by `Connector::connect()` and closed when this object and all results
/// and handles that came from it are gone.
///
/// Ownership: movable, not copyable. Results and handles share the session and may be used after
/// this object is gone.
/// Threads: every method from any thread at any time, also side by side; only moving and destroying
/// need the caller's care. Statements run at the same time where the server lets them. They share
/// one session: a `USE` or `SET` of one thread holds for all. `ExecuteOptions::stop` ends a call
/// from another thread.
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

  /// Hands one statement to the server and returns as soon as it has taken it, however long it will
  /// run. Parameters and errors as `query()`, as far as the server knows the errors by then; the
  /// rest comes from `StatementHandle::wait()`.
  /// \param options  `timeout` bounds the hand-over alone; everything else holds for the statement
  StatementHandle submit(std::string_view sql, const Parameters& parameters = {},
                         const ExecuteOptions& options = {});

  /// Takes over a statement by its id: one that a handle was detached from, here or in another
  /// process, as long as the session that submitted it is open.
  ///
  /// Best effort: the id is all that is known of the statement, which servers have been seen to
  /// accept; and its rows can be read once, from the beginning, by one reader.
  /// \throws Error (StatementClosed)  the server knows no such statement, or not any more
  /// \throws Error (InvalidArgument)  the text is not an id
  /// Source: reference/results.md 6.4. Cost: one request.
  StatementHandle attach(std::string_view statement_id, const WaitOptions& options = {});

  /// The server's id of the session, in the form of its logs.
  const std::string& id() const noexcept;

  /// Whether the session can still be used, as far as this side knows; no request is sent.
  bool is_open() const noexcept;

  /// Closes the session after what is still open in it: statements are cancelled and freed, and
  /// whoever waits for them or reads their results gets `StateError`. Further calls on this object
  /// are `InvalidState`. At most five seconds; never throws.
  void close() noexcept;

  class Impl;
  explicit Connection(std::shared_ptr<Impl> impl);  ///< internal: connections come from `Connector`

 private:
  std::shared_ptr<Impl> impl_;  // keeps curl, Thrift and OpenSSL out of this header
};

}  // namespace dbsql
