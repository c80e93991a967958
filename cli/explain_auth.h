#pragma once

#include "cli/exit_code.h"
#include "cli/options.h"

namespace dbsql::cli {

/// The command `auth explain`: writes which way to authenticate the connection uses, and why no
/// other, to standard output. Opens no connection.
/// \return Usage when the connection could not authenticate at all
/// \throws Error  as `ConnectorOptions::explain_auth()`
ExitCode explain_auth(const Options& options);

}  // namespace dbsql::cli
