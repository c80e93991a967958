#pragma once

#include <dbsql/export.h>

#include <string_view>

namespace dbsql {

/// The library's version, for instance "0.1.0".
DBSQL_EXPORT std::string_view version() noexcept;

}  // namespace dbsql
