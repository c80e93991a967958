#pragma once

#include "arrow/type.h"

#include <cstdint>

/// Single passes over the parts of a batch that steer memory accesses; used by the reader only.
/// Cost: one vectorised pass each (reference/performance.md 0, row 2).
namespace dbsql::arrow {

/// Whether `count` + 1 offsets begin at zero or above, never decrease and end at `limit` or below.
bool offsets_are_valid(const std::int32_t* offsets, std::int64_t count,
                       std::int64_t limit) noexcept;
bool offsets_are_valid(const std::int64_t* offsets, std::int64_t count,
                       std::int64_t limit) noexcept;

/// Whether every dictionary index of a valid slot is in [0, limit).
/// \param kind      the integer type of the indices
/// \param validity  bitmap; null = all slots are valid
bool indices_are_valid(TypeKind kind, const void* indices, std::int64_t count, const void* validity,
                       std::int64_t limit) noexcept;

}  // namespace dbsql::arrow
