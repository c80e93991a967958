#pragma once

#include "observe/observer.h"
#include "otel/exporter.h"
#include "otel/span.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace dbsql::otel {

/// What one connection tells its collector of itself: the spans `db.connect`, below the place that
/// the caller gave, and `db.close`, which links to it in a trace of its own, for a connection may
/// live for months. So does a `db.connect` of a session that takes the place of another one.
///
/// Threads: safe from any thread.
class ConnectionTrace final : public observe::Observer {
 public:
  /// \param port    of the warehouse, whose address the exporter's settings tell
  /// \param parent  the place in a trace at which the connection is opened
  ConnectionTrace(std::shared_ptr<Exporter> exporter, std::uint16_t port,
                  std::optional<TraceContext> parent = std::nullopt);

  void on(const observe::Event& event) noexcept override;

  /// For the requests that open the session.
  const base::Trace& headers() const noexcept { return headers_; }
  const std::shared_ptr<Exporter>& exporter() const noexcept { return exporter_; }
  std::uint16_t port() const noexcept { return port_; }

 private:
  void take(const observe::SessionOpened& event);
  void take(const observe::SessionFailed& event);
  void take(const observe::SessionClosed& event);
  template <class Other>
  void take(const Other&) {}

  Span span_of(std::string_view name, TraceContext context, std::chrono::nanoseconds latency) const;
  Span connect_span(std::chrono::nanoseconds latency);

  const std::shared_ptr<Exporter> exporter_;
  const std::uint16_t port_;
  const std::optional<SpanId> parent_;
  const TraceContext first_;  // of the span of the first session
  const base::Trace headers_;
  std::mutex mutex_;
  std::optional<TraceContext> opened_;  // guarded by mutex_; of the last session's span
};

/// What every span says of the other side.
std::vector<Attribute> common_attributes(const Exporter& exporter, std::uint16_t port);

}  // namespace dbsql::otel
