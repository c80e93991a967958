#include "cli/options.h"

#include "cli/duration.h"
#include "cli/nearest.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace dbsql::cli {
namespace {

constexpr std::array<std::pair<Format, std::string_view>, 6> kFormats{{
    {Format::Table, "table"},
    {Format::Csv, "csv"},
    {Format::Tsv, "tsv"},
    {Format::Json, "json"},
    {Format::Ndjson, "ndjson"},
    {Format::Arrow, "arrow"},
}};

void set_format(Options& options, std::string_view value) {
  const auto format = format_from_string(value);
  if (!format) {
    throw UsageError("--format " + std::string(value) + ": the formats are " + format_names());
  }
  options.format = *format;
}

void set_timeout(Options& options, std::string_view value) {
  options.timeout = parse_duration(value);
  if (!options.timeout) {
    throw UsageError("--timeout " + std::string(value) +
                     ": expected a duration such as 500ms, 30s, 5m or 1h");
  }
}

void set_limit(Options& options, std::string_view value) {
  const char* end = value.data() + value.size();
  const auto [stopped, failure] = std::from_chars(value.data(), end, options.row_limit);
  if (failure != std::errc() || stopped != end || options.row_limit < 1) {
    throw UsageError("--limit " + std::string(value) + ": expected a number of rows, 1 or more");
  }
}

void set_dsn(Options& options, std::string_view value) {
  if (value.empty()) throw UsageError("--dsn: the DSN is empty");
  options.dsn = value;
  options.profile.clear();
}

void add_allowed_path(Options& options, std::string_view value) {
  if (value.empty()) throw UsageError("--allow-path: the path is empty");
  options.allowed_paths.emplace_back(value);
}

void set_profile(Options& options, std::string_view value) {
  if (value.empty()) throw UsageError("--profile: the name is empty");
  options.profile = value;
  options.dsn.clear();
}

void set_telemetry_sql(Options& options, std::string_view value) {
  if (value.empty()) throw UsageError("--run: there is no SQL");
  options.telemetry_sql = value;
}

void set_output(Options& options, std::string_view value) {
  if (value.empty()) throw UsageError("--output: the file name is empty");
  options.output_file = value;
}

void set_log_level_option(Options& options, std::string_view value) {
  options.log_level = log_level_from_string(value);
  if (!options.log_level) {
    throw UsageError("--log-level " + std::string(value) +
                     ": the levels are trace, debug, info, warn, error and off");
  }
}

void set_log_file_option(Options& options, std::string_view value) {
  if (value.empty()) throw UsageError("--log-file: the file name is empty");
  options.log_file = value;
}

/// One row per option; `--help` and the parser read the same table.
struct OptionRow {
  char short_name;  // '\0' = none
  std::string_view long_name;
  std::string_view argument;  // empty = a switch without value
  std::string_view help;
  void (*apply)(Options& options, std::string_view value);
};

constexpr std::array<OptionRow, 23> kOptions{{
    {'\0', "dsn", "DSN",
     "where to connect: token:TOKEN@HOST:PORT/PATH[?key=value&...],\n"
     "a databricks:// URI, a JDBC URL or an ODBC string\n"
     "(others can see command lines: prefer $DBSQL_DSN)",
     set_dsn},
    {'\0', "profile", "NAME", "where to connect: a profile of ~/.databrickscfg", set_profile},
    {'e', "execute", "SQL", "run this SQL and leave; may be repeated",
     [](Options& options, std::string_view value) {
       options.sources.push_back({SqlSource::Kind::Text, std::string(value)});
     }},
    {'f', "file", "FILE", "run the SQL in this file and leave; - is standard input",
     [](Options& options, std::string_view value) {
       if (value.empty()) throw UsageError("--file: the file name is empty");
       options.sources.push_back({SqlSource::Kind::File, std::string(value)});
     }},
    {'\0', "format", "FORMAT", "table (the default), csv, tsv, json, ndjson or arrow", set_format},
    {'o', "output", "FILE", "write results to this file; it appears when everything succeeded",
     set_output},
    {'\0', "timeout", "TIME", "bound on connecting and on each statement: 500ms, 30s, 5m",
     set_timeout},
    {'\0', "limit", "N", "at most this many rows of each result", set_limit},
    {'\0', "allow-path", "PATH",
     "PUT and GET of volumes may use files in this folder, or this file;\nmay be repeated",
     add_allowed_path},
    {'\0', "no-header", "", "no column names (table, csv, tsv)",
     [](Options& options, std::string_view) { options.header = false; }},
    {'\0', "null", "TEXT", "how NULL is written (table: NULL, csv: empty, tsv: \\N)",
     [](Options& options, std::string_view value) { options.null_text = value; }},
    {'\0', "timing", "", "print each statement's time and rate to standard error",
     [](Options& options, std::string_view) { options.timing = true; }},
    {'q', "quiet", "", "results and errors only: no row counts, progress or greetings",
     [](Options& options, std::string_view) { options.quiet = true; }},
    {'\0', "run", "SQL", "telemetry show: what this SQL would tell", set_telemetry_sql},
    {'\0', "log-level", "LEVEL",
     "what the driver tells of its work: trace, debug, info, warn\n"
     "(the default), error or off",
     set_log_level_option},
    {'\0', "log-file", "FILE", "append that to this file, not to standard error",
     set_log_file_option},
    {'\0', "json", "", "what doctor finds as JSON",
     [](Options& options, std::string_view) { options.json = true; }},
    {'\0', "attach", "FILE", "put this file into the bundle too, redacted; may be repeated",
     [](Options& options, std::string_view value) {
       if (value.empty()) throw UsageError("--attach: the file name is empty");
       options.attachments.emplace_back(value);
     }},
    {'\0', "force", "", "bundle: overwrite the file",
     [](Options& options, std::string_view) { options.force = true; }},
    {'h', "help", "", "print this and leave",
     [](Options& options, std::string_view) { options.help = true; }},
    {'\0', "help-options", "", "print every option of a connection and leave",
     [](Options& options, std::string_view) { options.help_options = true; }},
    {'\0', "show-options", "",
     "print the options of this connection, and where each came\n"
     "from, and leave; secrets are not shown",
     [](Options& options, std::string_view) { options.show_options = true; }},
    {'\0', "version", "", "print the version and leave",
     [](Options& options, std::string_view) { options.version = true; }},
}};

const OptionRow* find_long(std::string_view name) {
  const auto* row = std::find_if(kOptions.begin(), kOptions.end(),
                                 [&](const OptionRow& each) { return each.long_name == name; });
  return row == kOptions.end() ? nullptr : row;
}

const OptionRow* find_short(char name) {
  const auto* row = std::find_if(kOptions.begin(), kOptions.end(), [&](const OptionRow& each) {
    return each.short_name != '\0' && each.short_name == name;
  });
  return row == kOptions.end() ? nullptr : row;
}

[[noreturn]] void throw_unknown(std::string_view typed) {
  std::vector<std::string> known;
  for (const OptionRow& row : kOptions) known.push_back("--" + std::string(row.long_name));
  std::string message = "unknown option " + std::string(typed);
  if (const auto near = nearest(typed, known)) message += "; did you mean " + *near + "?";
  throw UsageError(message);
}

struct WordCommand {
  std::string_view words[2];
  void (*apply)(Options& options);
};

constexpr std::array<WordCommand, 4> kWordCommands{{
    {{"auth", "explain"}, [](Options& options) { options.explain_auth = true; }},
    {{"telemetry", "show"}, [](Options& options) { options.telemetry = Options::Telemetry::Show; }},
    {{"telemetry", "schema"},
     [](Options& options) { options.telemetry = Options::Telemetry::Schema; }},
    {{"telemetry", "status"},
     [](Options& options) { options.telemetry = Options::Telemetry::Status; }},
}};

bool begins_command(std::string_view word) {
  return std::any_of(kWordCommands.begin(), kWordCommands.end(),
                     [&](const WordCommand& command) { return command.words[0] == word; });
}

/// "dbsql [options] telemetry show, schema or status"
std::string usage_of(std::string_view first) {
  std::string usage = "dbsql [options] " + std::string(first);
  std::vector<std::string_view> seconds;
  for (const WordCommand& command : kWordCommands) {
    if (command.words[0] == first) seconds.push_back(command.words[1]);
  }
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    usage += i == 0 ? " " : i + 1 == seconds.size() ? " or " : ", ";
    usage += seconds[i];
  }
  return usage;
}

/// A word is shown. Anything else may be a connection with its secrets, given without --dsn.
[[noreturn]] void throw_unexpected(std::string_view argument) {
  if (argument.find_first_of("@:=;") != std::string_view::npos) {
    throw UsageError(
        "unexpected argument; a connection is given as --dsn DSN, SQL as -e SQL, a script as -f "
        "FILE");
  }
  throw UsageError("unexpected argument \"" + std::string(argument) +
                   "\"; SQL is given as -e SQL, a script as -f FILE");
}

class Parser {
 public:
  Parser(std::span<const char* const> arguments, Options& options)
      : arguments_(arguments), options_(options) {}

  void run() {
    read_all();
    if (!words_.empty()) command();
    if (!options_.telemetry_sql.empty() && options_.telemetry != Options::Telemetry::Show)
      throw UsageError("--run is for dbsql telemetry show; SQL is given as -e SQL");
  }

 private:
  void read_all() {
    while (next_ < arguments_.size()) {
      const std::string_view argument = arguments_[next_++];
      if (argument.starts_with("--") && argument.size() > 2) {
        long_option(argument);
      } else if (argument.starts_with("-") && argument.size() > 1 && argument != "--") {
        short_options(argument);
      } else if (words_.empty() ? begins_command(argument) || is_support(argument)
                                : words_.size() == 1) {
        words_.push_back(argument);
      } else {
        throw_unexpected(argument);
      }
    }
  }

  static bool is_support(std::string_view word) { return word == "doctor" || word == "bundle"; }

  void command() {
    const std::string first(words_[0]);
    if (is_support(first)) return support_command(first);
    const auto* const command =
        std::find_if(kWordCommands.begin(), kWordCommands.end(), [&](const WordCommand& each) {
          return words_.size() == 2 && each.words[0] == words_[0] && each.words[1] == words_[1];
        });
    if (command == kWordCommands.end())
      throw UsageError(first + ": the command is " + usage_of(first));
    if (!options_.sources.empty()) {
      throw UsageError(first + " " + std::string(words_[1]) + " runs no SQL: leave out -e and -f");
    }
    command->apply(options_);
  }

  /// `doctor` and `bundle FILE`.
  void support_command(const std::string& first) {
    if (!options_.sources.empty()) throw UsageError(first + " runs no SQL: leave out -e and -f");
    if (first == "doctor") {
      if (words_.size() != 1) throw UsageError("doctor: the command is dbsql [options] doctor");
      options_.doctor = true;
      return;
    }
    if (words_.size() != 2 || words_[1].empty())
      throw UsageError("bundle: the command is dbsql [options] bundle FILE");
    options_.bundle_file = words_[1];
  }

  void long_option(std::string_view argument) {
    const std::size_t equals = argument.find('=');
    const std::string_view spelled = argument.substr(0, equals);
    const OptionRow* row = find_long(spelled.substr(2));
    if (row == nullptr) throw_unknown(spelled.substr(0, spelled.find_first_of("@:;")));
    if (equals == std::string_view::npos) return apply(*row, spelled, std::nullopt);
    if (row->argument.empty()) throw UsageError(std::string(spelled) + " takes no value");
    apply(*row, spelled, argument.substr(equals + 1));
  }

  /// `-q`, several switches as in `-qh`, and a value that follows at once as in `-fscript.sql`.
  void short_options(std::string_view argument) {
    for (std::size_t at = 1; at < argument.size(); ++at) {
      const std::string spelled{'-', argument[at]};
      const OptionRow* row = find_short(argument[at]);
      if (row == nullptr)
        throw_unknown(at == 1 ? argument.substr(0, argument.find_first_of("@:=;")) : spelled);
      if (row->argument.empty()) {
        apply(*row, spelled, std::nullopt);
        continue;
      }
      const std::string_view rest = argument.substr(at + 1);
      return apply(*row, spelled, rest.empty() ? std::nullopt : std::optional(rest));
    }
  }

  void apply(const OptionRow& row, std::string_view spelled,
             std::optional<std::string_view> value) {
    if (row.argument.empty()) return row.apply(options_, {});
    if (!value) {
      if (next_ == arguments_.size()) {
        throw UsageError(std::string(spelled) + " needs a value: " + std::string(spelled) + " " +
                         std::string(row.argument));
      }
      value = arguments_[next_++];
    }
    row.apply(options_, *value);
  }

  std::span<const char* const> arguments_;
  Options& options_;
  std::vector<std::string_view> words_;  // arguments that are no options
  std::size_t next_ = 0;
};

void append_option_help(std::string& out, const OptionRow& row) {
  constexpr std::size_t kHelpColumn = 24;
  std::string line = row.short_name == '\0' ? "      " : std::string("  -") + row.short_name + ", ";
  line += "--" + std::string(row.long_name);
  if (!row.argument.empty()) line += " " + std::string(row.argument);
  std::string_view help = row.help;
  while (true) {
    const std::size_t end = help.find('\n');
    line.resize(std::max(line.size() + 1, kHelpColumn), ' ');
    out += line;
    out += help.substr(0, end);
    out += '\n';
    if (end == std::string_view::npos) return;
    help.remove_prefix(end + 1);
    line.clear();
  }
}

}  // namespace

std::string_view to_string(Format format) noexcept {
  for (const auto& [each, name] : kFormats) {
    if (each == format) return name;
  }
  return "?";
}

std::optional<Format> format_from_string(std::string_view name) noexcept {
  for (const auto& [format, each] : kFormats) {
    if (each == name) return format;
  }
  return std::nullopt;
}

std::string format_names() {
  std::string names;
  for (std::size_t index = 0; index < kFormats.size(); ++index) {
    if (index > 0) names += index + 1 == kFormats.size() ? " or " : ", ";
    names += kFormats[index].second;
  }
  return names;
}

Options parse_options(std::span<const char* const> arguments, std::string_view environment_dsn) {
  Options options;
  options.dsn = environment_dsn;
  Parser(arguments, options).run();
  return options;
}

std::string help_text() {
  std::string text =
      "dbsql: run SQL on a Databricks SQL warehouse.\n"
      "\n"
      "usage: dbsql [options]                  interactive, or SQL from standard input when piped\n"
      "       dbsql [options] -e SQL | -f FILE\n"
      "       dbsql [options] auth explain     which way to authenticate is used, and why\n"
      "       dbsql [options] telemetry show   what is told about the driver's use, and why\n"
      "       dbsql [options] telemetry status whether that arrives\n"
      "       dbsql telemetry schema           everything that can be told\n"
      "       dbsql [options] doctor           what is wrong on the way to the warehouse\n"
      "       dbsql [options] bundle FILE      that, with versions, options and a log, for "
      "support\n"
      "\n"
      "The warehouse is named by --dsn, --profile or $DBSQL_DSN; without them by $DATABRICKS_HOST\n"
      "and its siblings or the usual profile of ~/.databrickscfg.\n"
      "\n"
      "options:\n";
  for (const OptionRow& row : kOptions) append_option_help(text, row);
  text +=
      "\n"
      "exit codes: 0 ok, 1 SQL failed or output could not be written, 2 usage or configuration,\n"
      "            3 cannot connect or authenticate, 4 timeout or cancelled\n"
      "\n"
      "examples:\n"
      "  export DBSQL_DSN='token:TOKEN@HOST:443/sql/1.0/warehouses/ID'\n"
      "  dbsql -e 'SELECT current_date()'\n"
      "  dbsql --format csv -o flights.csv -e 'SELECT * FROM flights'\n"
      "  dbsql --timeout 5m < nightly.sql\n";
  return text;
}

}  // namespace dbsql::cli
