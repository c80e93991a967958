#include "otel/histogram.h"

#include <algorithm>

namespace dbsql::otel {

void Histogram::record(std::chrono::nanoseconds duration) noexcept {
  const double seconds = std::max(std::chrono::duration<double>(duration).count(), 0.0);
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  ++counts[static_cast<std::size_t>(bound - kBounds.begin())];
  minimum = count == 0 ? seconds : std::min(minimum, seconds);
  maximum = std::max(maximum, seconds);
  sum += seconds;
  ++count;
}

}  // namespace dbsql::otel
