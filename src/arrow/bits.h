#pragma once

#include <cstddef>
#include <cstdint>

/// Bitmaps as Arrow lays them out: bit `i & 7`, least significant first, of byte `i >> 3`.
namespace dbsql::arrow {

inline bool get_bit(const std::uint8_t* bits, std::int64_t index) noexcept {
  return ((bits[index >> 3] >> (index & 7)) & 1) != 0;
}

inline void set_bit(std::uint8_t* bits, std::int64_t index, bool value) noexcept {
  const auto mask = static_cast<std::uint8_t>(1U << (index & 7));
  if (value) {
    bits[index >> 3] = static_cast<std::uint8_t>(bits[index >> 3] | mask);
  } else {
    bits[index >> 3] = static_cast<std::uint8_t>(bits[index >> 3] & ~mask);
  }
}

constexpr std::int64_t bitmap_bytes(std::int64_t bits) noexcept { return (bits + 7) / 8; }

/// Set bits in [offset, offset + length).
std::int64_t count_set_bits(const std::uint8_t* bits, std::int64_t offset,
                            std::int64_t length) noexcept;

/// Copies bits [offset, offset + length) to the start of `out`; the rest of the last byte becomes
/// zero.
void copy_bits(const std::uint8_t* bits, std::int64_t offset, std::int64_t length,
               std::uint8_t* out) noexcept;

/// Sets bits [0, length) of `out`; the rest of the last byte becomes zero.
void fill_bits(std::uint8_t* out, std::int64_t length) noexcept;

}  // namespace dbsql::arrow
