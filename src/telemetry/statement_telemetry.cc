#include "telemetry/statement_telemetry.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace dbsql::telemetry {
namespace {

using std::chrono::milliseconds;

std::int64_t in_ms(std::chrono::nanoseconds duration) noexcept {
  return std::chrono::duration_cast<milliseconds>(duration).count();
}

ResultFormat format_of(observe::PageReceived::Format format) noexcept {
  switch (format) {
    case observe::PageReceived::Format::Arrow:
      return ResultFormat::InlineArrow;
    case observe::PageReceived::Format::Columns:
      return ResultFormat::ColumnarInline;
    case observe::PageReceived::Format::Links:
      return ResultFormat::ExternalLinks;
    case observe::PageReceived::Format::None:
      break;
  }
  return ResultFormat::Unspecified;
}

VolumeOperation volume_operation_of(std::string_view operation) noexcept {
  if (operation == "PUT") return VolumeOperation::Put;
  if (operation == "GET") return VolumeOperation::Get;
  return VolumeOperation::Delete;
}

/// The word for what ended a statement, where it is not that of any call.
ErrorCategory of_statement(ErrorCategory error) noexcept {
  return error == ErrorCategory::Cancelled ? ErrorCategory::ExecuteStatementCancelled : error;
}

/// The word for what was wrong with a file.
ErrorCategory of_chunk(const observe::ChunkFailed& event) noexcept {
  if (event.is_compression_damaged) return ErrorCategory::Decompression;
  const ErrorCategory category = category_of(event.kind);
  return category == ErrorCategory::ResultSet ? category : ErrorCategory::ChunkDownload;
}

/// The word for why a volume's file was not moved, unless its caller is the reason.
ErrorCategory of_transfer(ErrorKind kind) noexcept {
  const bool is_callers = kind == ErrorKind::Cancelled || kind == ErrorKind::Timeout;
  return is_callers ? of_statement(category_of(kind)) : ErrorCategory::VolumeOperation;
}

}  // namespace

StatementTelemetry::StatementTelemetry(std::shared_ptr<ConnectionTelemetry> connection,
                                       OperationType type, StatementType statement_type,
                                       bool is_internal) noexcept
    : connection_(std::move(connection)), clock_(connection_->clock()), started_(clock_.now()) {
  operation_.type = type;
  operation_.statement_type = statement_type;
  operation_.is_internal = is_internal;
}

void StatementTelemetry::on(const observe::Event& event) noexcept {
  std::visit([this](const auto& each) { take(each); }, event);
}

template <class Other>
void StatementTelemetry::take(const Other& event) {
  if constexpr (requires { take_locked(event); }) {
    const std::lock_guard lock(mutex_);
    take_locked(event);
  }
}

void StatementTelemetry::take(const observe::CancelAsked& event) {
  cancelled(event.latency,
            event.error == nullptr ? ErrorCategory::None : category_of(*event.error));
}

void StatementTelemetry::take(const observe::StatementSubmitted& event) {
  // It may be over when another session has taken the place of this one.
  const WireId session_id = connection_->session_id();
  const std::lock_guard lock(mutex_);
  operation_.statement_id = WireId(event.statement_id);
  operation_.session_id = session_id;
}

void StatementTelemetry::take_locked(const observe::StatementPolled& event) {
  ++operation_.polls;
  operation_.poll_ms += in_ms(event.latency);
}

void StatementTelemetry::take_locked(const observe::PageReceived& event) {
  const ResultFormat format = format_of(event.format);
  if (format != ResultFormat::Unspecified) {
    operation_.format = format;
    operation_.is_compressed = event.is_compressed;
  }
  if (event.links > 0) chunks_locked().present += event.links;
  if (format != ResultFormat::ExternalLinks) operation_.bytes += event.wire_bytes;
}

void StatementTelemetry::take_locked(const observe::ChunkReceived& event) {
  ChunkDetails& chunks = chunks_locked();
  const std::int64_t latency = in_ms(event.latency);
  if (event.index == 0) chunks.initial_ms = latency;
  chunks.slowest_ms = std::max(chunks.slowest_ms, latency);
  chunks.sum_ms += latency;
  operation_.retries += event.repeats;
  operation_.bytes += event.wire_bytes;
  if (event.index == 0 && !operation_.ready_ms) operation_.ready_ms = elapsed_ms(started_);
}

void StatementTelemetry::take_locked(const observe::ChunkConsumed& event) {
  ChunkDetails& chunks = chunks_locked();
  ++chunks.iterated;
  chunks.present = std::max(chunks.present, chunks.iterated);
  // A file may be read while the rest of it is on its way.
  if (event.index == 0 && !operation_.ready_ms) operation_.ready_ms = elapsed_ms(started_);
}

void StatementTelemetry::take_locked(const observe::ChunkFailed& event) {
  operation_.failed_chunk = event.index;
  operation_.retries += event.repeats;
  fail_locked(of_chunk(event));
}

void StatementTelemetry::take_locked(const observe::StagingTransferred& event) {
  move_locked(event.operation, event.elapsed);
}

void StatementTelemetry::take_locked(const observe::StagingFailed& event) {
  move_locked(event.operation, event.elapsed);
  fail_locked(of_transfer(event.kind));
}

void StatementTelemetry::ready() noexcept {
  const std::lock_guard lock(mutex_);
  freeze_locked();
}

void StatementTelemetry::failed(ErrorCategory error) noexcept {
  const std::lock_guard lock(mutex_);
  freeze_locked();
  fail_locked(of_statement(error));
}

void StatementTelemetry::failed(const Error& error) noexcept {
  {
    const std::lock_guard lock(mutex_);
    name_locked(error.statement_id());
  }
  failed(category_of(error));
}

void StatementTelemetry::reading() noexcept {
  const std::lock_guard lock(mutex_);
  if (!reading_since_) reading_since_ = clock_.now();
}

void StatementTelemetry::exhausted() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (reading_since_ && !operation_.consumption_ms)
      operation_.consumption_ms = elapsed_ms(*reading_since_);
  }
  finish();
}

void StatementTelemetry::cancelled(std::chrono::nanoseconds latency, ErrorCategory error) noexcept {
  {
    const std::lock_guard lock(mutex_);
    is_cancelled_ = is_cancelled_ || error == ErrorCategory::None;
  }
  tell_beside(OperationType::CancelStatement, latency, error);
}

/// Does not end the record: a statement that failed is freed at once, and the server's answer may
/// be faster than the word of the failure.
void StatementTelemetry::closed(const observe::StatementClosed& event) noexcept {
  {
    const std::lock_guard lock(mutex_);
    name_locked(event.statement_id);
  }
  tell_beside(OperationType::CloseStatement, event.latency,
              event.failed ? ErrorCategory::StatementClosed : ErrorCategory::None);
}

void StatementTelemetry::tell_beside(OperationType type, std::chrono::nanoseconds latency,
                                     ErrorCategory error) noexcept {
  Operation beside;
  beside.type = type;
  beside.latency_ms = in_ms(latency);
  beside.error = error;
  {
    const std::lock_guard lock(mutex_);
    beside.session_id = operation_.session_id;
    beside.statement_id = operation_.statement_id;
    beside.statement_type = operation_.statement_type;
    beside.is_internal = operation_.is_internal;
  }
  connection_->record(beside);
}

void StatementTelemetry::finish() noexcept {
  Operation finished;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_finished_, true)) return;
    freeze_locked();
    if (reading_since_ && !operation_.consumption_ms)
      operation_.consumption_ms = elapsed_ms(*reading_since_);
    // Files are ready when the first one is here; what comes inline is there with the execution.
    // Which it is is not known before a page was read.
    const bool has_files = operation_.format == ResultFormat::ExternalLinks;
    if (reading_since_ && !has_files) operation_.ready_ms = operation_.latency_ms;
    // A cancel that nobody waits for ends the statement without another failure.
    if (is_cancelled_) fail_locked(ErrorCategory::ExecuteStatementCancelled);
    finished = operation_;
  }
  connection_->record(finished);
}

void StatementTelemetry::freeze_locked() {
  if (std::exchange(is_frozen_, true)) return;
  operation_.latency_ms = elapsed_ms(started_);
}

/// A statement that failed at once, or that was somebody else's, is named by what is told later.
void StatementTelemetry::name_locked(std::string_view statement_id) {
  if (operation_.statement_id.empty()) operation_.statement_id = WireId(statement_id);
}

/// The time of a statement that moves a file is that of the transfer (reference/telemetry.md 4.2).
void StatementTelemetry::move_locked(std::string_view operation, std::chrono::nanoseconds elapsed) {
  operation_.statement_type = StatementType::Volume;
  operation_.volume = volume_operation_of(operation);
  operation_.latency_ms = in_ms(elapsed);
  is_frozen_ = true;
}

void StatementTelemetry::fail_locked(ErrorCategory error) {
  if (operation_.error == ErrorCategory::None) operation_.error = error;
}

ChunkDetails& StatementTelemetry::chunks_locked() {
  if (!operation_.chunks) operation_.chunks.emplace();
  return *operation_.chunks;
}

std::int64_t StatementTelemetry::elapsed_ms(TimePoint from) const noexcept {
  return std::max<std::int64_t>(in_ms(clock_.now() - from), 0);
}

}  // namespace dbsql::telemetry
