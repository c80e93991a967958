#pragma once

#include "http/transport.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace dbsql::result {

/// What to do about one finished download (reference/results.md 2.5).
enum class DownloadVerdict : std::uint8_t {
  Done,     ///< the whole file arrived
  Retry,    ///< the same link again, after a wait
  Refresh,  ///< a fresh link first
  Fatal,    ///< repeating cannot help
};

DownloadVerdict judge(const http::Reply& reply);

/// The wait before download attempt number `attempt` (1 = the first repetition): full jitter below
/// min(30 s, 0.5 s * 2^(attempt-1)); a Retry-After of the server is a floor, capped at 60 s.
/// \param unit  uniform in [0, 1)
std::chrono::milliseconds download_backoff(int attempt, double unit,
                                           std::optional<std::chrono::seconds> retry_after);

}  // namespace dbsql::result
