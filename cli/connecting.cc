#include "cli/connecting.h"

namespace dbsql::cli {

ConnectorOptions connection_of(const Options& options) {
  if (!options.profile.empty()) return ConnectorOptions::from_profile(options.profile);
  if (!options.dsn.empty()) return ConnectorOptions::from_text(options.dsn);
  ConnectorOptions found = ConnectorOptions::from_environment();
  if (!found.has("host")) {
    throw UsageError(
        "where to connect? Set DBSQL_DSN to token:TOKEN@HOST:443/sql/1.0/warehouses/ID, use --dsn, "
        "or have a profile in ~/.databrickscfg");
  }
  return found;
}

}  // namespace dbsql::cli
