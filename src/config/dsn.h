#pragma once

#include "config/connection_config.h"
#include "config/option_set.h"

#include <string>
#include <string_view>

namespace dbsql::config {

/// Reads `[scheme://][token:PAT@]host:port[/http/path][?key=value&...]`, the form of the Go driver
/// (reference/auth-http-config.md 1.1), and `user:password@` for Spark Thrift servers. Keys are the
/// Go names or our canonical ones; all others become session settings, except that nothing secret
/// ever does.
/// \throws ConfigurationError "invalid DSN: ...", naming the part that is wrong; no secret appears
/// in it
OptionSet read_dsn(std::string_view dsn);

/// The configuration that a DSN makes. \throws ConfigurationError as above
ConnectionConfig parse_dsn(std::string_view dsn);

/// A DSN that gives the same configuration, with token and password replaced by `***`: for people,
/// logs and errors.
std::string to_dsn(const ConnectionConfig& config);

}  // namespace dbsql::config
