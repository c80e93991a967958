#pragma once

#include <dbsql/connection.h>
#include <dbsql/connector.h>
#include <dbsql/export.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dbsql {

/// How a `ConnectionPool` treats its connections. The defaults suit a service with some threads.
struct PoolOptions {
  /// Sessions on the server at one time, whatever they are doing: in use, idle, being opened, reset
  /// or closed. At least 1.
  int max_open = 8;
  /// Connections that are kept while nobody uses them; those beyond are closed when they come back.
  /// Empty = as many as may be open.
  std::optional<int> max_idle;
  /// Age at which a connection is closed instead of being used once more; 0 = none.
  std::chrono::milliseconds max_lifetime{std::chrono::hours(1)};
  /// Time after which an idle connection is closed; 0 = none. Servers forget idle sessions by
  /// themselves, some after a quarter of an hour.
  std::chrono::milliseconds max_idle_time{std::chrono::minutes(10)};
  /// Idle time after which a connection is asked for `SELECT 1` before it is handed out; 0 = never.
  /// The question wakes a sleeping warehouse, and costs one request where `recovery` mostly costs
  /// none.
  std::chrono::milliseconds ping_after{0};
  /// Bound of what brings a connection back to its beginning after use, in the background. One that
  /// has taken longer since it came back is closed. At least 1 ms.
  std::chrono::milliseconds reset_timeout{5000};
  /// Bound of `close()`, and so of the destructor.
  std::chrono::milliseconds close_timeout{5000};
  /// Replace sessions that have expired (`connection.recovery`): a connection that comes out of the
  /// pool has nothing that could be lost.
  bool recovery = true;
  /// Bound of opening a connection, beside that of the call that needs it.
  std::optional<std::chrono::milliseconds> connect_timeout;
  /// Of all connections, as in `ConnectOptions`.
  std::vector<std::pair<std::string, std::optional<std::string>>> query_tags;
  /// Hears of a warehouse that is starting, as that of `ConnectOptions`; called by whichever thread
  /// opens a connection, by several at once when several do.
  std::function<void(const Progress&)> on_progress;
};

/// What a pool has and has done; taken in one moment.
struct PoolStats {
  // Now. `open` is the sum of the five below it.
  int open = 0;
  int idle = 0;
  int in_use = 0;
  int opening = 0;
  int resetting = 0;
  int closing = 0;
  int waiting = 0;  ///< calls of `acquire()` that wait for a connection

  // Since the pool was made.
  std::uint64_t opened = 0;
  std::uint64_t failed_to_open = 0;
  std::uint64_t acquired = 0;              ///< connections handed out
  std::uint64_t reused = 0;                ///< of those, the ones that had been used before
  std::uint64_t waited = 0;                ///< calls of `acquire()` that had to wait
  std::uint64_t gave_up = 0;               ///< of those, the ones that ended without a connection
  std::chrono::milliseconds wait_time{0};  ///< of all calls together
  std::uint64_t resets = 0;                ///< that took requests
  // Connections that were closed, by why; `open` counts them until that is done.
  std::uint64_t closed_broken = 0;     ///< its session, network or credentials did not work
  std::uint64_t closed_changed = 0;    ///< could not be reset: `SET`, variables, temporary objects
  std::uint64_t closed_reset = 0;      ///< a reset failed, or took too long
  std::uint64_t closed_lifetime = 0;   ///< `max_lifetime`
  std::uint64_t closed_idle_time = 0;  ///< `max_idle_time`
  std::uint64_t closed_surplus = 0;    ///< `max_idle`, or the pool was closed
};

/// A connection out of a pool, which goes back when this object goes.
///
/// Ownership: movable, not copyable. It may outlive the pool; its connection is then closed with
/// it. Results, handles and transactions that came from it end when it goes back. Threads: as
/// `Connection`; moving, `release()` and destroying need the caller's care. Cost: going back sends
/// nothing from the calling thread: what has to be asked of the server is done in the background.
class DBSQL_EXPORT PooledConnection {
 public:
  PooledConnection(PooledConnection&&) noexcept;
  PooledConnection& operator=(PooledConnection&&) noexcept;
  ~PooledConnection();

  Connection& operator*() const noexcept;
  Connection* operator->() const noexcept;

  /// Back to the pool now; there is no connection here any more. Nothing when that was done.
  void release() noexcept;
  /// To be closed instead of being used again: for what only the program knows to be wrong with it.
  void discard() noexcept;

  class Impl;
  explicit PooledConnection(std::unique_ptr<Impl> impl);  ///< internal: from `ConnectionPool`

 private:
  std::unique_ptr<Impl> impl_;
};

/// A bounded number of connections that are used again and again.
///
/// A connection is handed out as it was opened: after use, what is still running in it is
/// cancelled, an open transaction is rolled back, autocommit is switched on, and catalog and schema
/// are set back. One that cannot be brought back is closed, and so is one that is broken, too old,
/// or was idle for too long; no request is made to find that out, unless `PoolOptions::ping_after`
/// says so.
///
/// Ownership: destroying it closes it. Connections in use may outlive it.
/// Threads: safe from any thread; destroying needs the caller's care. It has up to four threads of
/// its own, two for resetting and two for closing, started with the first connection.
/// Errors: see `acquire()`. What goes wrong in the background costs a connection and is counted.
/// Cost: handing out an idle connection is two short locks.
/// Source: reference/auth-http-config.md 5.1, 5.3. More in docs/pooling.md.
class DBSQL_EXPORT ConnectionPool {
 public:
  /// Opens nothing yet. \throws ConfigurationError  an option is out of range
  explicit ConnectionPool(Connector connector, const PoolOptions& options = {});
  ConnectionPool(ConnectionPool&&) noexcept;
  ConnectionPool& operator=(ConnectionPool&&) noexcept;
  ~ConnectionPool();

  /// A connection: an idle one, the one used last first, or a new one while there are fewer than
  /// `max_open`, or else the first that comes free. Who came first is served first.
  ///
  /// \param options  bounds waiting and opening together
  /// \throws TimeoutError, CancelledError  by `options`
  /// \throws Error  as `Connector::connect()`, when a new connection was to be opened and could not
  ///   be; nobody else hears of it
  /// \throws StateError  the pool is closed, or was closed meanwhile
  PooledConnection acquire(const WaitOptions& options = {});

  PoolStats stats() const;

  /// Closes the idle connections, and ends the calls that wait for one or open one. Those in use
  /// stay usable and are closed when they come back. At most `close_timeout`; sessions that are not
  /// closed by then are left to the server. Nothing when it was closed. Never throws.
  void close() noexcept;

  class Impl;
  explicit ConnectionPool(std::shared_ptr<Impl> impl);  ///< internal

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace dbsql
