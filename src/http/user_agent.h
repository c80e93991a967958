#pragma once

#include "base/environment.h"

#include <string>
#include <string_view>

namespace dbsql::http {

/// The User-Agent of every request (reference/auth-http-config.md 4.13):
/// `DatabricksSqlCpp/VERSION (ENTRY) platform/os-arch api/cpp agent/NAME`; without an entry the
/// parentheses are left out.
/// \param entry  the user's text; control characters and parentheses are removed, at most 256 bytes
///   are kept, and what looks like a token is replaced
/// \param api    the face in use: cpp, adbc, odbc or cli
/// \param environment  where programs that drive others leave their mark: exactly one such variable
///   that is not empty gives the last part. It is left out when
///   `DATABRICKS_DISABLE_AGENT_DETECTION` is on, and without an environment
std::string user_agent(std::string_view entry, std::string_view api = "cpp",
                       const base::EnvironmentLookup& environment = {});

}  // namespace dbsql::http
