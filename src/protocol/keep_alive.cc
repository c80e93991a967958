#include "protocol/keep_alive.h"

#include "base/log.h"

#include <utility>

namespace dbsql::protocol {

namespace {

constexpr int kMostFailures = 10;

}  // namespace

KeepAlive::KeepAlive(base::Timer& timer, base::Clock& clock, std::chrono::nanoseconds interval,
                     Beat beat)
    : timer_(timer),
      clock_(clock),
      interval_(interval),
      beat_(std::move(beat)),
      last_activity_(clock.now()) {}

std::shared_ptr<KeepAlive> KeepAlive::start(base::Timer& timer, base::Clock& clock,
                                            std::chrono::nanoseconds interval, Beat beat) {
  std::shared_ptr<KeepAlive> started(new KeepAlive(timer, clock, interval, std::move(beat)));
  std::lock_guard lock(started->mutex_);
  started->schedule_locked(started->last_activity_ + interval);
  return started;
}

void KeepAlive::stop() noexcept {
  std::lock_guard lock(mutex_);
  if (std::exchange(stopped_, true)) return;
  timer_.cancel(ticket_);
}

void KeepAlive::begin() noexcept {
  std::lock_guard lock(mutex_);
  ++under_way_;
}

void KeepAlive::end() noexcept {
  std::lock_guard lock(mutex_);
  --under_way_;
  last_activity_ = clock_.now();
}

void KeepAlive::schedule_locked(base::Clock::TimePoint when) {
  ticket_ = timer_.at(when, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_time();
  });
}

void KeepAlive::on_time() {
  {
    std::lock_guard lock(mutex_);
    if (stopped_) return;
    const auto now = clock_.now();
    if (under_way_ > 0 || awaiting_answer_) return schedule_locked(now + interval_);
    // Requests only note their time: moving the task with each of them would cost more.
    if (now - last_activity_ < interval_) return schedule_locked(last_activity_ + interval_);
    last_activity_ = now;
    awaiting_answer_ = true;
    schedule_locked(now + interval_);
  }
  beat_([weak = weak_from_this()](Answer answer) {
    if (const auto self = weak.lock()) self->on_answer(answer);
  });
}

void KeepAlive::on_answer(Answer answer) noexcept {
  {
    std::lock_guard lock(mutex_);
    awaiting_answer_ = false;
    failures_ = answer == Answer::Failed ? failures_ + 1 : 0;
    if (answer != Answer::Over && failures_ < kMostFailures) return;
  }
  if (answer == Answer::Failed)
    base::log(LogLevel::Info, "protocol",
              "a statement is no longer kept alive: ten heartbeats in a row had no answer");
  stop();
}

}  // namespace dbsql::protocol
