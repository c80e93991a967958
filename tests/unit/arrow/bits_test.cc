#include "arrow/bits.h"

#include "unit/arrow/random_batch.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace dbsql::arrow {
namespace {

// Exactly as large as needed, so that the sanitizer sees a read beyond the end.
std::unique_ptr<std::uint8_t[]> random_bits(std::int64_t bits, test::Random& random) {
  const auto size = static_cast<std::size_t>(bitmap_bytes(bits));
  auto bytes = std::make_unique<std::uint8_t[]>(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(Bits, CountsAnyRange) {
  auto random = test::seeded_random();
  for (int round = 0; round < 300; ++round) {
    const auto offset = static_cast<std::int64_t>(random() % 70);
    const auto length = static_cast<std::int64_t>(random() % 300);
    const auto bits = random_bits(offset + length, random);
    std::int64_t expected = 0;
    for (std::int64_t i = 0; i < length; ++i) expected += get_bit(bits.get(), offset + i) ? 1 : 0;

    EXPECT_EQ(count_set_bits(bits.get(), offset, length), expected) << offset << " " << length;
  }
}

TEST(Bits, CopiesAnyRangeAndClearsTheRest) {
  auto random = test::seeded_random();
  for (int round = 0; round < 300; ++round) {
    const auto offset = static_cast<std::int64_t>(random() % 40);
    const auto length = static_cast<std::int64_t>(random() % 100);
    const auto bits = random_bits(offset + length, random);
    std::vector<std::uint8_t> out(static_cast<std::size_t>(bitmap_bytes(length)), 0xAA);

    copy_bits(bits.get(), offset, length, out.data());

    for (std::int64_t i = 0; i < length; ++i) {
      ASSERT_EQ(get_bit(out.data(), i), get_bit(bits.get(), offset + i)) << offset << " " << i;
    }
    for (std::int64_t i = length; i < bitmap_bytes(length) * 8; ++i) {
      ASSERT_FALSE(get_bit(out.data(), i));
    }
  }
}

TEST(Bits, FillsWithOnesAndClearsTheRest) {
  std::vector<std::uint8_t> out(2, 0);

  fill_bits(out.data(), 11);

  EXPECT_EQ(out, (std::vector<std::uint8_t>{0xFF, 0x07}));
}

TEST(Bits, AreSetAndCleared) {
  std::uint8_t byte = 0;

  set_bit(&byte, 3, true);
  set_bit(&byte, 5, true);
  set_bit(&byte, 3, false);

  EXPECT_EQ(byte, 0x20);
}

}  // namespace
}  // namespace dbsql::arrow
