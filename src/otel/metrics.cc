#include "otel/metrics.h"

namespace dbsql::otel {

void Metrics::operation_ended(std::string_view operation, std::optional<ErrorKind> error,
                              std::chrono::nanoseconds duration) {
  Key key{operation, error ? to_string(*error) : std::string_view()};
  const std::lock_guard lock(mutex_);
  counted_.operations[std::move(key)].record(duration);
}

void Metrics::chunk_received(std::chrono::nanoseconds duration, int retries) {
  const std::lock_guard lock(mutex_);
  counted_.chunks.record(duration);
  counted_.retries += static_cast<std::uint64_t>(retries);
}

void Metrics::request_repeated() {
  const std::lock_guard lock(mutex_);
  ++counted_.retries;
}

Metrics::Snapshot Metrics::snapshot() const {
  const std::lock_guard lock(mutex_);
  return counted_;
}

}  // namespace dbsql::otel
