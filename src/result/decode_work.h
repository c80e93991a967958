#pragma once

#include <chrono>
#include <cstdint>

namespace dbsql::result {

/// What making rows readable has cost, and how much came of it.
struct DecodeWork {
  std::chrono::nanoseconds decompress{0};
  std::chrono::nanoseconds decode{0};
  std::int64_t bytes = 0;  ///< decompressed
};

}  // namespace dbsql::result
