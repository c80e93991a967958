#pragma once

#include "telemetry/record.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace dbsql::telemetry {

/// Hears that there is something to collect. Called on the callers' threads.
class Collector {
 public:
  virtual ~Collector() = default;
  /// \param count   records since the last time
  /// \param urgent  at least one of them should not wait
  virtual void more(int count, bool urgent) noexcept = 0;
};

/// What one connection has written down and nobody has collected yet.
///
/// The only thing that a caller's thread touches. It has a lock of its own, held for the copy of
/// one record, and tells its collector only every so many records: connections share nothing here.
/// Threads: safe from any thread. Memory: bounded; what does not fit is counted as dropped, records
/// of failures last.
class Outbox {
 public:
  static constexpr std::size_t kCapacity = 1024;
  static constexpr std::size_t kCapacityWhilePending = 256;

  explicit Outbox(std::shared_ptr<const ConnectionFacts> facts) : facts_(std::move(facts)) {}

  /// \return false when it takes nothing any more
  bool append(Operation operation, bool urgent) noexcept;

  /// From now on records are collected: those that are there already first.
  /// \param stride  the collector hears of so many records at a time
  void open(const std::shared_ptr<Collector>& collector, int stride) noexcept;

  /// Drops what is there and takes nothing any more.
  void close() noexcept;

  /// Of what is appended from now on and does not name its session.
  void set_session(WireId id) noexcept;

  struct Collected {
    std::vector<Operation> operations;
    std::size_t dropped = 0;  ///< since the last time
    std::size_t evicted = 0;  ///< of these: older ones that gave way to newer ones
  };
  /// Hands over what is there. The vector that is passed in is left here, for its memory.
  void collect(Collected& into) noexcept;

  const std::shared_ptr<const ConnectionFacts>& facts() const noexcept { return facts_; }

 private:
  bool put_locked(const Operation& operation) noexcept;

  const std::shared_ptr<const ConnectionFacts> facts_;
  std::mutex mutex_;
  std::vector<Operation> operations_;   // guarded by mutex_
  WireId session_id_;                   // guarded by mutex_
  bool is_open_ = false;                // guarded by mutex_: not while the decision is pending
  std::weak_ptr<Collector> collector_;  // guarded by mutex_: it holds this object
  int stride_ = 1;                      // guarded by mutex_
  int untold_ = 0;                      // guarded by mutex_
  bool has_urgent_ = false;             // guarded by mutex_: untold
  std::size_t dropped_ = 0;             // guarded by mutex_
  std::size_t evicted_ = 0;             // guarded by mutex_
  std::size_t victim_ = 0;              // guarded by mutex_: where the next one gives way
  bool closed_ = false;                 // guarded by mutex_
};

}  // namespace dbsql::telemetry
