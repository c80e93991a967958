#pragma once

#include "base/call_context.h"
#include "base/clock.h"

#include <condition_variable>
#include <mutex>

namespace dbsql::protocol::thrift {

/// Counts requests to free something that were sent and not yet answered, so that a session is
/// closed after its statements and not before (reference/results.md 6.5).
///
/// Ownership: shared by the session and the completions. Threads: safe from any thread.
class PendingCloses {
 public:
  void begin() noexcept {
    std::lock_guard lock(mutex_);
    ++count_;
  }

  void end() noexcept {
    {
      std::lock_guard lock(mutex_);
      --count_;
    }
    changed_.notify_all();
  }

  /// Waits until none is left, or until `limit`. \throws CancelledError  by the stop of `call`
  void wait(base::Clock& clock, const base::CallContext& call, base::Clock::TimePoint limit) {
    base::CallContext own = call;
    own.deadline.reset();
    std::unique_lock lock(mutex_);
    clock.wait_at_most(lock, changed_, own, limit, [&] { return count_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int count_ = 0;  // guarded by mutex_
};

}  // namespace dbsql::protocol::thrift
