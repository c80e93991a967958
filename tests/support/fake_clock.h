#pragma once

#include "base/clock.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

namespace dbsql::test {

/// A clock that moves only when the test says so; `advance` wakes whoever waits on it.
class FakeClock final : public base::Clock {
 public:
  TimePoint now() const override { return kStart + elapsed(); }
  std::chrono::system_clock::time_point system_now() const override {
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::seconds(1'750'000'000) + elapsed()));
  }

  void advance(std::chrono::nanoseconds duration);

  /// Blocks (in real time) until `count` threads wait on this clock.
  void await_waiters(std::size_t count);

  /// With this on, a wait with a deadline moves the clock there instead of blocking: sleeps become
  /// instant.
  void advance_when_waited_on(bool enabled) { auto_advance_ = enabled; }

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
  static constexpr TimePoint kStart{std::chrono::hours(1)};
  struct Waiter {
    const void* id;
    std::mutex* mutex;
    std::condition_variable_any* changed;
  };
  void enter(const Waiter& waiter);
  void leave(const Waiter& waiter);
  void jump_to(TimePoint until);

  std::atomic<bool> auto_advance_ = false;
  mutable std::mutex mutex_;
  std::chrono::nanoseconds elapsed_{0};  // guarded by mutex_
  std::mutex waiters_mutex_;
  std::condition_variable waiters_changed_;
  std::vector<Waiter> waiters_;  // guarded by waiters_mutex_
};

}  // namespace dbsql::test
