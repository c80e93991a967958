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

void StatementTelemetry::take_locked(const observe::StatementSubmitted& event) {
  operation_.statement_id = WireId(event.statement_id);
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
}

void StatementTelemetry::take_locked(const observe::ChunkConsumed& event) {
  ChunkDetails& chunks = chunks_locked();
  ++chunks.iterated;
  chunks.present = std::max(chunks.present, chunks.iterated);
  if (event.index == 0 && !operation_.ready_ms) operation_.ready_ms = elapsed_ms(started_);
}

void StatementTelemetry::take_locked(const observe::ChunkFailed& event) {
  operation_.failed_chunk = event.index;
  fail_locked(of_chunk(event));
}

void StatementTelemetry::take_locked(const observe::StagingTransferred& event) {
  operation_.statement_type = StatementType::Volume;
  operation_.volume = volume_operation_of(event.operation);
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

void StatementTelemetry::reading() noexcept {
  const std::lock_guard lock(mutex_);
  if (reading_since_) return;
  reading_since_ = clock_.now();
  const bool has_files = operation_.format == ResultFormat::ExternalLinks;
  if (!has_files && !operation_.ready_ms) operation_.ready_ms = operation_.latency_ms;
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
  tell_beside(OperationType::CancelStatement, latency, error);
}

/// Does not end the record: a statement that failed is freed at once, and the server's answer may
/// be faster than the word of the failure.
void StatementTelemetry::closed(const observe::StatementClosed& event) noexcept {
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
    finished = operation_;
  }
  connection_->record(finished);
}

void StatementTelemetry::freeze_locked() {
  if (std::exchange(is_frozen_, true)) return;
  operation_.latency_ms = elapsed_ms(started_);
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
