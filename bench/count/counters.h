#pragma once

#include <cstdint>

/// What libdbsql-bench-count.so counts in the process it is preloaded into.
extern "C" {

struct DbsqlBenchCounters {
  std::uint64_t allocations;
  std::uint64_t allocated_bytes;
  std::uint64_t copied_bytes;  ///< by memcpy and memmove, of at least 64 bytes a call
};

/// Looked up by name at run time: present only where the library is preloaded.
using DbsqlBenchReadCounters = void (*)(DbsqlBenchCounters*);
}
