#pragma once

#include "otel/metrics.h"
#include "otel/span.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dbsql::otel {

/// The body of a request to `/v1/traces`: OTLP in its JSON form.
std::string traces_body(std::string_view service_name, std::span<const Span> spans);

/// What goes with the figures of a report.
struct MetricsFrame {
  std::string server_address;
  std::chrono::system_clock::time_point since;  ///< figures count from here
  std::chrono::system_clock::time_point now;
  std::uint64_t dropped_spans = 0;
};

/// The body of a request to `/v1/metrics`.
std::string metrics_body(std::string_view service_name, const Metrics::Snapshot& metrics,
                         const MetricsFrame& frame);

}  // namespace dbsql::otel
