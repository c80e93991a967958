#pragma once

#include <dbsql/error.h>

#include "otel/histogram.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dbsql::otel {

/// What is counted of all connections of a connector, since its beginning.
///
/// Threads: safe from any thread. Memory: bounded, for operations and kinds of errors are few.
class Metrics {
 public:
  /// Name of the operation, and kind of its error; empty = none.
  using Key = std::pair<std::string, std::string>;

  struct Snapshot {
    std::map<Key, Histogram> operations;
    Histogram chunks;
    std::uint64_t retries = 0;
  };

  void operation_ended(std::string_view operation, std::optional<ErrorKind> error,
                       std::chrono::nanoseconds duration);
  void chunk_received(std::chrono::nanoseconds duration, int retries);
  void request_repeated();

  Snapshot snapshot() const;

 private:
  mutable std::mutex mutex_;
  Snapshot counted_;  // guarded by mutex_
};

}  // namespace dbsql::otel
