#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace dbsql::arrow {

/// The 32-bit xxHash with seed 0: the checksum of LZ4 frames.
std::uint32_t xxh32(std::span<const std::byte> bytes) noexcept;

/// The same of bytes that come in parts.
class Xxh32 {
 public:
  void update(std::span<const std::byte> bytes) noexcept;
  std::uint32_t digest() const noexcept;

 private:
  static constexpr std::size_t kStripe = 16;
  static constexpr std::uint32_t kPrime1 = 0x9E3779B1U;
  static constexpr std::uint32_t kPrime2 = 0x85EBCA77U;
  std::array<std::uint32_t, 4> lanes_{kPrime1 + kPrime2, kPrime2, 0, 0U - kPrime1};
  std::array<std::byte, kStripe> pending_{};  ///< less than a stripe
  std::size_t pending_size_ = 0;
  std::size_t size_ = 0;
};

}  // namespace dbsql::arrow
