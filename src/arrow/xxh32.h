#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dbsql::arrow {

/// The 32-bit xxHash with seed 0: the checksum of LZ4 frames.
std::uint32_t xxh32(std::span<const std::byte> bytes) noexcept;

}  // namespace dbsql::arrow
