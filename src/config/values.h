#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::config {

/// true/false, 1/0, t/f, yes/no, on/off in any case (reference/auth-http-config.md 1.9, rule 4).
std::optional<bool> parse_boolean(std::string_view text) noexcept;

/// A bare number of seconds, or numbers with the units ms, s, m, h: `90`, `1.5s`, `1m30s` (rule 5).
/// \return nothing for anything else, also for negative and absurdly long durations
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept;

/// The shortest text that `parse_duration` reads back: `90s`, `1500ms`.
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace dbsql::config
