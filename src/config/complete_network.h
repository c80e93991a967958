#pragma once

#include "config/connection_config.h"

namespace dbsql::config {

/// Checks what the options of TLS and proxies come to together, and fills in
/// `config.transport.proxy`. \throws ConfigurationError  naming what is no proxy, contradicts, or
/// is there without what it belongs to
void complete_network(ConnectionConfig& config);

}  // namespace dbsql::config
