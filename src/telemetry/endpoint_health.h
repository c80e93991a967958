#pragma once

#include "telemetry/circuit_breaker.h"

#include <chrono>
#include <mutex>
#include <optional>

namespace dbsql::telemetry {

/// What is known about one host's telemetry endpoint: its breaker, and whether it refuses us
/// (reference/telemetry.md 1.7). One per host, for the life of the process.
///
/// Threads: safe from any thread.
class EndpointHealth {
 public:
  /// How long an endpoint is left alone that has refused three requests in a row: it is absent or
  /// forbidden, and will be so for a while.
  static constexpr std::chrono::minutes kSuspension{15};
  static constexpr int kRefusals = 3;
  /// How many requests may be under way to an endpoint that has not answered the last one well:
  /// connections that come and go must not pile them up.
  static constexpr std::size_t kMostUnanswered = 3;
  /// No request lasts longer; one whose outcome was lost does not count for ever.
  static constexpr std::chrono::seconds kLongestRequest{15};

  explicit EndpointHealth(BreakerOptions options, base::Clock& clock = base::Clock::system());

  std::optional<CircuitBreaker::Permit> admit();
  void delivered(CircuitBreaker::Permit permit);
  /// \param hint  for how long the server asked to be left alone
  void failed(CircuitBreaker::Permit permit, std::chrono::milliseconds hint = {});
  void refused(CircuitBreaker::Permit permit);
  void abandoned(CircuitBreaker::Permit permit);

  /// Somebody waited for an answer in vain.
  void keeps_people_waiting();

  /// Whether it is worth waiting for: nothing speaks against it since the last success.
  bool is_well() const;

  const CircuitBreaker& breaker() const noexcept { return breaker_; }
  bool is_suspended() const;

 private:
  bool is_busy_failing_locked() const;
  void resolve_locked() noexcept;

  CircuitBreaker breaker_;
  base::Clock& clock_;
  mutable std::mutex mutex_;
  int refusals_ = 0;            // guarded by mutex_: in a row
  bool disappoints_ = false;    // guarded by mutex_: something went wrong since the last success
  std::size_t unanswered_ = 0;  // guarded by mutex_: requests under way
  base::Clock::TimePoint last_admitted_{};                 // guarded by mutex_
  std::optional<base::Clock::TimePoint> suspended_until_;  // guarded by mutex_
};

}  // namespace dbsql::telemetry
