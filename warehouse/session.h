#pragma once

#include "base/clock.h"
#include "warehouse/engine.h"
#include "warehouse/operation.h"
#include "warehouse/worker_pool.h"

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace dbsql::warehouse {

/// One open session: its engine session and the statements that wait for their turn in it.
///
/// A session runs one statement at a time, in the order of arrival, and holds one worker at most:
/// however many statements one session submits, the others keep theirs.
///
/// Threads: safe from any thread.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using TimePoint = base::Clock::TimePoint;

  Session(std::unique_ptr<EngineSession> engine, std::int32_t protocol, WorkerPool& workers)
      : engine_(std::move(engine)), protocol_(protocol), workers_(workers) {}

  const Guid& id() const noexcept { return id_; }
  /// The negotiated TProtocolVersion.
  std::int32_t protocol() const noexcept { return protocol_; }
  EngineSession& engine() noexcept { return *engine_; }

  using Task = std::function<void()>;

  void submit(std::shared_ptr<Operation> operation);

  /// Runs `task` on a worker when everything submitted before it is done. Returns whether there was
  /// nothing.
  bool enqueue(Task task);

  void touch(TimePoint now);
  /// Whether nothing has used it since `moment` and nothing runs in it.
  bool idle_since(TimePoint moment) const;

 private:
  void run_next();

  const Guid id_ = Guid::next();
  const std::unique_ptr<EngineSession> engine_;
  const std::int32_t protocol_;
  WorkerPool& workers_;

  mutable std::mutex mutex_;
  std::deque<Task> waiting_;  // guarded by mutex_; the first one runs
  TimePoint last_used_;       // guarded by mutex_
};

}  // namespace dbsql::warehouse
