#include "cli/runner.h"

#include <dbsql/error.h>

#include "arrow/c_data.h"
#include "arrow/ipc_writer.h"
#include "cli/duration.h"
#include "cli/terminal.h"

#include <unistd.h>

#include <string>
#include <utility>

namespace dbsql::cli {

Runner::Runner(Connector connector, const Options& options, Interrupts& interrupts)
    : connector_(std::move(connector)),
      options_(options),
      interrupts_(interrupts),
      progress_(STDERR_FILENO, !options.quiet && isatty(STDERR_FILENO) == 1) {}

void Runner::connect() {
  connection_.reset();
  progress_.start(ProgressView::Phase::Connecting);
  try {
    connection_ = connector_.connect(
        {.timeout = options_.timeout,
         .stop = interrupts_.token(),
         .query_tags = {},
         .on_progress = [this](const Progress& progress) { progress_.update(progress); }});
  } catch (...) {
    progress_.stop();
    throw;
  }
  progress_.stop();
}

void Runner::run(std::string_view sql, Output& output) {
  const auto started = std::chrono::steady_clock::now();
  row_count_ = 0;
  StatementProfile profile;
  output.before_terminal_write([this] { progress_.stop(); });
  progress_.start(ProgressView::Phase::Running);
  try {
    Result result = connection_->query(sql, {}, execute_options());
    progress_.show(ProgressView::Phase::Fetching);
    print(result, output);
    output.flush();
    result.close();
    profile = result.profile();
  } catch (...) {
    progress_.stop();
    throw;
  }
  progress_.stop();
  if (options_.timing) report_time(started);
  if (options_.full_timing) write_text(STDERR_FILENO, to_text(profile));
}

ExecuteOptions Runner::execute_options() {
  ExecuteOptions execute;
  // The rows are part of what the user waits for.
  if (options_.timeout) execute.deadline = std::chrono::steady_clock::now() + *options_.timeout;
  execute.stop = interrupts_.token();
  execute.row_limit = options_.row_limit;
  execute.on_progress = [this](const Progress& progress) { progress_.update(progress); };
  execute.staging.allowed_paths = options_.allowed_paths;
  execute.staging.on_progress = [this](const StagingProgress& progress) {
    progress_.update(progress);
  };
  return execute;
}

void Runner::print(Result& result, Output& output) {
  if (result.column_count() == 0 || result.affected_rows()) return print_effect(result, output);
  begin_result(output);
  if (options_.format == Format::Arrow) {
    print_arrow(result, output);
  } else {
    print_rows(result, output);
  }
}

/// What stands between two results of one output.
void Runner::begin_result(Output& output) {
  if (results_printed_++ == 0) return;
  switch (options_.format) {
    case Format::Table:
    case Format::Csv:
    case Format::Tsv:
      output.buffer() += '\n';
      break;
    case Format::Arrow:
      // Readers stop at the end of the first stream: a second one would be lost without a word.
      throw UsageError("arrow output holds one result; write the second one to a file of its own");
    case Format::Json:
    case Format::Ndjson:
      break;
  }
}

void Runner::print_rows(Result& result, Output& output) {
  WriterOptions writer_options{.header = options_.header, .null_text = options_.null_text};
  if (output.is_terminal()) {
    constexpr std::size_t kRoomForBorders = 2;
    writer_options.cell_width_limit = terminal_width(STDOUT_FILENO) - kRoomForBorders;
  }
  const auto writer = make_writer(options_.format, writer_options, output.buffer());
  ResultRow row;
  writer->begin(result.schema());
  try {
    for (const RowRef& each : result.rows()) {
      row.look_at(each);
      writer->row(row);
      progress_.set_row_count(++row_count_);
      output.drain();
    }
  } catch (const OutputError&) {
    throw;
  } catch (const OutputInterrupted&) {
    throw;
  } catch (...) {
    writer->end(/*is_complete=*/false);
    if (interrupts_.is_interrupted()) output.buffer().clear();
    output.flush();  // rows before a failure are still delivered
    throw;
  }
  writer->end(/*is_complete=*/true);
  if (options_.format == Format::Table && !options_.quiet) {
    output.buffer() += row_count_text(row_count_, options_.row_limit);
  }
}

void Runner::print_arrow(Result& result, Output& output) {
  const arrow::UniqueSchema schema(result.arrow_schema());
  try {
    arrow::StreamWriter writer([&output](std::string_view bytes) { output.write(bytes); }, *schema);
    while (auto next = result.next_batch()) {
      const arrow::UniqueArray batch(std::move(*next));
      row_count_ += batch->length;
      progress_.set_row_count(row_count_);
      writer.write(*batch);
    }
    writer.finish();
  } catch (const Error&) {
    // Readers take a stream that just stops for one that has ended. The beginning of a message that
    // never comes makes them report a truncated stream.
    constexpr std::string_view kBrokenOff("\xFF\xFF\xFF\xFF\x08\x00\x00\x00", 8);
    output.write(kBrokenOff);
    output.flush();
    throw;
  }
}

namespace {

std::string moved_text(const StagingResult& moved) {
  const std::string bytes =
      format_count(static_cast<long long>(moved.bytes)) + (moved.bytes == 1 ? " byte " : " bytes ");
  switch (moved.operation) {
    case StagingOperation::Put:
      return bytes + "uploaded\n";
    case StagingOperation::Get:
      return bytes + "downloaded\n";
    case StagingOperation::Remove:
      return "Removed\n";
  }
  return "OK\n";
}

std::string affected_text(std::int64_t rows) {
  return format_count(rows) + (rows == 1 ? " row affected\n" : " rows affected\n");
}

}  // namespace

/// A statement that gives no rows. Data formats leave standard output to data.
void Runner::print_effect(const Result& result, Output& output) const {
  if (options_.quiet) return;
  const auto affected = result.affected_rows();
  const auto& moved = result.staging();
  const std::string text = moved      ? moved_text(*moved)
                           : affected ? affected_text(*affected)
                                      : "OK\n";
  if (options_.format == Format::Table) {
    output.buffer() += text;
  } else if (affected || moved) {
    write_text(STDERR_FILENO, text);
  }
}

void Runner::report_time(std::chrono::steady_clock::time_point started) const {
  const auto elapsed = std::chrono::steady_clock::now() - started;
  std::string text = "Time: " + format_duration(elapsed);
  if (row_count_ > 0) {
    const double seconds = std::chrono::duration<double>(elapsed).count();
    const double rate = static_cast<double>(row_count_) / seconds;
    text += ", " + format_count(row_count_) + (row_count_ == 1 ? " row" : " rows");
    constexpr std::int64_t kWorthARate =
        1000;  // below, it says nothing but how long a request takes
    if (row_count_ >= kWorthARate)
      text += ", " + format_count(static_cast<long long>(rate)) + " rows/s";
  }
  write_text(STDERR_FILENO, text + "\n");
}

std::string row_count_text(std::int64_t rows, std::int64_t limit) {
  std::string text = "(" + format_count(rows) + (rows == 1 ? " row" : " rows");
  if (limit > 0 && rows == limit) text += ", the limit";
  return text + ")\n";
}

}  // namespace dbsql::cli
