#pragma once

#include <string_view>

namespace dbsql::session {

/// What a statement does, in one word of a small set: its first one in upper case, such as
/// `SELECT`, or `OTHER`. Nothing of what it is done to.
std::string_view operation_name_of(std::string_view sql) noexcept;

}  // namespace dbsql::session
