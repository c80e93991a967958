#include <dbsql/version.h>

namespace dbsql {

std::string_view version() noexcept { return DBSQL_VERSION; }

}  // namespace dbsql
