#pragma once

#include <dbsql/arrow_c.h>

#include <bit>
#include <cstdint>
#include <string_view>

/// What every client computes over the same result, so that "fast" cannot mean "did not look".
namespace dbsql::bench {

// The value of one cell; a result's checksum is the sum over all its cells, modulo 2^64. Cheap in
// any language, and the order of rows and the cut into batches do not matter.
inline std::uint64_t cell_sum(std::int64_t value) { return static_cast<std::uint64_t>(value); }
inline std::uint64_t cell_sum(std::int32_t value) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
}
inline std::uint64_t cell_sum(double value) { return std::bit_cast<std::uint64_t>(value); }
/// Length, first and last byte.
inline std::uint64_t cell_sum(std::string_view value) {
  if (value.empty()) return 0;
  return value.size() +
         (static_cast<std::uint64_t>(static_cast<unsigned char>(value.front())) << 8) +
         (static_cast<std::uint64_t>(static_cast<unsigned char>(value.back())) << 16);
}

struct Checksum {
  std::uint64_t rows = 0;
  std::uint64_t cells = 0;  ///< the checksum of the values
  /// Sum of the first 8-byte word of every offset and value buffer of every batch: the least that
  /// proves that a batch was really delivered. Depends on the cut into batches.
  std::uint64_t touch = 0;

  Checksum& operator+=(const Checksum& other) {
    rows += other.rows;
    cells += other.cells;
    touch += other.touch;
    return *this;
  }
  friend bool operator==(const Checksum&, const Checksum&) = default;
};

/// All of it: reads every value.
/// Nulls count as nothing, nested values by their leaves.
/// \throws std::invalid_argument for a column that is neither int32, int64, float64, utf8,
/// decimal128 nor a list, map or struct of these, or a nested one with nulls
Checksum checksum(const ArrowArray& batch, const ArrowSchema& schema);

/// Rows and `touch` alone, a few nanoseconds per buffer.
Checksum touch(const ArrowArray& batch, const ArrowSchema& schema);

}  // namespace dbsql::bench
