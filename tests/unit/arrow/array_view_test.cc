#include "arrow/array_view.h"

#include "arrow/builder.h"
#include "support/capture_error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace dbsql::arrow {
namespace {

using dbsql::test::capture_error;

template <class T>
UniqueArray column_of(std::initializer_list<T> values) {
  FixedBuilder<T> builder;
  builder.append(std::span(values.begin(), values.size()));
  return builder.finish();
}

TEST(ArrayView, WidensIntegersOfAllWidths) {
  const auto last = [](const char* format, const UniqueArray& column) {
    const UniqueSchema schema = make_schema(format, "");
    return ArrayView(*schema, *column).int_at(column->length - 1);
  };

  EXPECT_EQ(last("c", column_of<std::int8_t>({0, -1})), -1);
  EXPECT_EQ(last("C", column_of<std::uint8_t>({0, 255})), 255);
  EXPECT_EQ(last("s", column_of<std::int16_t>({0, -300})), -300);
  EXPECT_EQ(last("S", column_of<std::uint16_t>({0, 65535})), 65535);
  EXPECT_EQ(last("i", column_of<std::int32_t>({0, -70000})), -70000);
  EXPECT_EQ(last("I", column_of<std::uint32_t>({0, 4294967295U})), 4294967295);
  EXPECT_EQ(last("l", column_of<std::int64_t>({0, 9007199254740993})), 9007199254740993);
  EXPECT_EQ(last("tdD", column_of<std::int32_t>({0, -1})), -1);
  EXPECT_EQ(last("tsu:UTC", column_of<std::int64_t>({0, -1})), -1);
  EXPECT_EQ(last("tiM", column_of<std::int32_t>({0, 14})), 14);
}

TEST(ArrayView, ReadsHalfPrecisionFloats) {
  const UniqueSchema schema = make_schema("e", "");
  const UniqueArray column = column_of<std::uint16_t>(
      {0x0000, 0x8000, 0x3C00, 0xC000, 0x7BFF, 0x0001, 0x0400, 0x7C00, 0xFC00, 0x7E00});
  const ArrayView view(*schema, *column);

  EXPECT_EQ(view.double_at(0), 0.0);
  EXPECT_TRUE(std::signbit(view.double_at(1)));
  EXPECT_EQ(view.double_at(2), 1.0);
  EXPECT_EQ(view.double_at(3), -2.0);
  EXPECT_EQ(view.double_at(4), 65504.0);
  EXPECT_EQ(view.double_at(5), 0x1p-24);
  EXPECT_EQ(view.double_at(6), 0x1p-14);
  EXPECT_EQ(view.double_at(7), std::numeric_limits<double>::infinity());
  EXPECT_EQ(view.double_at(8), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(view.double_at(9)));
}

TEST(ArrayView, SignExtendsDecimals) {
  const UniqueSchema narrow = make_schema("d:7,2,32", "");
  const UniqueSchema wide = make_schema("d:38,2", "");
  const UniqueArray small = column_of<std::int32_t>({-5, 5});
  const UniqueArray large = column_of<DecimalWords128>({{.low = 1, .high = -1}});
  constexpr auto kOnes = ~std::uint64_t{0};

  const ArrayView small_view(*narrow, *small);
  const ArrayView large_view(*wide, *large);

  EXPECT_EQ(small_view.decimal_at(0),
            (std::array<std::uint64_t, 4>{kOnes - 4, kOnes, kOnes, kOnes}));
  EXPECT_EQ(small_view.decimal_at(1), (std::array<std::uint64_t, 4>{5, 0, 0, 0}));
  EXPECT_EQ(large_view.decimal_at(0), (std::array<std::uint64_t, 4>{1, kOnes, kOnes, kOnes}));
}

TEST(ArrayView, HonoursOffsetsOfParentsAndChildren) {
  const UniqueSchema schema = struct_schema(children(make_schema("i", "x"), make_schema("b", "f")));
  std::vector<UniqueArray> columns;
  columns.push_back(column_of<std::int32_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  BoolBuilder flags;
  for (int i = 0; i < 10; ++i) flags.append(i == 5);
  columns.push_back(flags.finish());
  columns[0]->offset = 2;
  columns[0]->length = 8;
  UniqueArray batch = make_batch(4, std::move(columns));
  batch->offset = 3;

  const ArrayView view(*schema, *batch);

  EXPECT_EQ(view.child(0).length(), 4);
  EXPECT_EQ(view.child(0).int_at(0), 5);
  EXPECT_EQ(view.child(0).int_at(3), 8);
  EXPECT_EQ(view.child(0).values<std::int32_t>()[1], 6);
  EXPECT_TRUE(view.child(1).bool_at(2));
  EXPECT_FALSE(view.child(1).bool_at(1));
}

TEST(ArrayView, GivesListRangesInRowsOfTheChild) {
  ListBuilder builder(std::make_unique<Int32Builder>());
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k <= i; ++k) builder.values<Int32Builder>().append(10 * i + k);
    builder.end_list();
  }
  UniqueArray column = builder.finish();
  column->offset = 1;
  column->length = 2;
  const UniqueSchema schema = list_schema(make_schema("i", ""));

  const ArrayView view(*schema, *column);

  EXPECT_EQ(view.range_at(1).begin, 3);
  EXPECT_EQ(view.range_at(1).size(), 3);
  EXPECT_EQ(view.child(0).int_at(view.range_at(1).begin), 20);
}

TEST(ArrayView, SaysWhichColumnCannotBeReadAsAsked) {
  const UniqueSchema schema = make_schema("u", "origin");
  Utf8Builder builder;
  builder.append("JFK");
  const UniqueArray column = builder.finish();
  const ArrayView view(*schema, *column);

  const auto error = capture_error([&] { view.int_at(0); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_NE(error.message().find("'origin'"), std::string::npos);
  EXPECT_THROW(view.double_at(0), Error);
  EXPECT_THROW(view.decimal_at(0), Error);
  EXPECT_THROW(view.range_at(0), Error);
}

class BadArray : public testing::Test {
 protected:
  BadArray() : array_(column_of<std::int32_t>({1, 2, 3})) {}
  ErrorKind refusal(const UniqueSchema& schema) {
    return capture_error([&] { ArrayView view(*schema, *array_); }).kind();
  }
  UniqueArray array_;
};

TEST_F(BadArray, IsRefusedWithoutValues) {
  array_->buffers[1] = nullptr;
  EXPECT_EQ(refusal(make_schema("i", "")), ErrorKind::InvalidArgument);
}

TEST_F(BadArray, IsRefusedWithNullsButWithoutABitmap) {
  array_->null_count = 1;
  EXPECT_EQ(refusal(make_schema("i", "")), ErrorKind::InvalidArgument);
}

TEST_F(BadArray, IsRefusedWithTheWrongNumberOfBuffers) {
  EXPECT_EQ(refusal(make_schema("u", "")), ErrorKind::InvalidArgument);
  EXPECT_EQ(refusal(make_schema("n", "")), ErrorKind::InvalidArgument);
}

TEST_F(BadArray, IsRefusedWithTheWrongNumberOfChildren) {
  EXPECT_EQ(refusal(list_schema(make_schema("i", ""))), ErrorKind::InvalidArgument);
}

TEST_F(BadArray, IsRefusedWithANegativeLengthOrOffset) {
  array_->offset = -1;
  EXPECT_EQ(refusal(make_schema("i", "")), ErrorKind::InvalidArgument);
}

TEST_F(BadArray, IsRefusedWithoutItsDictionary) {
  EXPECT_EQ(refusal(make_schema({.format = "i", .dictionary = make_schema("u", "")})),
            ErrorKind::InvalidArgument);
}

TEST_F(BadArray, IsRefusedWhenAlreadyReleased) {
  array_.release();
  EXPECT_EQ(refusal(make_schema("i", "")), ErrorKind::InvalidArgument);
}

TEST_F(BadArray, IsRefusedWhenShorterThanItsParent) {
  std::vector<UniqueArray> columns;
  columns.push_back(std::move(array_));
  array_ = make_batch(4, std::move(columns));
  EXPECT_EQ(refusal(struct_schema(children(make_schema("i", "")))), ErrorKind::InvalidArgument);
}

TEST_F(BadArray, IsRefusedWhenListsEndBehindTheirValues) {
  ListBuilder builder(std::make_unique<Int8Builder>());
  builder.values<Int8Builder>().append(std::int8_t{1});
  builder.end_list();
  array_ = builder.finish();
  array_->children[0]->length = 0;
  EXPECT_EQ(refusal(list_schema(make_schema("c", ""))), ErrorKind::InvalidArgument);
}

}  // namespace
}  // namespace dbsql::arrow
