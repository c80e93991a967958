#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

namespace dbsql::result {

/// All offsets of one time zone as a sorted table: from `starts[i]` until `starts[i + 1]`,
/// `offsets[i]` holds.
struct ZoneTable {
  std::vector<std::int64_t> starts;   ///< UTC seconds since 1970; the first is the smallest int64
  std::vector<std::int32_t> offsets;  ///< seconds east of UTC
  /// From this second on, the 400 years before it repeat for ever (that is how long the calendar
  /// and its week days take to come round).
  std::int64_t cycle_end = std::numeric_limits<std::int64_t>::max();

  static ZoneTable fixed(std::int32_t offset_seconds);
};

/// Reads a TZif file of any version (RFC 8536), with the yearly rules of its last line written out
/// for one cycle. \return nothing when it is not a well-formed zone file, or counts leap seconds,
/// which SQL timestamps do not
std::optional<ZoneTable> read_zone_file(std::span<const std::byte> file);

}  // namespace dbsql::result
