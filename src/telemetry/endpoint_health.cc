#include "telemetry/endpoint_health.h"

namespace dbsql::telemetry {

EndpointHealth::EndpointHealth(BreakerOptions options, base::Clock& clock)
    : breaker_(options, clock), clock_(clock) {}

std::optional<CircuitBreaker::Permit> EndpointHealth::admit() {
  if (is_suspended()) return std::nullopt;
  return breaker_.admit();
}

void EndpointHealth::delivered(CircuitBreaker::Permit permit) {
  breaker_.succeeded(permit);
  std::lock_guard lock(mutex_);
  refusals_ = 0;
  disappoints_ = false;
}

void EndpointHealth::failed(CircuitBreaker::Permit permit, std::chrono::milliseconds hint) {
  breaker_.hint(hint);
  breaker_.failed(permit);
  std::lock_guard lock(mutex_);
  refusals_ = 0;
  disappoints_ = true;
}

void EndpointHealth::refused(CircuitBreaker::Permit permit) {
  breaker_.failed(permit);
  std::lock_guard lock(mutex_);
  disappoints_ = true;
  if (++refusals_ < kRefusals) return;
  refusals_ = 0;
  suspended_until_ = clock_.now() + kSuspension;
}

void EndpointHealth::abandoned(CircuitBreaker::Permit permit) { breaker_.abandoned(permit); }

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
