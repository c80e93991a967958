#pragma once

#include <dbsql/connection.h>

#include "cli/exit_code.h"
#include "cli/interrupts.h"
#include "cli/options.h"

#include <string>

namespace dbsql::cli {

/// `dbsql telemetry show`: what connections would tell, to whom and why, with the requests of an
/// example, or of a statement that is run without anything being told of it.
ExitCode show_telemetry(const Options& options, Interrupts& interrupts);

/// `dbsql telemetry schema`: every fact that may be told.
ExitCode print_telemetry_fields();

/// `dbsql telemetry status`: opens a connection and tells what becomes of what it tells.
ExitCode show_telemetry_status(const Options& options, Interrupts& interrupts);

/// The counts of one connection, one on a line.
std::string telemetry_status_text(const TelemetryStats& stats);

}  // namespace dbsql::cli
