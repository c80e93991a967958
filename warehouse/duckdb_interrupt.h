#pragma once

#include "warehouse/duckdb_library.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <stop_token>
#include <thread>

namespace dbsql::warehouse {

/// Interrupts engine calls whose stop was requested, again and again until they return.
///
/// Why a thread: an interrupt that arrives just before the engine starts a statement is forgotten
/// by it, so one shot is not enough, and whoever requests a stop must not wait for the engine.
/// Threads: safe from any thread. Cost: one sleeping thread per engine; nothing per call that is
/// not stopped.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  /// Interrupts `connection` from now on until `remove`.
  void add(AdbcConnectionHandle& connection);
  /// The call is over; no interrupt reaches the connection afterwards.
  void remove(AdbcConnectionHandle& connection);

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::multiset<AdbcConnectionHandle*> targets_;  // guarded by mutex_
  std::jthread thread_;                           // last: stops before the members it uses go
};

}  // namespace dbsql::warehouse
