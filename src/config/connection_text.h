#pragma once

#include "config/option_set.h"

#include <string_view>

namespace dbsql::config {

/// Reads a connection in whichever form it is written: a Go driver's DSN, a `databricks://` URI, a
/// JDBC URL or an ODBC string.
/// \throws ConfigurationError  naming the form and the part that is wrong; no secret appears in it
OptionSet read_connection_text(std::string_view text);

}  // namespace dbsql::config
