#pragma once

#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/interrupts.h"
#include "cli/line_editor.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/runner.h"
#include "cli/sql_splitter.h"

#include <optional>
#include <string>

namespace dbsql::cli {

/// The interactive shell: prompt, statements, backslash commands.
///
/// Errors: none leave it but those of the first connect; a failed statement is reported and the
/// session goes on.
class Repl {
 public:
  Repl(Options options, Connector connector, Interrupts& interrupts);

  /// Runs until the user leaves.
  /// \throws Error  there is no first connection
  ExitCode run();

 private:
  bool handle_line(const std::string& line);
  bool handle_command(const Command& command);
  void run_statements();
  void remember_typed();
  bool run_statement(const std::string& sql);
  void reconnect_if_lost();
  void report_failure(const Error& error, const std::string& sql);
  void set_format(const std::string& name);
  void set_output(const std::string& file);
  void show_telemetry() const;
  void set_timing(const std::string& value);
  void finish_output();
  void say(const std::string& text) const;

  Options options_;  // commands change it
  Interrupts& interrupts_;
  Runner runner_;
  LineEditor editor_;
  Output screen_;
  std::optional<Output> file_;
  SqlSplitter splitter_;
  std::string typed_;  // lines of the statement being typed
};

}  // namespace dbsql::cli
