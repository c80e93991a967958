#include "warehouse/guid.h"

#include "base/text.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <mutex>
#include <random>
#include <span>

namespace dbsql::warehouse {
namespace {

// 100 ns intervals from 1582-10-15, where UUID time starts, to 1970-01-01.
constexpr std::uint64_t kUuidEpochOffset = 0x01B21DD213814000ULL;

std::uint64_t uuid_time() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  using Ticks = std::chrono::duration<std::uint64_t, std::ratio<1, 10'000'000>>;
  return std::chrono::duration_cast<Ticks>(since_epoch).count() + kUuidEpochOffset;
}

std::uint64_t random_bits() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  return generator();
}

void put_big_endian(std::uint8_t* out, std::uint64_t value) {
  for (int i = 7; i >= 0; --i) {
    out[i] = static_cast<std::uint8_t>(value);
    value >>= 8;
  }
}

}  // namespace

Guid Guid::next() {
  // Real ones look like 01f005a0-cd02-1b1d-...: the upper 48 bits of the time, then version 1 and
  // 12 more bits of it.
  const std::uint64_t time = uuid_time();
  const std::uint64_t upper = ((time >> 16) << 16) | 0x1000U | ((time >> 4) & 0xFFFU);
  const std::uint64_t lower = (random_bits() >> 2) | 0x8000'0000'0000'0000ULL;
  Guid guid;
  put_big_endian(guid.bytes.data(), upper);
  put_big_endian(guid.bytes.data() + 8, lower);
  return guid;
}

Guid Guid::random() {
  Guid guid;
  put_big_endian(guid.bytes.data(), random_bits());
  put_big_endian(guid.bytes.data() + 8, random_bits());
  return guid;
}

std::optional<Guid> Guid::from_bytes(std::string_view bytes) {
  Guid guid;
  if (bytes.size() != guid.bytes.size()) return std::nullopt;
  std::memcpy(guid.bytes.data(), bytes.data(), bytes.size());
  return guid;
}

std::string Guid::to_bytes() const {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string Guid::to_text() const { return base::to_uuid_text(std::as_bytes(std::span(bytes))); }

}  // namespace dbsql::warehouse
