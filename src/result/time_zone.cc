#include <dbsql/log.h>
#include <dbsql/time_zone.h>

#include "base/log.h"
#include "base/text.h"
#include "result/civil.h"
#include "result/parse_text.h"
#include "result/zone_file.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <vector>

namespace dbsql {

/// The table of a zone and where in it the last instant was found: the rows of a column lie close
/// together in time.
struct TimeZone::Rules {
  explicit Rules(result::ZoneTable zone_table) : table(std::move(zone_table)) {}

  const result::ZoneTable table;
  mutable std::atomic<std::size_t> last_hit{0};  // a hint: any value is right, a good one is fast
};

TimeZone::TimeZone(std::string name, std::unique_ptr<const Rules> rules)
    : name_(std::move(name)), rules_(std::move(rules)) {}

TimeZone::~TimeZone() = default;

const std::string& TimeZone::name() const noexcept { return name_; }

std::int32_t TimeZone::utc_offset_seconds(std::int64_t microseconds) const noexcept {
  const auto& [starts, offsets, cycle_end] = rules_->table;
  if (starts.size() == 1) return offsets.front();
  std::int64_t seconds = result::floor_div(microseconds, result::kMicrosPerSecond);
  if (seconds >= cycle_end) {
    constexpr std::int64_t kCycle = result::kDaysPer400Years * result::kSecondsPerDay;
    seconds -= ((seconds - cycle_end) / kCycle + 1) * kCycle;
  }
  const std::size_t hint = rules_->last_hit.load(std::memory_order_relaxed);
  if (starts[hint] <= seconds && (hint + 1 == starts.size() || seconds < starts[hint + 1]))
    return offsets[hint];
  const auto after = std::ranges::upper_bound(starts, seconds);
  const auto index = static_cast<std::size_t>(after - starts.begin()) - 1;
  rules_->last_hit.store(index, std::memory_order_relaxed);
  return offsets[index];
}

namespace {

/// Names that need no database.
bool is_utc_name(std::string_view name) noexcept {
  static constexpr std::string_view kNames[] = {"",   "UTC", "Etc/UTC", "GMT",           "Z",
                                                "UT", "UCT", "Zulu",    "Etc/Universal", "Etc/GMT"};
  return std::ranges::find(kNames, name) != std::end(kNames);
}

/// `+4:15`, and the same after UTC, GMT or UT.
std::optional<std::int32_t> fixed_offset(std::string_view name) noexcept {
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (!name.starts_with(prefix)) continue;
    name.remove_prefix(prefix.size());
    break;
  }
  return result::parse_utc_offset(name);
}

/// Names come from servers and become part of a path: nothing but the letters of zone names may
/// pass.
bool is_safe_name(std::string_view name) noexcept {
  const auto is_allowed = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_' || character == '-' ||
           character == '+' || character == '/';
  };
  return !name.empty() && name.size() <= 64 && name.front() != '/' &&
         std::ranges::all_of(name, is_allowed);
}

std::optional<result::ZoneTable> read_zone(const std::string& path) {
  constexpr std::size_t kMaxFileSize = std::size_t{1} << 20;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::vector<char> bytes(kMaxFileSize);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const auto size = static_cast<std::size_t>(file.gcount());
  return result::read_zone_file(std::as_bytes(std::span(bytes).first(size)));
}

std::optional<result::ZoneTable> find_in_database(std::string_view name) {
  if (!is_safe_name(name)) return std::nullopt;
  std::vector<std::string> folders;
  if (const char* chosen = std::getenv("TZDIR"); chosen != nullptr) folders.emplace_back(chosen);
  folders.insert(folders.end(), {"/usr/share/zoneinfo", "/usr/lib/zoneinfo",
                                 "/usr/share/lib/zoneinfo", "/etc/zoneinfo"});
  for (const std::string& folder : folders) {
    if (auto table = read_zone(base::concat(folder, '/', name))) return table;
  }
  return std::nullopt;
}

std::optional<result::ZoneTable> table_of(std::string_view name) {
  if (is_utc_name(name)) return result::ZoneTable::fixed(0);
  if (const auto offset = fixed_offset(name)) return result::ZoneTable::fixed(*offset);
  return find_in_database(name);
}

/// Zones by the name a server used. Lives until the process ends, like the zones.
struct Registry {
  std::shared_mutex mutex;
  std::map<std::string, const TimeZone*, std::less<>> zones;  // guarded by mutex
  std::set<std::string, std::less<>> unknown;                 // guarded by mutex

  static Registry& process() {
    static auto* const registry = new Registry;
    return *registry;
  }

  const TimeZone* find(std::string_view name) {
    std::shared_lock lock(mutex);
    const auto known = zones.find(name);
    return known != zones.end() ? known->second : nullptr;
  }

  bool is_unknown(std::string_view name) {
    std::shared_lock lock(mutex);
    return unknown.contains(name);
  }

  /// Remembers a name that no zone has; true for its first time. Bounded: the names come from
  /// outside.
  bool note_unknown(std::string_view name) {
    constexpr std::size_t kMaxNames = 1000;
    std::unique_lock lock(mutex);
    return unknown.size() < kMaxNames && unknown.emplace(name).second;
  }
};

}  // namespace

const TimeZone& TimeZone::utc() noexcept {
  static const auto* const zone =
      new TimeZone("UTC", std::make_unique<const Rules>(result::ZoneTable::fixed(0)));
  return *zone;
}

const TimeZone& TimeZone::find(std::string_view name) {
  Registry& registry = Registry::process();
  if (registry.is_unknown(name)) return utc();
  if (const TimeZone* known = find_known(name)) return *known;
  if (registry.note_unknown(name))
    base::log(LogLevel::Warn, "result",
              base::concat("time zone \"", name.substr(0, 64),
                           "\" is not known here: its timestamps are shown in UTC; install the "
                           "system's time zone data or set TZDIR"));
  return utc();
}

const TimeZone* TimeZone::find_known(std::string_view name) {
  if (name.empty() || name == "UTC") return &utc();
  Registry& registry = Registry::process();
  if (const TimeZone* known = registry.find(name)) return known;
  auto table = table_of(name);
  if (!table) return nullptr;
  auto rules = std::make_unique<const Rules>(*std::move(table));
  std::unique_lock lock(registry.mutex);
  auto [place, is_new] = registry.zones.try_emplace(std::string(name), nullptr);
  if (is_new) place->second = new TimeZone(std::string(name), std::move(rules));
  return place->second;
}

}  // namespace dbsql
