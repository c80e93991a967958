#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace dbsql::config {

/// What the options say about traces and metrics for a collector of the program's own. Nothing of
/// it has to do with `TelemetryOptions`.
struct OtelOptions {
  std::optional<bool> enabled;  ///< not given: on when there is an `endpoint`
  std::string endpoint;         ///< of OTLP over HTTP, without `/v1/traces`
  std::string headers;          ///< secret: `name=value,name=value`
  std::string service_name;
  bool tells_sql_text = false;
  std::chrono::milliseconds flush_interval{5'000};
  std::chrono::milliseconds metric_interval{60'000};  ///< 0 = no metrics
  int queue_size = 2'048;                             ///< spans that wait to be sent

  friend bool operator==(const OtelOptions&, const OtelOptions&) = default;
};

}  // namespace dbsql::config
