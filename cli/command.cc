#include "cli/command.h"

#include "cli/nearest.h"
#include "cli/options.h"

#include <algorithm>
#include <array>
#include <vector>

namespace dbsql::cli {
namespace {

struct CommandRow {
  std::string_view name;
  Command::Kind kind;
  bool takes_argument;
  std::string_view usage;  // empty = an alias, not listed
  std::string_view help;
};

constexpr std::array<CommandRow, 11> kCommands{{
    {"\\?", Command::Kind::Help, false, "\\?", "print this"},
    {"\\h", Command::Kind::Help, false, "", ""},
    {"\\help", Command::Kind::Help, false, "", ""},
    {"\\d", Command::Kind::Describe, true, "\\d [NAME]",
     "list the tables of the schema, or the columns of one"},
    {"\\format", Command::Kind::Format, true, "\\format [FORMAT]",
     "show or set the format: table, csv, tsv, json, ndjson or arrow"},
    {"\\null", Command::Kind::Null, true, "\\null [TEXT]",
     "how NULL is written; without TEXT: the format's usual way"},
    {"\\o", Command::Kind::Output, true, "\\o [FILE]",
     "write results to a file; without FILE: finish it and go on here"},
    {"\\telemetry", Command::Kind::Telemetry, false, "\\telemetry",
     "whether this connection tells of its use, and what became of it"},
    {"\\timing", Command::Kind::Timing, true, "\\timing [on|full|off]",
     "print each statement's time and rate; full: and where the time went"},
    {"\\q", Command::Kind::Quit, false, "\\q", "leave (also Ctrl-D)"},
    {"\\quit", Command::Kind::Quit, false, "", ""},
}};

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

[[noreturn]] void throw_unknown(std::string_view name) {
  std::vector<std::string> known;
  for (const CommandRow& row : kCommands) known.emplace_back(row.name);
  std::string message = "unknown command " + std::string(name);
  const auto near = nearest(name, known);
  message += near ? "; did you mean " + *near + "?" : "; \\? lists the commands";
  throw UsageError(message);
}

}  // namespace

std::optional<Command> parse_command(std::string_view line) {
  line = trim(line);
  // A `;` is what fingers add to everything.
  while (line.ends_with(';')) line = trim(line.substr(0, line.size() - 1));
  if (line == "exit" || line == "quit") return Command{Command::Kind::Quit, {}};
  if (!line.starts_with('\\')) return std::nullopt;
  const std::size_t space = line.find_first_of(" \t");
  const std::string_view name = line.substr(0, space);
  const std::string_view argument = space == std::string_view::npos ? "" : trim(line.substr(space));
  const auto* row = std::find_if(kCommands.begin(), kCommands.end(),
                                 [&](const CommandRow& each) { return each.name == name; });
  if (row == kCommands.end()) throw_unknown(name);
  if (!row->takes_argument && !argument.empty()) {
    throw UsageError(std::string(name) + " takes no argument");
  }
  return Command{row->kind, std::string(argument)};
}

std::string command_help() {
  constexpr std::size_t kHelpColumn = 20;
  std::string text =
      "Statements end with ; and may have several lines. Ctrl-C cancels one, or clears the line.\n"
      "\n";
  for (const CommandRow& row : kCommands) {
    if (row.usage.empty()) continue;
    std::string line = "  " + std::string(row.usage);
    line.resize(std::max(line.size() + 1, kHelpColumn), ' ');
    text += line + std::string(row.help) + "\n";
  }
  return text;
}

}  // namespace dbsql::cli
