#pragma once

#include <dbsql/connector.h>

#include "cli/exit_code.h"
#include "cli/interrupts.h"
#include "cli/options.h"

namespace dbsql::cli {

/// Runs `-e`, `-f` or standard input to its end, or to the first failure, which is reported on
/// standard error. Results of `-o` get their name only when everything succeeded.
///
/// \throws UsageError, ScriptError, OutputError, Error  found before the first statement: what the
/// caller reports
ExitCode run_batch(const Connector& connector, const Options& options, Interrupts& interrupts);

}  // namespace dbsql::cli
