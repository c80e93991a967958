#include "arrow/xxh32.h"

#include <algorithm>
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

/// Whole stripes of 16 bytes into the four lanes.
void mix(std::array<std::uint32_t, 4>& lanes, std::span<const std::byte> stripes) noexcept {
  auto [a, b, c, d] = lanes;  // in registers
  const std::byte* const end = stripes.data() + stripes.size();
  for (const std::byte* position = stripes.data(); position != end; position += 16) {
    a = round(a, position);
    b = round(b, position + 4);
    c = round(c, position + 8);
    d = round(d, position + 12);
  }
  lanes = {a, b, c, d};
}

}  // namespace

void Xxh32::update(std::span<const std::byte> bytes) noexcept {
  size_ += bytes.size();
  if (pending_size_ > 0) {
    const auto part = bytes.first(std::min(kStripe - pending_size_, bytes.size()));
    std::copy(part.begin(), part.end(),
              pending_.begin() + static_cast<std::ptrdiff_t>(pending_size_));
    pending_size_ += part.size();
    bytes = bytes.subspan(part.size());
    if (pending_size_ < kStripe) return;
    mix(lanes_, pending_);
    pending_size_ = 0;
  }
  const std::size_t whole = bytes.size() / kStripe * kStripe;
  mix(lanes_, bytes.first(whole));
  std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(whole), bytes.end(), pending_.begin());
  pending_size_ = bytes.size() - whole;
}

std::uint32_t Xxh32::digest() const noexcept {
  std::uint32_t hash = kPrime5;
  if (size_ >= kStripe)
    hash = std::rotl(lanes_[0], 1) + std::rotl(lanes_[1], 7) + std::rotl(lanes_[2], 12) +
           std::rotl(lanes_[3], 18);
  hash += static_cast<std::uint32_t>(size_);
  const std::byte* position = pending_.data();
  std::size_t left = pending_size_;
  for (; left >= 4; left -= 4, position += 4)
    hash = std::rotl(hash + load(position) * kPrime3, 17) * kPrime4;
  for (; left > 0; --left, ++position)
    hash = std::rotl(hash + std::to_integer<std::uint32_t>(*position) * kPrime5, 11) * kPrime1;
  hash = (hash ^ (hash >> 15)) * kPrime2;
  hash = (hash ^ (hash >> 13)) * kPrime3;
  return hash ^ (hash >> 16);
}

std::uint32_t xxh32(std::span<const std::byte> bytes) noexcept {
  Xxh32 state;
  state.update(bytes);
  return state.digest();
}

}  // namespace dbsql::arrow
