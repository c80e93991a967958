#pragma once

#include <dbsql/telemetry.h>

#include "session/connector_options_impl.h"

namespace dbsql::session {

/// What connections with these options would tell. Nothing is sent, and no credentials are fetched.
/// \throws ConfigurationError  the options make no connection
TelemetryExplanation explain_telemetry(const ConnectorOptions::Impl& options);

}  // namespace dbsql::session
