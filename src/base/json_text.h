#pragma once

#include <string>
#include <string_view>

namespace dbsql::base {

/// Appends a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD: a record must not
/// be lost, or make its whole batch unreadable, for a stray byte.
void append_json_string(std::string& out, std::string_view text);

}  // namespace dbsql::base
