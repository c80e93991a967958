#include "warehouse/duckdb_interrupt.h"

#include <chrono>

namespace dbsql::warehouse {
namespace {

constexpr std::chrono::milliseconds kRepeatInterval{5};

}  // namespace

InterruptWatch::InterruptWatch() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

InterruptWatch::~InterruptWatch() = default;

void InterruptWatch::add(AdbcConnectionHandle& connection) {
  const std::lock_guard lock(mutex_);
  targets_.insert(&connection);
  changed_.notify_all();
}

void InterruptWatch::remove(AdbcConnectionHandle& connection) {
  const std::lock_guard lock(mutex_);
  if (const auto found = targets_.find(&connection); found != targets_.end()) targets_.erase(found);
}

// The lock is held while interrupting: `remove` must not return before the last interrupt was sent,
// or it would hit the connection's next statement. The call itself only sets a flag.
void InterruptWatch::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (targets_.empty()) {
      changed_.wait(lock, stop, [&] { return !targets_.empty(); });
      continue;
    }
    for (auto* connection : targets_) connection->cancel();
    changed_.wait_for(lock, stop, kRepeatInterval, [] { return false; });
  }
}

}  // namespace dbsql::warehouse
