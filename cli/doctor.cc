#include "cli/doctor.h"

#include "cli/connecting.h"
#include "cli/display_text.h"
#include "cli/terminal.h"

#include <unistd.h>

#include <sstream>
#include <string>

namespace dbsql::cli {

DiagnosisOptions diagnosis_options(const Options& options) {
  DiagnosisOptions how;
  if (options.timeout) how.step_timeout = *options.timeout;
  return how;
}

ExitCode exit_code_of(const Diagnosis& diagnosis) noexcept {
  if (diagnosis.is_healthy()) return ExitCode::Ok;
  const bool misconfigured =
      !diagnosis.steps.empty() && diagnosis.steps.front().outcome == DiagnosisStep::Outcome::Failed;
  return misconfigured ? ExitCode::Usage : ExitCode::Connect;
}

ExitCode examine(const Options& options) {
  const Diagnosis diagnosis = connection_of(options).diagnose(diagnosis_options(options));
  // Servers and their certificates have their word in it: nothing of that may act on the terminal.
  std::istringstream lines(options.json ? diagnosis.to_json() : diagnosis.to_text());
  std::string shown;
  for (std::string line; std::getline(lines, line);) {
    append_display_text(line, shown);
    shown += '\n';
  }
  write_text(STDOUT_FILENO, shown);
  return exit_code_of(diagnosis);
}

}  // namespace dbsql::cli
