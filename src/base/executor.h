#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace dbsql::base {

/// A fixed number of threads that run short tasks, started when the first task comes.
///
/// Ownership: tasks still queued when the executor goes are dropped; the one that is running is
/// waited for. Threads: `post` may be called from any thread, also from a task. Errors: a task must
/// not throw; what it throws is logged and dropped.
class Executor {
 public:
  explicit Executor(std::size_t threads);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  /// The executor of this process for work that computes: min(cores, 8) threads; never destroyed.
  static Executor& cpu();

  void post(std::function<void()> task);

  std::size_t thread_count() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dbsql::base
