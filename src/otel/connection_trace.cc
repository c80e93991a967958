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

ConnectionTrace::ConnectionTrace(std::shared_ptr<Exporter> exporter, std::uint16_t port,
                                 std::optional<TraceContext> parent)
    : exporter_(std::move(exporter)),
      port_(port),
      parent_(parent ? std::optional(parent->span_id) : std::nullopt),
      first_(place_below(parent)),
      headers_(headers_of(first_)) {}

void ConnectionTrace::on(const observe::Event& event) noexcept {
  try {
    std::visit([this](const auto& each) { take(each); }, event);
  } catch (...) {  // no memory for a span: it is left out
    return;
  }
}

Span ConnectionTrace::span_of(std::string_view name, TraceContext context,
                              std::chrono::nanoseconds latency) const {
  Span span;
  span.name = name;
  span.context = std::move(context);
  span.duration = latency;
  span.start = exporter_->clock().system_now() -
               std::chrono::duration_cast<std::chrono::system_clock::duration>(latency);
  span.attributes = common_attributes(*exporter_, port_);
  return span;
}

Span ConnectionTrace::connect_span(std::chrono::nanoseconds latency) {
  const std::lock_guard lock(mutex_);
  const bool is_first = !opened_;
  opened_ = is_first ? first_ : place_below(std::nullopt);
  Span span = span_of("db.connect", *opened_, latency);
  if (is_first) span.parent = parent_;
  return span;
}

void ConnectionTrace::take(const observe::SessionOpened& event) {
  Span span = connect_span(event.latency);
  span.attributes.push_back({"databricks.session.id", std::string(event.session_id)});
  if (span.context.is_sampled()) exporter_->add(std::move(span));
}

void ConnectionTrace::take(const observe::SessionFailed& event) {
  Span span = connect_span(event.latency);
  span.error = event.error->kind();
  if (span.context.is_sampled()) exporter_->add(std::move(span));
  exporter_->flush_soon();
}

void ConnectionTrace::take(const observe::SessionClosed& event) {
  Span span = span_of("db.close", place_below(std::nullopt), event.latency);
  span.attributes.push_back({"databricks.session.id", std::string(event.session_id)});
  if (event.failed) span.error = ErrorKind::Network;
  {
    const std::lock_guard lock(mutex_);
    if (opened_ && opened_->is_sampled()) span.link = opened_;
  }
  exporter_->add(std::move(span));
  exporter_->flush_soon();
}

}  // namespace dbsql::otel
