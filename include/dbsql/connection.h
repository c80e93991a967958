#pragma once

#include <dbsql/execute_options.h>
#include <dbsql/export.h>
#include <dbsql/metadata.h>
#include <dbsql/result.h>
#include <dbsql/statement_handle.h>
#include <dbsql/telemetry.h>
#include <dbsql/transaction.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql {

/// What has happened to a connection so far.
struct ConnectionStats {
  std::uint64_t replaced_sessions = 0;  ///< expired ones that another one has taken the place of
};

/// One server session, opened by `Connector::connect()` and closed when this object and all results
/// and handles that came from it are gone.
///
/// Ownership: movable, not copyable. Results and handles share the session and may be used after
/// this object is gone.
/// Threads: every method from any thread at any time, also side by side; only moving and destroying
/// need the caller's care. Statements run at the same time where the server lets them. They share
/// one session: a `USE` or `SET` of one thread holds for all. `ExecuteOptions::stop` ends a call
/// from another thread. A result has one reader at a time. docs/pooling.md has the whole list.
/// Errors: everything thrown derives from `dbsql::Error`; after one with `connection_dead()` only
/// destruction is useful, unless `is_open()` says otherwise. A session that the server has
/// forgotten is `SessionExpired`, or, with `connection.recovery=true`, replaced where nothing is
/// lost by it (docs/pooling.md). Cost: opening is one round trip; a small query is one more.
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

  // What the server has to offer: one request each, whose answer is read like any result. Columns
  // and their meaning are in docs/metadata.md, the rules for names in <dbsql/metadata.h>. What does
  // not exist has no rows; it is no error. Deadlines, stop tokens and row limits of `options` hold
  // as for a statement; query tags do not. Source: reference/thrift.md 3.7,
  // reference/metadata.md 2.

  /// One row for each catalog; none on servers with a single, nameless one (Spark).
  Result catalogs(const ExecuteOptions& options = {});
  Result schemas(const SchemaFilter& filter = {}, const ExecuteOptions& options = {});
  /// Tables and views.
  Result tables(const TableFilter& filter = {}, const ExecuteOptions& options = {});
  /// What the column TABLE_TYPE of `tables()` can hold.
  Result table_types(const ExecuteOptions& options = {});
  /// The columns of tables and views.
  Result columns(const ColumnFilter& filter = {}, const ExecuteOptions& options = {});
  /// The SQL types of the server.
  Result type_info(const ExecuteOptions& options = {});
  Result functions(const FunctionFilter& filter = {}, const ExecuteOptions& options = {});
  /// The primary key of one table; no rows when it has none, or the server keeps no keys.
  /// \throws Error (InvalidArgument)  the table has no name, or a catalog without a schema
  Result primary_keys(const TableName& table, const ExecuteOptions& options = {});
  /// Foreign keys between two tables; with `foreign` alone all that it has, with `parent` alone all
  /// that refer to it. \throws Error (InvalidArgument)  as above, or neither table is given
  Result cross_reference(const std::optional<TableName>& parent,
                         const std::optional<TableName>& foreign,
                         const ExecuteOptions& options = {});

  // Transactions (docs/transactions.md). While autocommit is on, as it is at first, every statement
  // is a transaction of its own, and statements run side by side. Inside a transaction they run one
  // after the other, whichever threads they come from. Source: reference/auth-http-config.md 7.

  /// Begins a transaction. Autocommit comes back when it ends.
  /// \throws StateError  one is in progress already, or autocommit was switched off
  /// \throws Error (NotSupported)  the server has no transactions, or not of this isolation level
  Transaction begin(const TransactionOptions& options = {});

  /// Runs `work` in a transaction and commits it; after a conflict with another transaction all of
  /// it once more, up to `attempts` times in all. `work` must not end the transaction itself, and
  /// must bear to run more than once. What it throws rolls back and goes on to the caller.
  /// \throws Error (TransactionConflict) of the last attempt; (TransactionUnknown) as
  ///   `Transaction::commit()`: then nothing is repeated
  void run_in_transaction(const std::function<void()>& work, int attempts = 5);

  /// With autocommit off the next statement begins a transaction, which `commit()` or `rollback()`
  /// ends; the one after that begins another. Switching it on commits what is open. For programs
  /// that are written so; `begin()` is simpler.
  void set_autocommit(bool on, const WaitOptions& options = {});
  /// Whether autocommit is on; no request is sent, unless `transactions.autocommit_source=server`.
  bool autocommit(const WaitOptions& options = {});

  /// End whichever transaction is open; nothing when none has begun. Errors as those of
  /// `Transaction`. \throws StateError  autocommit is on
  void commit(const WaitOptions& options = {});
  void rollback(const WaitOptions& options = {});

  /// Asks the server for `SELECT 1`: that the connection, its session and its credentials work.
  ///
  /// With autocommit off it is a statement like any other, which begins a transaction. It wakes a
  /// warehouse that has gone to sleep; `is_open()` does not.
  /// \throws Error  what went wrong. When that is the network, the session or the credentials,
  ///   `connection_dead()` is set and `is_open()` is false from then on; an error of the statement
  ///   leaves the connection as it is
  /// Source: reference/auth-http-config.md 5.1. Cost: one request.
  void ping(const WaitOptions& options = {});

  /// The server's id of the session, in the form of its logs. Another one when an expired session
  /// was replaced (`connection.recovery`).
  std::string id() const;

  ConnectionStats stats() const;

  /// Whether the session can still be used, as far as this side knows; no request is sent.
  bool is_open() const noexcept;

  /// Whether anything is told of this connection, why, and what became of it (docs/telemetry.md);
  /// also after `close()`. No request is sent.
  TelemetryStats telemetry_stats() const;

  /// Closes the session after what is still open in it: statements are cancelled and freed, and
  /// whoever waits for them or reads their results gets `StateError`. Further calls on this object
  /// are `InvalidState`. At most five seconds, a rollback and the session for metadata included;
  /// where telemetry is on, `telemetry.close_timeout` is part of them. Never throws.
  void close() noexcept;

  class Impl;
  explicit Connection(std::shared_ptr<Impl> impl);  ///< internal: connections come from `Connector`

 private:
  friend class ConnectionPool;
  std::shared_ptr<Impl> impl_;  // keeps curl, Thrift and OpenSSL out of this header
};

}  // namespace dbsql
