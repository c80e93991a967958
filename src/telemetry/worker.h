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

/// The thread of telemetry, or of whoever else tells things in the background: runs the steps of
/// tasks when they are due. It starts with the first task and ends with this object.
///
/// Threads: safe from any thread.
class Worker {
 public:
  /// How long its end waits for a step, of a user's callback for instance, where nobody says how
  /// long; longer ones are left to end by themselves.
  static constexpr std::chrono::milliseconds kPatience{500};
  /// The least that it waits, whoever is in a hurry: a thread that does nothing is gone by then.
  static constexpr std::chrono::milliseconds kLeastPatience{50};

  /// \param thread_name  a literal of at most 15 characters
  explicit Worker(base::Clock& clock = base::Clock::system(),
                  const char* thread_name = "dbsql-telemetry");
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// \throws std::system_error  there is no thread to be had
  void add(std::shared_ptr<Task> task);
  /// The task has one step more, with which it must say all that it has to say.
  void remove(const Task& task) noexcept;

  /// Ends the thread, after the last steps of tasks that were removed.
  /// \param until  until when they may take, but for `kLeastPatience`
  void end(base::Clock::TimePoint until) noexcept;

  bool is_this_thread() const noexcept;

  /// Runs all steps soon, whether due or not. What this returns may outlive the worker.
  std::function<void()> waker() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // the thread keeps it alive
};

}  // namespace dbsql::telemetry
