#pragma once

#include <atomic>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace dbsql::cli {

/// Turns Ctrl-C, SIGTERM and SIGHUP into a stop request for what is running now. One object per
/// process.
///
/// The signal handler writes one byte to a pipe and nothing else. A thread of this object reads it
/// and requests the stop, because stop callbacks may lock and allocate, which a handler must not.
///
/// Ownership: restores the earlier signal handlers when it is destroyed. SIGPIPE is ignored
/// meanwhile: a closed pipe is
///   an error of `write`.
/// Threads: `begin()` belongs to the main thread, everything else may be called from any.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// Starts the next piece of work: earlier interrupts are forgotten, unless the process was asked
  /// to end. The first piece begins with the object: an interrupt while the program starts counts.
  void begin();

  /// Stops when the work since the last `begin()` is interrupted.
  std::stop_token token() const;

  bool is_interrupted() const;

  /// The process was asked to end (SIGTERM, SIGHUP), not just its statement.
  bool is_terminating() const noexcept { return terminating_.load(); }

  /// Readable from the interrupt until the next `begin()`: for `poll` beside a descriptor that may
  /// block.
  int wake_descriptor() const noexcept { return wake_[0]; }

  /// From now on a second Ctrl-C ends the process at once, with exit code 4.
  void leave_at_second() { leave_at_second_ = true; }

  /// A file to remove when that happens; empty = none.
  void remove_when_leaving(std::string file);

 private:
  void watch();
  void interrupt(bool terminate);

  int signals_[2] = {-1, -1};  // handler -> watch()
  int wake_[2] = {-1, -1};     // watch() -> whoever polls
  std::atomic<bool> terminating_{false};
  std::atomic<bool> leave_at_second_{false};
  mutable std::mutex mutex_;
  std::stop_source source_;     // guarded by mutex_
  std::string file_to_remove_;  // guarded by mutex_
  std::thread watcher_;
};

}  // namespace dbsql::cli
