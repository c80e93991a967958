#include "warehouse/sql_confs.h"

#include "base/text.h"
#include "warehouse/sql_error.h"

#include <algorithm>
#include <array>

namespace dbsql::warehouse {
namespace {

enum class ConfType : char { Text, Boolean, Seconds };

struct ConfRow {
  std::string_view key;
  std::string_view fallback;
  ConfType type;
  std::string_view spark;  // another name, empty = none
};

constexpr std::array kConfs{
    ConfRow{"ANSI_MODE", "true", ConfType::Boolean, "spark.sql.ansi.enabled"},
    ConfRow{"ENABLE_PHOTON", "true", ConfType::Boolean, ""},
    ConfRow{"LEGACY_TIME_PARSER_POLICY", "EXCEPTION", ConfType::Text,
            "spark.sql.legacy.timeParserPolicy"},
    ConfRow{"MAX_FILE_PARTITION_BYTES", "128m", ConfType::Text,
            "spark.sql.files.maxPartitionBytes"},
    ConfRow{"QUERY_TAGS", "", ConfType::Text, ""},
    ConfRow{"READ_ONLY_EXTERNAL_METASTORE", "false", ConfType::Boolean, ""},
    ConfRow{"STATEMENT_TIMEOUT", "172800", ConfType::Seconds, ""},
    ConfRow{"TIMEZONE", "Etc/UTC", ConfType::Text, "spark.sql.session.timeZone"},
    ConfRow{"USE_CACHED_RESULT", "true", ConfType::Boolean, ""},
};

const ConfRow* find_conf(std::string_view key) {
  const auto found = std::find_if(kConfs.begin(), kConfs.end(), [&](const ConfRow& row) {
    return base::equals_ignore_case(row.key, key) ||
           (!row.spark.empty() && base::equals_ignore_case(row.spark, key));
  });
  return found == kConfs.end() ? nullptr : &*found;
}

bool fits(const ConfRow& row, std::string_view value) {
  switch (row.type) {
    case ConfType::Boolean:
      return base::equals_ignore_case(value, "true") || base::equals_ignore_case(value, "false");
    case ConfType::Seconds:
      return base::parse_number<std::uint32_t>(value).has_value();
    default:
      return true;
  }
}

}  // namespace

std::string SessionConfs::canonical(std::string_view key) {
  const auto* row = find_conf(key);
  return row != nullptr ? std::string(row->key) : std::string(key);
}

void SessionConfs::require_known(std::string_view key) {
  if (find_conf(key) != nullptr || base::starts_with_ignore_case(key, "spark.")) return;
  throw_sql_error("CONFIG_NOT_AVAILABLE",
                  base::concat("The configuration ", key, " is not available."));
}

void SessionConfs::set(std::string_view key, std::string value) {
  require_known(key);
  const auto* row = find_conf(key);
  if (row != nullptr && !fits(*row, value)) {
    throw_sql_error("INVALID_CONF_VALUE",
                    base::concat("The value '", value, "' is not valid for ", row->key, "."));
  }
  values_[canonical(key)] = std::move(value);
}

void SessionConfs::reset(std::string_view key) {
  require_known(key);
  values_.erase(canonical(key));
}

std::optional<std::string> SessionConfs::get(std::string_view key) const {
  if (const auto found = values_.find(canonical(key)); found != values_.end()) return found->second;
  const auto* row = find_conf(key);
  return row != nullptr ? std::optional<std::string>(row->fallback) : std::nullopt;
}

std::vector<std::pair<std::string, std::string>> SessionConfs::all() const {
  std::map<std::string, std::string> merged;
  for (const auto& row : kConfs) merged.emplace(row.key, row.fallback);
  for (const auto& [key, value] : values_) merged[key] = value;
  return {merged.begin(), merged.end()};
}

bool SessionConfs::ansi() const { return base::equals_ignore_case(*get(kAnsiMode), "true"); }

std::string engine_time_zone(std::string_view zone) {
  zone = base::trim(zone);
  if (zone == "Z") return "UTC";
  if (zone.empty() || (zone.front() != '+' && zone.front() != '-')) return std::string(zone);
  const auto colon = std::min(zone.find(':'), zone.size());
  const auto hours = base::parse_number<int>(zone.substr(1, colon - 1));
  const auto minutes = colon == zone.size() ? std::optional<int>(0)
                                            : base::parse_number<int>(zone.substr(colon + 1));
  if (!hours || !minutes || *minutes != 0 || *hours > 14) return {};
  if (*hours == 0) return "UTC";
  // In the names of these zones the sign is turned round: Etc/GMT-5 is five hours ahead.
  return base::concat("Etc/GMT", zone.front() == '+' ? "-" : "+", *hours);
}

}  // namespace dbsql::warehouse
