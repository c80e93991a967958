#pragma once

#include "warehouse/duckdb_interrupt.h"
#include "warehouse/duckdb_library.h"
#include "warehouse/sql_text.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace dbsql::warehouse {

/// A statement as it goes to the engine, and what is needed to explain its errors.
struct EngineStatement {
  SqlText text;
  std::string sql;  ///< the client's statement
  std::vector<std::optional<std::string>> values;
};

/// One session's way into the engine. Calls run one after the other, because the engine runs one
/// statement at a time on a connection: a statement that starts while rows of an earlier one are
/// still unread makes the engine keep those rows in memory first. Shared by the session and its
/// open results, so that either may go first.
///
/// Threads: safe from any thread. Errors: EngineError, translated; `OPERATION_CANCELED` when the
/// stop was requested, also while waiting for another call.
class EngineChannel {
 public:
  EngineChannel(std::shared_ptr<AdbcDatabaseHandle> database,
                std::shared_ptr<InterruptWatch> watch);

  /// Starts a statement; its rows are read with `next`.
  arrow::UniqueStream query(const EngineStatement& statement, const std::stop_token& stop);
  arrow::UniqueSchema schema(arrow::UniqueStream& stream, const EngineStatement& statement);
  /// The next chunk of rows; empty at the end.
  arrow::UniqueArray next(arrow::UniqueStream& stream, const EngineStatement& statement,
                          const std::stop_token& stop);
  /// Gives up a stream; waits for a running call, because the engine's connection is not shared.
  void release(arrow::UniqueStream& stream) noexcept;

  /// Runs engine text of our own making, for its effect.
  void run(const std::string& engine_sql, const std::stop_token& stop = {});

 private:
  class Turn;

  // Waits for its turn, calls, and makes the call interruptible.
  void exclusively(const std::stop_token& stop, const std::function<void()>& call,
                   const EngineStatement& statement);
  void take_turn(const std::stop_token& stop);
  void end_turn() noexcept;

  AdbcConnectionHandle connection_;
  std::shared_ptr<InterruptWatch> watch_;
  std::mutex mutex_;
  std::condition_variable_any free_;
  bool busy_ = false;  // guarded by mutex_
};

}  // namespace dbsql::warehouse
