#pragma once

#include "config/option_set.h"

#include <string_view>

namespace dbsql::config {

/// Reads `databricks://[token:PAT@]HOST[:PORT][/PATH][?KEY=VALUE&...]`. Keys are canonical names
/// and those of the Python, Node and ADBC drivers; `o` is the workspace of a shared host. A key
/// that is none is an error, unless it begins with `session.` (reference/auth-http-config.md 1.9).
/// \throws ConfigurationError "invalid databricks:// URI: ..."; no secret appears in it
OptionSet read_uri(std::string_view uri);

}  // namespace dbsql::config
