#include "telemetry/endpoint_health.h"

namespace dbsql::telemetry {

EndpointHealth::EndpointHealth(BreakerOptions options, base::Clock& clock)
    : breaker_(options, clock), clock_(clock) {}

std::optional<CircuitBreaker::Permit> EndpointHealth::admit() {
  if (is_suspended()) return std::nullopt;
  std::lock_guard lock(mutex_);
  if (is_busy_failing_locked()) return std::nullopt;
  const auto permit = breaker_.admit();
  if (!permit) return std::nullopt;
  ++unanswered_;
  last_admitted_ = clock_.now();
  return permit;
}

bool EndpointHealth::is_busy_failing_locked() const {
  return disappoints_ && unanswered_ >= kMostUnanswered &&
         clock_.now() - last_admitted_ < kLongestRequest;
}

void EndpointHealth::resolve_locked() noexcept {
  if (unanswered_ > 0) --unanswered_;
}

void EndpointHealth::delivered(CircuitBreaker::Permit permit) {
  breaker_.succeeded(permit);
  std::lock_guard lock(mutex_);
  resolve_locked();
  refusals_ = 0;
  disappoints_ = false;
}

void EndpointHealth::failed(CircuitBreaker::Permit permit, std::chrono::milliseconds hint) {
  breaker_.hint(hint);
  breaker_.failed(permit);
  std::lock_guard lock(mutex_);
  resolve_locked();
  refusals_ = 0;
  disappoints_ = true;
}

void EndpointHealth::refused(CircuitBreaker::Permit permit) {
  breaker_.failed(permit);
  std::lock_guard lock(mutex_);
  resolve_locked();
  disappoints_ = true;
  if (++refusals_ < kRefusals) return;
  refusals_ = 0;
  suspended_until_ = clock_.now() + kSuspension;
}

void EndpointHealth::abandoned(CircuitBreaker::Permit permit) {
  breaker_.abandoned(permit);
  std::lock_guard lock(mutex_);
  resolve_locked();
}

void EndpointHealth::keeps_people_waiting() {
  std::lock_guard lock(mutex_);
  disappoints_ = true;
}

bool EndpointHealth::is_well() const {
  if (is_suspended() || breaker_.state() != CircuitBreaker::State::Closed) return false;
  std::lock_guard lock(mutex_);
  return !disappoints_;
}

bool EndpointHealth::is_suspended() const {
  std::lock_guard lock(mutex_);
  return suspended_until_ && clock_.now() < *suspended_until_;
}

}  // namespace dbsql::telemetry
