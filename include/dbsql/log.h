#pragma once

#include <dbsql/export.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql {

// What the library tells about its work while it works (docs/logging.md). Errors are thrown, not
// logged. Everything here is of the whole process, and takes effect at once for all connections.
//
// Secrets: every line has passed the redactor before any sink sees it: no token, no password, no
// query of a signed URL, no home directory. SQL text is in debug lines alone, 1 KiB of it; values
// of parameters are in none (reference/auth-http-config.md 5.5).
// Threads: all functions may be called from any thread. Not from signal handlers.
// fork(): the child logs on, to the same file; no lock of the log is held across it.

/// Debug is for routine work, Info for what explains a delay, Warn for what somebody can act on.
enum class LogLevel : std::uint8_t { Trace, Debug, Info, Warn, Error, Off };

/// "trace", "debug", "info", "warn", "error" or "off".
DBSQL_EXPORT std::string_view to_string(LogLevel level) noexcept;

/// The level with that name, in any case; the Go driver's names are known too: "fatal", "panic" and
/// "disabled" are Off, for this library never writes such lines.
DBSQL_EXPORT std::optional<LogLevel> log_level_from_string(std::string_view name) noexcept;

/// One line. Ids that are not known, or do not apply, are empty.
struct LogRecord {
  LogLevel level = LogLevel::Info;
  std::chrono::system_clock::time_point time;
  std::string_view component;       ///< who writes, for instance "http"
  std::string_view connection_id;   ///< the server's id of the session
  std::string_view correlation_id;  ///< the caller's own text from `ExecuteOptions`
  std::string_view statement_id;
  std::string_view message;  ///< one line
};

/// `2026-11-23T15:18:53.665Z warn dbsql http: conn=... corr=... stmt=... MESSAGE`, without line
/// end.
DBSQL_EXPORT std::string to_text(const LogRecord& record);

/// One JSON object without line end, with the members of the Go driver: `time`, `level`,
/// `component`, `connId`, `corrId`, `queryId`, `message`.
DBSQL_EXPORT std::string to_json(const LogRecord& record);

enum class LogFormat : std::uint8_t { Text, Json };

/// Receives lines; what it is given is valid during the call alone. It may be called from any
/// thread, one call at a time, and must not throw. It may call every function of this header, also
/// to put another sink into its place; lines that it causes itself are dropped. It must not wait
/// for another thread that may have something to log.
using LogSink = std::function<void(const LogRecord& record)>;

/// Lines below this level are not written, at the cost of one comparison. At first it is what the
/// environment variable `DATABRICKS_LOG_LEVEL` says, otherwise Warn.
DBSQL_EXPORT void set_log_level(LogLevel level) noexcept;
DBSQL_EXPORT LogLevel log_level() noexcept;

/// Sends lines to `sink` alone; an empty one sends them to standard error, as text. When it returns
/// the sink before it is not called any more, unless it is that which calls.
DBSQL_EXPORT void set_log_sink(LogSink sink);

/// A file that lines are appended to, with room for so much history.
struct LogFileOptions {
  std::string path;  ///< a folder = the file dbsql.log in it
  LogFormat format = LogFormat::Text;
  std::uint64_t max_bytes = std::uint64_t{10} << 20U;  ///< of one file, until it is put aside
  int max_files = 10;  ///< with those put aside: PATH.1 is the latest of them

  friend bool operator==(const LogFileOptions&, const LogFileOptions&) = default;
};

/// Sends lines to a file alone, which others cannot read (mode 0600). Several processes may share
/// it. When it cannot be written any more, lines are lost and nothing else happens.
/// \throws ConfigurationError  it cannot be opened
DBSQL_EXPORT void set_log_file(const LogFileOptions& options);

}  // namespace dbsql
