#include "support/capture_error.h"
#include "unit/result/bound_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql {

namespace detail {
// The rows of these tests are one batch: there is never a next one.
bool load_next_batch(Cursor&) { return false; }
}  // namespace detail

namespace {

using arrow::make_schema;
using test::capture_error;
using test::one_column;
using testing::AllOf;
using testing::HasSubstr;

template <class Builder, class T>
auto column_of(const char* format, std::string sql_name, std::vector<T> values) {
  return one_column(make_schema(format, ""), std::move(sql_name), [&](arrow::Builder& column) {
    for (const T& value : values) column.as<Builder>().append(value);
    column.append_null();
  });
}

TEST(TypedCell, ReadsIntegersIntoEveryTypeThatHoldsThem) {
  const auto column = column_of<arrow::Int64Builder, std::int64_t>("l", "BIGINT", {-1, 127, 300});

  EXPECT_EQ(column.get<std::int64_t>(0), -1);
  EXPECT_EQ(column.get<int>(2), 300);
  EXPECT_EQ(column.get<std::int8_t>(1), 127);
  EXPECT_EQ(column.get<unsigned>(1), 127U);
  EXPECT_EQ(column.get<unsigned long long>(2), 300U);
  EXPECT_EQ(column.get<Decimal>(0).to_string(), "-1");
}

TEST(TypedCell, RefusesIntegersThatDoNotFit) {
  const auto column = column_of<arrow::Int64Builder, std::int64_t>(
      "l", "BIGINT", {-1, 300, std::numeric_limits<std::int64_t>::max()});

  for (const Error& error : {capture_error([&] { column.get<std::int8_t>(1); }),
                             capture_error([&] { column.get<int>(2); }),
                             capture_error([&] { column.get<unsigned>(0); })}) {
    EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
    EXPECT_EQ(error.sqlstate(), "22003");
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr("column 1 \"c\" (BIGINT)"), HasSubstr("std::int64_t")));
  }
  EXPECT_THAT(capture_error([&] { column.get<std::int8_t>(1); }).message(),
              AllOf(HasSubstr("holds 300"), HasSubstr("row 2")));
}

TEST(TypedCell, ReadsFloatingPointOnlyWithoutLoss) {
  const auto floats = column_of<arrow::Float32Builder, float>("f", "FLOAT", {1.5F});
  const auto doubles = column_of<arrow::Float64Builder, double>("g", "DOUBLE", {0.1});
  const auto integers = column_of<arrow::Int32Builder, int>("i", "INT", {1 << 30});
  const auto longs = column_of<arrow::Int64Builder, std::int64_t>("l", "BIGINT", {1});

  EXPECT_EQ(floats.get<float>(0), 1.5F);
  EXPECT_EQ(floats.get<double>(0), 1.5);
  EXPECT_EQ(doubles.get<double>(0), 0.1);
  EXPECT_EQ(integers.get<double>(0), 1 << 30);
  EXPECT_THAT(capture_error([&] { doubles.get<float>(0); }).message(),
              HasSubstr("read it as double"));
  EXPECT_THAT(capture_error([&] { longs.get<double>(0); }).message(), HasSubstr("std::int64_t"));
  EXPECT_THAT(capture_error([&] { floats.get<int>(0); }).message(), HasSubstr("float or double"));
}

TEST(TypedCell, ReadsTextAndBinaryAsViewsIntoTheBatch) {
  const auto text = column_of<arrow::Utf8Builder, std::string_view>("u", "STRING", {"abc", ""});
  const auto large = column_of<arrow::LargeBytesBuilder, std::string_view>("U", "STRING", {"xyz"});
  const auto bytes = column_of<arrow::BinaryBuilder, std::string_view>("z", "BINARY", {"\x01\x02"});

  EXPECT_EQ(text.get<std::string_view>(0), "abc");
  EXPECT_EQ(text.get<std::string>(1), "");
  EXPECT_EQ(large.get<std::string_view>(0), "xyz");
  EXPECT_EQ(bytes.get<std::span<const std::byte>>(0).size(), 2U);
  EXPECT_EQ(bytes.text(0), "0102");
  EXPECT_THAT(capture_error([&] { bytes.get<std::string>(0); }).message(),
              HasSubstr("std::span<const std::byte>"));
}

TEST(TypedCell, ReadsDatesTimestampsAndIntervalsAsTheirOwnTypes) {
  const auto date = column_of<arrow::Date32Builder, int>("tdD", "DATE", {-1});
  const auto timestamp =
      column_of<arrow::TimestampBuilder, std::int64_t>("tsu:+1:00", "TIMESTAMP", {0});
  const auto ntz = column_of<arrow::TimestampBuilder, std::int64_t>("tsu:", "TIMESTAMP_NTZ", {0});
  const auto months = column_of<arrow::MonthsBuilder, int>("tiM", "INTERVAL YEAR", {13});
  const auto duration = column_of<arrow::DurationBuilder, std::int64_t>("tDu", "INTERVAL DAY", {1});

  EXPECT_EQ(date.get<Date>(0).to_string(), "1969-12-31");
  EXPECT_EQ(timestamp.get<Timestamp>(0).to_string(), "1970-01-01 01:00:00");
  EXPECT_EQ(ntz.get<TimestampNtz>(0).to_string(), "1970-01-01 00:00:00");
  EXPECT_EQ(months.get<YearMonthInterval>(0).months, 13);
  EXPECT_EQ(duration.get<DayTimeInterval>(0).microseconds, 1);
  EXPECT_THAT(capture_error([&] { timestamp.get<TimestampNtz>(0); }).message(),
              HasSubstr("read it as dbsql::Timestamp"));
  EXPECT_THAT(capture_error([&] { ntz.get<Timestamp>(0); }).message(),
              HasSubstr("read it as dbsql::TimestampNtz"));
  EXPECT_THAT(capture_error([&] { date.get<int>(0); }).message(), HasSubstr("dbsql::Date"));
}

// reference/results.md 7.5 row 110
TEST(TypedCell, ADateIsTheSameInEveryZone) {
  auto schema = arrow::struct_schema(
      arrow::children(make_schema("tdD", "d"), make_schema("tsu:America/Los_Angeles", "t")));
  arrow::BatchBuilder builder(*schema);
  builder.column<arrow::Date32Builder>(0).append(18'809);
  builder.column<arrow::TimestampBuilder>(1).append(0);
  auto batch = builder.finish();
  const test::BoundBatch row(std::move(schema), std::move(batch));

  EXPECT_EQ(row.text(0, 0), "2021-07-01");
}

TEST(TypedCell, ReadsWideDecimalsOnlyWhereTheyFit) {
  const auto column = column_of<arrow::Decimal256Builder, std::array<std::uint64_t, 4>>(
      "d:76,2,256", "", {{1999, 0, 0, 0}, {0, 0, 1, 0}, {~0ULL, ~0ULL, ~0ULL, ~0ULL}});

  EXPECT_EQ(column.get<Decimal>(0).to_string(), "19.99");
  EXPECT_EQ(column.get<Decimal>(2).to_string(), "-0.01");
  EXPECT_EQ(column.text(1), "3402823669209384634633746074317682114.56");
  EXPECT_EQ(capture_error([&] { column.get<Decimal>(1); }).sqlstate(), "22003");
}

TEST(TypedCell, NullNeedsAnOptional) {
  const auto column = column_of<arrow::Int32Builder, int>("i", "INT", {7});

  EXPECT_EQ(column.get<std::optional<int>>(0), 7);
  EXPECT_EQ(column.get<std::optional<int>>(1), std::nullopt);
  EXPECT_TRUE(column.get<Value>(1).is_null());
  EXPECT_EQ(column.get<std::optional<Value>>(1), std::nullopt);
  EXPECT_EQ(column.text(1), "NULL");
  const Error error = capture_error([&] { column.get<int>(1); });
  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_THAT(error.message(), AllOf(HasSubstr("column 1 \"c\" (INT) is NULL in row 2"),
                                     HasSubstr("std::optional")));
}

// reference/results.md 7.5 row 116
TEST(TypedCell, AVoidColumnIsAllNull) {
  const auto column = one_column(make_schema("n", ""), "VOID",
                                 [](arrow::Builder& builder) { builder.append_nulls(3); });

  EXPECT_EQ(column.schema()[0].type_text, "VOID");
  EXPECT_TRUE(column.value(2).is_null());
  EXPECT_EQ(column.text(2), "NULL");
  EXPECT_EQ(column.get<std::optional<int>>(0), std::nullopt);
}

// reference/results.md 7.5 row 118
TEST(TypedCell, ValuesHaveTheTypeOfTheColumn) {
  EXPECT_EQ((column_of<arrow::Int8Builder, std::int8_t>("c", "TINYINT", {1}).value(0)),
            Value(std::int8_t{1}));
  EXPECT_EQ((column_of<arrow::Int64Builder, std::int64_t>("l", "BIGINT", {9'007'199'254'740'993})
                 .value(0)),
            Value(9'007'199'254'740'993LL));
  EXPECT_EQ((column_of<arrow::UInt32Builder, std::uint32_t>("I", "", {4'000'000'000U}).value(0)),
            Value(4'000'000'000LL));
  EXPECT_EQ((column_of<arrow::BoolBuilder, bool>("b", "BOOLEAN", {true}).value(0)), Value(true));
  EXPECT_EQ((column_of<arrow::Decimal128Builder, arrow::DecimalWords128>("d:10,2", "DECIMAL(10,2)",
                                                                         {{.low = 1999, .high = 0}})
                 .value(0)),
            Value(Decimal(0, 1999, 2)));
}

// reference/results.md 7.5 row 114
TEST(TypedCell, VariantTextIsNotTouched) {
  const auto column =
      column_of<arrow::Utf8Builder, std::string_view>("u", "VARIANT", {R"({"a" : 1.0 })"});

  EXPECT_EQ(column.schema()[0].type, TypeId::Variant);
  EXPECT_EQ(column.text(0), R"({"a" : 1.0 })");
  EXPECT_EQ(column.value(0), Value(R"({"a" : 1.0 })"));
}

TEST(TypedCell, OfATypeThatCannotBeReadSaysSo) {
  const auto column = column_of<arrow::Int64Builder, std::int64_t>("ttu", "", {1});

  EXPECT_EQ(capture_error([&] { column.text(0); }).kind(), ErrorKind::NotSupported);
  EXPECT_EQ(capture_error([&] { column.value(0); }).kind(), ErrorKind::NotSupported);
  EXPECT_EQ(capture_error([&] { column.get<int>(0); }).kind(), ErrorKind::InvalidArgument);
}

/// A dictionary-encoded column; the last row is NULL.
test::BoundBatch dictionary_column(arrow::UniqueSchema value_type, arrow::UniqueArray values,
                                   const std::vector<int>& indices) {
  arrow::SchemaParts parts{.format = "c", .name = "c"};
  parts.dictionary = std::move(value_type);
  auto schema = arrow::struct_schema(arrow::children(arrow::make_schema(std::move(parts))));
  arrow::Int8Builder builder;
  for (const int index : indices) builder.append(static_cast<std::int8_t>(index));
  builder.append_null();
  auto plain = std::make_shared<arrow::UniqueArray>(builder.finish());
  arrow::ArrayParts encoded{.length = (*plain)->length,
                            .null_count = 1,
                            .n_buffers = 2,
                            .buffers = {(*plain)->buffers[0], (*plain)->buffers[1], nullptr}};
  encoded.owners[1] = plain;
  encoded.dictionary = std::move(values);
  std::vector<arrow::UniqueArray> columns;
  columns.push_back(arrow::make_array(std::move(encoded)));
  const std::int64_t length = columns[0]->length;
  return {std::move(schema), arrow::make_batch(length, std::move(columns))};
}

/// With the entries "zero", "one", NULL.
test::BoundBatch dictionary_of_text(const std::vector<int>& indices) {
  arrow::Utf8Builder values;
  values.append("zero");
  values.append("one");
  values.append_null();
  return dictionary_column(make_schema("u", ""), values.finish(), indices);
}

TEST(Dictionary, IsDecodedOncePerBatch) {
  const auto column = dictionary_of_text({1, 0, 1, 2});

  EXPECT_EQ(column.text(0), "one");
  EXPECT_EQ(column.text(1), "zero");
  EXPECT_EQ(column.get<std::string_view>(2), "one");
  EXPECT_EQ(column.text(3), "NULL") << "an entry that is NULL";
  EXPECT_EQ(column.text(4), "NULL") << "an index that is NULL";
}

TEST(Dictionary, HoldsValuesOfEveryFlatLayout) {
  arrow::Int64Builder integers;
  integers.append(1LL << 40);
  integers.append(-1);
  arrow::BoolBuilder booleans;
  booleans.append(false);
  booleans.append(true);
  arrow::LargeBytesBuilder bytes;
  bytes.append(std::string_view("a"));
  bytes.append(std::string_view("bc"));

  const auto numbers = dictionary_column(make_schema("l", ""), integers.finish(), {1, 0});
  const auto flags = dictionary_column(make_schema("b", ""), booleans.finish(), {1, 0});
  const auto large = dictionary_column(make_schema("U", ""), bytes.finish(), {1, 0});

  EXPECT_EQ(numbers.get<std::int64_t>(0), -1);
  EXPECT_EQ(numbers.text(1), "1099511627776");
  EXPECT_EQ(numbers.text(2), "NULL");
  EXPECT_EQ(flags.text(0), "true");
  EXPECT_EQ(flags.text(2), "NULL");
  EXPECT_EQ(large.text(0), "bc");
}

TEST(Dictionary, OfNestedValuesIsNotSupported) {
  arrow::ListBuilder lists(std::make_unique<arrow::Int32Builder>());
  lists.end_list();

  const Error error = capture_error(
      [&] { dictionary_column(arrow::list_schema(make_schema("i", "")), lists.finish(), {0}); });

  EXPECT_EQ(error.kind(), ErrorKind::NotSupported);
}

TEST(Dictionary, WithAnIndexBeyondItsEntriesIsCorrupt) {
  const auto bind = [](int index) {
    return capture_error([&] { dictionary_of_text({0, index}); });
  };

  EXPECT_EQ(bind(3).kind(), ErrorKind::CorruptResult);
  EXPECT_EQ(bind(-1).kind(), ErrorKind::CorruptResult);
}

class RowsOfTwoColumns : public testing::Test {
 protected:
  static test::BoundBatch make() {
    auto schema = arrow::struct_schema(
        arrow::children(test::sql_field(make_schema("u", ""), "Origin", "STRING"),
                        test::sql_field(make_schema("l", ""), "flights", "BIGINT")));
    arrow::BatchBuilder builder(*schema);
    for (int i = 0; i < 3; ++i) {
      builder.column<arrow::Utf8Builder>(0).append(std::string(1, static_cast<char>('a' + i)));
      builder.column<arrow::Int64Builder>(1).append(i);
    }
    auto batch = builder.finish();
    return {std::move(schema), std::move(batch)};
  }
  const test::BoundBatch batch_ = make();
};

TEST_F(RowsOfTwoColumns, AreReadAsTuples) {
  std::string seen;
  for (auto [origin, flights] : TypedRows<std::string_view, std::int64_t>(batch_.at(-1)))
    seen += std::string(origin) + std::to_string(flights) + " ";

  EXPECT_EQ(seen, "a0 b1 c2 ");
}

TEST_F(RowsOfTwoColumns, AreReadByPositionAndName) {
  std::string seen;
  for (const RowRef row : Rows(batch_.at(-1))) {
    seen += row.get<std::string>(0) + row["FLIGHTS"].to_string();
    row.append_text(seen, 1);
  }

  EXPECT_EQ(seen, "a00b11c22");
}

TEST_F(RowsOfTwoColumns, NeedOneTypePerColumn) {
  const Error error = capture_error([&] { TypedRows<std::string_view>{batch_.at(-1)}; });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_THAT(error.message(),
              AllOf(HasSubstr("as 1 columns"), HasSubstr("has 2 (Origin, flights)")));
}

TEST_F(RowsOfTwoColumns, SayWhichColumnsThereAre) {
  const detail::Cursor cursor = batch_.at(0);
  const RowRef row(cursor);

  EXPECT_THAT(capture_error([&] { row.get<int>("x"); }).message(),
              AllOf(HasSubstr("no column \"x\""), HasSubstr("Origin, flights")));
  EXPECT_THAT(capture_error([&] { row.text(2); }).message(), HasSubstr("column index 2"));
  EXPECT_THAT(capture_error([&] { row.get<int>(0); }).message(),
              AllOf(HasSubstr("column 1 \"Origin\" (STRING) cannot be read as an integer"),
                    HasSubstr("std::string_view")));
}

TEST_F(RowsOfTwoColumns, ABatchOfAnotherShapeIsRefused) {
  std::vector<detail::ColumnRef> columns;
  auto narrow = arrow::struct_schema(arrow::children(make_schema("l", "x")));
  arrow::BatchBuilder builder(*narrow);
  builder.column<arrow::Int64Builder>(0).append(1);
  const auto batch = builder.finish();

  const Error error = capture_error(
      [&] { result::bind_columns(batch_.arrow_schema(), *batch, batch_.schema(), columns); });

  EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
}

TEST_F(RowsOfTwoColumns, BindingTheNextBatchForgetsTheFormer) {
  std::vector<detail::ColumnRef> columns;
  result::bind_columns(batch_.arrow_schema(), batch_.batch(), batch_.schema(), columns);
  const void* const resolved = columns[0].owner.get();
  arrow::BatchBuilder builder(batch_.arrow_schema());
  builder.column<arrow::Utf8Builder>(0).append("next");
  builder.column<arrow::Int64Builder>(1).append(99);
  const auto next = builder.finish();

  result::bind_columns(batch_.arrow_schema(), *next, batch_.schema(), columns);

  EXPECT_EQ(columns[0].owner.get(), resolved) << "types are resolved once per result";
  EXPECT_EQ(detail::cell_text(columns[0], 0), "next");
  EXPECT_EQ(detail::cell_text(columns[1], 0), "99");
}

}  // namespace
}  // namespace dbsql
