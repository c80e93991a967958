#pragma once

#include "warehouse/engine.h"
#include "warehouse/guid.h"
#include "warehouse/result_cursor.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace dbsql::warehouse {

/// What the client asked for; the numbers are those of TOperationType.
enum class OperationType : std::int32_t {
  ExecuteStatement = 0,
  GetTypeInfo = 1,
  GetCatalogs = 2,
  GetSchemas = 3,
  GetTables = 4,
  GetTableTypes = 5,
  GetColumns = 6,
  GetFunctions = 7,
  Unknown = 8,
};

enum class OperationState : std::uint8_t {
  Pending,
  Running,
  Finished,
  Error,
  Canceled,
  TimedOut,
  Closed,
};

constexpr bool is_over(OperationState state) {
  return state != OperationState::Pending && state != OperationState::Running;
}

/// Everything a status reply tells.
struct OperationStatus {
  OperationState state = OperationState::Pending;
  std::optional<EngineError> error;        ///< state Error
  std::optional<std::int64_t> started_ms;  ///< since 1970
  std::optional<std::int64_t> completed_ms;
  std::optional<std::int64_t> affected_rows;      ///< DML
  std::optional<EngineResult::Kind> result_kind;  ///< state Finished
};

/// One statement or metadata call: waits for its turn, runs on a worker, then holds its result
/// until it is closed.
///
/// Threads: every method from any thread. `run` is called once, by the session.
class Operation {
 public:
  using Work = std::function<std::unique_ptr<EngineResult>(EngineSession&, std::stop_token)>;

  struct Settings {
    OperationType type = OperationType::ExecuteStatement;
    Guid session;
    ResultOptions result;
    Work work;
  };

  explicit Operation(Settings settings);

  const Guid& id() const noexcept { return id_; }
  const Guid& session_id() const noexcept { return settings_.session; }
  OperationType type() const noexcept { return settings_.type; }

  OperationStatus status() const;

  /// Calls `callback` once, when the operation is over: at once and on this thread if it already
  /// is, else on the thread that ends it.
  void when_over(std::function<void()> callback);

  /// Carries out the work unless the operation was ended before its turn came. Never throws.
  /// \param owner  keeps `session` alive; held as long as there is a result, which lives in it
  void run(EngineSession& session, std::shared_ptr<const void> owner);

  /// Ends a live operation and interrupts the engine, also where it only produces rows by now.
  /// Never blocks.
  void cancel() { interrupt(OperationState::Canceled); }
  void time_out() { interrupt(OperationState::TimedOut); }
  /// The same for good: whatever it was, it is closed.
  void abandon();
  /// Abandons it and lets go of the result; waits for a page in the making and for the engine
  /// session's turn.
  void close();

  /// The result, for one caller at a time; null unless the state is Finished.
  class LockedCursor {
   public:
    LockedCursor(std::unique_lock<std::mutex> lock, ResultCursor* cursor)
        : lock_(std::move(lock)), cursor_(cursor) {}
    explicit operator bool() const noexcept { return cursor_ != nullptr; }
    ResultCursor* operator->() const noexcept { return cursor_; }
    ResultCursor* get() const noexcept { return cursor_; }

   private:
    std::unique_lock<std::mutex> lock_;
    ResultCursor* cursor_;
  };
  LockedCursor cursor();

 private:
  void interrupt(OperationState state);
  void finish(OperationState state, std::optional<EngineError> error);
  void drop_result();
  std::unique_ptr<ResultCursor> produce(EngineSession& session);
  /// Ends the operation in `state` unless it is over; returns the callbacks to call outside the
  /// lock.
  std::vector<std::function<void()>> end_locked(OperationState state);

  const Guid id_ = Guid::next();
  const Settings settings_;
  std::stop_source stop_;

  mutable std::mutex mutex_;
  OperationStatus status_;                      // guarded by mutex_
  std::vector<std::function<void()>> on_over_;  // guarded by mutex_

  std::mutex cursor_mutex_;
  std::shared_ptr<const void> owner_;     // guarded by cursor_mutex_
  std::unique_ptr<ResultCursor> cursor_;  // guarded by cursor_mutex_
};

}  // namespace dbsql::warehouse
