#pragma once

#include "base/clock.h"

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace dbsql::http {

/// Bounds the requests to a server that are under way at one time, each of which takes a
/// connection.
///
/// Threads: safe from any thread. Cost: two uncontended locks per request.
class ConnectionLimit {
 public:
  /// \param most  0 = no bound
  ConnectionLimit(std::size_t most, base::Clock& clock) : most_(most), clock_(&clock) {}

  /// A place among the requests under way; given back by the destructor.
  class Place {
   public:
    explicit Place(ConnectionLimit* limit) : limit_(limit) {}
    ~Place() {
      if (limit_ != nullptr) limit_->leave();
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    ConnectionLimit* limit_;
  };

  /// Waits for a place.
  /// \throws TimeoutError, CancelledError as `call` demands
  Place enter(const base::CallContext& call) {
    if (most_ == 0) return Place(nullptr);
    std::unique_lock lock(mutex_);
    if (taken_ >= most_) clock_->wait(lock, changed_, call, [&] { return taken_ < most_; });
    ++taken_;
    return Place(this);
  }

 private:
  void leave() {
    {
      std::lock_guard lock(mutex_);
      --taken_;
    }
    changed_.notify_all();  // whoever is woken may be about to give up
  }

  const std::size_t most_;
  base::Clock* const clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t taken_ = 0;  // guarded by mutex_
};

}  // namespace dbsql::http
