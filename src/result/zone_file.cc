#include "result/zone_file.h"

#include "result/civil.h"
#include "result/posix_zone.h"

#include <algorithm>
#include <string_view>

namespace dbsql::result {

namespace {

constexpr std::size_t kHeaderSize = 44;
constexpr std::size_t kTypeSize = 6;
constexpr std::int64_t kMaxOffset = 26 * 3600;               // RFC 8536 3.2
constexpr std::int64_t kMaxSeconds = std::int64_t{1} << 60;  // beyond every SQL timestamp

template <class Integer>
Integer big_endian(std::span<const std::byte> bytes) noexcept {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes.first(sizeof(Integer)))
    value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return static_cast<Integer>(value);
}

struct Header {
  std::uint8_t version = 0;
  std::uint64_t ut_count = 0;
  std::uint64_t standard_count = 0;
  std::uint64_t leap_count = 0;
  std::uint64_t time_count = 0;
  std::uint64_t type_count = 0;
  std::uint64_t name_bytes = 0;

  std::uint64_t block_size(std::uint64_t time_size) const noexcept {
    return time_count * (time_size + 1) + type_count * kTypeSize + name_bytes +
           leap_count * (time_size + 4) + standard_count + ut_count;
  }
};

std::optional<Header> read_header(std::span<const std::byte> file) noexcept {
  if (file.size() < kHeaderSize) return std::nullopt;
  const std::string_view magic(reinterpret_cast<const char*>(file.data()), 4);
  if (magic != "TZif") return std::nullopt;
  const auto count = [&](std::size_t index) -> std::uint64_t {
    return big_endian<std::uint32_t>(file.subspan(20 + 4 * index));
  };
  return Header{.version = std::to_integer<std::uint8_t>(file[4]),
                .ut_count = count(0),
                .standard_count = count(1),
                .leap_count = count(2),
                .time_count = count(3),
                .type_count = count(4),
                .name_bytes = count(5)};
}

/// The changes of one data block. `block` has the size that the header asks for.
template <class Time>
std::optional<ZoneTable> read_block(const Header& header, std::span<const std::byte> block) {
  if (header.type_count == 0 || header.leap_count != 0) return std::nullopt;
  const auto times = block.first(header.time_count * sizeof(Time));
  const auto indices = block.subspan(times.size(), header.time_count);
  const auto types = block.subspan(times.size() + indices.size(), header.type_count * kTypeSize);
  const auto offset_of = [&](std::size_t type) {
    return big_endian<std::int32_t>(types.subspan(type * kTypeSize));
  };

  ZoneTable table = ZoneTable::fixed(offset_of(0));
  for (std::size_t i = 0; i < header.time_count; ++i) {
    const std::int64_t start = big_endian<Time>(times.subspan(i * sizeof(Time)));
    const auto type = std::to_integer<std::size_t>(indices[i]);
    if (type >= header.type_count || start <= table.starts.back() || start > kMaxSeconds)
      return std::nullopt;
    table.starts.push_back(start);
    table.offsets.push_back(offset_of(type));
  }
  const bool sane = std::ranges::all_of(table.offsets, [](std::int64_t offset) {
    return offset >= -kMaxOffset && offset <= kMaxOffset;
  });
  if (!sane) return std::nullopt;
  return table;
}

/// Writes the yearly rules out after the last change of the file.
void append_cycle(ZoneTable& table, const PosixZone& zone) {
  const bool has_changes = table.starts.size() > 1;
  const std::int64_t last = has_changes ? table.starts.back() : -kMaxSeconds;
  // Without changes the rules hold for all time: begin a cycle before the calendar's own beginning.
  const std::int64_t first_year =
      has_changes ? civil_of_days(floor_div(last, kSecondsPerDay)).year + 1 : 1601;
  for (std::int64_t year = first_year - 1; year <= first_year + 400; ++year) {
    for (const PosixZone::Change& change : zone.changes_in(year)) {
      if (change.utc_seconds <= last) continue;
      table.starts.push_back(change.utc_seconds);
      table.offsets.push_back(change.offset_seconds);
    }
  }
  // Southern zones end daylight saving before they begin it, and a rule may even reach into the
  // next year.
  std::vector<std::size_t> order(table.starts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return table.starts[i]; });
  ZoneTable sorted;
  for (const std::size_t i : order) {
    sorted.starts.push_back(table.starts[i]);
    sorted.offsets.push_back(table.offsets[i]);
  }
  sorted.cycle_end =
      days_of_civil({.year = first_year + 400, .month = 1, .day = 1}) * kSecondsPerDay;
  table = std::move(sorted);
}

/// The line after the second block: a newline, the rules, a newline.
std::optional<std::string_view> read_footer(std::span<const std::byte> rest) noexcept {
  std::string_view text(reinterpret_cast<const char*>(rest.data()), rest.size());
  if (!text.starts_with('\n')) return std::nullopt;
  text.remove_prefix(1);
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(0, end);
}

}  // namespace

ZoneTable ZoneTable::fixed(std::int32_t offset_seconds) {
  ZoneTable table;
  table.starts.push_back(std::numeric_limits<std::int64_t>::min());
  table.offsets.push_back(offset_seconds);
  return table;
}

std::optional<ZoneTable> read_zone_file(std::span<const std::byte> file) {
  const auto old_header = read_header(file);
  if (!old_header) return std::nullopt;
  file = file.subspan(kHeaderSize);
  const std::uint64_t old_size = old_header->block_size(4);
  if (old_size > file.size()) return std::nullopt;
  if (old_header->version == 0) return read_block<std::int32_t>(*old_header, file.first(old_size));

  // Version 2 and later: the block above is for old readers, the real one with 64-bit times
  // follows.
  file = file.subspan(old_size);
  const auto header = read_header(file);
  if (!header) return std::nullopt;
  file = file.subspan(kHeaderSize);
  const std::uint64_t size = header->block_size(8);
  if (size > file.size()) return std::nullopt;
  auto table = read_block<std::int64_t>(*header, file.first(size));
  const auto footer = read_footer(file.subspan(size));
  if (!table || !footer) return std::nullopt;
  if (footer->empty()) return table;
  const auto zone = PosixZone::parse(*footer);
  if (!zone) return std::nullopt;
  if (zone->daylight) append_cycle(*table, *zone);
  return table;
}

}  // namespace dbsql::result
