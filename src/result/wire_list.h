#pragma once

#include "base/buffer.h"
#include "protocol/backend.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// The lists of a column-based page, from their wire encoding into Arrow's buffers: one pass, one
/// write per byte (reference/performance.md 5, row 31). Lengths are checked here again, whoever
/// produced them.
namespace dbsql::result {

/// Whether `count` values can lie in the column's bytes: exactly for fixed widths, at most for the
/// others. Everything below relies on it.
bool has_room_for_count(const protocol::WireColumn& column) noexcept;

/// Values of 1, 2, 4 or 8 bytes in this machine's byte order.
base::Buffer swapped_values(const protocol::WireColumn& column);

/// One bit per boolean.
base::Buffer packed_bits(const protocol::WireColumn& column);

/// Doubles as floats: FLOAT columns travel as the shortest decimal of the float
/// (reference/results.md 3.3).
base::Buffer narrowed_floats(const protocol::WireColumn& column);

struct OffsetsAndData {
  base::Buffer offsets;
  base::Buffer data;
};
/// Text or binary values; nothing when the lengths do not add up to the column's bytes.
/// \throws Error (ResourceExhausted) beyond 2 GiB of values, which 32-bit offsets cannot reach
std::optional<OffsetsAndData> joined_bytes(const protocol::WireColumn& column);

/// Reads a column value by value, for the types that need converting.
class WireValues {
 public:
  explicit WireValues(const protocol::WireColumn& column) noexcept : rest_(column.values) {}

  /// The next value of a text or binary column; nothing when its length runs past the end.
  std::optional<std::string_view> next_bytes() noexcept;

  /// The next value of a fixed-width column.
  template <class Integer>
  Integer next_integer() noexcept {
    std::uint64_t value = 0;
    for (const std::byte byte : rest_.first(sizeof(Integer)))
      value = value << 8 | std::to_integer<std::uint64_t>(byte);
    rest_ = rest_.subspan(sizeof(Integer));
    return static_cast<Integer>(value);
  }

 private:
  std::span<const std::byte> rest_;
};

}  // namespace dbsql::result
