#include "result/wall_clock.h"

#include "result/civil.h"

#include <limits>

namespace dbsql::result {

namespace {

constexpr std::int64_t kDay = kSecondsPerDay * kMicrosPerSecond;

/// The nearest number that 64 bits hold: only zones are looked up with it.
std::int64_t saturating_add(std::int64_t a, std::int64_t b) noexcept {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? std::numeric_limits<std::int64_t>::min()
               : std::numeric_limits<std::int64_t>::max();
}

}  // namespace

std::optional<std::int64_t> instant_of_wall_clock(std::int64_t microseconds,
                                                  const TimeZone& zone) noexcept {
  // No offset exceeds a day, so the instant lies within a day of this number read as UTC: it has
  // the offset of one of the ends of these two days, unless the clocks changed twice between them.
  std::optional<std::int64_t> earliest;
  for (const std::int64_t distance : {-kDay, std::int64_t{0}, kDay}) {
    const std::int32_t offset = zone.utc_offset_seconds(saturating_add(microseconds, distance));
    std::int64_t instant = 0;
    if (__builtin_sub_overflow(microseconds, std::int64_t{offset} * kMicrosPerSecond, &instant))
      continue;
    if (zone.utc_offset_seconds(instant) != offset) continue;
    if (!earliest || instant < *earliest) earliest = instant;
  }
  return earliest;
}

}  // namespace dbsql::result
