#pragma once

#include "base/call_context.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>

namespace dbsql::base {

/// The only way this library reads time or waits, so that a test can drive both (style.md 6).
///
/// Threads: safe from any thread.
class Clock {
 public:
  using TimePoint = CallContext::TimePoint;

  virtual ~Clock() = default;

  /// Monotonic time: deadlines, timeouts, lifetimes.
  virtual TimePoint now() const = 0;
  /// The same to within a few milliseconds, at a fraction of the cost: for what every request looks
  /// at.
  virtual TimePoint coarse_now() const { return now(); }
  /// Wall time, only where a server or a file speaks in wall time.
  virtual std::chrono::system_clock::time_point system_now() const = 0;

  /// Waits on `changed` until `ready()` holds.
  /// \param lock  held on `mutex`-guarded state that `ready` reads; held again on return
  /// \throws TimeoutError when the call's deadline passes first, CancelledError when its stop is
  /// requested first
  void wait(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
            const CallContext& call, const std::function<bool()>& ready);

  /// The same, but gives up at `until`: false when `ready()` does not hold then.
  bool wait_at_most(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                    const CallContext& call, TimePoint until, const std::function<bool()>& ready);

  /// Pauses for `duration`; ends early by throwing as `wait` does.
  void sleep(std::chrono::nanoseconds duration, const CallContext& call);

  /// The process's real clock.
  static Clock& system();

 protected:
  /// Waits until `ready()`, a stop request or `until`; returns the last value of `ready()`.
  virtual bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                          const std::stop_token& stop, std::optional<TimePoint> until,
                          const std::function<bool()>& ready) = 0;
};

/// Throws what `call` demands at this moment: CancelledError, TimeoutError, or nothing.
void check(const CallContext& call, const Clock& clock);

}  // namespace dbsql::base
