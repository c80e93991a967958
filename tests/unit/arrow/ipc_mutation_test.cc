#include <dbsql/error.h>

#include "arrow/ipc_reader.h"
#include "arrow/ipc_writer.h"
#include "arrow/lz4_frame.h"
#include "unit/arrow/cell_text.h"
#include "unit/arrow/random_batch.h"

#include <gtest/gtest.h>

#include <string>

namespace dbsql::arrow {
namespace {

// What hostile bytes may lead to; anything else (a crash, another kind, a sanitizer report) fails
// the test.
enum class Outcome { Accepted, Refused };

Outcome read_everything(const std::string& stream) {
  try {
    StreamReader reader(base::Buffer::copy_of(stream), {.max_decompressed = 1 << 20});
    while (const auto batch = reader.next()) {
      test::batch_text(reader.schema(), **batch);
      // The writer walks the arrays in its own way: what the reader accepted must be safe for it
      // too.
      RecordBatchEncoder(reader.schema()).encode(**batch);
    }
    return Outcome::Accepted;
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::CorruptResult || error.kind() == ErrorKind::NotSupported)
        << error.what();
    return Outcome::Refused;
  }
}

void damage(std::string& bytes, test::Random& random) {
  const std::size_t count = 1 + random() % 6;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = random() % bytes.size();
    switch (random() % 4) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random());
        break;
      case 2:
        bytes[at] = static_cast<char>(random() % 2 == 0 ? 0x00 : 0xFF);
        break;
      default:  // the same number a little larger or smaller
        bytes[at] = static_cast<char>(bytes[at] + static_cast<int>(random() % 3) - 1);
    }
  }
}

void mutate(const std::string& valid, int rounds, test::Random& random) {
  ASSERT_EQ(read_everything(valid), Outcome::Accepted);
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    std::string damaged = valid;
    damage(damaged, random);
    if (random() % 8 == 0) damaged.resize(random() % damaged.size());
    refused += read_everything(damaged) == Outcome::Refused ? 1 : 0;
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, rounds);  // or the test would not reach the values at all
}

TEST(MutatedIpc, OfEveryTypeIsReadOrRefused) {
  auto random = test::seeded_random();
  const UniqueSchema schema = test::every_type();
  const UniqueArray batch = test::random_batch(*schema, 5, random);

  mutate(write_stream(*schema, *batch), 3000, random);
}

TEST(MutatedIpc, OfSmallNestedTypesIsReadOrRefused) {
  auto random = test::seeded_random();
  const UniqueSchema schema = struct_schema(
      children(list_schema(map_schema(make_schema("u", ""), make_schema("z", "")), "l"),
               make_schema("u", "t"), make_schema("b", "f")),
      "", false);
  const UniqueArray batch = test::random_batch(*schema, 4, random);

  mutate(write_stream(*schema, *batch), 10000, random);
}

TEST(MutatedIpc, WithCompressedBuffersIsReadOrRefused) {
  auto random = test::seeded_random();
  const UniqueSchema schema =
      struct_schema(children(make_schema("u", "t"), make_schema("l", "n")), "", false);
  const UniqueArray batch = test::random_batch(*schema, 100, random);

  mutate(write_stream(*schema, *batch, {.codec = BodyCodec::Lz4Frame}), 4000, random);
  mutate(write_stream(*schema, *batch, {.codec = BodyCodec::Zstd}), 4000, random);
}

TEST(MutatedIpc, WithDictionariesIsReadOrRefused) {
  auto random = test::seeded_random();
  const auto encoded = test::dictionary_batch({0, 2, 1, 1, 0}, {"red", "green", "blue"});

  mutate(write_stream(*encoded.schema, *encoded.batch), 10000, random);
}

TEST(MutatedLz4, IsReadOrRefused) {
  auto random = test::seeded_random();
  const std::string text = test::random_bytes(random, 500) + std::string(3000, 'x');
  const std::string frame = compress_lz4_frame(std::as_bytes(std::span(text.data(), text.size())));
  for (int round = 0; round < 10000; ++round) {
    std::string damaged = frame + frame;
    damage(damaged, random);
    try {
      const auto content = decompress_lz4_frames(
          std::as_bytes(std::span(damaged.data(), damaged.size())), random() % 8000, 1 << 20);
      EXPECT_LE(content.size(), std::size_t{1} << 20);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
    }
  }
}

}  // namespace
}  // namespace dbsql::arrow
