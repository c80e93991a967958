#pragma once

#include "config/option_set.h"

#include <string_view>

namespace dbsql::config {

/// Reads `jdbc:databricks://HOST[:PORT][/SCHEMA][;KEY=VALUE]...` with the keys of the JDBC driver
/// and our own (reference/auth-http-config.md 1.5). A value may contain `=`. The settings that the
/// driver lets through become session settings, as do `session.NAME` and `SSP_NAME`; any other
/// unknown key is an error.
/// \throws ConfigurationError "invalid JDBC URL: ..."; no secret appears in it
OptionSet read_jdbc_url(std::string_view url);

/// Whether a text begins as such a URL does.
bool is_jdbc_url(std::string_view text) noexcept;

}  // namespace dbsql::config
