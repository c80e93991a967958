#include "support/fake_clock.h"

#include <algorithm>

namespace dbsql::test {

void FakeClock::advance(std::chrono::nanoseconds duration) {
  {
    std::lock_guard lock(mutex_);
    elapsed_ += duration;
  }
  std::lock_guard registry(
      waiters_mutex_);  // no waiter leaves, and so no mutex dies, while we notify
  for (const Waiter& waiter : waiters_) {
    // Taking the waiter's mutex makes sure it is either not yet testing its condition or really
    // waiting.
    std::lock_guard lock(*waiter.mutex);
    waiter.changed->notify_all();
  }
}

void FakeClock::await_waiters(std::size_t count) {
  std::unique_lock lock(waiters_mutex_);
  waiters_changed_.wait(lock, [&] { return waiters_.size() >= count; });
}

void FakeClock::enter(const Waiter& waiter) {
  std::lock_guard registry(waiters_mutex_);
  waiters_.push_back(waiter);
  waiters_changed_.notify_all();
}

void FakeClock::leave(const Waiter& waiter) {
  std::lock_guard registry(waiters_mutex_);
  std::erase_if(waiters_, [&](const Waiter& other) { return other.id == waiter.id; });
}

void FakeClock::jump_to(TimePoint until) {
  std::lock_guard lock(mutex_);
  elapsed_ = std::max<std::chrono::nanoseconds>(elapsed_, until - kStart);
}

bool FakeClock::wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                           const std::stop_token& stop, std::optional<TimePoint> until,
                           const std::function<bool()>& ready) {
  if (ready()) return true;
  if (until && auto_advance_ && !stop.stop_requested()) jump_to(*until);
  const Waiter waiter{&lock, lock.mutex(), &changed};
  // The registry is never taken with the waiter's own mutex held: `advance` takes them in the other
  // order.
  lock.unlock();
  enter(waiter);
  lock.lock();
  changed.wait(lock, stop, [&] { return ready() || (until && now() >= *until); });
  lock.unlock();
  leave(waiter);
  lock.lock();
  return ready();
}

}  // namespace dbsql::test
