#include "telemetry/circuit_breaker.h"

#include <algorithm>

namespace dbsql::telemetry {

using std::chrono::milliseconds;

CircuitBreaker::CircuitBreaker(BreakerOptions options, base::Clock& clock)
    : options_(options), clock_(clock) {}

std::optional<CircuitBreaker::Permit> CircuitBreaker::admit() {
  if (!options_.enabled) return Permit{};
  std::lock_guard lock(mutex_);
  if (state_ == State::Open) {
    opened_at_ = std::min(opened_at_, clock_.now());  // a clock that went back opens no new wait
    if (wait_left_locked() > milliseconds(0)) return std::nullopt;
    hint_ = milliseconds(0);
    change_to_locked(State::HalfOpen);
  }
  if (state_ == State::HalfOpen) {
    if (probes_admitted_ >= options_.probes) return std::nullopt;
    ++probes_admitted_;
  }
  return Permit{generation_};
}

void CircuitBreaker::succeeded(Permit permit) {
  std::lock_guard lock(mutex_);
  if (permit.generation != generation_) return;
  if (state_ == State::Closed) return record_locked(false);
  if (++probes_succeeded_ < options_.probes) return;
  hint_ = milliseconds(0);
  change_to_locked(State::Closed);
}

void CircuitBreaker::failed(Permit permit) {
  std::lock_guard lock(mutex_);
  if (permit.generation != generation_) return;
  if (state_ == State::Closed) record_locked(true);
  const bool is_bad =
      state_ == State::HalfOpen || (static_cast<int>(outcomes_.size()) >= options_.minimum_calls &&
                                    failure_rate_locked() >= options_.failure_rate);
  if (!is_bad) return;
  opened_at_ = clock_.now();
  change_to_locked(State::Open);
}

void CircuitBreaker::abandoned(Permit permit) {
  std::lock_guard lock(mutex_);
  // Its place goes to another probe.
  if (permit.generation == generation_ && state_ == State::HalfOpen) --probes_admitted_;
}

void CircuitBreaker::hint(milliseconds wait) {
  std::lock_guard lock(mutex_);
  hint_ = std::max(hint_, wait);
}

CircuitBreaker::State CircuitBreaker::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

int CircuitBreaker::failure_rate() const {
  std::lock_guard lock(mutex_);
  return failure_rate_locked();
}

milliseconds CircuitBreaker::hinted_wait() const {
  std::lock_guard lock(mutex_);
  return hint_;
}

milliseconds CircuitBreaker::remaining_wait() const {
  std::lock_guard lock(mutex_);
  return state_ == State::Open ? wait_left_locked() : milliseconds(0);
}

void CircuitBreaker::record_locked(bool failed) {
  const auto window = static_cast<std::size_t>(std::max(options_.window, 1));
  if (outcomes_.size() < window) {
    outcomes_.push_back(failed);
  } else {
    if (outcomes_[next_]) --failures_;
    outcomes_[next_] = failed;
  }
  next_ = (next_ + 1) % window;
  if (failed) ++failures_;
}

void CircuitBreaker::change_to_locked(State state) {
  state_ = state;
  ++generation_;
  probes_admitted_ = 0;
  probes_succeeded_ = 0;
  forget_outcomes_locked();
}

void CircuitBreaker::forget_outcomes_locked() {
  outcomes_.clear();
  next_ = 0;
  failures_ = 0;
}

int CircuitBreaker::failure_rate_locked() const {
  return outcomes_.empty() ? 0 : failures_ * 100 / static_cast<int>(outcomes_.size());
}

milliseconds CircuitBreaker::wait_left_locked() const {
  const milliseconds wait = std::max(options_.open_wait, hint_);
  const auto waited =
      std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(clock_.now() - opened_at_));
  return std::max(milliseconds(0),
                  std::chrono::ceil<milliseconds>(std::chrono::nanoseconds(wait) - waited));
}

}  // namespace dbsql::telemetry
