#include "session/connection_pool_impl.h"

#include <dbsql/error.h>

#include "base/linked_stop.h"
#include "base/log.h"
#include "base/text.h"

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

namespace dbsql {

namespace {

/// Of either kind. More than one, so that a server that does not answer one reset does not hold up
/// all of them.
constexpr std::size_t kWorkers = 2;

[[noreturn]] void fail_option(std::string_view what) {
  throw_error({.kind = ErrorKind::Configuration, .message = base::concat("PoolOptions::", what)});
}

void require_valid(const PoolOptions& options) {
  const auto is_negative = [](std::chrono::milliseconds time) { return time.count() < 0; };
  if (options.max_open < 1) fail_option("max_open must be at least 1");
  if (options.max_idle && (*options.max_idle < 0 || *options.max_idle > options.max_open))
    fail_option("max_idle must be between 0 and max_open");
  if (is_negative(options.max_lifetime)) fail_option("max_lifetime must not be negative");
  if (is_negative(options.max_idle_time)) fail_option("max_idle_time must not be negative");
  if (is_negative(options.ping_after)) fail_option("ping_after must not be negative");
  if (is_negative(options.close_timeout)) fail_option("close_timeout must not be negative");
  if (options.reset_timeout.count() < 1) fail_option("reset_timeout must be at least 1 ms");
  if (options.connect_timeout && options.connect_timeout->count() < 1)
    fail_option("connect_timeout must be at least 1 ms");
}

[[noreturn]] void fail_closed() {
  throw_error({.kind = ErrorKind::InvalidState, .message = "the connection pool is closed"});
}

}  // namespace

ConnectionPool::Impl::Impl(Open open, const PoolOptions& options, base::Clock& clock,
                           base::Timer& timer)
    : open_(std::move(open)),
      options_((require_valid(options), options)),
      max_idle_(static_cast<std::size_t>(options.max_idle.value_or(options.max_open))),
      clock_(clock),
      timer_(timer),
      closers_(kWorkers),
      resetters_(kWorkers) {
  guard_->pool = this;
}

ConnectionPool::Impl::~Impl() {
  close();
  end_background();  // what came back since
  {
    const std::lock_guard lock(guard_->mutex);
    guard_->pool = nullptr;
  }
  timer_.cancel(ticket_);
}

// ---- handing out

ConnectionPool::Impl::Member ConnectionPool::Impl::acquire(const WaitOptions& options) {
  base::CallContext call;
  if (options.timeout) call.deadline = clock_.now() + *options.timeout;
  call.stop = options.stop;
  for (bool is_again = false;; is_again = true) {
    auto member = take(call, is_again);
    if (!member) return open(call);
    Counter flaw = flaw_of(*member);
    if (flaw == nullptr) flaw = flaw_after_ping(*member, call);
    const std::lock_guard lock(mutex_);
    if (flaw == nullptr) {
      ++stats_.acquired;
      ++stats_.reused;
      return *std::move(member);
    }
    --stats_.in_use;
    discard_locked(*std::move(member), flaw);
  }
}

/// A connection that was idle, or a place to open one in. Either is counted already.
/// \param is_first_in_line  it had its turn before, and got nothing of use
std::optional<ConnectionPool::Impl::Member> ConnectionPool::Impl::take(
    const base::CallContext& call, bool is_first_in_line) {
  base::check(call, clock_);
  std::unique_lock lock(mutex_);
  require_open_locked();
  std::optional<Member> member;
  if ((waiters_.empty() || is_first_in_line) && serve_locked(member)) return member;
  Waiter waiter;
  waiters_.insert(is_first_in_line ? waiters_.begin() : waiters_.end(), &waiter);
  await_locked(lock, waiter, call);
  return std::move(waiter.member);
}

void ConnectionPool::Impl::await_locked(std::unique_lock<std::mutex>& lock, Waiter& waiter,
                                        const base::CallContext& call) {
  ++stats_.waited;
  const auto began = clock_.now();
  const auto count_time = [&] {
    stats_.wait_time += std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - began);
  };
  try {
    clock_.wait(lock, waiter.changed, call, [&] { return waiter.is_served || closed_; });
    count_time();
  } catch (const Error& error) {
    count_time();
    std::erase(waiters_, &waiter);
    ++stats_.gave_up;
    if (error.kind() != ErrorKind::Timeout) throw;
    ErrorFields fields = error.fields();
    fields.message =
        base::concat("no connection of the pool came free in time: all ", options_.max_open,
                     " are taken; give them back sooner, or allow more with PoolOptions::max_open");
    throw_error(std::move(fields));
  }
  if (waiter.is_served) return;
  std::erase(waiters_, &waiter);
  ++stats_.gave_up;
  fail_closed();
}

/// False when there is neither an idle connection nor a place for a new one.
bool ConnectionPool::Impl::serve_locked(std::optional<Member>& member) {
  if (!idle_.empty()) {
    member = std::move(idle_.back());
    idle_.pop_back();
    ++stats_.in_use;
    return true;
  }
  if (places_taken_locked() >= options_.max_open) return false;
  ++stats_.opening;
  return true;
}

void ConnectionPool::Impl::serve_waiters_locked() {
  while (!waiters_.empty() && !closed_) {
    Waiter& next = *waiters_.front();
    if (!serve_locked(next.member)) return;
    waiters_.pop_front();
    next.is_served = true;
    next.changed.notify_all();
  }
}

int ConnectionPool::Impl::places_taken_locked() const {
  return static_cast<int>(idle_.size()) + stats_.in_use + stats_.opening + stats_.resetting +
         stats_.closing;
}

void ConnectionPool::Impl::require_open_locked() const {
  if (closed_) fail_closed();
}

ConnectOptions ConnectionPool::Impl::connect_options(const base::CallContext& call,
                                                     std::stop_token stop) const {
  ConnectOptions connect;
  connect.stop = std::move(stop);
  connect.query_tags = options_.query_tags;
  connect.recovery = options_.recovery;
  connect.on_progress = options_.on_progress;
  connect.timeout = options_.connect_timeout;
  if (!call.deadline) return connect;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*call.deadline - clock_.now());
  connect.timeout = connect.timeout ? std::min(*connect.timeout, left) : left;
  return connect;
}

/// Fills the place that was taken. What goes wrong is this caller's; the place is the next one's.
ConnectionPool::Impl::Member ConnectionPool::Impl::open(const base::CallContext& call) {
  const base::LinkedStop stop(call.stop, closing_.get_token());
  Member member;
  try {
    start_workers();
    member.connection = open_(connect_options(call, stop.token()));
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --stats_.opening;
    ++stats_.failed_to_open;
    serve_waiters_locked();
    if (closed_ && !call.stop.stop_requested()) fail_closed();
    throw;
  }
  member.opened = member.idle_since = clock_.now();
  const std::lock_guard lock(mutex_);
  --stats_.opening;
  ++stats_.opened;
  if (closed_) {
    discard_locked(std::move(member), &PoolStats::closed_surplus);
    fail_closed();
  }
  ++stats_.in_use;
  ++stats_.acquired;
  return member;
}

/// Here, where it may fail: giving a connection back must not, for want of a thread.
void ConnectionPool::Impl::start_workers() {
  try {
    for (base::Executor* workers : {&closers_, &resetters_}) workers->post([] {});
  } catch (const std::system_error& error) {
    throw_error({.kind = ErrorKind::ResourceExhausted,
                 .message = base::concat("no thread could be started for the connection pool: ",
                                         std::string_view(error.what()))});
  }
}

ConnectionPool::Impl::Counter ConnectionPool::Impl::flaw_of(const Member& member) const {
  const auto now = clock_.now();
  if (!member.connection->is_sound()) return &PoolStats::closed_broken;
  if (options_.max_lifetime.count() > 0 && now - member.opened >= options_.max_lifetime)
    return &PoolStats::closed_lifetime;
  if (options_.max_idle_time.count() > 0 && now - member.idle_since >= options_.max_idle_time)
    return &PoolStats::closed_idle_time;
  return nullptr;
}

/// Asks the server, where that is wanted. \throws Error  by the limits of the call
ConnectionPool::Impl::Counter ConnectionPool::Impl::flaw_after_ping(const Member& member,
                                                                    const base::CallContext& call) {
  const bool is_due =
      options_.ping_after.count() > 0 && clock_.now() - member.idle_since >= options_.ping_after;
  if (!is_due) return nullptr;
  WaitOptions limits{.timeout = std::nullopt, .stop = call.stop};
  if (call.deadline)
    limits.timeout = std::chrono::ceil<std::chrono::milliseconds>(*call.deadline - clock_.now());
  try {
    member.connection->ping(limits);
    return nullptr;
  } catch (const Error& error) {
    base::CallContext pinged;
    pinged.connection_id = member.connection->id();
    base::log(LogLevel::Debug, "pool", pinged, base::concat("ping: ", error.message()));
  }
  try {
    base::check(call, clock_);
  } catch (const Error&) {
    const std::lock_guard lock(mutex_);
    --stats_.in_use;
    discard_locked(member, &PoolStats::closed_broken);
    throw;
  }
  return &PoolStats::closed_broken;
}

// ---- taking back

void ConnectionPool::Impl::give_back(Member member, bool is_wanted) noexcept {
  member.connection->end_statements();
  Counter flaw = flaw_of({member.connection, member.opened, clock_.now()});
  if (!is_wanted) flaw = &PoolStats::closed_broken;
  if (flaw == nullptr && !member.connection->can_be_reset()) flaw = &PoolStats::closed_changed;
  const bool needs_reset = flaw == nullptr && member.connection->needs_reset();

  const std::lock_guard lock(mutex_);
  --stats_.in_use;
  if (flaw == nullptr && closed_) flaw = &PoolStats::closed_surplus;
  if (flaw != nullptr) return discard_locked(std::move(member), flaw);
  if (!needs_reset) return keep_locked(std::move(member));
  ++stats_.resetting;
  background_.push_back(member.connection);
  // From here on: waiting for a thread is part of it.
  const TimePoint until = clock_.now() + options_.reset_timeout;
  resetters_.post([this, until, member = std::move(member)] { reset(member, until); });
}

void ConnectionPool::Impl::keep_locked(Member member) {
  if (waiters_.empty() && idle_.size() >= max_idle_)
    return discard_locked(std::move(member), &PoolStats::closed_surplus);
  member.idle_since = clock_.now();
  idle_.push_back(std::move(member));
  serve_waiters_locked();
  if (!idle_.empty()) watch_locked(idle_.back());
}

/// The place is free once the server has been told.
void ConnectionPool::Impl::discard_locked(Member member, Counter why) {
  ++(stats_.*why);
  ++stats_.closing;
  background_.push_back(member.connection);
  closers_.post([this, member = std::move(member)] { dispose(member); });
}

void ConnectionPool::Impl::reset(const Member& member, TimePoint until) noexcept {
  bool is_reset = false;
  base::CallContext limits;
  limits.deadline = until;
  limits.stop = closing_.get_token();
  limits.connection_id = member.connection->id();
  try {
    member.connection->reset(limits);
    is_reset = member.connection->is_sound();
  } catch (const std::exception& error) {
    base::log(LogLevel::Info, "pool", limits,
              base::concat("a connection could not be reset and is closed: ",
                           std::string_view(error.what())));
  }
  const std::lock_guard lock(mutex_);
  leave_background_locked(member);
  --stats_.resetting;
  ++stats_.resets;
  if (!is_reset || closed_)
    return discard_locked(member, closed_ ? &PoolStats::closed_surplus : &PoolStats::closed_reset);
  keep_locked(member);
}

void ConnectionPool::Impl::dispose(const Member& member) noexcept {
  member.connection->close();  // nothing to do when it was abandoned
  const std::lock_guard lock(mutex_);
  leave_background_locked(member);
  --stats_.closing;
  serve_waiters_locked();
}

void ConnectionPool::Impl::leave_background_locked(const Member& member) {
  std::erase(background_, member.connection);
  background_changed_.notify_all();
}

// ---- connections that nobody uses any more

std::optional<ConnectionPool::Impl::TimePoint> ConnectionPool::Impl::expiry_of(
    const Member& member) const {
  std::optional<TimePoint> expiry;
  if (options_.max_idle_time.count() > 0) expiry = member.idle_since + options_.max_idle_time;
  if (options_.max_lifetime.count() > 0) {
    const TimePoint end = member.opened + options_.max_lifetime;
    expiry = expiry ? std::min(*expiry, end) : end;
  }
  return expiry;
}

/// Has the timer look at the idle connections when this one's time has come, or earlier.
void ConnectionPool::Impl::watch_locked(const Member& member) {
  const auto expiry = expiry_of(member);
  if (!expiry || (ticket_.number != 0 && ticket_.when <= *expiry)) return;
  timer_.cancel(ticket_);
  ticket_ = timer_.at(*expiry, [guard = guard_] {
    const std::lock_guard lock(guard->mutex);
    if (guard->pool != nullptr) guard->pool->close_expired();
  });
}

void ConnectionPool::Impl::close_expired() {
  const std::lock_guard lock(mutex_);
  ticket_ = {};
  std::vector<Member> kept;
  for (Member& member : std::exchange(idle_, {})) {
    const Counter flaw = flaw_of(member);
    if (flaw == nullptr) {
      kept.push_back(std::move(member));
    } else {
      discard_locked(std::move(member), flaw);
    }
  }
  idle_ = std::move(kept);
  for (const Member& member : idle_) watch_locked(member);
}

// ---- the end

PoolStats ConnectionPool::Impl::stats() const {
  const std::lock_guard lock(mutex_);
  PoolStats stats = stats_;
  stats.idle = static_cast<int>(idle_.size());
  stats.waiting = static_cast<int>(waiters_.size());
  stats.open = places_taken_locked();
  return stats;
}

void ConnectionPool::Impl::close() noexcept {
  std::unique_lock lock(mutex_);
  if (std::exchange(closed_, true)) return;
  for (Waiter* waiter : waiters_) waiter->changed.notify_all();
  for (Member& member : std::exchange(idle_, {}))
    discard_locked(std::move(member), &PoolStats::closed_surplus);
  lock.unlock();
  closing_.request_stop();
  end_background();
}

/// Waits for connections that are being closed, and leaves those to the server that take too long.
void ConnectionPool::Impl::end_background() noexcept {
  std::unique_lock lock(mutex_);
  const bool is_done =
      clock_.wait_at_most(lock, background_changed_, {}, clock_.now() + options_.close_timeout,
                          [&] { return background_.empty(); });
  if (is_done) return;
  const auto left = background_;
  lock.unlock();
  for (const ConnectionPtr& connection : left) connection->abandon();
}

}  // namespace dbsql
