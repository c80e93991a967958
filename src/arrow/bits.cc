#include "arrow/bits.h"

#include <cstring>

namespace dbsql::arrow {

namespace {

// std::popcount would be a call into the compiler's library here: the instruction for it is newer
// than the oldest processors we run on. This form is put in line and vectorised.
std::int64_t count_ones(std::uint64_t word) noexcept {
  word -= (word >> 1) & 0x5555555555555555U;
  word = (word & 0x3333333333333333U) + ((word >> 2) & 0x3333333333333333U);
  word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0FU;
  return static_cast<std::int64_t>((word * 0x0101010101010101U) >> 56);
}

}  // namespace

std::int64_t count_set_bits(const std::uint8_t* bits, std::int64_t offset,
                            std::int64_t length) noexcept {
  std::int64_t count = 0;
  std::int64_t index = offset;
  const std::int64_t end = offset + length;
  for (; index < end && (index & 7) != 0; ++index) count += get_bit(bits, index) ? 1 : 0;
  for (; end - index >= 64; index += 64) {
    std::uint64_t word;
    std::memcpy(&word, bits + (index >> 3), sizeof word);
    count += count_ones(word);
  }
  for (; index < end; ++index) count += get_bit(bits, index) ? 1 : 0;
  return count;
}

void copy_bits(const std::uint8_t* bits, std::int64_t offset, std::int64_t length,
               std::uint8_t* out) noexcept {
  if (length == 0) return;
  const std::uint8_t* source = bits + (offset >> 3);
  const auto shift = static_cast<unsigned>(offset & 7);
  const std::int64_t out_bytes = bitmap_bytes(length);
  if (shift == 0) {
    std::memcpy(out, source, static_cast<std::size_t>(out_bytes));
  } else {
    // The source spans one byte more than the target only when the shifted bits cross into it:
    // never read beyond.
    const std::int64_t source_bytes = bitmap_bytes(static_cast<std::int64_t>(shift) + length);
    for (std::int64_t i = 0; i < out_bytes; ++i) {
      const unsigned high = i + 1 < source_bytes ? source[i + 1] : 0U;
      out[i] = static_cast<std::uint8_t>((source[i] >> shift) | (high << (8 - shift)));
    }
  }
  if ((length & 7) != 0) {
    const unsigned mask = (1U << (length & 7)) - 1;
    out[out_bytes - 1] = static_cast<std::uint8_t>(out[out_bytes - 1] & mask);
  }
}

void fill_bits(std::uint8_t* out, std::int64_t length) noexcept {
  std::memset(out, 0xFF, static_cast<std::size_t>(length >> 3));
  if ((length & 7) != 0) out[length >> 3] = static_cast<std::uint8_t>((1U << (length & 7)) - 1);
}

}  // namespace dbsql::arrow
