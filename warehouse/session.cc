#include "warehouse/session.h"

#include <utility>

namespace dbsql::warehouse {

void Session::submit(std::shared_ptr<Operation> operation) {
  // Plain `this`: a task must not own the session that owns the task.
  enqueue(
      [this, operation = std::move(operation)] { operation->run(*engine_, shared_from_this()); });
}

bool Session::enqueue(Task task) {
  {
    std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(task));
    if (waiting_.size() > 1) return false;
  }
  workers_.post([self = shared_from_this()] { self->run_next(); });
  return true;
}

void Session::run_next() {
  Task task;
  {
    std::lock_guard lock(mutex_);
    task = std::move(waiting_.front());
  }
  task();
  task = nullptr;  // what it holds goes outside the lock
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
