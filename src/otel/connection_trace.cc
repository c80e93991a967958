#include "otel/connection_trace.h"

#include <utility>
#include <variant>

namespace dbsql::otel {

std::vector<Attribute> common_attributes(const Exporter& exporter, std::uint16_t port) {
  std::vector<Attribute> attributes;
  attributes.push_back({"db.system.name", "databricks"});
  attributes.push_back({"server.address", exporter.settings().server_address});
  attributes.push_back({"server.port", std::int64_t{port}});
  return attributes;
}

void ConnectionTrace::on(const observe::Event& event) noexcept {
  try {
    std::visit([this](const auto& each) { take(each); }, event);
  } catch (...) {  // no memory for a span: it is left out
    return;
  }
}

Span ConnectionTrace::span_of(std::string_view name, std::chrono::nanoseconds latency) const {
  Span span;
  span.name = name;
  span.context.trace_id = new_trace_id();
  span.context.span_id = new_span_id();
  span.duration = latency;
  span.start = exporter_->clock().system_now() -
               std::chrono::duration_cast<std::chrono::system_clock::duration>(latency);
  span.attributes = common_attributes(*exporter_, port_);
  return span;
}

void ConnectionTrace::take(const observe::SessionOpened& event) {
  Span span = span_of("db.connect", event.latency);
  span.attributes.push_back({"databricks.session.id", std::string(event.session_id)});
  {
    const std::lock_guard lock(mutex_);
    opened_ = span.context;
  }
  exporter_->add(std::move(span));
}

void ConnectionTrace::take(const observe::SessionFailed& event) {
  Span span = span_of("db.connect", event.latency);
  span.error = event.error->kind();
  exporter_->add(std::move(span));
  exporter_->flush_soon();
}

void ConnectionTrace::take(const observe::SessionClosed& event) {
  Span span = span_of("db.close", event.latency);
  span.attributes.push_back({"databricks.session.id", std::string(event.session_id)});
  if (event.failed) span.error = ErrorKind::Network;
  {
    const std::lock_guard lock(mutex_);
    span.link = opened_;
  }
  exporter_->add(std::move(span));
  exporter_->flush_soon();
}

}  // namespace dbsql::otel
