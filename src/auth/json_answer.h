#pragma once

#include <dbsql/token_provider.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::auth {

/// One text member of a JSON object; empty when it is absent, no text, or this is no such object.
/// A dot leads into an object within: "user.name".
Secret json_text(std::string_view json, std::string_view member);

/// A point in time as `2026-01-31T12:00:00Z`, with a fraction and another offset or without (RFC
/// 3339); empty when the text is none.
std::optional<std::chrono::system_clock::time_point> parse_rfc3339(std::string_view text);

}  // namespace dbsql::auth
