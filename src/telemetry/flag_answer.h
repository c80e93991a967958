#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::telemetry {

/// What the server says about its flags (reference/telemetry.md 3.5).
struct FlagAnswer {
  static constexpr std::chrono::seconds kUsualLife{900};
  static constexpr std::chrono::seconds kShortestLife{60};
  static constexpr std::chrono::seconds kLongestLife{3600};

  std::map<std::string, std::string, std::less<>> flags;
  std::chrono::seconds life = kUsualLife;  ///< within the bounds above, whatever the server says
  bool has_list = true;                    ///< false: what should be the list is something else

  /// Whether a flag is on: `true` in any case. A flag that is not there is off.
  bool is_on(std::string_view name) const;
};

/// Reads an answer; nothing when it is none. Elements without a name are skipped, and the first of
/// one name counts.
std::optional<FlagAnswer> parse_flags(std::string_view body);

}  // namespace dbsql::telemetry
