#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dbsql::otel {

/// How often something took how long, in the bounds that OpenTelemetry names for
/// `db.client.operation.duration`.
struct Histogram {
  static constexpr std::array<double, 9> kBounds = {0.001, 0.005, 0.01, 0.05, 0.1,
                                                    0.5,   1,     5,    10};  ///< in s, inclusive

  void record(std::chrono::nanoseconds duration) noexcept;

  std::array<std::uint64_t, kBounds.size() + 1> counts{};
  std::uint64_t count = 0;
  double sum = 0;  ///< in s
  double minimum = 0;
  double maximum = 0;
};

}  // namespace dbsql::otel
