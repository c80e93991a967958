#pragma once

#include <algorithm>
#include <chrono>

namespace dbsql::protocol {

/// How long to wait before asking again whether a statement has finished.
///
/// The wait is a tenth of the time the statement has run, so that the delay a user sees is at most
/// 10 % (reference/performance.md 6, row 12), within 5 ms and 1 s. A server that held the last
/// request open has done the waiting itself: then it is asked again at once
/// (reference/thrift.md 3.3).
inline std::chrono::nanoseconds next_poll_delay(std::chrono::nanoseconds since_submit,
                                                std::chrono::nanoseconds last_poll) {
  using std::chrono::milliseconds;
  constexpr std::chrono::nanoseconds kShortest = milliseconds(5);
  constexpr std::chrono::nanoseconds kLongest = milliseconds(1000);
  constexpr std::chrono::nanoseconds kLongPoll = milliseconds(100);
  if (last_poll >= kLongPoll) return std::chrono::nanoseconds(0);
  return std::clamp(since_submit / 10, kShortest, kLongest);
}

}  // namespace dbsql::protocol
