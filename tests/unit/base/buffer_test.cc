#include "base/buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

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

TEST(BufferArena, KeepsNoMoreThanItsLimit) {
  BufferArena arena(std::size_t{1} << 20);
  {
    MutableBuffer a = arena.allocate(1 << 20);
    MutableBuffer b = arena.allocate(1 << 20);
  }

  EXPECT_EQ(arena.stats().cached_bytes, std::size_t{1} << 20);
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
