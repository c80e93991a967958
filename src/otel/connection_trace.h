#pragma once

#include "observe/observer.h"
#include "otel/exporter.h"
#include "otel/span.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

namespace dbsql::otel {

/// What one connection tells its collector of itself: the spans `db.connect` and `db.close`, each
/// in a trace of its own, for a connection may live for months. The second links to the first.
///
/// Threads: safe from any thread.
class ConnectionTrace final : public observe::Observer {
 public:
  /// \param port  of the warehouse, whose address the exporter's settings tell
  ConnectionTrace(std::shared_ptr<Exporter> exporter, std::uint16_t port) noexcept
      : exporter_(std::move(exporter)), port_(port) {}

  void on(const observe::Event& event) noexcept override;

  const std::shared_ptr<Exporter>& exporter() const noexcept { return exporter_; }
  std::uint16_t port() const noexcept { return port_; }

 private:
  void take(const observe::SessionOpened& event);
  void take(const observe::SessionFailed& event);
  void take(const observe::SessionClosed& event);
  template <class Other>
  void take(const Other&) {}

  Span span_of(std::string_view name, std::chrono::nanoseconds latency) const;

  const std::shared_ptr<Exporter> exporter_;
  const std::uint16_t port_;
  std::mutex mutex_;
  std::optional<TraceContext> opened_;  // guarded by mutex_
};

/// What every span says of the other side.
std::vector<Attribute> common_attributes(const Exporter& exporter, std::uint16_t port);

}  // namespace dbsql::otel
