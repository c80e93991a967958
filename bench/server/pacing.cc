#include "server/pacing.h"

#include <algorithm>
#include <limits>

namespace dbsql::bench {

namespace {

constexpr std::size_t kEverything = std::numeric_limits<std::size_t>::max();
// Finer steps would only cost the server more CPU.
constexpr std::chrono::milliseconds kStep{2};

}  // namespace

void Pacing::start(const Pace& pace, Clock::time_point now) {
  pace_ = pace;
  begin_ = now + pace.delay;
}

std::size_t Pacing::allowed(Clock::time_point now) const {
  if (!pace_.is_limited()) return kEverything;
  if (now < begin_) return 0;
  if (pace_.bytes_per_s <= 0) return kEverything;
  const double seconds = std::chrono::duration<double>(now - begin_).count();
  return static_cast<std::size_t>(seconds * pace_.bytes_per_s);
}

std::optional<Pacing::Clock::time_point> Pacing::next(std::size_t sent,
                                                      Clock::time_point now) const {
  if (sent < allowed(now)) return std::nullopt;
  return std::max<Clock::time_point>(begin_, now + kStep);
}

}  // namespace dbsql::bench
