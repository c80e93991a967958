#pragma once

#include "server/links.h"

#include <chrono>
#include <cstddef>
#include <optional>

namespace dbsql::bench {

/// How much of a reply may have left by now.
class Pacing {
 public:
  using Clock = std::chrono::steady_clock;

  /// Begins a reply.
  void start(const Pace& pace, Clock::time_point now);
  void stop() noexcept { pace_ = {}; }

  /// Bytes of the reply that may have left at that moment; everything when nothing limits it.
  std::size_t allowed(Clock::time_point now) const;
  /// When to look again after `sent` bytes; nothing when the socket alone decides.
  std::optional<Clock::time_point> next(std::size_t sent, Clock::time_point now) const;

 private:
  Pace pace_;
  Clock::time_point begin_;
};

}  // namespace dbsql::bench
