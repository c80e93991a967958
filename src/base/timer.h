#pragma once

#include "base/clock.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace dbsql::base {

/// Runs short tasks at given times, all of them on one thread that starts with the first task.
///
/// Ownership: tasks not yet due when the timer goes are dropped; the one that is running is waited
/// for. Threads: safe from any thread, also from a task. Errors: what a task throws is logged and
/// dropped. Cost: a lock and a tree node per task; a task must never block, or it delays the
/// others.
class Timer {
 public:
  /// \param clock  what the times of tasks are measured on; outlives this object
  explicit Timer(Clock& clock);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// The timer of this process, on the real clock; never destroyed.
  static Timer& process();

  /// Names a task that waits for its time.
  struct Ticket {
    Clock::TimePoint when{};
    std::uint64_t number = 0;  ///< 0 = no task
  };

  /// Runs `task` once, as soon as the clock shows `when`.
  Ticket at(Clock::TimePoint when, std::function<void()> task);

  /// Drops a task; nothing when it has run or is running.
  void cancel(const Ticket& ticket) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dbsql::base
