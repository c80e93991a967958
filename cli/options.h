#pragma once

#include <dbsql/log.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::cli {

enum class Format : std::uint8_t { Table, Csv, Tsv, Json, Ndjson, Arrow };

/// The name as the user types it after `--format`.
std::string_view to_string(Format format) noexcept;
std::optional<Format> format_from_string(std::string_view name) noexcept;
/// "table, csv, tsv, json, ndjson or arrow": for messages.
std::string format_names();

/// One `-e SQL` or `-f FILE`, in the order of the command line.
struct SqlSource {
  enum class Kind : std::uint8_t { Text, File };
  Kind kind = Kind::Text;
  std::string value;  ///< the SQL text, or the file's name; "-" is standard input
};

/// What the command line asks for.
struct Options {
  std::string dsn;      ///< secret: it holds the token; in any of the forms that are known
  std::string profile;  ///< of ~/.databrickscfg, in place of a DSN
  std::vector<SqlSource> sources;
  Format format = Format::Table;
  std::string output_file;  ///< empty = standard output
  std::optional<std::chrono::milliseconds> timeout;
  std::int64_t row_limit = 0;  ///< 0 = all rows
  /// Folders and files that PUT and GET of volumes may use here.
  std::vector<std::string> allowed_paths;
  bool header = true;
  std::optional<std::string> null_text;  ///< empty = the format's usual one
  bool timing = false;
  bool full_timing = false;  ///< with the times of all parts of the statement
  bool quiet = false;
  bool help = false;
  bool help_options = false;
  bool show_options = false;
  /// The commands `telemetry show`, `telemetry schema` and `telemetry status`.
  enum class Telemetry : std::uint8_t { None, Show, Schema, Status };
  Telemetry telemetry = Telemetry::None;
  std::string telemetry_sql;  ///< for `telemetry show`; empty = none
  std::optional<LogLevel> log_level;
  std::string log_file;                  ///< empty = standard error
  bool explain_auth = false;             ///< the command `auth explain`
  bool doctor = false;                   ///< the command `doctor`
  std::string bundle_file;               ///< of the command `bundle FILE`; empty = another command
  std::vector<std::string> attachments;  ///< of a bundle
  bool json = false;                     ///< what `doctor` finds, for programs
  bool force = false;                    ///< a bundle may take the place of a file
  bool version = false;
};

/// A command line that cannot be understood: exit code 2. The message says what to type instead.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads the arguments after the program's name.
///
/// \param environment_dsn  the value of `DBSQL_DSN`, empty when it is not set; `--dsn` wins over it
/// \throws UsageError  an unknown option (naming the nearest one), a missing or malformed value, a
/// stray argument
Options parse_options(std::span<const char* const> arguments, std::string_view environment_dsn);

/// The text of `dbsql --help`; its list of options comes from the table that `parse_options` reads.
std::string help_text();

}  // namespace dbsql::cli
