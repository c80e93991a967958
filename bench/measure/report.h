#pragma once

#include "measure/usage.h"
#include "workload/checksum.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <vector>

/// The JSON that every client program prints, in whatever language it is written; bench/run reads
/// it. Only for the .cc files of small programs.
namespace dbsql::bench {

/// One timed pass over a whole result.
inline nlohmann::json pass_report(const Usage& usage, const Checksum& seen) {
  return {{"wall_s", usage.wall_s},
          {"user_s", usage.user_s},
          {"system_s", usage.system_s},
          {"minor_faults", usage.minor_faults},
          {"major_faults", usage.major_faults},
          {"voluntary_switches", usage.voluntary_switches},
          {"involuntary_switches", usage.involuntary_switches},
          {"rows", seen.rows},
          {"checksum", std::to_string(seen.cells)},
          {"touch", std::to_string(seen.touch)}};
}

/// Many small queries, one after the other.
inline nlohmann::json queries_report(const Usage& usage, std::vector<double> wall_us) {
  const auto count = static_cast<double>(wall_us.size());
  return {{"queries", wall_us.size()},
          {"wall_s", usage.wall_s},
          {"user_s", usage.user_s},
          {"system_s", usage.system_s},
          {"cpu_us_per_query", usage.cpu_s() * 1e6 / count},
          {"voluntary_switches_per_query", static_cast<double>(usage.voluntary_switches) / count},
          {"p50_us", percentile(wall_us, 0.5)},
          {"p99_us", percentile(wall_us, 0.99)}};
}

}  // namespace dbsql::bench
