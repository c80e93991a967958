#pragma once

#include <dbsql/connector_options.h>

#include "cli/options.h"

namespace dbsql::cli {

/// Where the command line says to connect: its DSN, its profile, or the environment.
/// \throws UsageError  nothing says it
/// \throws ConfigurationError  what it says is wrong
ConnectorOptions connection_of(const Options& options);

}  // namespace dbsql::cli
