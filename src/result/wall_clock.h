#pragma once

#include <dbsql/time_zone.h>

#include <cstdint>
#include <optional>

namespace dbsql::result {

/// The instant at which clocks in `zone` show this wall clock, for timestamps that travel as text.
/// Of the two instants of an hour that a zone repeats, the first; nothing for an hour that it skips
/// (and at the ends of the range of 64 bits).
/// \param microseconds  since 1970-01-01 00:00:00 on that clock
std::optional<std::int64_t> instant_of_wall_clock(std::int64_t microseconds,
                                                  const TimeZone& zone) noexcept;

}  // namespace dbsql::result
