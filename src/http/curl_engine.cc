#include "http/curl_engine.h"

#include <dbsql/error.h>

#include "base/fork.h"
#include "base/log.h"
#include "base/text.h"
#include "http/curl_transfer.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace dbsql::http {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr long kKeptConnections = 100;

class FileDescriptor {
 public:
  FileDescriptor(int fd, const char* what) : fd_(fd) {
    if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  }
  ~FileDescriptor() { ::close(fd_); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// Signals belong to the program's own threads, and a write to a closed socket must not raise
/// SIGPIPE here.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

/// The thread's own state. It outlives the `CurlEngine` when that is dropped by a completion, on
/// this very thread.
class CurlEngine::Loop {
 public:
  explicit Loop(std::chrono::milliseconds idle_limit);
  ~Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run() noexcept;
  enum class What : std::uint8_t { Start, Abort, Resume };
  void post(What what, std::shared_ptr<CurlTransfer> transfer) {
    post({what, std::move(transfer)});
  }
  void stop() noexcept;
  bool lost_in_fork() const noexcept { return born_ != base::fork_generation(); }

 private:
  struct Command {
    What what = What::Start;
    std::shared_ptr<CurlTransfer> transfer;
  };
  struct MultiCleanup {
    void operator()(CURLM* multi) const noexcept { curl_multi_cleanup(multi); }
  };

  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void* registered);
  static int on_timer(CURLM*, long milliseconds, void* self);

  void post(Command command);
  void wake() const noexcept;
  void open_multi();
  bool take_commands();
  void start(std::shared_ptr<CurlTransfer> transfer) noexcept;
  void end_early(CurlTransfer& transfer) noexcept;
  void forget(CurlTransfer& transfer) noexcept;
  std::shared_ptr<CurlTransfer> release(CurlTransfer& transfer) noexcept;
  void wait_for_events();
  int wait_milliseconds(SteadyTime now) const;
  void run_timers();
  void collect_finished() noexcept;
  void check_transfers(SteadyTime now) noexcept;
  void close_idle_connections();
  void fail_all() noexcept;

  const std::chrono::milliseconds idle_limit_;
  const int born_ = base::fork_generation();
  FileDescriptor epoll_{epoll_create1(EPOLL_CLOEXEC), "epoll_create1"};
  FileDescriptor wake_up_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"};

  // The I/O thread's alone.
  std::unique_ptr<CURLM, MultiCleanup> multi_;
  std::vector<std::shared_ptr<CurlTransfer>> active_;
  std::vector<Command> batch_;
  std::optional<SteadyTime> curl_timer_;
  std::optional<SteadyTime>
      next_check_;  ///< never later than the earliest `next_check()` of an active transfer
  std::optional<SteadyTime> idle_since_;  ///< no transfer runs, and connections may be open

  std::mutex mutex_;
  std::vector<Command> inbox_;  // guarded by mutex_
  bool stopping_ = false;       // guarded by mutex_
};

CurlEngine::Loop::Loop(std::chrono::milliseconds idle_limit) : idle_limit_(idle_limit) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // edge-triggered: the counter never has to be read back
  event.data.fd = wake_up_.get();
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_up_.get(), &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
  open_multi();
}

void CurlEngine::Loop::open_multi() {
  multi_.reset(curl_multi_init());
  if (!multi_) throw std::bad_alloc();
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &Loop::on_socket);
  curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
  curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_NOTHING));
  // Without a number libcurl keeps four connections for each running transfer: after a burst it
  // would close nearly all.
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, kKeptConnections);
}

// ------------------------------------------------------------------------------------------------
// any thread

void CurlEngine::Loop::post(Command command) {
  bool was_empty = false;
  {
    std::lock_guard lock(mutex_);
    was_empty = inbox_.empty();
    inbox_.push_back(std::move(command));
  }
  if (was_empty) wake();  // a filled inbox has been announced already
}

void CurlEngine::Loop::wake() const noexcept {
  const std::uint64_t one = 1;
  // Cannot fail: the counter never fills up.
  [[maybe_unused]] const auto written = ::write(wake_up_.get(), &one, sizeof one);
}

void CurlEngine::Loop::stop() noexcept {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake();
}

// ------------------------------------------------------------------------------------------------
// I/O thread

void CurlEngine::Loop::run() noexcept {
  pthread_setname_np(pthread_self(), "dbsql-io");
  while (take_commands()) {
    run_timers();
    collect_finished();
    wait_for_events();
    collect_finished();
  }
  fail_all();
  multi_.reset();
}

/// Starts and ends what was asked for; false once the engine is to stop.
bool CurlEngine::Loop::take_commands() {
  bool stopping = false;
  {
    std::lock_guard lock(mutex_);
    batch_.swap(inbox_);
    stopping = stopping_;
  }
  for (Command& command : batch_) {
    switch (command.what) {
      case What::Start:
        start(std::move(command.transfer));
        break;
      case What::Abort:
        end_early(*command.transfer);
        break;
      case What::Resume:
        if (command.transfer->slot != CurlTransfer::kNoSlot) command.transfer->resume();
        break;
    }
  }
  batch_.clear();
  return !stopping;
}

void CurlEngine::Loop::start(std::shared_ptr<CurlTransfer> transfer) noexcept {
  CurlTransfer& started = *transfer;
  try {
    active_.push_back(std::move(transfer));
  } catch (const std::bad_alloc&) {
    return transfer->finish(CURLE_OUT_OF_MEMORY);
  }
  started.slot = active_.size() - 1;
  if (curl_multi_add_handle(multi_.get(), started.easy()) != CURLM_OK) {
    return release(started)->finish(CURLE_OUT_OF_MEMORY);
  }
  idle_since_.reset();
  const auto check = started.next_check();
  if (check && (!next_check_ || *check < *next_check_)) next_check_ = check;
}

void CurlEngine::Loop::end_early(CurlTransfer& transfer) noexcept {
  if (transfer.slot == CurlTransfer::kNoSlot) return;  // over already
  transfer.discard();
  curl_multi_remove_handle(
      multi_.get(), transfer.easy());  // closes the connection: it is in the middle of a reply
  release(transfer);
}

/// Takes a transfer out of the table.
std::shared_ptr<CurlTransfer> CurlEngine::Loop::release(CurlTransfer& transfer) noexcept {
  auto released = std::move(active_[transfer.slot]);
  if (transfer.slot + 1 != active_.size()) {  // the last one moves into the gap
    active_[transfer.slot] = std::move(active_.back());
    active_[transfer.slot]->slot = transfer.slot;
  }
  active_.pop_back();
  released->slot = CurlTransfer::kNoSlot;
  if (active_.empty()) {
    idle_since_ = std::chrono::steady_clock::now();
    next_check_.reset();
  }
  return released;
}

void CurlEngine::Loop::wait_for_events() {
  std::array<epoll_event, 64> events{};
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                               wait_milliseconds(std::chrono::steady_clock::now()));
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == wake_up_.get()) continue;
    int what = 0;
    if ((event.events & (EPOLLIN | EPOLLHUP)) != 0) what |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((event.events & EPOLLERR) != 0) what |= CURL_CSELECT_ERR;
    int running = 0;
    curl_multi_socket_action(multi_.get(), event.data.fd, what, &running);
  }
}

/// Milliseconds until something has to happen, rounded up; -1 = nothing is due.
int CurlEngine::Loop::wait_milliseconds(SteadyTime now) const {
  std::optional<SteadyTime> next = curl_timer_;
  const auto consider = [&](std::optional<SteadyTime> time) {
    if (time && (!next || *time < *next)) next = time;
  };
  consider(next_check_);
  if (idle_since_) consider(*idle_since_ + idle_limit_);
  if (!next) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*next - now).count();
  return static_cast<int>(std::clamp<decltype(wait)>(wait, 0, 3'600'000));
}

void CurlEngine::Loop::run_timers() {
  // libcurl asks for an immediate time-out when a transfer is added and sometimes once more from
  // within.
  while (curl_timer_ && std::chrono::steady_clock::now() >= *curl_timer_) {
    curl_timer_.reset();
    int running = 0;
    curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  }
  if (!next_check_ && !idle_since_) return;
  const auto now = std::chrono::steady_clock::now();
  if (next_check_ && now >= *next_check_) check_transfers(now);
  if (idle_since_ && now >= *idle_since_ + idle_limit_) close_idle_connections();
}

void CurlEngine::Loop::collect_finished() noexcept {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;  // the message dies with the removal
    CURL* const easy = message->easy_handle;
    char* handle = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &handle);
    CurlTransfer& transfer = *reinterpret_cast<CurlHandle*>(handle)->transfer;
    curl_multi_remove_handle(multi_.get(), easy);
    release(transfer)->finish(code);
  }
}

/// Ends transfers whose deadline has passed or whose server is silent, and finds out when to look
/// again.
void CurlEngine::Loop::check_transfers(SteadyTime now) noexcept {
  next_check_.reset();
  for (std::size_t i = 0; i < active_.size();) {
    CurlTransfer& transfer = *active_[i];
    auto failure = transfer.check(now);
    if (failure) {
      curl_multi_remove_handle(multi_.get(), transfer.easy());
      release(transfer)->fail(*std::move(failure));
      continue;  // another transfer has taken the place
    }
    const auto check = transfer.next_check();
    if (check && (!next_check_ || *check < *next_check_)) next_check_ = check;
    ++i;
  }
}

/// libcurl closes an idle connection only when it looks for one. With nothing running it never
/// looks; a new multi handle is the way to have everything closed.
void CurlEngine::Loop::close_idle_connections() {
  idle_since_.reset();
  curl_timer_.reset();
  open_multi();
}

void CurlEngine::Loop::fail_all() noexcept {
  take_commands();
  while (!active_.empty()) {
    CurlTransfer& transfer = *active_.back();
    const bool may_have_left = transfer.request_may_have_left();
    curl_multi_remove_handle(multi_.get(), transfer.easy());
    release(transfer)->fail({.kind = ErrorKind::Network,
                             .message = "the transport was closed while the request was running",
                             .bytes_sent = may_have_left,
                             .permanent = true});
  }
}

int CurlEngine::Loop::on_socket(CURL*, curl_socket_t socket, int what, void* self,
                                void* registered) {
  auto& loop = *static_cast<Loop*>(self);
  const int epoll = loop.epoll_.get();
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.data.fd = socket;
  if ((what & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
  if ((what & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
  if (registered == nullptr) {
    curl_multi_assign(loop.multi_.get(), socket, &loop);  // any non-null value: "known to epoll"
    return epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0 ? 0 : -1;
  }
  return epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) == 0 ? 0 : -1;
}

int CurlEngine::Loop::on_timer(CURLM*, long milliseconds, void* self) {
  auto& loop = *static_cast<Loop*>(self);
  if (milliseconds < 0) {
    loop.curl_timer_.reset();
  } else {
    loop.curl_timer_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  }
  return 0;
}

// ------------------------------------------------------------------------------------------------
// CurlEngine

std::shared_ptr<CurlEngine> CurlEngine::acquire(std::size_t number, const std::string& owner) {
  using Place = std::pair<std::string, std::size_t>;
  struct Registry {
    std::mutex mutex;
    std::map<Place, std::weak_ptr<CurlEngine>> engines;  // guarded by mutex
  };
  static Registry& registry = *new Registry;  // leaked on purpose: used by whichever thread is last
  std::lock_guard lock(registry.mutex);
  std::erase_if(registry.engines, [](const auto& entry) { return entry.second.expired(); });
  auto& place = registry.engines[{owner, number % kMost}];
  auto engine = place.lock();
  if (!engine || engine->loop_->lost_in_fork()) {
    engine = std::make_shared<CurlEngine>();
    place = engine;
  }
  return engine;
}

CurlEngine::CurlEngine(std::chrono::milliseconds idle_limit)
    : loop_(std::make_shared<Loop>(idle_limit)) {
  const AllSignalsBlocked blocked;
  thread_ = std::thread([loop = loop_] { loop->run(); });
}

CurlEngine::~CurlEngine() {
  if (loop_->lost_in_fork()) {
    // The thread exists only in the parent: it can be neither joined nor detached here, and
    // destroying its state would talk to the parent's sockets. Both are leaked.
    new std::thread(std::move(thread_));
    new std::shared_ptr<Loop>(std::move(loop_));
    return;
  }
  loop_->stop();
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();  // the last owner was a completion; the loop ends when it returns
  } else {
    thread_.join();
  }
}

void CurlEngine::submit(std::shared_ptr<CurlTransfer> transfer) {
  if (loop_->lost_in_fork()) {
    throw_error(
        {.kind = ErrorKind::InvalidState,
         .message =
             "this connection was made before fork(); make a new Connector in the child process",
         .connection_dead = true});
  }
  loop_->post(Loop::What::Start, std::move(transfer));
}

void CurlEngine::abort(std::shared_ptr<CurlTransfer> transfer) noexcept {
  try {
    loop_->post(Loop::What::Abort, std::move(transfer));
  } catch (const std::bad_alloc&) {
    base::log(LogLevel::Warn, "http", "out of memory: a cancelled transfer runs on");
  }
}

void CurlEngine::resume(std::shared_ptr<CurlTransfer> transfer) {
  loop_->post(Loop::What::Resume, std::move(transfer));
}

}  // namespace dbsql::http
