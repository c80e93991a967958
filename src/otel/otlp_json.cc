#include "otel/otlp_json.h"

#include <dbsql/version.h>

#include "base/text.h"

#include <nlohmann/json.hpp>

#include <cstddef>

namespace dbsql::otel {
namespace {

using nlohmann::json;
using std::chrono::system_clock;

constexpr std::string_view kDriver = "databricks-sql-cpp";
constexpr int kClient = 3;      // SPAN_KIND_CLIENT
constexpr int kError = 2;       // STATUS_CODE_ERROR
constexpr int kCumulative = 2;  // AGGREGATION_TEMPORALITY_CUMULATIVE

/// 64-bit numbers are text in this form.
template <class Number>
std::string number_text(Number number) {
  return std::to_string(number);
}

std::string time_text(system_clock::time_point time) {
  return number_text(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

template <std::size_t Size>
std::string hex(const std::array<std::uint8_t, Size>& id) {
  return base::to_hex(std::as_bytes(std::span(id)));
}

json text_attribute(std::string_view key, std::string_view value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}

json attribute_of(const Attribute& attribute) {
  if (const auto* text = std::get_if<std::string>(&attribute.value))
    return text_attribute(attribute.key, *text);
  return {{"key", attribute.key},
          {"value", {{"intValue", number_text(std::get<std::int64_t>(attribute.value))}}}};
}

json resource_of(std::string_view service_name) {
  json attributes = json::array();
  attributes.push_back(text_attribute("service.name", service_name));
  attributes.push_back(text_attribute("telemetry.sdk.language", "cpp"));
  attributes.push_back(text_attribute("telemetry.sdk.name", kDriver));
  attributes.push_back(text_attribute("telemetry.sdk.version", version()));
  return {{"attributes", std::move(attributes)}};
}

json scope() { return {{"name", kDriver}, {"version", version()}}; }

/// Text of outside may be no UTF-8, for instance the end of one that was cut.
std::string dump(const json& body) {
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

json json_of(const Span& span) {
  json attributes = json::array();
  for (const Attribute& attribute : span.attributes) attributes.push_back(attribute_of(attribute));
  json out = {
      {"traceId", hex(span.context.trace_id)},
      {"spanId", hex(span.context.span_id)},
      {"flags", span.context.flags},
      {"name", span.name},
      {"kind", kClient},
      {"startTimeUnixNano", time_text(span.start)},
      {"endTimeUnixNano",
       time_text(span.start + std::chrono::duration_cast<system_clock::duration>(span.duration))}};
  if (span.parent) out["parentSpanId"] = hex(*span.parent);
  if (!span.context.state.empty()) out["traceState"] = span.context.state;
  if (span.link)
    out["links"] =
        json::array({{{"traceId", hex(span.link->trace_id)}, {"spanId", hex(span.link->span_id)}}});
  if (span.error) {
    attributes.push_back(text_attribute("error.type", to_string(*span.error)));
    out["status"] = {{"code", kError}};
  }
  out["attributes"] = std::move(attributes);
  return out;
}

json json_of(const Histogram& histogram, const MetricsFrame& frame, json attributes) {
  json counts = json::array();
  for (const std::uint64_t count : histogram.counts) counts.push_back(number_text(count));
  return {{"attributes", std::move(attributes)},
          {"startTimeUnixNano", time_text(frame.since)},
          {"timeUnixNano", time_text(frame.now)},
          {"count", number_text(histogram.count)},
          {"sum", histogram.sum},
          {"min", histogram.minimum},
          {"max", histogram.maximum},
          {"bucketCounts", std::move(counts)},
          {"explicitBounds", Histogram::kBounds}};
}

json common_attributes(const MetricsFrame& frame) {
  return json::array({text_attribute("db.system.name", "databricks"),
                      text_attribute("server.address", frame.server_address)});
}

json histogram_metric(std::string_view name, std::string_view description, json points) {
  return {
      {"name", name},
      {"unit", "s"},
      {"description", description},
      {"histogram", {{"aggregationTemporality", kCumulative}, {"dataPoints", std::move(points)}}}};
}

json counter_metric(std::string_view name, std::string_view description, std::uint64_t count,
                    const MetricsFrame& frame) {
  return {{"name", name},
          {"unit", "1"},
          {"description", description},
          {"sum",
           {{"aggregationTemporality", kCumulative},
            {"isMonotonic", true},
            {"dataPoints", json::array({{{"attributes", common_attributes(frame)},
                                         {"startTimeUnixNano", time_text(frame.since)},
                                         {"timeUnixNano", time_text(frame.now)},
                                         {"asInt", number_text(count)}}})}}}};
}

json operation_metric(const Metrics::Snapshot& metrics, const MetricsFrame& frame) {
  json points = json::array();
  for (const auto& [key, histogram] : metrics.operations) {
    json attributes = common_attributes(frame);
    attributes.push_back(text_attribute("db.operation.name", key.first));
    if (!key.second.empty()) attributes.push_back(text_attribute("error.type", key.second));
    points.push_back(json_of(histogram, frame, std::move(attributes)));
  }
  return histogram_metric("db.client.operation.duration",
                          "Duration of statements, from sending them to their last row",
                          std::move(points));
}

}  // namespace

std::string traces_body(std::string_view service_name, std::span<const Span> spans) {
  json list = json::array();
  for (const Span& span : spans) list.push_back(json_of(span));
  json scope_spans = json::array({{{"scope", scope()}, {"spans", std::move(list)}}});
  return dump({{"resourceSpans", json::array({{{"resource", resource_of(service_name)},
                                               {"scopeSpans", std::move(scope_spans)}}})}});
}

std::string metrics_body(std::string_view service_name, const Metrics::Snapshot& metrics,
                         const MetricsFrame& frame) {
  json list = json::array();
  if (!metrics.operations.empty()) list.push_back(operation_metric(metrics, frame));
  if (metrics.chunks.count > 0)
    list.push_back(histogram_metric(
        "databricks.cloudfetch.chunk.duration", "Duration of downloads of result files",
        json::array({json_of(metrics.chunks, frame, common_attributes(frame))})));
  list.push_back(counter_metric("databricks.request.retries",
                                "Requests and downloads that failed and were repeated",
                                metrics.retries, frame));
  list.push_back(counter_metric("databricks.otel.dropped_spans",
                                "Spans that could not be kept or delivered", frame.dropped_spans,
                                frame));
  json scope_metrics = json::array({{{"scope", scope()}, {"metrics", std::move(list)}}});
  return dump({{"resourceMetrics", json::array({{{"resource", resource_of(service_name)},
                                                 {"scopeMetrics", std::move(scope_metrics)}}})}});
}

}  // namespace dbsql::otel
