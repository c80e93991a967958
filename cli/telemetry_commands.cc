#include "cli/telemetry_commands.h"

#include <dbsql/connector.h>
#include <dbsql/telemetry.h>

#include "cli/connecting.h"
#include "cli/display_text.h"
#include "cli/terminal.h"

#include <unistd.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <sstream>
#include <vector>

namespace dbsql::cli {
namespace {

/// Options hold text of other people's: nothing of it may act on the terminal.
void print(const std::string& text) {
  std::istringstream lines(text);
  std::string shown;
  for (std::string line; std::getline(lines, line);) {
    append_display_text(line, shown);
    shown += '\n';
  }
  write_text(STDOUT_FILENO, shown);
}

std::string fields_text() {
  std::string text;
  for (const TelemetryField& field : telemetry_fields())
    text += field.path + "\n  " + field.name + ", " + field.value + ": " + field.meaning + "\n";
  return text;
}

class BodySink final : public TelemetrySink {
 public:
  void on_batch(const TelemetryBatch& batch) override {
    const std::lock_guard lock(mutex_);
    bodies_.emplace_back(batch.body);
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const std::string& body : bodies_) text += "  " + body + "\n";
    return text;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> bodies_;  // guarded by mutex_
};

ConnectOptions connect_options(const Options& options, const Interrupts& interrupts) {
  return {.timeout = options.timeout, .stop = interrupts.token(), .query_tags = {}};
}

ExecuteOptions execute_options(const Options& options, const Interrupts& interrupts) {
  ExecuteOptions execute;
  if (options.timeout) execute.deadline = std::chrono::steady_clock::now() + *options.timeout;
  execute.stop = interrupts.token();
  execute.row_limit = options.row_limit;
  execute.staging.allowed_paths = options.allowed_paths;
  return execute;
}

/// The bodies of a connection that runs `options.telemetry_sql`. It tells nothing to anybody else,
/// whatever its options say. A statement that fails has its record, too.
std::string dry_run(const Options& options, const Interrupts& interrupts) {
  const auto sink = std::make_shared<BodySink>();
  const Connector connector(connection_of(options)
                                .set("telemetry.enabled", "false")
                                .set("telemetry.forced", "false")
                                .set("telemetry.sink", "")
                                .with_telemetry_sink(sink));
  Connection connection = connector.connect(connect_options(options, interrupts));
  try {
    Result result =
        connection.query(options.telemetry_sql, {}, execute_options(options, interrupts));
    for ([[maybe_unused]] const RowRef row : result.rows()) continue;
  } catch (const Error& error) {
    write_text(STDERR_FILENO, std::string("the statement failed: ") + error.what() + "\n");
  }
  connection.close();
  return sink->text();
}

std::string state_word(TelemetryState state) {
  switch (state) {
    case TelemetryState::On:
      return "on";
    case TelemetryState::Pending:
      return "pending";
    case TelemetryState::Off:
      break;
  }
  return "off";
}

std::string endpoint_word(const TelemetryStats& stats) {
  if (stats.endpoint_suspended) return "left alone, it refuses";
  switch (stats.breaker) {
    case TelemetryStats::Breaker::Open:
      return "left alone, it fails";
    case TelemetryStats::Breaker::HalfOpen:
      return "being tried again";
    case TelemetryStats::Breaker::Closed:
      break;
  }
  return "in use";
}

}  // namespace

std::string telemetry_status_text(const TelemetryStats& stats) {
  std::ostringstream text;
  text << "telemetry: " << state_word(stats.state) << " (" << stats.reason << ")\n"
       << "endpoint: " << endpoint_word(stats) << "\n"
       << "records: " << stats.recorded << "\n"
       << "delivered: " << stats.delivered << "\n"
       << "dropped: " << stats.dropped.total() << " (no room " << stats.dropped.no_room
       << ", no time " << stats.dropped.no_time << ", endpoint left alone "
       << stats.dropped.endpoint_avoided << ", no credentials " << stats.dropped.no_credentials
       << ", refused " << stats.dropped.refused << ", tried in vain " << stats.dropped.tries_used_up
       << ")\n"
       << "evicted: " << stats.evicted << "\n"
       << "not counted by the endpoint: " << stats.not_counted << "\n"
       << "waiting: " << stats.pending << "\n"
       << "requests: " << stats.requests << ", " << stats.bytes << " bytes, "
       << stats.requests_in_flight << " under way\n";
  if (stats.requests > 0)
    text << "last answer: "
         << (stats.last_status == 0 ? "none" : "HTTP " + std::to_string(stats.last_status)) << "\n";
  if (!stats.last_error.empty()) text << "last error: " << stats.last_error << "\n";
  return text.str();
}

ExitCode show_telemetry(const Options& options, Interrupts& interrupts) {
  TelemetryExplanation explanation = connection_of(options).explain_telemetry();
  if (!options.telemetry_sql.empty()) explanation.bodies.clear();
  std::string text = explanation.to_text();
  if (!options.telemetry_sql.empty())
    text += "\na connection that has run the SQL would have sent; it has sent nothing:\n" +
            dry_run(options, interrupts);
  print(text + "\nwhat a record can hold:\n" + fields_text());
  return ExitCode::Ok;
}

ExitCode print_telemetry_fields() {
  print(fields_text());
  return ExitCode::Ok;
}

ExitCode show_telemetry_status(const Options& options, Interrupts& interrupts) {
  const Connector connector(connection_of(options));
  Connection connection = connector.connect(connect_options(options, interrupts));
  connection.close();
  print(telemetry_status_text(connection.telemetry_stats()));
  return ExitCode::Ok;
}

}  // namespace dbsql::cli
