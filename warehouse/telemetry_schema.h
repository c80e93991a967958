#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// What is wrong with one telemetry record, a JSON document of the driver's log
/// (reference/telemetry.md 3.2, 3.3): unknown keys, values of another type, words that the server
/// does not know, fields that must be there and are not. Empty when it fits.
///
/// Stricter than the service, which is said to overlook much: what it would drop in silence is
/// named here.
std::optional<std::string> problem_of_record(std::string_view text);

}  // namespace dbsql::warehouse
