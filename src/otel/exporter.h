#pragma once

#include "base/clock.h"
#include "http/transport.h"
#include "otel/metrics.h"
#include "otel/span.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace dbsql::telemetry {
class EndpointHealth;
class Worker;
}  // namespace dbsql::telemetry

namespace dbsql::otel {

struct ExporterSettings {
  std::string endpoint;   ///< scheme, host, port and path, without `/v1/traces`
  http::Headers headers;  ///< of the user's own, for the collector alone
  std::string service_name;
  std::string server_address;  ///< of the warehouse: what the figures are about
  bool tells_sql_text = false;
  std::chrono::milliseconds flush_interval{5'000};
  std::chrono::milliseconds metric_interval{60'000};  ///< 0 = no metrics
  std::size_t queue_size = 2'048;
  std::shared_ptr<http::Transport> transport;
  base::Clock* clock = &base::Clock::system();
};

/// Sends the spans and figures of one connector to its collector, with OTLP over HTTP.
///
/// Requests are made on a thread of the process's own, one after the other, and no caller ever
/// waits for one but the last that lets go of this object: for as long as it takes to deliver what
/// is there, two seconds at most, and not at all once a collector has kept somebody waiting in
/// vain.
///
/// Ownership: shared by a connector, its connections and their running statements; the destructor
/// must not run on an I/O thread. Threads: safe from any thread. Errors: none ever; what cannot be
/// delivered is counted. Memory: bounded; spans beyond it are dropped and counted.
class Exporter {
 public:
  static constexpr std::chrono::milliseconds kCloseLimit{2'000};
  /// Of all closes in vain together, as at the exit of a program with many connectors.
  static constexpr std::chrono::milliseconds kExitLimit{4'000};
  static constexpr std::size_t kBatchSize = 512;
  static constexpr int kMostAttempts = 5;  ///< for one batch

  struct Stats {
    std::uint64_t sent = 0;     ///< spans
    std::uint64_t dropped = 0;  ///< spans
    std::uint64_t requests = 0;
    std::size_t waiting = 0;  ///< spans
  };

  explicit Exporter(ExporterSettings settings);
  ~Exporter();
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;

  void add(Span span) noexcept;
  /// What is there should not wait for the interval.
  void flush_soon() noexcept;

  Metrics& metrics() noexcept;
  const ExporterSettings& settings() const noexcept;
  base::Clock& clock() const noexcept { return *settings().clock; }
  Stats stats() const;

 private:
  class Queue;

  std::shared_ptr<telemetry::Worker> worker_;  // of the process, while there are exporters
  std::shared_ptr<Queue> queue_;
};

}  // namespace dbsql::otel
