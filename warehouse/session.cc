#include "warehouse/session.h"

#include <utility>

namespace dbsql::warehouse {

void Session::submit(std::shared_ptr<Operation> operation) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(operation));
    if (waiting_.size() > 1) return;
  }
  workers_.post([self = shared_from_this()] { self->run_next(); });
}

void Session::run_next() {
  std::shared_ptr<Operation> operation;
  {
    std::lock_guard lock(mutex_);
    operation = waiting_.front();
  }
  operation->run(*engine_, shared_from_this());
  operation.reset();
  {
    std::lock_guard lock(mutex_);
    waiting_.pop_front();
    if (waiting_.empty()) return;
  }
  workers_.post([self = shared_from_this()] { self->run_next(); });
}

void Session::touch(TimePoint now) {
  std::lock_guard lock(mutex_);
  last_used_ = now;
}

bool Session::idle_since(TimePoint moment) const {
  std::lock_guard lock(mutex_);
  return waiting_.empty() && last_used_ < moment;
}

}  // namespace dbsql::warehouse
