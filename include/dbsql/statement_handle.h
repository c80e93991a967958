#pragma once

#include <dbsql/export.h>
#include <dbsql/profile.h>
#include <dbsql/result.h>
#include <dbsql/statement_state.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace dbsql {

namespace session {
class Statement;
}

/// Bounds of one call on a statement; they never touch the statement itself.
struct WaitOptions {
  std::optional<std::chrono::milliseconds> timeout;
  std::stop_token stop;
};

/// A statement that runs on the server while the program does other things: what
/// `Connection::submit()` and `Connection::attach()` return.
///
/// Ownership: movable, not copyable. It shares the session and works after its `Connection` object
/// is gone. Destroying it ends the statement (it is cancelled if it runs, and freed on the server,
/// without waiting), unless `detach()` was called, or `result()` has handed it on to a `Result`.
/// Threads: every method from any thread at any time, also side by side; only moving and destroying
/// need the caller's care.
/// Errors: everything thrown derives from `dbsql::Error`. After `cancel()`, `wait()` and `result()`
/// throw `CancelledError` without asking the server; after `close()`, `StateError`.
/// Cost: while it is open and nobody asks about it, one request a minute keeps it alive on the
/// server.
class DBSQL_EXPORT StatementHandle {
 public:
  StatementHandle(StatementHandle&&) noexcept;
  StatementHandle& operator=(StatementHandle&&) noexcept;
  ~StatementHandle();

  /// The server's id of the statement, as shown in its query history.
  const std::string& id() const noexcept;

  /// Where the statement stands: asks the server, once, unless a final state is already known.
  /// \throws TimeoutError, CancelledError  by `options`; NetworkError  the server did not answer
  StatementState state(const WaitOptions& options = {});

  /// Waits until the statement has finished, calling `ExecuteOptions::on_progress` meanwhile.
  /// \return false when `options.timeout` passed first: the statement goes on, wait again
  /// \throws SqlError  it failed; the same error is thrown whenever it is asked for
  /// \throws TimeoutError  the deadline of its `ExecuteOptions` passed, or its time on the server
  /// \throws CancelledError  it was cancelled, or a stop was requested, which leaves it running
  bool wait(const WaitOptions& options = {});

  /// Waits as `wait()` does and opens the result, which owns the statement from then on. Once: a
  /// second call is `InvalidState`, unless the first one failed.
  /// \throws TimeoutError  `options.timeout` passed first; the statement goes on
  Result result(const WaitOptions& options = {});

  /// Where the time of the statement went so far, the reading of its result included. Nothing is
  /// asked of the server.
  StatementProfile profile() const;

  /// Asks the server to stop the statement and waits for its answer, at most `options.timeout`, or
  /// ten seconds. All waits and reads of this statement then end with `CancelledError`; rows
  /// already delivered stay valid. Nothing when the statement is over, was cancelled or closed
  /// before, or is just being cancelled by another thread. \throws Error  the server refused or did
  /// not answer: nothing has changed, try again
  void cancel(const WaitOptions& options = {});

  /// Ends the statement and frees it on the server, without waiting; a result that was taken from
  /// it ends too. Never throws.
  void close() noexcept;

  /// Lets the statement outlive this object, so that another one can take it over with
  /// `Connection::attach()`. It still ends with its session: keep the connection open.
  void detach() noexcept;

  explicit StatementHandle(std::shared_ptr<session::Statement> statement);  ///< internal

 private:
  void let_go() noexcept;

  std::shared_ptr<session::Statement> statement_;
};

}  // namespace dbsql
