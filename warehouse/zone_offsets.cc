#include "warehouse/zone_offsets.h"

#include "base/text.h"
#include "warehouse/civil_date.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>

namespace dbsql::warehouse {
namespace {

constexpr std::int64_t kLastYear = 9999;
constexpr std::int64_t kDaySeconds = 86400;

/// Reads numbers off the front of a text; every `take` leaves the text alone when it does not
/// match.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool take(char wanted) {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::optional<int> number() {
    int value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc()) return std::nullopt;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return value;
  }
  /// `[+-]h[h][:mm[:ss]]` in seconds.
  std::optional<std::int32_t> duration() {
    const bool negative = take('-');
    if (!negative) take('+');
    const auto hours = number();
    if (!hours) return std::nullopt;
    int seconds = *hours * 3600;
    for (const int unit : {60, 1}) {
      if (!take(':')) break;
      seconds += number().value_or(0) * unit;
    }
    return negative ? -seconds : seconds;
  }
  /// A zone abbreviation: letters, or anything in angle brackets.
  bool skip_name() {
    const std::size_t before = text_.size();
    if (take('<')) {
      text_.remove_prefix(std::min(text_.size(), text_.find('>') + 1));
    } else {
      while (!text_.empty() && std::isalpha(static_cast<unsigned char>(text_.front())) != 0) {
        text_.remove_prefix(1);
      }
    }
    return text_.size() != before;
  }
  bool done() const { return text_.empty(); }

 private:
  std::string_view text_;
};

/// The `n`th weekday of a month, as POSIX rules name the days when clocks change:
/// M<month>.<week>.<weekday>/<time>.
struct YearlyRule {
  int month = 1;
  int week = 1;
  int weekday = 0;
  std::int32_t time = 2 * 3600;

  std::int64_t local_second(std::int64_t year) const {
    const std::int64_t first = days_from_civil({year, month, 1});
    const std::int64_t first_weekday = ((first + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
    std::int64_t day = first + (weekday - first_weekday + 7) % 7 + (week - 1) * 7;
    const std::int64_t next_month =
        month == 12 ? days_from_civil({year + 1, 1, 1}) : days_from_civil({year, month + 1, 1});
    while (day >= next_month) day -= 7;
    return day * kDaySeconds + time;
  }
};

std::optional<YearlyRule> read_rule(Scanner& scanner) {
  YearlyRule rule;
  if (!scanner.take(',') || !scanner.take('M')) return std::nullopt;
  for (int* part : {&rule.month, &rule.week, &rule.weekday}) {
    const auto value = scanner.number();
    if (!value) return std::nullopt;
    *part = *value;
    scanner.take('.');
  }
  if (rule.month < 1 || rule.month > 12) return std::nullopt;
  if (scanner.take('/')) rule.time = scanner.duration().value_or(rule.time);
  return rule;
}

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
  for (const char byte : bytes) value = (value << 8) | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

/// One data block of a zone file (RFC 9636 3.2): where its parts begin.
struct ZoneBlock {
  std::size_t changes = 0;
  std::size_t types = 0;
  std::size_t change_size = 0;
  std::size_t times_at = 0;
  std::size_t indices_at = 0;
  std::size_t types_at = 0;
  std::size_t end = 0;

  static std::optional<ZoneBlock> parse(std::string_view file, std::size_t start,
                                        std::size_t time_size) {
    constexpr std::size_t kHeader = 44;
    if (file.size() < start + kHeader || file.substr(start, 4) != "TZif") return std::nullopt;
    const auto count = [&](std::size_t index) {
      return static_cast<std::size_t>(big_endian(file.substr(start + 20 + index * 4, 4)) &
                                      0xFFFFFFFF);
    };
    const std::size_t utc_flags = count(0), standard_flags = count(1), leaps = count(2);
    ZoneBlock block{.changes = count(3), .types = count(4), .change_size = time_size};
    const std::size_t names = count(5);
    block.times_at = start + kHeader;
    block.indices_at = block.times_at + block.changes * time_size;
    block.types_at = block.indices_at + block.changes;
    block.end = block.types_at + block.types * 6 + names + leaps * (time_size + 4) +
                standard_flags + utc_flags;
    if (block.types == 0 || block.end > file.size()) return std::nullopt;
    return block;
  }
};

std::optional<std::string> read_zone_file(std::string_view name) {
  if (name.empty() || name.front() == '/' || name.find("..") != std::string_view::npos) {
    return std::nullopt;
  }
  std::ifstream in("/usr/share/zoneinfo/" + std::string(name), std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

bool ZoneOffsets::read(std::string_view file) {
  const auto old_block = ZoneBlock::parse(file, 0, 4);
  if (!old_block) return false;
  const auto block = ZoneBlock::parse(file, old_block->end, 8);
  if (!block) return false;
  const auto offset_of = [&](std::size_t type) {
    return static_cast<std::int32_t>(big_endian(file.substr(block->types_at + type * 6, 4)));
  };
  first_offset_ = offset_of(0);
  for (std::size_t i = 0; i < block->changes; ++i) {
    const auto type = static_cast<unsigned char>(file[block->indices_at + i]);
    if (type >= block->types) return false;
    changes_.push_back({big_endian(file.substr(block->times_at + i * 8, 8)), offset_of(type)});
  }
  const std::string_view footer = file.substr(block->end);
  extend(base::trim(footer));
  return true;
}

/// The footer is a POSIX rule for the time after the last change that is written out.
void ZoneOffsets::extend(std::string_view footer) {
  Scanner scanner(footer);
  if (!scanner.skip_name()) return;
  const auto standard_west = scanner.duration();
  if (!standard_west || scanner.done()) return;
  const std::int32_t standard = -*standard_west;
  if (!scanner.skip_name()) return;
  std::int32_t summer = standard + 3600;
  if (const auto west = scanner.duration()) summer = -*west;
  const auto begin = read_rule(scanner);
  const auto end = read_rule(scanner);
  if (!begin || !end) return;
  const std::int64_t known_until = changes_.empty() ? INT64_MIN : changes_.back().from;
  const std::int64_t known_year =
      changes_.empty() ? 1970 : civil_from_days(floor_divide(known_until, kDaySeconds)).year;
  std::vector<Change> added;
  for (std::int64_t year = known_year; year <= kLastYear; ++year) {
    added.push_back({begin->local_second(year) - standard, summer});
    added.push_back({end->local_second(year) - summer, standard});
  }
  std::sort(added.begin(), added.end(),
            [](const Change& a, const Change& b) { return a.from < b.from; });
  for (const Change& change : added) {
    if (change.from > known_until) changes_.push_back(change);
  }
}

std::shared_ptr<const ZoneOffsets> ZoneOffsets::find(std::string_view name) {
  static std::mutex mutex;
  static auto& known = *new std::map<std::string, std::shared_ptr<const ZoneOffsets>, std::less<>>;
  std::lock_guard lock(mutex);
  if (const auto found = known.find(name); found != known.end()) return found->second;
  auto zone = std::make_shared<ZoneOffsets>();
  Scanner scanner(name);
  if (const auto file = read_zone_file(name)) {
    zone->read(*file);
  } else if (const auto offset = scanner.duration(); offset && scanner.done()) {
    zone->first_offset_ = *offset;
  }
  return known.emplace(name, std::move(zone)).first->second;
}

std::int32_t ZoneOffsets::at(std::int64_t seconds) const noexcept {
  const auto after = std::upper_bound(
      changes_.begin(), changes_.end(), seconds,
      [](std::int64_t wanted, const Change& change) { return wanted < change.from; });
  return after == changes_.begin() ? first_offset_ : std::prev(after)->offset;
}

}  // namespace dbsql::warehouse
