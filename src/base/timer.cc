#include "base/timer.h"

#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"

#include <exception>
#include <map>
#include <thread>
#include <utility>

namespace dbsql::base {

namespace {

void run(const std::function<void()>& task) noexcept {
  try {
    task();
  } catch (const std::exception& error) {
    log(LogLevel::Error, "timer", concat("a task threw: ", std::string_view(error.what())));
  } catch (...) {
    log(LogLevel::Error, "timer", "a task threw something that is not an exception");
  }
}

}  // namespace

struct Timer::State {
  using Key = std::pair<Clock::TimePoint, std::uint64_t>;

  explicit State(Clock& time) : clock(time) {}

  Clock& clock;
  std::mutex mutex;
  std::condition_variable_any changed;
  std::map<Key, std::function<void()>> tasks;  // guarded by mutex
  std::uint64_t last_number = 0;               // guarded by mutex
  std::jthread thread;                         // guarded by mutex; the last to be built

  /// Takes the earliest task once it is due. \throws CancelledError when the timer goes
  std::function<void()> next(const CallContext& call) {
    std::unique_lock lock(mutex);
    for (;;) {
      clock.wait(lock, changed, call, [&] { return !tasks.empty(); });
      const Key first = tasks.begin()->first;
      if (clock.now() >= first.first) {
        auto task = std::move(tasks.begin()->second);
        tasks.erase(tasks.begin());
        return task;
      }
      clock.wait_at_most(lock, changed, call, first.first,
                         [&] { return tasks.empty() || tasks.begin()->first != first; });
    }
  }

  void work(std::stop_token stop) {
    CallContext call;
    call.stop = std::move(stop);
    try {
      for (;;) run(next(call));
    } catch (const CancelledError&) {
      // The timer is being destroyed.
    }
  }
};

Timer::Timer(Clock& clock) : state_(std::make_unique<State>(clock)) {}

Timer::~Timer() {
  std::jthread thread;
  {
    std::lock_guard lock(state_->mutex);
    thread.swap(state_->thread);
  }
}  // stops and joins the thread; its state goes after it

Timer& Timer::process() {
  static auto* const timer =
      new Timer(Clock::system());  // leaked on purpose: nothing joins at exit
  return *timer;
}

Timer::Ticket Timer::at(Clock::TimePoint when, std::function<void()> task) {
  Ticket ticket{.when = when};
  {
    std::lock_guard lock(state_->mutex);
    ticket.number = ++state_->last_number;
    state_->tasks.emplace(State::Key{when, ticket.number}, std::move(task));
    if (!state_->thread.joinable())
      state_->thread =
          std::jthread([state = state_.get()](std::stop_token stop) { state->work(stop); });
  }
  state_->changed.notify_one();
  return ticket;
}

void Timer::cancel(const Ticket& ticket) noexcept {
  std::function<void()> dropped;  // goes outside the lock: it may own what cancels other tasks
  std::lock_guard lock(state_->mutex);
  const auto found = state_->tasks.find(State::Key{ticket.when, ticket.number});
  if (found == state_->tasks.end()) return;
  dropped = std::move(found->second);
  state_->tasks.erase(found);
}

}  // namespace dbsql::base
