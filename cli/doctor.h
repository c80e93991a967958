#pragma once

#include <dbsql/diagnosis.h>

#include "cli/exit_code.h"
#include "cli/options.h"

namespace dbsql::cli {

/// `dbsql doctor`: goes the way to the warehouse and prints where it ends, with the cure.
ExitCode examine(const Options& options);

/// What the command line says about a diagnosis.
DiagnosisOptions diagnosis_options(const Options& options);

/// The end of a program whose work was that diagnosis.
ExitCode exit_code_of(const Diagnosis& diagnosis) noexcept;

}  // namespace dbsql::cli
