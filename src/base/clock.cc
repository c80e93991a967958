#include "base/clock.h"

#include <dbsql/error.h>

#include <time.h>

namespace dbsql::base {

namespace {

class SystemClock final : public Clock {
 public:
  TimePoint now() const override { return std::chrono::steady_clock::now(); }
  TimePoint coarse_now() const override {
#ifdef CLOCK_MONOTONIC_COARSE
    // The steady clock's own time as of the last tick, without a look at the hardware.
    timespec tick{};
    if (clock_gettime(CLOCK_MONOTONIC_COARSE, &tick) == 0) {
      return TimePoint(std::chrono::seconds(tick.tv_sec) + std::chrono::nanoseconds(tick.tv_nsec));
    }
#endif
    return now();
  }
  std::chrono::system_clock::time_point system_now() const override {
    return std::chrono::system_clock::now();
  }

 protected:
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                  const std::stop_token& stop, std::optional<TimePoint> until,
                  const std::function<bool()>& ready) override {
    if (until) return changed.wait_until(lock, stop, *until, ready);
    return changed.wait(lock, stop, ready);
  }
};

ErrorFields fields_of(const CallContext& call, ErrorKind kind, std::string message) {
  return {.kind = kind,
          .message = std::move(message),
          .statement_id = call.statement_id,
          .connection_id = call.connection_id,
          .correlation_id = call.correlation_id};
}

}  // namespace

Clock& Clock::system() {
  static auto* const clock =
      new SystemClock;  // leaked on purpose: threads may outlive static destruction
  return *clock;
}

void check(const CallContext& call, const Clock& clock) {
  if (call.stop.stop_requested())
    throw_error(fields_of(call, ErrorKind::Cancelled, "the call was cancelled by its caller"));
  if (call.deadline && clock.now() >= *call.deadline)
    throw_error(fields_of(call, ErrorKind::Timeout,
                          "the call's deadline passed; allow a longer timeout if the statement "
                          "is expected to take longer"));
}

void Clock::wait(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                 const CallContext& call, const std::function<bool()>& ready) {
  while (!wait_until(lock, changed, call.stop, call.deadline, ready)) check(call, *this);
}

bool Clock::wait_at_most(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                         const CallContext& call, TimePoint until,
                         const std::function<bool()>& ready) {
  const TimePoint end = call.deadline && *call.deadline < until ? *call.deadline : until;
  if (wait_until(lock, changed, call.stop, end, ready)) return true;
  check(call, *this);
  return false;
}

void Clock::sleep(std::chrono::nanoseconds duration, const CallContext& call) {
  check(call, *this);
  const TimePoint end = now() + duration;
  std::mutex mutex;
  std::condition_variable_any never_notified;
  std::unique_lock lock(mutex);
  const auto slept = [&] { return now() >= end; };
  const TimePoint until = call.deadline && *call.deadline < end ? *call.deadline : end;
  while (!wait_until(lock, never_notified, call.stop, until, slept)) check(call, *this);
}

}  // namespace dbsql::base
