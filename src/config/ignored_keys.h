#pragma once

#include <string_view>

namespace dbsql::config {

/// Whether this is a key of the ODBC or JDBC driver that changes nothing here: it belongs to what
/// those drivers do for their applications, or asks for what is always so. Existing strings keep
/// working; every other unknown key is an error.
bool is_ignored_key(std::string_view key) noexcept;

}  // namespace dbsql::config
