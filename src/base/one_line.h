#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dbsql::base {

/// Text as one line: control characters become blanks, runs of blanks one, none at the ends.
std::string one_line(std::string_view text);

/// At most `limit` bytes, without cutting a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t limit) noexcept;

}  // namespace dbsql::base
