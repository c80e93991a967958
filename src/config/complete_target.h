#pragma once

#include "config/connection_config.h"

namespace dbsql::config {

/// Brings host, path, warehouse, cluster and workspace into agreement
/// (reference/auth-http-config.md 1.9, rules 6 to 9 and 15; 4.12).
/// \throws ConfigurationError  naming the option to change
void complete_target(ConnectionConfig& config);

}  // namespace dbsql::config
