#include "measure/usage.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

namespace dbsql::bench {

namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

Usage Usage::now() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return {.wall_s = wall_clock_s(),
          .user_s = seconds(usage.ru_utime),
          .system_s = seconds(usage.ru_stime),
          .minor_faults = usage.ru_minflt,
          .major_faults = usage.ru_majflt,
          .voluntary_switches = usage.ru_nvcsw,
          .involuntary_switches = usage.ru_nivcsw};
}

double Usage::wall_clock_s() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

Usage operator-(const Usage& end, const Usage& begin) {
  return {.wall_s = end.wall_s - begin.wall_s,
          .user_s = end.user_s - begin.user_s,
          .system_s = end.system_s - begin.system_s,
          .minor_faults = end.minor_faults - begin.minor_faults,
          .major_faults = end.major_faults - begin.major_faults,
          .voluntary_switches = end.voluntary_switches - begin.voluntary_switches,
          .involuntary_switches = end.involuntary_switches - begin.involuntary_switches};
}

std::int64_t status_kib(const std::string& member) {
  std::ifstream status("/proc/self/status");
  std::string name;
  while (status >> name) {
    std::int64_t value = 0;
    if (name == member + ":" && status >> value) return value;
    std::getline(status, name);
  }
  return 0;
}

double percentile(std::vector<double>& samples, double share) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  const auto last = static_cast<double>(samples.size() - 1);
  return samples[static_cast<std::size_t>(share * last + 0.5)];
}

}  // namespace dbsql::bench
