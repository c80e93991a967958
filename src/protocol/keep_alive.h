#pragma once

#include "base/clock.h"
#include "base/timer.h"

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

namespace dbsql::protocol {

/// Keeps a statement alive while its owner is busy with other things: a server that hears nothing
/// of an operation for long lets go of it, and its rows are lost (reference/results.md 1.9).
///
/// A heartbeat is sent when the last request about the statement is older than the interval. It
/// ends for good when it is told to, when the server says that the statement is over, and after ten
/// failures in a row.
///
/// Ownership: the statement's; dropping it ends the heartbeat. Threads: safe from any thread.
/// Cost: no thread of its own, one task of the timer at a time. Nothing ever waits for a heartbeat.
class KeepAlive : public std::enable_shared_from_this<KeepAlive> {
 public:
  enum class Answer : std::uint8_t {
    Alive,
    Over,    ///< there is nothing left to keep alive
    Failed,  ///< no answer, or none that says
  };
  /// Sends one heartbeat and returns at once; calls the function once, from any thread.
  using Beat = std::function<void(std::function<void(Answer)>)>;

  static std::shared_ptr<KeepAlive> start(base::Timer& timer, base::Clock& clock,
                                          std::chrono::nanoseconds interval, Beat beat);
  ~KeepAlive() { stop(); }
  KeepAlive(const KeepAlive&) = delete;
  KeepAlive& operator=(const KeepAlive&) = delete;

  /// No heartbeat is sent after this.
  void stop() noexcept;

  /// A request about the statement that is under way, for as long as this object lives.
  class Activity {
   public:
    /// \param keep_alive  may be null; outlives this object
    explicit Activity(KeepAlive* keep_alive) noexcept : keep_alive_(keep_alive) {
      if (keep_alive_ != nullptr) keep_alive_->begin();
    }
    ~Activity() {
      if (keep_alive_ != nullptr) keep_alive_->end();
    }
    Activity(const Activity&) = delete;
    Activity& operator=(const Activity&) = delete;

   private:
    KeepAlive* keep_alive_;
  };

 private:
  KeepAlive(base::Timer& timer, base::Clock& clock, std::chrono::nanoseconds interval, Beat beat);

  void begin() noexcept;
  void end() noexcept;
  void schedule_locked(base::Clock::TimePoint when);
  void on_time();
  void on_answer(Answer answer) noexcept;

  base::Timer& timer_;
  base::Clock& clock_;
  const std::chrono::nanoseconds interval_;
  const Beat beat_;

  std::mutex mutex_;
  base::Clock::TimePoint last_activity_;  // guarded by mutex_
  int under_way_ = 0;                     // guarded by mutex_
  bool awaiting_answer_ = false;          // guarded by mutex_
  int failures_ = 0;                      // guarded by mutex_; in a row
  bool stopped_ = false;                  // guarded by mutex_
  base::Timer::Ticket ticket_;            // guarded by mutex_
};

}  // namespace dbsql::protocol
