#include "http/background_sends.h"

#include <dbsql/error.h>

#include "base/executor.h"
#include "base/fork.h"
#include "base/log.h"
#include "base/text.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace dbsql::http {
namespace {

constexpr std::size_t kThreads = 4;
constexpr std::size_t kLongestLine = 1000;
/// From when the request was asked for; a provider that takes longer is no use to a cancel.
constexpr std::chrono::seconds kLongestWait{30};

struct Threads {
  base::Executor executor{kThreads};
};

base::Executor& executor() { return base::one_per_process<Threads>().executor; }

}  // namespace

class BackgroundSends::Line : public std::enable_shared_from_this<Line> {
 public:
  Line(std::shared_ptr<Transport> transport, Decorator add, base::Clock& clock)
      : clock_(clock), transport_(std::move(transport)), add_(std::move(add)) {}

  void send(Request request, std::chrono::milliseconds limit, Transport::Completion on_completion) {
    std::uint64_t number = 0;
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= kLongestLine)
        throw_error({.kind = ErrorKind::ResourceExhausted,
                     .message = base::concat(request.name, ": ", waiting_.size(),
                                             " requests wait for credentials already")});
      number = ++last_number_;
      waiting_.push_back({number, std::move(request), limit, std::move(on_completion),
                          clock_.now() + kLongestWait});
      if (std::exchange(is_worked_on_, true)) return;
    }
    try {
      executor().post([self = shared_from_this()] { self->work(); });
    } catch (...) {
      if (take_back(number)) throw;
    }
  }

  void close() noexcept {
    if (generation_ != base::fork_generation()) return;  // its threads are the parent's
    stop_.request_stop();
    std::deque<Waiting> dropped;
    std::shared_ptr<Transport> transport;
    Decorator add;
    {
      std::unique_lock lock(mutex_);
      is_closed_ = true;
      changed_.wait(lock, [this] { return in_use_ == 0; });
      dropped.swap(waiting_);
      transport = std::move(transport_);
      add = std::move(add_);
    }
    for (Waiting& request : dropped) finish(request, "the client has gone");
  }

 private:
  struct Waiting {
    std::uint64_t number = 0;
    Request request;
    std::chrono::milliseconds limit{0};
    Transport::Completion on_completion;
    base::Clock::TimePoint give_up_at;
  };

  /// One after the other, until none is left. A second worker, which only a failed start can bring
  /// about, does no harm.
  void work() {
    while (auto next = take()) {
      const std::optional<std::string> failure = deliver(*next);
      {
        const std::lock_guard lock(mutex_);
        --in_use_;
        changed_.notify_all();  // under the lock: `close` may end this object's use right after
      }
      if (failure) finish(*next, *failure);
    }
  }

  std::optional<Waiting> take() {
    const std::lock_guard lock(mutex_);
    if (is_closed_ || waiting_.empty()) {
      is_worked_on_ = false;
      return std::nullopt;
    }
    std::optional<Waiting> next = std::move(waiting_.front());
    waiting_.pop_front();
    ++in_use_;
    return next;
  }

  /// Why it could not be sent.
  std::optional<std::string> deliver(Waiting& next) {
    try {
      add_(next.request.headers, {.deadline = next.give_up_at, .stop = stop_.get_token()});
      auto completion = next.on_completion;  // kept here in case it cannot be handed over
      transport_->send_in_background(next.request, next.limit, std::move(completion));
      return std::nullopt;
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  static void finish(Waiting& request, std::string_view why) noexcept {
    try {
      Failure failure{.message = base::concat(request.request.name, " was not sent: ", why),
                      .permanent = true};
      base::log(LogLevel::Debug, "http", failure.message);
      if (request.on_completion) request.on_completion(std::move(failure));
    } catch (const std::exception& error) {
      base::log(LogLevel::Debug, "http", error.what());
    }
  }

  bool take_back(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    is_worked_on_ = false;
    return std::erase_if(waiting_, [&](const Waiting& one) { return one.number == number; }) > 0;
  }

  base::Clock& clock_;
  const int generation_ = base::fork_generation();
  std::stop_source stop_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // These two are used without the lock while `in_use_` says so; nobody changes them then.
  std::shared_ptr<Transport> transport_;
  Decorator add_;
  std::deque<Waiting> waiting_;    // guarded by mutex_
  std::uint64_t last_number_ = 0;  // guarded by mutex_
  int in_use_ = 0;                 // guarded by mutex_; requests on their way through `deliver`
  bool is_worked_on_ = false;      // guarded by mutex_; a task for this line is posted or runs
  bool is_closed_ = false;         // guarded by mutex_
};

BackgroundSends::BackgroundSends(std::shared_ptr<Transport> transport, Decorator add,
                                 base::Clock& clock)
    : line_(std::make_shared<Line>(std::move(transport), std::move(add), clock)) {}

BackgroundSends::~BackgroundSends() { line_->close(); }

void BackgroundSends::send(Request request, std::chrono::milliseconds limit,
                           Transport::Completion on_completion) {
  line_->send(std::move(request), limit, std::move(on_completion));
}

}  // namespace dbsql::http
