#include "telemetry/worker.h"

#include <dbsql/error.h>

#include "base/fork.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace dbsql::telemetry {

namespace {

using TimePoint = base::Clock::TimePoint;

/// Signals are for the program's own threads.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

struct Worker::State {
  State(base::Clock& time, const char* thread_name) : clock(time), name(thread_name) {}

  base::Clock& clock;
  const char* const name;
  const int generation = base::fork_generation();
  std::stop_source stop;
  std::mutex mutex;
  std::condition_variable_any changed;
  std::vector<std::shared_ptr<Task>> tasks;    // guarded by mutex
  std::vector<std::shared_ptr<Task>> leaving;  // guarded by mutex: one step more
  bool woken = false;                          // guarded by mutex
  bool ended = false;                          // guarded by mutex
  std::thread thread;                          // guarded by mutex

  /// Waits until `due` or until woken. \return the tasks to run; \throws CancelledError at the end
  std::vector<std::shared_ptr<Task>> next(TimePoint due) {
    base::CallContext call;
    call.stop = stop.get_token();
    std::unique_lock lock(mutex);
    clock.wait_at_most(lock, changed, call, due, [&] { return woken; });
    woken = false;
    return tasks;
  }

  void take_leave() noexcept {
    std::vector<std::shared_ptr<Task>> last;
    {
      std::lock_guard lock(mutex);
      last.swap(leaving);
    }
    for (const auto& task : last) task->step();
  }

  void work() noexcept {
    constexpr std::chrono::hours kLongestPause{1};
    TimePoint due = clock.now();
    try {
      for (;;) {
        const auto running = next(due);
        take_leave();
        due = clock.now() + kLongestPause;
        for (const auto& task : running) due = std::min(due, task->step());
      }
    } catch (...) {
      // Stopped, or out of memory: nothing more is told.
    }
    take_leave();
    std::lock_guard lock(mutex);
    ended = true;
    changed.notify_all();
  }
};

Worker::Worker(base::Clock& clock, const char* thread_name)
    : state_(std::make_shared<State>(clock, thread_name)) {}

Worker::~Worker() { end(state_->clock.now() + kPatience); }

void Worker::end(TimePoint until) noexcept {
  State& state = *state_;
  std::thread thread;
  try {
    std::unique_lock lock(state.mutex, std::defer_lock);
    if (state.generation != base::fork_generation()) {  // it runs in the parent only
      new std::shared_ptr<State>(state_);  // NOLINT: leaked, there is nothing to join here
      return;
    }
    lock.lock();
    thread.swap(state.thread);
    if (!thread.joinable()) return;
    const bool is_own = thread.get_id() == std::this_thread::get_id();
    lock.unlock();
    state.stop.request_stop();
    lock.lock();
    const TimePoint latest = std::max(until, state.clock.now() + kLeastPatience);
    const bool has_ended = !is_own && state.clock.wait_at_most(lock, state.changed, {}, latest,
                                                               [&] { return state.ended; });
    lock.unlock();
    has_ended ? thread.join() : thread.detach();
  } catch (...) {
    if (thread.joinable()) thread.detach();
  }
}

bool Worker::is_this_thread() const noexcept {
  std::lock_guard lock(state_->mutex);
  return state_->thread.get_id() == std::this_thread::get_id();
}

void Worker::add(std::shared_ptr<Task> task) {
  std::lock_guard lock(state_->mutex);
  state_->tasks.push_back(std::move(task));
  if (state_->thread.joinable()) {
    state_->woken = true;
    state_->changed.notify_all();
    return;
  }
  const BlockedSignals blocked;
  try {
    state_->thread = std::thread([state = state_] {
      pthread_setname_np(pthread_self(), state->name);
      state->work();
    });
  } catch (...) {
    state_->tasks.pop_back();
    throw;
  }
}

void Worker::remove(const Task& task) noexcept {
  std::shared_ptr<Task> gone;  // goes outside the lock
  std::lock_guard lock(state_->mutex);
  const auto found =
      std::ranges::find(state_->tasks, &task, [](const auto& each) { return each.get(); });
  if (found == state_->tasks.end()) return;
  gone = std::move(*found);
  state_->tasks.erase(found);
  try {
    state_->leaving.push_back(gone);
    state_->woken = true;
    state_->changed.notify_all();
  } catch (...) {
    // No memory: it goes without a last step.
  }
}

std::function<void()> Worker::waker() const {
  return [state = state_] {
    std::lock_guard lock(state->mutex);
    if (!std::exchange(state->woken, true)) state->changed.notify_all();
  };
}

}  // namespace dbsql::telemetry
