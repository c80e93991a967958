#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>

namespace dbsql::bench {

/// Calls of `new` of this thread so far, and the bytes that they asked for.
struct Allocations {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;

  static Allocations of_this_thread() noexcept;
};

/// Counts what a loop allocates on its own thread, and adds it to the loop's figures.
class AllocationCount {
 public:
  explicit AllocationCount(benchmark::State& state)
      : state_(state), begin_(Allocations::of_this_thread()) {}
  ~AllocationCount() {
    const Allocations end = Allocations::of_this_thread();
    const auto add = [&](const char* name, std::uint64_t from, std::uint64_t to) {
      state_.counters[name] =
          benchmark::Counter(static_cast<double>(to - from), benchmark::Counter::kAvgIterations);
    };
    add("allocs", begin_.count, end.count);
    add("bytes", begin_.bytes, end.bytes);
  }
  AllocationCount(const AllocationCount&) = delete;
  AllocationCount& operator=(const AllocationCount&) = delete;

 private:
  benchmark::State& state_;
  const Allocations begin_;
};

}  // namespace dbsql::bench
