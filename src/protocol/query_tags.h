#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::protocol {

/// Query tags in the server's text form, `k1:v1,k2`: backslashes are escaped everywhere, `:` and
/// `,` in values (reference/results.md 6.3). Empty when there are none. \throws Error
/// (InvalidArgument) for a key that is empty or contains `:` or `,`, which no server could tell
/// apart
std::string encode_query_tags(
    const std::vector<std::pair<std::string, std::optional<std::string>>>& tags);

}  // namespace dbsql::protocol
