#pragma once

#include <dbsql/telemetry.h>

#include "telemetry/connection_telemetry.h"

namespace dbsql::session {

/// \param telemetry  null where nothing is told
/// \param otherwise  why not
TelemetryStats telemetry_stats_of(const telemetry::ConnectionTelemetry* telemetry,
                                  telemetry::Decision otherwise);

}  // namespace dbsql::session
