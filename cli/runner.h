#pragma once

#include <dbsql/connection.h>
#include <dbsql/connector.h>
#include <dbsql/result.h>

#include "cli/interrupts.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress_line.h"
#include "cli/result_writer.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace dbsql::cli {

/// Runs statements on one connection and prints their results.
///
/// Ownership: owns the connection, which it opens for the first statement; uses the rest.
/// Errors: `dbsql::Error` of the driver, `OutputError`, `OutputInterrupted`, `UsageError` for a
/// second result in arrow
///   output. Rows that came before an error are printed.
/// Cost: a result is streamed: one page of it and one output buffer are held.
class Runner {
 public:
  /// \param options  may be changed between statements, by the interactive commands
  Runner(Connector connector, const Options& options, Interrupts& interrupts);

  /// \throws Error  see `Connector::connect`
  void connect();
  bool is_connected() const noexcept { return connection_ && connection_->is_open(); }
  /// There is a connection, good or lost.
  bool has_connection() const noexcept { return connection_.has_value(); }
  /// What becomes of what the connection tells of its use; nothing without a connection.
  std::optional<TelemetryStats> telemetry_stats() const {
    return connection_ ? std::optional(connection_->telemetry_stats()) : std::nullopt;
  }
  /// Closes the session, if there is one.
  void disconnect() noexcept { connection_.reset(); }

  /// Runs one statement on the connection, which must be open, and prints what it gives to
  /// `output`.
  void run(std::string_view sql, Output& output);

  /// Results printed to the present output so far; start again at 0 for a new one.
  void new_output() noexcept { results_printed_ = 0; }

 private:
  ExecuteOptions execute_options();
  void print(Result& result, Output& output);
  void print_rows(Result& result, Output& output);
  void print_arrow(Result& result, Output& output);
  void print_effect(const Result& result, Output& output) const;
  void begin_result(Output& output);
  void report_time(std::chrono::steady_clock::time_point started) const;

  Connector connector_;
  const Options& options_;
  Interrupts& interrupts_;
  ProgressLine progress_;
  std::optional<Connection> connection_;
  std::int64_t results_printed_ = 0;
  std::int64_t row_count_ = 0;  // of the statement that runs
};

/// `(3 rows)`, `(10 rows, the limit)`.
std::string row_count_text(std::int64_t rows, std::int64_t limit);

}  // namespace dbsql::cli
