#include "arrow/ipc_validate.h"

#include "arrow/bits.h"

namespace dbsql::arrow {
namespace {

// No early exit: branches would keep the loop from being vectorised, and damage is rare.
template <class Offset>
bool never_decrease(const Offset* offsets, std::int64_t count) noexcept {
  Offset decreases = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    decreases |= static_cast<Offset>(offsets[i + 1] < offsets[i]);
  }
  return decreases == 0;
}

template <class Offset>
bool valid(const Offset* offsets, std::int64_t count, std::int64_t limit) noexcept {
  return offsets[0] >= 0 && std::int64_t{offsets[count]} <= limit && never_decrease(offsets, count);
}

// Negative indices become huge ones.
template <class Index>
bool in_range(Index index, std::int64_t limit) noexcept {
  return static_cast<std::uint64_t>(index) < static_cast<std::uint64_t>(limit);
}

}  // namespace

bool offsets_are_valid(const std::int32_t* offsets, std::int64_t count,
                       std::int64_t limit) noexcept {
  return valid(offsets, count, limit);
}

bool offsets_are_valid(const std::int64_t* offsets, std::int64_t count,
                       std::int64_t limit) noexcept {
  return valid(offsets, count, limit);
}

bool indices_are_valid(TypeKind kind, const void* indices, std::int64_t count, const void* validity,
                       std::int64_t limit) noexcept {
  const auto* bits = static_cast<const std::uint8_t*>(validity);
  const auto check = [&]<class Index>(const Index* values) {
    for (std::int64_t i = 0; i < count; ++i) {
      if (!in_range(values[i], limit) && (bits == nullptr || get_bit(bits, i))) return false;
    }
    return true;
  };
  switch (kind) {
    case TypeKind::Int8:
      return check(static_cast<const std::int8_t*>(indices));
    case TypeKind::UInt8:
      return check(static_cast<const std::uint8_t*>(indices));
    case TypeKind::Int16:
      return check(static_cast<const std::int16_t*>(indices));
    case TypeKind::UInt16:
      return check(static_cast<const std::uint16_t*>(indices));
    case TypeKind::Int32:
      return check(static_cast<const std::int32_t*>(indices));
    case TypeKind::UInt32:
      return check(static_cast<const std::uint32_t*>(indices));
    case TypeKind::Int64:
      return check(static_cast<const std::int64_t*>(indices));
    default:
      return check(static_cast<const std::uint64_t*>(indices));
  }
}

}  // namespace dbsql::arrow
