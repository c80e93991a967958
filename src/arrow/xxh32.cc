#include "arrow/xxh32.h"

#include <bit>
#include <cstring>

namespace dbsql::arrow {
namespace {

static_assert(std::endian::native == std::endian::little, "Arrow data is read in place");

constexpr std::uint32_t kPrime1 = 0x9E3779B1U;
constexpr std::uint32_t kPrime2 = 0x85EBCA77U;
constexpr std::uint32_t kPrime3 = 0xC2B2AE3DU;
constexpr std::uint32_t kPrime4 = 0x27D4EB2FU;
constexpr std::uint32_t kPrime5 = 0x165667B1U;

std::uint32_t load(const std::byte* position) noexcept {
  std::uint32_t word;
  std::memcpy(&word, position, sizeof word);
  return word;
}

std::uint32_t round(std::uint32_t lane, const std::byte* position) noexcept {
  return std::rotl(lane + load(position) * kPrime2, 13) * kPrime1;
}

}  // namespace

std::uint32_t xxh32(std::span<const std::byte> bytes) noexcept {
  const std::byte* position = bytes.data();
  std::size_t left = bytes.size();
  std::uint32_t hash = kPrime5;
  if (left >= 16) {
    std::uint32_t a = kPrime1 + kPrime2;
    std::uint32_t b = kPrime2;
    std::uint32_t c = 0;
    std::uint32_t d = 0U - kPrime1;
    for (; left >= 16; left -= 16, position += 16) {
      a = round(a, position);
      b = round(b, position + 4);
      c = round(c, position + 8);
      d = round(d, position + 12);
    }
    hash = std::rotl(a, 1) + std::rotl(b, 7) + std::rotl(c, 12) + std::rotl(d, 18);
  }
  hash += static_cast<std::uint32_t>(bytes.size());
  for (; left >= 4; left -= 4, position += 4) {
    hash = std::rotl(hash + load(position) * kPrime3, 17) * kPrime4;
  }
  for (; left > 0; --left, ++position) {
    hash = std::rotl(hash + std::to_integer<std::uint32_t>(*position) * kPrime5, 11) * kPrime1;
  }
  hash = (hash ^ (hash >> 15)) * kPrime2;
  hash = (hash ^ (hash >> 13)) * kPrime3;
  return hash ^ (hash >> 16);
}

}  // namespace dbsql::arrow
