#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace dbsql::config {

/// What the options say about telemetry (reference/telemetry.md 1.2).
struct TelemetryOptions {
  std::optional<bool> enabled;  ///< not given: the server's flag decides
  bool is_forced = false;       ///< on, whatever the server's flag says
  bool requires_opt_in = true;  ///< without `enabled` nothing is sent, and no flag asked for

  int batch_size = 200;  ///< records in one request at most
  std::chrono::milliseconds flush_interval{30'000};
  int retry_count = 3;  ///< how often records that could not be delivered are tried once more
  std::chrono::milliseconds retry_delay{100};
  std::chrono::milliseconds close_timeout{2'000};  ///< what a close may wait for its records

  bool breaker_enabled = true;
  int breaker_failure_rate = 50;  ///< percent
  int breaker_minimum_calls = 10;
  int breaker_window = 30;
  std::chrono::milliseconds breaker_open_wait{60'000};
  int breaker_probes = 3;

  bool tells_process_name = true;
  bool tells_query_tags = false;
  std::string sink;  ///< `file:PATH`: what is sent, or would be, is written there as well

  std::string product = "CPP";  ///< of the server's flags
  std::string flag = "enableTelemetryForCppDriver";

  friend bool operator==(const TelemetryOptions&, const TelemetryOptions&) = default;
};

}  // namespace dbsql::config
