#include "telemetry/outbox.h"

#include <utility>

namespace dbsql::telemetry {

bool Outbox::append(Operation operation, bool urgent) noexcept {
  std::shared_ptr<Collector> told;
  int count = 0;
  bool is_urgent = false;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (operation.session_id.empty()) operation.session_id = session_id_;
    if (!put_locked(operation)) return true;
    ++untold_;
    has_urgent_ = has_urgent_ || urgent;
    if (!is_open_ || (untold_ < stride_ && !has_urgent_)) return true;
    told = collector_.lock();
    count = std::exchange(untold_, 0);
    is_urgent = std::exchange(has_urgent_, false);
  }
  if (told) told->more(count, is_urgent);
  return true;
}

bool Outbox::put_locked(const Operation& operation) noexcept {
  const std::size_t capacity = is_open_ ? kCapacity : kCapacityWhilePending;
  if (operations_.size() < capacity) {
    try {
      operations_.push_back(operation);
      return true;
    } catch (...) {  // no memory: one less
      ++dropped_;
      return false;
    }
  }
  // Nobody collects for now. An old record gives way, if it tells of no failure.
  ++dropped_;
  std::size_t looks = operation.error == ErrorCategory::None ? 1 : operations_.size();
  for (; looks > 0; --looks) {
    Operation& old = operations_[victim_++ % operations_.size()];
    if (old.error != ErrorCategory::None) continue;
    old = operation;
    ++evicted_;
    break;
  }
  return false;
}

void Outbox::open(const std::shared_ptr<Collector>& collector, int stride) noexcept {
  int count = 0;
  bool urgent = false;
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    collector_ = collector;
    is_open_ = true;
    stride_ = stride;
    count = std::exchange(untold_, 0);
    urgent = std::exchange(has_urgent_, false);
  }
  if (count > 0) collector->more(count, urgent);
}

void Outbox::close() noexcept {
  std::lock_guard lock(mutex_);
  closed_ = true;
  operations_ = {};
  collector_.reset();
}

void Outbox::set_session(WireId id) noexcept {
  std::lock_guard lock(mutex_);
  session_id_ = id;
}

void Outbox::collect(Collected& into) noexcept {
  into.operations.clear();
  std::lock_guard lock(mutex_);
  into.operations.swap(operations_);
  into.dropped = std::exchange(dropped_, 0);
  into.evicted = std::exchange(evicted_, 0);
  untold_ = 0;
  has_urgent_ = false;
}

}  // namespace dbsql::telemetry
