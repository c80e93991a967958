#include "otel/statement_trace.h"

#include <utility>
#include <variant>

namespace dbsql::otel {
namespace {

Span span_of(const std::optional<TraceContext>& parent) {
  Span span;
  span.name = "db.query";
  span.context = place_below(parent);
  if (parent) span.parent = parent->span_id;
  return span;
}

std::string cut(std::string text) {
  if (text.size() > StatementTrace::kLongestSql) text.resize(StatementTrace::kLongestSql);
  return text;
}

}  // namespace

StatementTrace::StatementTrace(const std::shared_ptr<ConnectionTrace>& connection,
                               StatementFacts facts)
    : exporter_(connection->exporter()),
      clock_(exporter_->clock()),
      started_(clock_.now()),
      started_at_(clock_.system_now()),
      operation_(std::move(facts.operation)),
      span_(span_of(facts.parent)),
      headers_(headers_of(span_.context)) {
  span_.start = started_at_;
  span_.attributes = common_attributes(*exporter_, connection->port());
  span_.attributes.push_back({"db.operation.name", operation_});
  if (exporter_->settings().tells_sql_text && !facts.sql.empty())
    span_.attributes.push_back({"db.query.text", cut(std::move(facts.sql))});
}

void StatementTrace::on(const observe::Event& event) noexcept {
  std::shared_ptr<Exporter> done;  // goes outside the lock: the last one waits for its delivery
  try {
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    std::visit([this](const auto& each) { take_locked(each); }, event);
    if (is_over_) done = std::move(exporter_);
  } catch (...) {  // no memory for a span: it is left out
    return;
  }
}

/// By the steady clock, like everything of this statement.
std::chrono::system_clock::time_point StatementTrace::at(TimePoint time) const {
  return started_at_ +
         std::chrono::duration_cast<std::chrono::system_clock::duration>(time - started_);
}

Span StatementTrace::child_locked(std::string_view name, std::chrono::nanoseconds latency) {
  Span span;
  span.name = name;
  span.context = span_.context;
  span.context.span_id = new_span_id();
  span.parent = span_.context.span_id;
  span.start = at(clock_.now() - latency);
  span.duration = latency;
  span.attributes.push_back({"db.system.name", "databricks"});
  return span;
}

void StatementTrace::add_child_locked(Span span) {
  if (span_.context.is_sampled() && children_ < kMostChildren) exporter_->add(std::move(span));
  ++children_;
}

void StatementTrace::take_locked(const observe::RequestRepeated&) {
  ++retries_;
  exporter_->metrics().request_repeated();
}

void StatementTrace::take_locked(const observe::StatementSubmitted& event) {
  if (event.statement_id.empty()) return;
  span_.attributes.push_back({"databricks.statement.id", std::string(event.statement_id)});
}

void StatementTrace::take_locked(const observe::StatementPolled&) { ++polls_; }

void StatementTrace::take_locked(const observe::PageReceived& event) {
  if (event.latency.count() == 0) return;  // it came with the reply to the statement
  Span span = child_locked("db.fetch", event.latency);
  span.attributes.push_back({"databricks.page.start_row", event.start_row});
  span.attributes.push_back({"databricks.page.bytes", event.wire_bytes});
  if (event.links > 0)
    span.attributes.push_back({"databricks.page.links", std::int64_t{event.links}});
  add_child_locked(std::move(span));
}

void StatementTrace::take_locked(const observe::ChunkReceived& event) {
  exporter_->metrics().chunk_received(event.latency, event.repeats);
  retries_ += event.repeats;
  Span span = child_locked("db.cloudfetch.chunk", event.latency);
  span.attributes.push_back({"databricks.chunk.index", event.index});
  span.attributes.push_back({"databricks.chunk.bytes", event.wire_bytes});
  if (event.repeats > 0)
    span.attributes.push_back({"databricks.chunk.retries", std::int64_t{event.repeats}});
  add_child_locked(std::move(span));
}

void StatementTrace::take_locked(const observe::ChunkFailed& event) {
  Span span = child_locked("db.cloudfetch.chunk", {});
  span.attributes.push_back({"databricks.chunk.index", event.index});
  span.error = event.kind;
  add_child_locked(std::move(span));
}

void StatementTrace::take_locked(const observe::RowsDelivered& event) { rows_ += event.rows; }

void StatementTrace::take_locked(const observe::RowsExhausted&) { finish_locked(); }

void StatementTrace::take_locked(const observe::StagingTransferred& event) {
  span_.attributes.push_back({"databricks.staging.bytes", static_cast<std::int64_t>(event.bytes)});
}

void StatementTrace::take_locked(const observe::CancelAsked& event) {
  if (event.error == nullptr) ++cancels_;
}

void StatementTrace::take_locked(const observe::Failed& event) {
  if (span_.error) return;
  span_.error = event.error->kind();
  if (!event.error->sqlstate().empty())
    span_.attributes.push_back({"db.response.status_code", std::string(event.error->sqlstate())});
}

void StatementTrace::take_locked(const observe::StatementEnded&) { finish_locked(); }

void StatementTrace::finish_locked() {
  is_over_ = true;
  // A cancel that its caller does not wait for ends the statement without another failure.
  if (cancels_ > 0 && !span_.error) span_.error = ErrorKind::Cancelled;
  span_.duration = clock_.now() - started_;
  exporter_->metrics().operation_ended(operation_, span_.error, span_.duration);
  if (!span_.context.is_sampled()) return;
  span_.attributes.push_back({"db.response.returned_rows", rows_});
  if (polls_ > 0) span_.attributes.push_back({"databricks.polls", std::int64_t{polls_}});
  if (retries_ > 0) span_.attributes.push_back({"databricks.retries", std::int64_t{retries_}});
  if (children_ > kMostChildren)
    span_.attributes.push_back(
        {"databricks.spans_left_out", std::int64_t{children_ - kMostChildren}});
  exporter_->add(std::move(span_));
}

void StatementTrace::end() noexcept { on(observe::StatementEnded{}); }

}  // namespace dbsql::otel
