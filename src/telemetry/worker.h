#pragma once

#include "base/clock.h"

#include <chrono>
#include <functional>
#include <memory>

namespace dbsql::telemetry {

/// Something that has work now and then, done in short steps.
class Task {
 public:
  virtual ~Task() = default;
  /// Does what is due and never waits. \return when it wants to be called next
  virtual base::Clock::TimePoint step() noexcept = 0;
};

/// The telemetry thread: runs the steps of tasks when they are due. It starts with the first task
/// and ends with this object.
///
/// Threads: safe from any thread; the destructor must not run on the telemetry thread itself.
class Worker {
 public:
  /// How long the destructor waits for a step, of a user's callback for instance; longer ones are
  /// left to end by themselves.
  static constexpr std::chrono::milliseconds kPatience{500};

  explicit Worker(base::Clock& clock = base::Clock::system());
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// \throws std::system_error  there is no thread to be had
  void add(std::shared_ptr<Task> task);
  void remove(const Task& task) noexcept;

  /// Runs all steps soon, whether due or not. What this returns may outlive the worker.
  std::function<void()> waker() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // the thread keeps it alive
};

}  // namespace dbsql::telemetry
