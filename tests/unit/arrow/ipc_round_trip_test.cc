#include "arrow/ipc_reader.h"
#include "arrow/ipc_writer.h"
#include "support/capture_error.h"
#include "unit/arrow/cell_text.h"
#include "unit/arrow/random_batch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace dbsql::arrow {
namespace {

using test::batch_text;
using test::rows_text;

base::Buffer bytes_of(const std::string& text) { return base::Buffer::copy_of(text); }

UniqueArray round_trip(const ArrowSchema& schema, const ArrowArray& batch,
                       IpcWriteOptions options = {}) {
  const std::string message = RecordBatchEncoder(schema, options).encode(batch);
  return RecordBatchDecoder(schema).decode(bytes_of(message));
}

void expect_same_schema(const ArrowSchema& a, const ArrowSchema& b) {
  EXPECT_STREQ(a.format, b.format);
  EXPECT_STREQ(a.name, b.name);
  EXPECT_EQ(a.flags, b.flags) << a.name;
  EXPECT_EQ(decode_metadata(a.metadata), decode_metadata(b.metadata)) << a.name;
  ASSERT_EQ(a.n_children, b.n_children) << a.name;
  for (std::int64_t i = 0; i < a.n_children; ++i)
    expect_same_schema(*a.children[i], *b.children[i]);
}

TEST(IpcRoundTrip, KeepsEveryTypeOfASchema) {
  const UniqueSchema schema = test::every_type();

  const UniqueSchema read = read_schema(bytes_of(write_schema(*schema)));

  expect_same_schema(*schema, *read);
}

TEST(IpcRoundTrip, KeepsFieldMetadataAndNullability) {
  const UniqueSchema schema = struct_schema(
      children(make_schema({.format = "u",
                            .name = "v",
                            .nullable = false,
                            .metadata = {{"Spark:DataType:SqlName", "VARIANT"},
                                         {"Spark:DataType:JsonType", "\"variant\""}}}),
               make_schema("u", "v")),
      "", false);

  const UniqueSchema read = read_schema(bytes_of(write_schema(*schema)));

  expect_same_schema(*schema, *read);
  EXPECT_EQ(find_metadata(read->children[0]->metadata, "Spark:DataType:SqlName"), "VARIANT");
}

TEST(IpcRoundTrip, KeepsSortedMapKeysAndSchemaMetadata) {
  UniqueSchema map = map_schema(make_schema("u", ""), make_schema("i", ""), "m");
  map->flags |= ARROW_FLAG_MAP_KEYS_SORTED;
  const UniqueSchema schema = make_schema({.format = "+s",
                                           .nullable = false,
                                           .metadata = {{"origin", "test"}},
                                           .children = children(std::move(map))});

  const UniqueSchema read = read_schema(bytes_of(write_schema(*schema)));

  expect_same_schema(*schema, *read);
}

TEST(IpcRoundTrip, KeepsValuesOfEveryType) {
  auto random = test::seeded_random();
  const UniqueSchema schema = test::every_type();
  const UniqueArray batch = test::random_batch(*schema, 133, random);

  const UniqueArray read = round_trip(*schema, *batch);

  EXPECT_EQ(batch_text(*schema, *batch), batch_text(*schema, *read));
}

TEST(IpcRoundTrip, KeepsValuesInCompressedBodies) {
  auto random = test::seeded_random();
  const UniqueSchema schema = test::every_type();
  const UniqueArray batch = test::random_batch(*schema, 500, random);

  const UniqueArray lz4 = round_trip(*schema, *batch, {.codec = BodyCodec::Lz4Frame});
  const UniqueArray zstd = round_trip(*schema, *batch, {.codec = BodyCodec::Zstd});

  EXPECT_EQ(batch_text(*schema, *batch), batch_text(*schema, *lz4));
  EXPECT_EQ(batch_text(*schema, *batch), batch_text(*schema, *zstd));
}

TEST(IpcRoundTrip, KeepsBatchesWithoutRows) {
  auto random = test::seeded_random();
  const UniqueSchema schema = test::every_type();
  const UniqueArray batch = test::random_batch(*schema, 0, random);

  const UniqueArray read = round_trip(*schema, *batch);

  EXPECT_EQ(read->length, 0);
  EXPECT_EQ(batch_text(*schema, *read), "[]");
}

TEST(IpcRoundTrip, KeepsTheRowCountOfBatchesWithoutColumns) {
  const UniqueSchema schema = struct_schema({}, "", false);
  const UniqueArray batch = make_batch(42, {});

  const UniqueArray read = round_trip(*schema, *batch);

  EXPECT_EQ(read->length, 42);
  EXPECT_EQ(read->n_children, 0);
}

TEST(IpcRoundTrip, WritesOnlyTheRowsOfASlice) {
  auto random = test::seeded_random();
  const UniqueSchema schema = test::every_type();
  const UniqueArray batch = test::random_batch(*schema, 100, random);
  const RecordBatchEncoder encoder(*schema);

  for (const auto& [offset, rows] : {std::pair{0, 10}, {3, 13}, {8, 64}, {99, 1}, {100, 0}}) {
    const std::string message = encoder.encode(*batch, offset, rows);
    const UniqueArray read = RecordBatchDecoder(*schema).decode(bytes_of(message));

    EXPECT_EQ(rows_text(*schema, *batch, offset, offset + rows), batch_text(*schema, *read));
  }
}

TEST(IpcRoundTrip, WritesSlicedColumnsAndSlicedBatches) {
  auto random = test::seeded_random();
  const UniqueSchema schema = test::every_type();
  const UniqueArray whole = test::random_batch(*schema, 100, random);
  const std::string expected = rows_text(*schema, *whole, 17, 60);
  UniqueArray sliced_columns = slice(round_trip(*schema, *whole), 17, 43);
  UniqueArray sliced_batch = round_trip(*schema, *whole);
  sliced_batch->offset = 17;  // as other producers slice: the offset sits on the struct
  sliced_batch->length = 43;

  const UniqueArray a = round_trip(*schema, *sliced_columns);
  const UniqueArray b = round_trip(*schema, *sliced_batch);

  EXPECT_EQ(expected, batch_text(*schema, *sliced_columns));
  EXPECT_EQ(expected, batch_text(*schema, *a));
  EXPECT_EQ(expected, batch_text(*schema, *b));
}

TEST(IpcRoundTrip, RefusesRowsOutsideTheBatch) {
  const UniqueSchema schema = struct_schema({}, "", false);
  const UniqueArray batch = make_batch(5, {});

  const auto error =
      dbsql::test::capture_error([&] { RecordBatchEncoder(*schema).encode(*batch, 3, 3); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
}

TEST(IpcRoundTrip, RefusesABatchOfAnotherSchema) {
  const UniqueSchema schema = struct_schema(children(make_schema("u", "name")), "", false);
  std::vector<UniqueArray> columns;
  columns.push_back(null_array(3));
  const UniqueArray batch = make_batch(3, std::move(columns));

  const auto error =
      dbsql::test::capture_error([&] { RecordBatchEncoder(*schema).encode(*batch); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_NE(error.message().find("'name'"), std::string::npos);
}

TEST(IpcWriter, WritesValidityBitmapsAlsoWithoutNullsAndPadsToEight) {
  const UniqueSchema schema = struct_schema(children(make_schema("c", "x")), "", false);
  BatchBuilder builder(*schema);
  for (int i = 0; i < 3; ++i) builder.column<Int8Builder>(0).append(static_cast<std::int8_t>(i));
  const UniqueArray batch = builder.finish();

  const std::string message = RecordBatchEncoder(*schema).encode(*batch);

  ASSERT_EQ(message.size() % 8, 0U);
  EXPECT_EQ(message.substr(0, 4), "\xFF\xFF\xFF\xFF");
  const std::string expected("\x07\0\0\0\0\0\0\0\0\x01\x02\0\0\0\0\0", 16);
  EXPECT_EQ(message.substr(message.size() - 16), expected);
}

TEST(IpcReader, AliasesTheBytesItReadsAndKeepsThemAlive) {
  const UniqueSchema schema = struct_schema(children(make_schema("l", "x")), "", false);
  BatchBuilder builder(*schema);
  for (int i = 0; i < 1000; ++i) builder.column<Int64Builder>(0).append(i);
  base::Buffer message = bytes_of(RecordBatchEncoder(*schema).encode(*builder.finish()));
  const std::byte* begin = message.data();
  const std::byte* end = begin + message.size();
  const std::weak_ptr<const void> owner = message.owner();

  UniqueArray read = RecordBatchDecoder(*schema).decode(message);
  message = {};

  const auto* values = static_cast<const std::byte*>(read->children[0]->buffers[1]);
  EXPECT_TRUE(values >= begin && values < end);
  EXPECT_EQ(ArrayView(*schema, *read).child(0).int_at(999), 999);
  EXPECT_FALSE(owner.expired());
  read.release();
  EXPECT_TRUE(owner.expired());
}

TEST(IpcReader, KeepsAColumnAliveAfterItsBatchIsReleased) {
  const UniqueSchema schema =
      struct_schema(children(make_schema("l", "x"), make_schema("u", "y")), "", false);
  BatchBuilder builder(*schema);
  builder.column<Int64Builder>(0).append(7);
  builder.column<Utf8Builder>(1).append("seven");
  UniqueArray batch = round_trip(*schema, *builder.finish());

  const UniqueArray column(std::move(*batch->children[1]));
  batch.release();

  EXPECT_EQ(ArrayView(*schema->children[1], *column).bytes_at(0), "seven");
}

TEST(IpcReader, CopiesBuffersThatAreNotAligned) {
  auto random = test::seeded_random();
  const UniqueSchema schema = test::every_type();
  const UniqueArray batch = test::random_batch(*schema, 50, random);
  const std::string message = RecordBatchEncoder(*schema).encode(*batch);
  for (std::size_t shift = 1; shift < 8; ++shift) {
    const base::Buffer shifted = bytes_of(std::string(shift, '?') + message);

    const UniqueArray read =
        RecordBatchDecoder(*schema).decode(shifted.slice(shift, message.size()));

    EXPECT_EQ(batch_text(*schema, *batch), batch_text(*schema, *read));
    const auto address = reinterpret_cast<std::uintptr_t>(read->children[8]->buffers[1]);
    EXPECT_EQ(address % 8, 0U);
  }
}

TEST(IpcReader, DecodesInSeveralThreadsAtOnce) {
  auto random = test::seeded_random();
  const UniqueSchema schema = test::every_type();
  const UniqueArray batch = test::random_batch(*schema, 20, random);
  const base::Buffer message = bytes_of(RecordBatchEncoder(*schema).encode(*batch));
  const std::string expected = batch_text(*schema, *batch);
  const RecordBatchDecoder decoder(*schema);
  std::atomic<int> equal = 0;

  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int k = 0; k < 20; ++k) {
          const UniqueArray read = decoder.decode(message);
          equal += batch_text(*schema, *read) == expected ? 1 : 0;
        }
      });
    }
  }

  EXPECT_EQ(equal, 80);
}

TEST(IpcReader, LeavesOutBitmapsThatSayNothing) {
  const UniqueSchema schema = struct_schema(children(make_schema("i", "x")), "", false);
  BatchBuilder builder(*schema);
  builder.column<Int32Builder>(0).append(1);

  const UniqueArray read = round_trip(*schema, *builder.finish());

  EXPECT_EQ(read->children[0]->null_count, 0);
  EXPECT_EQ(read->children[0]->buffers[0], nullptr);
}

}  // namespace
}  // namespace dbsql::arrow
