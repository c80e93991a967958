#pragma once

#include <dbsql/export.h>
#include <dbsql/statement_handle.h>

#include <cstdint>
#include <memory>

namespace dbsql {

/// What a transaction sees of others. Servers give one level: a snapshot that the first statement
/// fixes, which standards call repeatable read; two transactions that write different tables may
/// both commit. The weaker and stronger levels are there to be refused by name.
enum class IsolationLevel : std::uint8_t {
  Default,  ///< the server's: a snapshot
  ReadUncommitted,
  ReadCommitted,
  RepeatableRead,
  Snapshot,
  Serializable,
};

struct TransactionOptions {
  IsolationLevel isolation = IsolationLevel::Default;
  bool read_only = false;  ///< servers have no such transactions: true is refused
  WaitOptions limits;      ///< of the beginning alone
};

/// A transaction of several statements, from `Connection::begin()`. Whatever runs on the connection
/// until it ends belongs to it.
///
/// Ownership: movable, not copyable. Destroying it without `commit()` rolls back: best effort, at
/// most five seconds, never throws; the server rolls back, too, what a closed session leaves.
/// Threads: safe from any thread; moving and destroying need the caller's care.
/// Errors: see `commit()`. After any other error inside, only `rollback()` is of use.
/// Source: reference/auth-http-config.md 7.
class DBSQL_EXPORT Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  /// Makes the changes lasting and visible. Results of the transaction that are still being read
  /// are closed.
  ///
  /// When `options` end the wait, the COMMIT goes on at the server: it is never cancelled.
  /// \throws Error (TransactionConflict)  another transaction has changed the same table: roll back
  ///   and run it all again, or see `Connection::run_in_transaction()`
  /// \throws Error (TransactionUnknown)   the answer was lost: it may have been committed or not,
  ///   and the connection is of no use any more. It is sent again only after HTTP 503 or 429, and
  ///   unknown, too, when it then fails in any other way than by a conflict
  /// \throws StateError  the transaction has ended
  void commit(const WaitOptions& options = {});

  /// Undoes the changes. Nothing when the transaction has ended.
  void rollback(const WaitOptions& options = {});

  /// Whether neither `commit()` nor `rollback()` has ended it, as far as this side knows.
  bool is_open() const noexcept;

  class Impl;
  explicit Transaction(std::unique_ptr<Impl> impl);  ///< internal: from `Connection::begin()`

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbsql
