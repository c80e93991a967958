#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace dbsql::warehouse {

/// Runs something later without holding a thread for it.
///
/// Threads: safe from any thread. Actions run on an I/O thread: they must not block.
class Timers {
 public:
  class Timer {
   public:
    virtual ~Timer() = default;
    /// The action will not start any more; it may be running at this moment.
    virtual void cancel() noexcept = 0;
  };

  virtual ~Timers() = default;
  virtual std::shared_ptr<Timer> after(std::chrono::milliseconds wait,
                                       std::function<void()> action) = 0;
};

}  // namespace dbsql::warehouse
