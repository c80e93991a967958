#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace dbsql::http {

/// Reads a Date or Retry-After header in any of the three forms of RFC 9110 5.6.7.
/// \return nothing when the text is none of them
std::optional<std::chrono::system_clock::time_point> parse_http_date(std::string_view text);

}  // namespace dbsql::http
