#pragma once

#include "base/clock.h"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace dbsql::http {

/// Remembers for each server until when it asked us to stay away (429 with Retry-After), so that
/// all threads respect what one of them was told (reference/auth-http-config.md 4.8).
///
/// Threads: safe from any thread.
/// Cost: one atomic read while no server is closed.
class RateLimitGate {
 public:
  using TimePoint = base::Clock::TimePoint;

  /// The gate of all clients that live by `clock`: one for the real time, a new one for any other
  /// clock.
  static std::shared_ptr<RateLimitGate> for_clock(const base::Clock& clock);

  /// Closes the way to a server; a later end wins over an earlier one.
  void close_until(std::string_view server, TimePoint end);

  /// How long to stay away from a server, zero when it is open.
  std::chrono::nanoseconds closed_for(std::string_view server, TimePoint now);

 private:
  std::atomic<std::size_t> closed_count_{0};
  std::mutex mutex_;
  std::map<std::string, TimePoint, std::less<>> closed_;  // guarded by mutex_
};

}  // namespace dbsql::http
