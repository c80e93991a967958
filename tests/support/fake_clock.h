#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "base/clock.h"

namespace dbsql::test {

/// A clock that moves only when the test says so; `advance` wakes whoever waits on it.
class FakeClock final : public base::Clock {
 public:
  TimePoint now() const override {
    std::lock_guard lock(mutex_);
    return TimePoint(std::chrono::hours(1)) + elapsed_;
  }
  std::chrono::system_clock::time_point system_now() const override {
    std::lock_guard lock(mutex_);
    return std::chrono::system_clock::time_point(std::chrono::seconds(1'750'000'000)) + elapsed_;
  }

  void advance(std::chrono::nanoseconds duration);

  /// Blocks (in real time) until `count` threads wait on this clock.
  void await_waiters(std::size_t count);

  /// With this on, a wait with a deadline moves the clock there instead of blocking: sleeps become instant.
  void advance_when_waited_on(bool enabled) {
    std::lock_guard lock(mutex_);
    auto_advance_ = enabled;
  }

  /// How far the clock has moved.
  std::chrono::nanoseconds elapsed() const {
    std::lock_guard lock(mutex_);
    return elapsed_;
  }

 protected:
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                  const std::stop_token& stop, std::optional<TimePoint> until,
                  const std::function<bool()>& ready) override;

 private:
  struct Waiter {
    std::mutex* mutex;
    std::condition_variable_any* changed;
  };

  mutable std::mutex mutex_;
  std::condition_variable_any waiters_changed_;
  std::chrono::nanoseconds elapsed_{0};  // guarded by mutex_
  std::vector<Waiter> waiters_;          // guarded by mutex_
  bool auto_advance_ = false;            // guarded by mutex_
};

}  // namespace dbsql::test
