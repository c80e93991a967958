#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::protocol {

/// Labels in the order of their owner; a label without a value is a key alone.
using QueryTags = std::vector<std::pair<std::string, std::optional<std::string>>>;

/// Query tags in the server's text form, `k1:v1,k2`: backslashes are escaped everywhere, `:` and
/// `,` in values (reference/results.md 6.3). Empty when there are none. \throws Error
/// (InvalidArgument) for a key that is empty or contains `:` or `,`, which no server could tell
/// apart
std::string encode_query_tags(const QueryTags& tags);

/// Reads the text form back, as people write it: blanks around tags and empty tags do not count, a
/// backslash makes the character after it plain.
QueryTags parse_query_tags(std::string_view text);

}  // namespace dbsql::protocol
