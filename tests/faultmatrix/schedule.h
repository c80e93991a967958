#pragma once

#include "warehouse/faults.h"

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace dbsql::faultmatrix {

/// One run: what is asked for, how, and what goes wrong on the way.
struct Schedule {
  bool by_files = false;  ///< the result travels as files of the storage host
  bool lz4 = true;
  int page_rows = 1000;
  std::int64_t rows = 0;
  int threads = 0;      ///< parallel downloads; 0 = adaptive
  bool insert = false;  ///< a write instead of a query
  std::chrono::milliseconds timeout{2000};
  std::vector<warehouse::FaultRule> faults;

  /// One line that tells a failed schedule from the others.
  std::string to_string() const;
};

/// The schedule of that number: the same for the same seed, on every machine.
Schedule make_schedule(std::uint64_t seed, std::uint64_t number);

}  // namespace dbsql::faultmatrix
