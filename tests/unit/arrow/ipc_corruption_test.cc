#include "arrow/ipc_reader.h"
#include "arrow/ipc_writer.h"
#include "support/capture_error.h"
#include "unit/arrow/cell_text.h"
#include "unit/arrow/random_batch.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace dbsql::arrow {
namespace {

using dbsql::test::capture_error;

base::Buffer bytes_of(std::string_view text) { return base::Buffer::copy_of(text); }

// A list, a text and an integer column of 3 rows, whose numbers in the metadata are easy to find
// and change: buffers begin at 0 validity, 8 offsets, 24 child validity, 32 child values, 56
// validity, 64 offsets, 80 data, ...
class Corruption : public testing::Test {
 protected:
  Corruption()
      : schema_(struct_schema(children(list_schema(make_schema("i", ""), "l"),
                                       make_schema("u", "t"), make_schema("l", "n")),
                              "", false)) {
    BatchBuilder batch(*schema_);
    for (int i = 0; i < 3; ++i) {
      auto& list = batch.column<ListBuilder>(0);
      list.values<Int32Builder>().append(i);
      list.values<Int32Builder>().append(i + 10);
      list.end_list();
    }
    auto& texts = batch.column<Utf8Builder>(1);
    texts.append("first");
    texts.append_null();
    texts.append("third");
    batch.column<Int64Builder>(2).append(std::array<std::int64_t, 3>{1, 2, 3});
    message_ = RecordBatchEncoder(*schema_).encode(*batch.finish());
  }

  static std::string pair(std::int64_t a, std::int64_t b) {
    std::string bytes(16, '\0');
    std::memcpy(bytes.data(), &a, 8);
    std::memcpy(bytes.data() + 8, &b, 8);
    return bytes;
  }

  // Replaces the field node or buffer (two int64) at its n-th place in the metadata.
  void patch(std::pair<std::int64_t, std::int64_t> from, std::pair<std::int64_t, std::int64_t> to) {
    const std::size_t at = message_.find(pair(from.first, from.second));
    ASSERT_NE(at, std::string::npos);
    message_.replace(at, 16, pair(to.first, to.second));
  }

  std::size_t body() const {
    std::uint32_t metadata;
    std::memcpy(&metadata, message_.data() + 4, 4);
    return 8 + metadata;
  }

  void patch_body(std::size_t offset, std::int32_t value) {
    std::memcpy(message_.data() + body() + offset, &value, sizeof value);
  }

  Error refusal() const {
    return capture_error([&] { RecordBatchDecoder(*schema_).decode(bytes_of(message_)); });
  }

  UniqueSchema schema_;
  std::string message_;
};

TEST_F(Corruption, IsAbsentFromTheMessageTheseTestsStartWith) {
  const UniqueArray batch = RecordBatchDecoder(*schema_).decode(bytes_of(message_));

  EXPECT_EQ(test::batch_text(*schema_, *batch),
            "[{[0,10,],'first',1,},{[1,11,],null,2,},{[2,12,],'third',3,},]");
}

TEST_F(Corruption, OfTheLengthPrefixIsNoticed) {
  for (const std::string prefix : {"", "\xFF", "\xFF\xFF\xFF\xFF", "\xFF\xFF\xFF\xFF\x08\x01"}) {
    message_ = prefix;
    EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
  }
  message_ = std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 8);
  EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
}

TEST_F(Corruption, ByTruncationIsNoticedAtEveryByte) {
  const std::string whole = message_;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    message_ = whole.substr(0, size);
    EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult) << size;
  }
}

TEST_F(Corruption, ByBytesAfterTheMessageIsNoticed) {
  message_ += "garbage!";
  EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
}

TEST_F(Corruption, OfTheFlatbufferIsNoticed) {
  message_.replace(8, 4, "\xF0\xFF\xFF\x7F");
  const Error error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
  EXPECT_NE(error.message().find("metadata"), std::string::npos);
}

TEST_F(Corruption, ByAnEndMarkerInPlaceOfTheBatchIsNoticed) {
  message_ = end_of_stream();
  EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
}

TEST_F(Corruption, ByASchemaInPlaceOfTheBatchIsNoticed) {
  message_ = write_schema(*schema_);
  EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
}

TEST_F(Corruption, ByABatchInPlaceOfTheSchemaIsNoticed) {
  EXPECT_EQ(capture_error([&] { read_schema(bytes_of(message_)); }).kind(),
            ErrorKind::CorruptResult);
}

TEST_F(Corruption, OfLengthsAndNullCountsIsNoticed) {
  const std::string whole = message_;
  for (const auto& [from, to] : {std::pair{std::pair{3, 1}, std::pair{3, 0}},
                                 {{3, 1}, {3, 2}},
                                 {{3, 1}, {3, 4}},
                                 {{3, 1}, {-1, 0}},
                                 {{3, 1}, {2, 1}},
                                 {{3, 1}, {4, 1}},
                                 {{6, 0}, {7, 0}},
                                 {{6, 0}, {5, 0}},
                                 {{3, 1}, {3, -1}}}) {
    message_ = whole;
    patch(from, to);
    EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult) << to.first << " " << to.second;
  }
}

TEST_F(Corruption, ByAbsurdLengthsIsNoticedWithoutAllocating) {
  for (const std::int64_t length :
       {std::int64_t{1} << 31, std::int64_t{1} << 40, std::numeric_limits<std::int64_t>::max()}) {
    const std::string whole = message_;
    patch({6, 0}, {length, 0});
    EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
    message_ = whole;
  }
}

TEST_F(Corruption, OfBufferPlacesIsNoticed) {
  const std::string whole = message_;
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  for (const std::pair<std::int64_t, std::int64_t>& place :
       {std::pair<std::int64_t, std::int64_t>{8, 1 << 20},
        {1 << 20, 16},
        {-8, 16},
        {8, -1},
        {kMax, 1},
        {8, kMax},
        {8, 12},
        {kMax, kMax}}) {
    message_ = whole;
    patch({8, 16}, place);
    EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult) << place.first << " " << place.second;
  }
}

TEST_F(Corruption, ByATooShortValidityBitmapIsNoticed) {
  patch({56, 1}, {56, 0});
  EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
}

TEST_F(Corruption, ByDecreasingTextOffsetsIsNoticed) {
  patch_body(64 + 4, 11);
  const Error error = refusal();
  EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
  EXPECT_NE(error.message().find("'t'"), std::string::npos);
}

TEST_F(Corruption, ByTextOffsetsOutsideTheDataIsNoticed) {
  patch_body(64 + 12, 17);
  EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
}

TEST_F(Corruption, ByNegativeOffsetsIsNoticed) {
  patch_body(64, -1);
  EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
}

TEST_F(Corruption, ByDecreasingListOffsetsIsNoticed) {
  patch_body(8 + 4, 5);
  EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
}

TEST_F(Corruption, ByListOffsetsOutsideTheChildIsNoticed) {
  patch_body(8 + 12, 7);
  EXPECT_EQ(refusal().kind(), ErrorKind::CorruptResult);
}

TEST_F(Corruption, ByColumnsThatTheSchemaDoesNotHaveIsNoticed) {
  const UniqueSchema narrow = struct_schema(
      children(list_schema(make_schema("i", ""), "l"), make_schema("u", "t")), "", false);
  const auto error = capture_error([&] { RecordBatchDecoder(*narrow).decode(bytes_of(message_)); });
  EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
}

TEST_F(Corruption, ByMissingColumnsIsNoticed) {
  const UniqueSchema wide =
      struct_schema(children(list_schema(make_schema("i", ""), "l"), make_schema("u", "t"),
                             make_schema("l", "n"), make_schema("n", "extra")),
                    "", false);
  const auto error = capture_error([&] { RecordBatchDecoder(*wide).decode(bytes_of(message_)); });
  EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
  EXPECT_NE(error.message().find("'extra'"), std::string::npos);
}

TEST_F(Corruption, ByTooFewValuesForAWiderTypeIsNoticed) {
  const UniqueSchema other =
      struct_schema(children(list_schema(make_schema("i", ""), "l"), make_schema("u", "t"),
                             make_schema("d:38,0", "n")),
                    "", false);
  EXPECT_EQ(capture_error([&] { RecordBatchDecoder(*other).decode(bytes_of(message_)); }).kind(),
            ErrorKind::CorruptResult);
}

TEST_F(Corruption, ByMoreRowsThanAllowedIsNoticed) {
  const RecordBatchDecoder decoder(*schema_, {.max_rows = 2});
  EXPECT_EQ(capture_error([&] { decoder.decode(bytes_of(message_)); }).kind(),
            ErrorKind::CorruptResult);
}

TEST(CompressedBody, RefusesSizesThatAreNotTrue) {
  const UniqueSchema schema = struct_schema(children(make_schema("l", "x")), "", false);
  BatchBuilder builder(*schema);
  for (int i = 0; i < 1000; ++i) builder.column<Int64Builder>(0).append(7);
  const UniqueArray batch = builder.finish();
  for (const BodyCodec codec : {BodyCodec::Lz4Frame, BodyCodec::Zstd}) {
    const std::string whole = RecordBatchEncoder(*schema, {.codec = codec}).encode(*batch);
    std::int64_t size = 8000;
    const std::size_t at = whole.rfind(std::string(reinterpret_cast<const char*>(&size), 8));
    ASSERT_NE(at, std::string::npos);
    for (const std::int64_t claim : {std::int64_t{7999}, std::int64_t{8001}, std::int64_t{0},
                                     std::int64_t{-2}, std::int64_t{1} << 50}) {
      std::string message = whole;
      std::memcpy(message.data() + at, &claim, sizeof claim);

      EXPECT_EQ(
          capture_error([&] { RecordBatchDecoder(*schema).decode(bytes_of(message)); }).kind(),
          ErrorKind::CorruptResult)
          << claim;
    }
  }
}

TEST(CompressedBody, RefusesMoreThanTheLimit) {
  const UniqueSchema schema = struct_schema(children(make_schema("l", "x")), "", false);
  BatchBuilder builder(*schema);
  for (int i = 0; i < 1000; ++i) builder.column<Int64Builder>(0).append(7);
  const std::string message =
      RecordBatchEncoder(*schema, {.codec = BodyCodec::Zstd}).encode(*builder.finish());
  const RecordBatchDecoder decoder(*schema, {.max_decompressed = 8000});

  EXPECT_EQ(capture_error([&] { decoder.decode(bytes_of(message)); }).kind(),
            ErrorKind::CorruptResult);
}

}  // namespace
}  // namespace dbsql::arrow
