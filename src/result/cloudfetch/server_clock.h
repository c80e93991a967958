#pragma once

#include "http/transport.h"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace dbsql::result {

/// How far the clock of the servers is from ours, as the Date headers of their replies tell: links
/// expire by their clock (reference/results.md 2.4, "Clock skew").
///
/// Ownership: shared by the results of one connector. Threads: safe from any thread.
class ServerClock {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  /// A reply has come for a request of `from`, at `until`, by our clock. Somewhere between the two
  /// the server wrote its date. Differences up to 30 s are none; a cache's copy tells nothing.
  void note(const http::Headers& headers, TimePoint from, TimePoint until);

  /// What the server's clock shows when ours shows `ours`.
  TimePoint at(TimePoint ours) const noexcept;

 private:
  std::atomic<std::int64_t> ahead_{0};  // seconds; negative where ours is fast
};

}  // namespace dbsql::result
