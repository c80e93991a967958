#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// What a process has used so far, and differences of it.
namespace dbsql::bench {

struct Usage {
  double wall_s = 0;
  double user_s = 0;
  double system_s = 0;
  std::int64_t minor_faults = 0;
  std::int64_t major_faults = 0;
  std::int64_t voluntary_switches = 0;
  std::int64_t involuntary_switches = 0;

  static Usage now();
  /// The clock of `wall_s` alone, without a system call.
  static double wall_clock_s();
  double cpu_s() const noexcept { return user_s + system_s; }
  friend Usage operator-(const Usage& end, const Usage& begin);
};

/// A member's text in `/proc/self/status`, in KiB, for instance "VmHWM"; 0 when there is none.
std::int64_t status_kib(const std::string& member);

/// The value below which the given share of the samples lies; sorts them.
double percentile(std::vector<double>& samples, double share);

}  // namespace dbsql::bench
