#include "base/executor.h"

#include "base/log.h"
#include "base/text.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace dbsql::base {

namespace {

constexpr std::size_t kMostCpuThreads = 8;

void run(const std::function<void()>& task) noexcept {
  try {
    task();
  } catch (const std::exception& error) {
    log(LogLevel::Error, "executor", concat("a task threw: ", std::string_view(error.what())));
  } catch (...) {
    log(LogLevel::Error, "executor", "a task threw something that is not an exception");
  }
}

}  // namespace

struct Executor::State {
  std::size_t wanted_threads = 1;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> tasks;  // guarded by mutex
  std::size_t idle = 0;                     // guarded by mutex
  bool stopping = false;                    // guarded by mutex
  std::vector<std::thread> threads;         // guarded by mutex

  /// With the mutex held. A task that a thread less can do waits for its turn instead of failing.
  void start_thread() {
    try {
      threads.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      if (!threads.empty()) return;
      tasks.pop_back();
      throw;
    }
  }

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      ++idle;
      changed.wait(lock, [&] { return stopping || !tasks.empty(); });
      --idle;
      if (stopping) return;
      const std::function<void()> task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      run(task);
      lock.lock();
    }
  }
};

Executor::Executor(std::size_t threads) : state_(std::make_unique<State>()) {
  state_->wanted_threads = std::max<std::size_t>(threads, 1);
}

Executor::~Executor() {
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(state_->mutex);
    state_->stopping = true;
    threads.swap(state_->threads);
  }
  state_->changed.notify_all();
  for (std::thread& thread : threads) thread.join();
}

Executor& Executor::cpu() {
  static auto* const executor = new Executor(  // leaked on purpose: nothing joins at exit
      std::min<std::size_t>(std::max(1U, std::thread::hardware_concurrency()), kMostCpuThreads));
  return *executor;
}

void Executor::post(std::function<void()> task) {
  {
    std::lock_guard lock(state_->mutex);
    state_->tasks.push_back(std::move(task));
    if (state_->idle < state_->tasks.size() && state_->threads.size() < state_->wanted_threads)
      state_->start_thread();
  }
  state_->changed.notify_one();
}

std::size_t Executor::thread_count() const noexcept {
  std::lock_guard lock(state_->mutex);
  return state_->threads.size();
}

}  // namespace dbsql::base
