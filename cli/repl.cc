#include "cli/repl.h"

#include <dbsql/version.h>

#include "cli/report.h"
#include "cli/telemetry_commands.h"
#include "cli/terminal.h"

#include <unistd.h>

#include <exception>
#include <sstream>
#include <utility>
#include <vector>

namespace dbsql::cli {
namespace {

constexpr const char* kPrompt = "dbsql> ";
constexpr const char* kContinuation = "   -> ";

std::string without_line_end(std::string line) {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  return line;
}

}  // namespace

Repl::Repl(Options options, Connector connector, Interrupts& interrupts)
    : options_(std::move(options)),
      interrupts_(interrupts),
      runner_(std::move(connector), options_, interrupts),
      editor_(interrupts, HistoryFile(HistoryFile::usual_path())),
      screen_(STDOUT_FILENO, "standard output", interrupts.wake_descriptor()) {
  if (!options_.output_file.empty()) set_output(options_.output_file);
}

ExitCode Repl::run() {
  runner_.connect();
  say("dbsql " + std::string(version()) + ", connected. \\? for help, \\q to leave.\n");
  while (true) {
    std::string line;
    const auto event = editor_.read(splitter_.is_empty() ? kPrompt : kContinuation, line);
    if (event == LineEditor::Event::EndOfInput) break;
    if (event == LineEditor::Event::Interrupted) {
      splitter_.clear();
      typed_.clear();
      continue;
    }
    if (!handle_line(line)) break;
    if (interrupts_.is_terminating()) break;
  }
  finish_output();
  return interrupts_.is_terminating() ? ExitCode::Stopped : ExitCode::Ok;
}

/// False when the user leaves.
bool Repl::handle_line(const std::string& line) {
  if (splitter_.is_empty()) {
    try {
      if (const auto command = parse_command(line)) {
        editor_.remember(without_line_end(line));
        return handle_command(*command);
      }
    } catch (const std::exception& error) {  // a wrong argument, a file that cannot be written
      write_text(STDERR_FILENO, describe(error.what()));
      return true;
    }
  }
  splitter_.feed(line);
  typed_ += line;
  run_statements();
  return true;
}

/// Runs what the typed lines have completed. A failed statement does not keep the next one from
/// running; Ctrl-C does.
void Repl::run_statements() {
  std::vector<std::string> statements;
  while (auto statement = splitter_.next()) statements.push_back(std::move(statement->text));
  if (splitter_.is_empty()) remember_typed();
  for (const std::string& statement : statements) {
    if (!run_statement(statement)) return;
  }
}

/// What was typed becomes one history entry; what cannot stand on one line is kept as its lines.
void Repl::remember_typed() {
  const std::string typed = without_line_end(std::exchange(typed_, {}));
  if (const auto line = on_one_line(typed)) return editor_.remember(*line);
  std::istringstream lines(typed);
  for (std::string line; std::getline(lines, line);) editor_.remember(line);
}

/// False when the user interrupted it.
bool Repl::run_statement(const std::string& sql) {
  interrupts_.begin();
  try {
    if (options_.format == Format::Arrow && !file_ && screen_.is_terminal()) {
      throw UsageError("arrow output is no text: name a file first, as in \\o result.arrow");
    }
    reconnect_if_lost();
    if (!file_) runner_.new_output();  // prompts divide results enough
    runner_.run(sql, file_ ? *file_ : screen_);
  } catch (const Error& error) {
    report_failure(error, sql);
  } catch (const OutputInterrupted&) {
    say("\nCancelled.\n");  // the line it stopped in may be half written
  } catch (const std::exception& error) {
    write_text(STDERR_FILENO, describe(error.what()));
  }
  return !interrupts_.is_interrupted();
}

void Repl::reconnect_if_lost() {
  if (runner_.is_connected()) return;
  runner_.connect();
  say("Connected again, in a new session.\n");
}

void Repl::report_failure(const Error& error, const std::string& sql) {
  const ScriptStatement statement{{sql, 1}, {}};
  write_text(STDERR_FILENO, describe(error, &statement));
  if (runner_.is_connected() && !error.connection_dead()) return;
  if (runner_.has_connection()) {
    say("The session is lost, with its SET, USE and temporary views. The next statement opens a "
        "new one.\n");
  }
  runner_.disconnect();
}

/// False when the user leaves.
bool Repl::handle_command(const Command& command) {
  switch (command.kind) {
    case Command::Kind::Help:
      write_text(STDOUT_FILENO, command_help());
      break;
    case Command::Kind::Describe:
      run_statement(command.argument.empty() ? "SHOW TABLES"
                                             : "DESCRIBE TABLE " + command.argument);
      break;
    case Command::Kind::Format:
      set_format(command.argument);
      break;
    case Command::Kind::Null:
      options_.null_text.reset();
      if (!command.argument.empty()) options_.null_text = command.argument;
      break;
    case Command::Kind::Output:
      set_output(command.argument);
      break;
    case Command::Kind::Telemetry:
      show_telemetry();
      break;
    case Command::Kind::Timing:
      set_timing(command.argument);
      break;
    case Command::Kind::Quit:
      return false;
  }
  return true;
}

void Repl::set_format(const std::string& name) {
  if (name.empty()) return say("Format: " + std::string(to_string(options_.format)) + "\n");
  const auto format = format_from_string(name);
  if (!format) throw UsageError("\\format " + name + ": the formats are " + format_names());
  options_.format = *format;
}

void Repl::set_output(const std::string& file) {
  finish_output();
  runner_.new_output();
  if (!file.empty()) file_ = Output::to_file(file, interrupts_.wake_descriptor());
}

void Repl::show_telemetry() const {
  const auto stats = runner_.telemetry_stats();
  write_text(STDOUT_FILENO, stats ? telemetry_status_text(*stats) : "there is no connection\n");
}

void Repl::set_timing(const std::string& value) {
  if (!value.empty() && value != "on" && value != "off" && value != "full") {
    throw UsageError("\\timing " + value + ": expected on, full or off");
  }
  options_.timing = value.empty() ? !options_.timing : value != "off";
  options_.full_timing = value == "full";
  say(options_.full_timing ? "Timing is full.\n"
      : options_.timing    ? "Timing is on.\n"
                           : "Timing is off.\n");
}

/// Gives the file of `\o` its name, with all results so far.
void Repl::finish_output() {
  if (!file_) return;
  auto finished = std::exchange(file_, std::nullopt);
  finished->commit();
}

void Repl::say(const std::string& text) const {
  if (!options_.quiet) write_text(STDERR_FILENO, text);
}

}  // namespace dbsql::cli
