#pragma once

#include <dbsql/connection_pool.h>

#include "base/call_context.h"
#include "base/clock.h"
#include "base/executor.h"
#include "base/timer.h"
#include "session/connection_impl.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

namespace dbsql {

/// The pool behind all of its handles.
///
/// Every session that is open on the server, or may be, has a place, of which there are `max_open`.
/// A place is free again when the session has been closed, not before.
///
/// Threads: safe from any thread. Opening, resetting, closing and pinging happen outside the lock;
/// opening and pinging by the thread that acquires, the rest by threads of the pool: two for resets
/// and two for closes, so that neither waits for the other.
class ConnectionPool::Impl : public std::enable_shared_from_this<ConnectionPool::Impl> {
 public:
  using TimePoint = base::Clock::TimePoint;
  using ConnectionPtr = std::shared_ptr<Connection::Impl>;
  using Open = std::function<ConnectionPtr(const ConnectOptions& options)>;

  /// A connection and what the pool knows of it.
  struct Member {
    ConnectionPtr connection;
    TimePoint opened;
    TimePoint idle_since;
  };

  /// \param clock, timer  outlive this object
  Impl(Open open, const PoolOptions& options, base::Clock& clock, base::Timer& timer);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Member acquire(const WaitOptions& options);
  /// \param is_wanted  false = it is to be closed whatever its state
  void give_back(Member member, bool is_wanted) noexcept;
  PoolStats stats() const;
  void close() noexcept;

 private:
  /// A call of `acquire` that waits for its turn.
  struct Waiter {
    std::condition_variable_any changed;
    bool is_served = false;
    std::optional<Member> member;  ///< empty when served = there is a place to open one in
  };
  /// What the timer's task holds, which may come when the pool is going.
  struct Guard {
    std::mutex mutex;
    Impl* pool = nullptr;  // guarded by mutex
  };
  using Counter = std::uint64_t PoolStats::*;

  std::optional<Member> take(const base::CallContext& call, bool is_first_in_line);
  void await_locked(std::unique_lock<std::mutex>& lock, Waiter& waiter,
                    const base::CallContext& call);
  bool serve_locked(std::optional<Member>& member);
  void serve_waiters_locked();
  void require_open_locked() const;

  Member open(const base::CallContext& call);
  ConnectOptions connect_options(const base::CallContext& call, std::stop_token stop) const;
  /// Why a connection must not be used once more; null = it may be.
  Counter flaw_of(const Member& member) const;
  Counter flaw_after_ping(const Member& member, const base::CallContext& call);

  void keep_locked(Member member);
  void discard_locked(Member member, Counter why);
  void start_workers();
  void reset(const Member& member, TimePoint until) noexcept;
  void dispose(const Member& member) noexcept;
  void leave_background_locked(const Member& member);
  void end_background() noexcept;
  int places_taken_locked() const;

  std::optional<TimePoint> expiry_of(const Member& member) const;
  void watch_locked(const Member& member);
  void close_expired();

  const Open open_;
  const PoolOptions options_;
  const std::size_t max_idle_;
  base::Clock& clock_;
  base::Timer& timer_;
  const std::shared_ptr<Guard> guard_ = std::make_shared<Guard>();
  std::stop_source closing_;  // ends openings and resets

  mutable std::mutex mutex_;
  std::condition_variable_any background_changed_;
  std::vector<Member> idle_;               // guarded by mutex_; the one used last is at the back
  std::list<Waiter*> waiters_;             // guarded by mutex_; in the order they are served
  std::vector<ConnectionPtr> background_;  // guarded by mutex_; being reset or closed
  PoolStats stats_;                        // guarded by mutex_; its idle, open and waiting are not
  base::Timer::Ticket ticket_;             // guarded by mutex_
  bool closed_ = false;                    // guarded by mutex_
  // The last: what they run uses everything above, and the former the latter.
  base::Executor closers_;
  base::Executor resetters_;
};

}  // namespace dbsql
