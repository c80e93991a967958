#include "arrow/builder.h"

#include "arrow/array_view.h"
#include "support/capture_error.h"
#include "unit/arrow/cell_text.h"
#include "unit/arrow/random_batch.h"

#include <gtest/gtest.h>

#include <array>

namespace dbsql::arrow {
namespace {

using dbsql::test::capture_error;

std::string column_text(const UniqueSchema& schema, const UniqueArray& column) {
  return test::batch_text(*schema, *column);
}

TEST(Builder, LeavesOutTheBitmapOfAColumnWithoutNulls) {
  Int32Builder builder;
  builder.append(1);
  builder.append(std::array<std::int32_t, 2>{2, 3});

  const UniqueArray column = builder.finish();

  EXPECT_EQ(column->null_count, 0);
  EXPECT_EQ(column->buffers[0], nullptr);
  EXPECT_EQ(column_text(make_schema("i", ""), column), "[1,2,3,]");
}

TEST(Builder, MarksNullsWhereverTheyAre) {
  Int64Builder builder;
  for (int i = 0; i < 100; ++i) i % 7 == 3 ? builder.append_null() : builder.append(i);

  const UniqueArray column = builder.finish();

  const UniqueSchema schema = make_schema("l", "");
  const ArrayView view(*schema, *column);
  EXPECT_EQ(column->null_count, 14);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(view.is_null(i), i % 7 == 3) << i;
    if (!view.is_null(i)) {
      ASSERT_EQ(view.int_at(i), i);
    }
  }
}

TEST(Builder, MayBeUsedAgainAfterFinishing) {
  Utf8Builder builder;
  builder.append("old");
  builder.append_null();
  builder.finish();

  builder.append("new");
  const UniqueArray column = builder.finish();

  EXPECT_EQ(column->length, 1);
  EXPECT_EQ(column->null_count, 0);
  EXPECT_EQ(column_text(make_schema("u", ""), column), "['new',]");
}

TEST(Builder, MakesEmptyColumnsWithAddresses) {
  Utf8Builder builder;

  const UniqueArray column = builder.finish();

  ASSERT_NE(column->buffers[1], nullptr);
  EXPECT_EQ(*static_cast<const std::int32_t*>(column->buffers[1]), 0);
  EXPECT_NE(column->buffers[2], nullptr);
}

TEST(Builder, BuildsBoolsAcrossBytes) {
  BoolBuilder builder;
  for (int i = 0; i < 20; ++i) i == 9 ? builder.append_null() : builder.append(i % 3 == 0);

  const UniqueArray column = builder.finish();

  const UniqueSchema schema = make_schema("b", "");
  const ArrayView view(*schema, *column);
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(view.is_null(i), i == 9);
    if (i != 9) {
      ASSERT_EQ(view.bool_at(i), i % 3 == 0) << i;
    }
  }
}

TEST(Builder, BuildsNestedColumns) {
  const UniqueSchema schema = struct_schema(
      children(list_schema(make_schema("i", ""), "l"),
               map_schema(make_schema("u", ""), make_schema("g", ""), "m"),
               struct_schema(children(make_schema("b", "x"), make_schema("n", "y")), "s")),
      "", false);
  BatchBuilder batch(*schema);
  auto& list = batch.column<ListBuilder>(0);
  list.values<Int32Builder>().append(1);
  list.values().append_null();
  list.end_list();
  list.end_list();
  list.append_null();
  auto& map = batch.column<MapBuilder>(1);
  map.keys<Utf8Builder>().append("a");
  map.values<Float64Builder>().append(1.5);
  map.keys<Utf8Builder>().append("b");
  map.values().append_null();
  map.end_map();
  map.append_null();
  map.end_map();
  auto& record = batch.column<StructBuilder>(2);
  record.append_nulls(2);
  record.field<BoolBuilder>(0).append(true);
  record.field(1).append_null();
  record.end_row();

  const UniqueArray rows = batch.finish();

  EXPECT_EQ(test::batch_text(*schema, *rows),
            "[{[1,null,],[{'a',1.500000,},{'b',null,},],null,},"
            "{[],null,null,},"
            "{null,[],{1,null,},},]");
}

TEST(Builder, BuildsFixedSizeValues) {
  FixedSizeBinaryBuilder builder(3);
  builder.append("abc");
  builder.append_null();

  EXPECT_EQ(capture_error([&] { builder.append("toolong"); }).kind(), ErrorKind::InvalidArgument);
  EXPECT_EQ(column_text(make_schema("w:3", ""), builder.finish()), "['abc',null,]");
}

TEST(Builder, RefusesListsOfAnotherSize) {
  FixedSizeListBuilder builder(2, std::make_unique<Int8Builder>());
  builder.values().as<Int8Builder>().append(std::int8_t{1});

  EXPECT_EQ(capture_error([&] { builder.end_list(); }).kind(), ErrorKind::InvalidArgument);
}

TEST(Builder, RefusesFieldsOfDifferentLengths) {
  std::vector<std::unique_ptr<Builder>> fields;
  fields.push_back(std::make_unique<Int8Builder>());
  StructBuilder builder(std::move(fields));
  builder.end_row();

  EXPECT_EQ(capture_error([&] { builder.finish(); }).kind(), ErrorKind::InvalidArgument);
}

TEST(Builder, RefusesToBeTakenForAnother) {
  Int8Builder builder;
  Builder& base = builder;

  EXPECT_EQ(capture_error([&] { base.as<Utf8Builder>(); }).kind(), ErrorKind::InvalidArgument);
}

TEST(BatchBuilder, RefusesColumnsOfDifferentLengths) {
  const UniqueSchema schema = struct_schema(children(make_schema("i", "a"), make_schema("i", "b")));
  BatchBuilder batch(*schema);
  batch.column<Int32Builder>(0).append(1);

  EXPECT_EQ(capture_error([&] { batch.finish(); }).kind(), ErrorKind::InvalidArgument);
}

TEST(ValidityFromNullBits, InvertsWhatIsThereAndTakesTheRestAsValid) {
  const std::array<std::byte, 1> null_bits = {std::byte{0x05}};

  const Validity validity = validity_from_null_bits(null_bits, 12);

  EXPECT_EQ(validity.null_count, 2);
  ASSERT_EQ(validity.bits.size(), 2U);
  EXPECT_EQ(validity.bits.data()[0], std::byte{0xFA});
  EXPECT_EQ(validity.bits.data()[1], std::byte{0x0F});
}

TEST(ValidityFromNullBits, IsEmptyWhenNothingIsNull) {
  const std::array<std::byte, 2> null_bits = {std::byte{0x00}, std::byte{0xF0}};

  EXPECT_EQ(validity_from_null_bits(null_bits, 12).null_count, 0);
  EXPECT_EQ(validity_from_null_bits({}, 12).null_count, 0);
  EXPECT_TRUE(validity_from_null_bits(null_bits, 12).bits.empty());
}

TEST(BytesArray, TakesOverExistingBuffers) {
  const std::array<std::int32_t, 3> offsets = {0, 3, 5};
  const auto offset_bytes =
      base::Buffer::copy_of({reinterpret_cast<const char*>(offsets.data()), sizeof offsets});

  const UniqueArray column = bytes_array(2, {}, offset_bytes, base::Buffer::copy_of("onetw"));

  EXPECT_EQ(column_text(make_schema("u", ""), column), "['one','tw',]");
}

}  // namespace
}  // namespace dbsql::arrow
