#include "http/rate_limit_gate.h"

#include <algorithm>

namespace dbsql::http {

std::shared_ptr<RateLimitGate> RateLimitGate::for_clock(const base::Clock& clock) {
  if (&clock != &base::Clock::system()) return std::make_shared<RateLimitGate>();
  static const auto& gate = *new std::shared_ptr(std::make_shared<RateLimitGate>());  // leaked
  return gate;
}

void RateLimitGate::close_until(std::string_view server, TimePoint end) {
  std::lock_guard lock(mutex_);
  const auto place = closed_.try_emplace(std::string(server), end).first;
  place->second = std::max(place->second, end);
  closed_count_.store(closed_.size(), std::memory_order_release);
}

std::chrono::nanoseconds RateLimitGate::closed_for(std::string_view server, TimePoint now) {
  if (closed_count_.load(std::memory_order_acquire) == 0) return {};
  std::lock_guard lock(mutex_);
  const auto place = closed_.find(server);
  if (place == closed_.end()) return {};
  if (place->second > now) return place->second - now;
  closed_.erase(place);
  closed_count_.store(closed_.size(), std::memory_order_release);
  return {};
}

}  // namespace dbsql::http
