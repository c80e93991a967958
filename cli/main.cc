#include <dbsql/connector.h>
#include <dbsql/error.h>
#include <dbsql/log.h>
#include <dbsql/version.h>

#include "cli/batch.h"
#include "cli/bundle.h"
#include "cli/connecting.h"
#include "cli/doctor.h"
#include "cli/exit_code.h"
#include "cli/explain_auth.h"
#include "cli/interrupts.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/repl.h"
#include "cli/report.h"
#include "cli/telemetry_commands.h"
#include "cli/terminal.h"

#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <span>
#include <string>

namespace dbsql::cli {
namespace {

/// Overwrites the DSN in the command line, so that `ps` stops showing the token as early as
/// possible.
void hide_dsn(std::span<char* const> arguments, const std::string& dsn) {
  if (dsn.empty()) return;
  for (char* argument : arguments) {
    char* const found = std::strstr(argument, dsn.c_str());
    if (found != nullptr) std::memset(found, '*', dsn.size());
  }
}

ExitCode telemetry_command(const Options& options) {
  Interrupts interrupts;
  interrupts.leave_at_second();
  return options.telemetry == Options::Telemetry::Show ? show_telemetry(options, interrupts)
                                                       : show_telemetry_status(options, interrupts);
}

ExitCode run(std::span<char* const> arguments) {
  const char* environment = std::getenv("DBSQL_DSN");  // NOLINT(concurrency-mt-unsafe): one thread
  const Options options = parse_options({arguments.data(), arguments.size()},
                                        environment == nullptr ? "" : environment);
  hide_dsn(arguments, options.dsn);
  if (options.help) {
    write_text(STDOUT_FILENO, help_text());
    return ExitCode::Ok;
  }
  if (options.version) {
    write_text(STDOUT_FILENO, "dbsql " + std::string(version()) + "\n");
    return ExitCode::Ok;
  }
  if (options.help_options) {
    write_text(STDOUT_FILENO, ConnectorOptions::help());
    return ExitCode::Ok;
  }
  // The shell's own options count from the start; those of the connection come with it.
  if (!options.log_file.empty()) set_log_file({.path = options.log_file});
  if (options.log_level) set_log_level(*options.log_level);
  if (options.show_options) {
    std::string lines;
    for (const std::string& line : connection_of(options).report()) lines += line + '\n';
    write_text(STDOUT_FILENO, lines);
    return ExitCode::Ok;
  }
  if (options.explain_auth) return explain_auth(options);
  if (options.telemetry == Options::Telemetry::Schema) return print_telemetry_fields();
  if (options.telemetry != Options::Telemetry::None) return telemetry_command(options);
  if (options.doctor) return examine(options);
  if (!options.bundle_file.empty()) return write_bundle(options);
  const Connector connector(connection_of(options));
  Interrupts interrupts;
  if (options.sources.empty() && isatty(STDIN_FILENO) == 1) {
    return Repl(options, connector, interrupts).run();
  }
  return run_batch(connector, options, interrupts);
}

ExitCode fail(std::string_view message, ExitCode code) {
  write_text(STDERR_FILENO, describe(message));
  return code;
}

ExitCode guarded_run(std::span<char* const> arguments) {
  try {
    return run(arguments);
  } catch (const UsageError& error) {
    fail(error.what(), ExitCode::Usage);
    write_text(STDERR_FILENO, "  dbsql --help lists the options.\n");
    return ExitCode::Usage;
  } catch (const ScriptError& error) {
    return fail(error.what(), ExitCode::Usage);
  } catch (const OutputError& error) {
    return error.is_closed_pipe() ? ExitCode::Failed : fail(error.what(), ExitCode::Failed);
  } catch (const OutputInterrupted& error) {
    return fail(error.what(), ExitCode::Stopped);
  } catch (const Error& error) {
    write_text(STDERR_FILENO, describe(error, nullptr));
    return exit_code_of_connect(error);
  } catch (const std::exception& error) {
    return fail(error.what(), ExitCode::Failed);
  }
}

}  // namespace
}  // namespace dbsql::cli

int main(int argc, char** argv) {
  // The editor reads keys in the terminal's encoding; numbers and dates never follow a locale.
  if (std::setlocale(LC_CTYPE, "") == nullptr) std::setlocale(LC_CTYPE, "C.UTF-8");
  const std::span<char* const> arguments(argv + 1,
                                         static_cast<std::size_t>(argc > 0 ? argc - 1 : 0));
  return static_cast<int>(dbsql::cli::guarded_run(arguments));
}
