#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::cli {

/// Reads `500ms`, `30s`, `1.5m`, `2h`, or a plain number of seconds; empty when it is something
/// else or not above zero.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// A time as people read it: `12 ms`, `3.42 s`, `2 min 5 s`.
std::string format_duration(std::chrono::nanoseconds duration);

/// An integer with thousands separated: `3,000,000`.
std::string format_count(long long count);

}  // namespace dbsql::cli
