#include "base/buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace dbsql::base {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(BufferArena, HandsTheSameMemoryOutAgain) {
  BufferArena arena;
  const std::byte* first = nullptr;
  {
    MutableBuffer buffer = arena.allocate(3 << 20);
    first = buffer.data();
  }

  MutableBuffer again = arena.allocate(3 << 20);

  EXPECT_EQ(again.data(), first);
  EXPECT_EQ(arena.stats().reused, 1U);
}

TEST(BufferArena, ReturnsMemoryWhenTheLastSliceIsGone) {
  BufferArena arena;
  MutableBuffer buffer = arena.allocate(1 << 20);
  buffer.append(bytes_of("hello world"));
  Buffer slice;
  {
    const Buffer whole = std::move(buffer).freeze();
    slice = whole.slice(6, 5);
  }

  EXPECT_EQ(slice.text(), "world");
  EXPECT_GT(arena.stats().in_use_bytes, 0U);
  slice = {};
  EXPECT_EQ(arena.stats().in_use_bytes, 0U);
  EXPECT_GT(arena.stats().cached_bytes, 0U);
}

TEST(BufferArena, KeepsNoMoreThanItsLimitWhenNothingIsInUse) {
  BufferArena arena(std::size_t{1} << 20);
  {
    MutableBuffer a = arena.allocate(1 << 20);
    MutableBuffer b = arena.allocate(1 << 20);
  }

  EXPECT_EQ(arena.stats().cached_bytes, std::size_t{1} << 20);
}

TEST(BufferArena, KeepsWhatAResultNeedsAsLongAsItIsRead) {
  BufferArena arena(std::size_t{1} << 20);
  const MutableBuffer held = arena.allocate(1 << 20);
  for (int round = 0; round < 3; ++round) {
    MutableBuffer a = arena.allocate(40 << 20);
    MutableBuffer b = arena.allocate(40 << 20);
  }

  EXPECT_EQ(arena.stats().fresh, 3U);
  EXPECT_EQ(arena.stats().reused, 4U);
}

TEST(BufferArena, HandsOutASlabForABufferThatIsALittleSmaller) {
  BufferArena arena;
  { MutableBuffer a = arena.allocate((20 << 20) + 123); }

  const MutableBuffer b = arena.allocate(20 << 20);

  EXPECT_EQ(arena.stats().reused, 1U);
}

TEST(BufferArena, WastesNoLargeSlabOnASmallBuffer) {
  BufferArena arena;
  { MutableBuffer a = arena.allocate(32 << 20); }

  const MutableBuffer b = arena.allocate(1 << 20);

  EXPECT_EQ(arena.stats().reused, 0U);
  EXPECT_LE(b.capacity(), std::size_t{2} << 20);
}

TEST(BufferArena, GivesUpSlabsOfOneSizeForThoseOfAnother) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  BufferArena arena(kMiB);
  const MutableBuffer held = arena.allocate(kMiB);
  { MutableBuffer large = arena.allocate(64 * kMiB); }
  std::vector<MutableBuffer> small;
  for (int i = 0; i < 8; ++i) small.push_back(arena.allocate(8 * kMiB));

  const BufferArena::Stats stats = arena.stats();
  EXPECT_EQ(stats.cached_bytes, 0U);
  EXPECT_EQ(stats.in_use_bytes, 65 * kMiB);
}

TEST(BufferArena, WastesLittleOfASlab) {
  BufferArena arena;
  for (std::size_t size = std::size_t{8} << 20; size < (std::size_t{60} << 20); size += 1'234'567) {
    const MutableBuffer buffer = arena.allocate(size);
    EXPECT_LE(buffer.capacity(), size + size / 4) << size;
    arena.trim();
  }
}

TEST(BufferArena, TrimGivesEverythingBack) {
  BufferArena arena;
  { MutableBuffer a = arena.allocate(1 << 20); }

  arena.trim();

  EXPECT_EQ(arena.stats().cached_bytes, 0U);
}

TEST(BufferArena, AlignsEverySizeTo64Bytes) {
  BufferArena arena;
  for (const std::size_t size : {std::size_t{1}, std::size_t{65}, std::size_t{70'000},
                                 std::size_t{5} << 20, std::size_t{70} << 20}) {
    MutableBuffer buffer = arena.allocate(size);
    EXPECT_GE(buffer.capacity(), size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U) << size;
  }
}

TEST(BufferArena, RefusesAnImpossibleSize) {
  BufferArena arena;
  EXPECT_THROW(arena.allocate(SIZE_MAX - 10), std::bad_alloc);
  EXPECT_EQ(arena.stats().in_use_bytes, 0U);
}

TEST(MutableBuffer, KeepsItsBytesWhenItGrows) {
  MutableBuffer buffer;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    buffer.append(bytes_of("0123456789"));
    expected += "0123456789";
  }

  const Buffer frozen = std::move(buffer).freeze();

  EXPECT_EQ(frozen.text(), expected);
}

TEST(MutableBuffer, IsEmptyAfterFreezing) {
  MutableBuffer buffer;
  buffer.append(bytes_of("abc"));

  const Buffer frozen = std::move(buffer).freeze();

  EXPECT_EQ(frozen.text(), "abc");
  EXPECT_EQ(buffer.size(), 0U);  // NOLINT(bugprone-use-after-move): that is the point
}

}  // namespace
}  // namespace dbsql::base
