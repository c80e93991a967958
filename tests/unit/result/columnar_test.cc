#include "result/columnar.h"

#include "result/row_cursor.h"
#include "result/schema_builder.h"
#include "support/capture_error.h"
#include "unit/result/random_for_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::result {
namespace {

using protocol::ColumnarRows;
using protocol::ColumnDescription;
using protocol::WireColumn;
using test::capture_error;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = WireColumn::Kind;

/// One column in the wire's encoding; owns its bytes.
struct Wire {
  Kind kind = Kind::String;
  std::int64_t count = 0;
  std::string values;
  std::string nulls;

  WireColumn view() const {
    return {.kind = kind,
            .count = count,
            .values = std::as_bytes(std::span(values)),
            .nulls = std::as_bytes(std::span(nulls))};
  }
};

void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

template <class Integer>
Wire numbers(Kind kind, const std::vector<Integer>& list, std::string nulls = {}) {
  Wire wire{
      .kind = kind, .count = static_cast<std::int64_t>(list.size()), .nulls = std::move(nulls)};
  for (const Integer value : list)
    append_big_endian(wire.values, static_cast<std::uint64_t>(value), sizeof(Integer));
  return wire;
}

Wire doubles(const std::vector<double>& list) {
  std::vector<std::uint64_t> bits;
  for (const double value : list) bits.push_back(std::bit_cast<std::uint64_t>(value));
  return numbers(Kind::Double, bits);
}

Wire texts(const std::vector<std::string>& list, std::string nulls = {}, Kind kind = Kind::String) {
  Wire wire{
      .kind = kind, .count = static_cast<std::int64_t>(list.size()), .nulls = std::move(nulls)};
  for (const std::string& text : list) {
    append_big_endian(wire.values, text.size(), 4);
    wire.values += text;
  }
  return wire;
}

/// A page of one column, converted and bound.
class Page {
 public:
  Page(ColumnDescription description, const Wire& wire) {
    metadata_.columns.push_back(std::move(description));
    arrow_schema_ = derive_arrow_schema(metadata_, PageForm::Columns);
    schema_ = build_schema(metadata_, arrow_schema_.get());
    ColumnarRows rows;
    rows.columns.push_back(wire.view());
    batch_ = to_record_batch(rows, *arrow_schema_, schema_);
    bind_columns(*arrow_schema_, *batch_, schema_, columns_);
  }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  std::vector<std::string> text() const {
    std::vector<std::string> list;
    for (std::int64_t row = 0; row < batch_->length; ++row)
      list.push_back(detail::cell_text(columns_[0], row));
    return list;
  }
  const detail::ColumnRef& column() const { return columns_[0]; }
  const ArrowArray& array() const { return *batch_->children[0]; }
  const Column& sql() const { return schema_[0]; }

 private:
  protocol::ResultMetadata metadata_;
  arrow::UniqueSchema arrow_schema_;
  Schema schema_;
  arrow::UniqueArray batch_;
  std::vector<detail::ColumnRef> columns_;
};

ColumnDescription of_type(std::string type_name) {
  return {.name = "c", .type_name = std::move(type_name)};
}

Error error_of(ColumnDescription description, const Wire& wire) {
  return capture_error([&] { const Page page(std::move(description), wire); });
}

TEST(Columnar, NumbersChangeTheirByteOrderOnly) {
  EXPECT_THAT(Page(of_type("TINYINT"), numbers<std::int8_t>(Kind::Int8, {-128, 0, 127})).text(),
              ElementsAre("-128", "0", "127"));
  EXPECT_THAT(Page(of_type("SMALLINT"), numbers<std::int16_t>(Kind::Int16, {-2, 258})).text(),
              ElementsAre("-2", "258"));
  EXPECT_THAT(Page(of_type("INT"), numbers<std::int32_t>(Kind::Int32, {INT32_MIN, 66051})).text(),
              ElementsAre("-2147483648", "66051"));
  EXPECT_THAT(Page(of_type("BIGINT"),
                   numbers<std::int64_t>(Kind::Int64, {INT64_MIN, 9'007'199'254'740'993}))
                  .text(),
              ElementsAre("-9223372036854775808", "9007199254740993"));
  EXPECT_THAT(Page(of_type("DOUBLE"), doubles({0.1, -0.0, 1e10})).text(),
              ElementsAre("0.1", "-0.0", "1.0E10"));
}

TEST(Columnar, BooleansArePackedIntoBits) {
  const Page page(of_type("BOOLEAN"),
                  numbers<std::int8_t>(Kind::Bool, {1, 0, 0, 1, 1, 0, 1, 0, 1, 2}));

  EXPECT_THAT(page.text(), ElementsAre("true", "false", "false", "true", "true", "false", "true",
                                       "false", "true", "true"));
}

// reference/results.md 7.4 row 87
TEST(Columnar, FloatsAreNarrowedToTheFloatThatWasSent) {
  const Page page(of_type("FLOAT"), doubles({1.4142, 0.1}));

  EXPECT_EQ(detail::Cell<float>::read(page.column(), 0), 1.4142F);
  EXPECT_THAT(page.text(), ElementsAre("1.4142", "0.1"));
}

// reference/results.md 7.4 rows 85 and 86
TEST(Columnar, NullBitmapsMayBeShortLongOrAbsent) {
  const std::vector<std::int32_t> three = {1, 2, 3};
  const auto nulls = [](const std::string& bits, std::size_t rows) {
    const Page page(of_type("INT"),
                    numbers<std::int32_t>(Kind::Int32, std::vector<std::int32_t>(rows, 7), bits));
    std::string text;
    for (const std::string& cell : page.text()) text += cell == "NULL" ? 'N' : '.';
    return text + " " + std::to_string(page.array().null_count);
  };

  EXPECT_EQ(nulls("\x05", 3), "N.N 2");
  EXPECT_EQ(nulls(std::string(1, '\0'), 12), "............ 0");
  EXPECT_EQ(nulls("", 3), "... 0");
  EXPECT_EQ(nulls("\xFF\x0F", 12), "NNNNNNNNNNNN 12");
  EXPECT_EQ(nulls("\x10", 12), "....N....... 1");
  EXPECT_EQ(nulls(std::string("\xFF\x00", 2), 9), "NNNNNNNN. 8");
  EXPECT_EQ(nulls("\xFE\xFF\xFF\xFF\xFF", 3), ".NN 2") << "bits beyond the rows do not count";
}

TEST(Columnar, TextAndBinaryAreJoinedInOnePass) {
  const std::string thirty(30, 'x');
  EXPECT_THAT(Page(of_type("STRING"), texts({"", "a", "0123456789abcdef", thirty, "z"})).text(),
              ElementsAre("", "a", "0123456789abcdef", thirty, "z"));
  EXPECT_THAT(Page(of_type("STRING"), texts({"a", "", "c"}, "\x02")).text(),
              ElementsAre("a", "NULL", "c"));
  EXPECT_THAT(Page(of_type("BINARY"), texts({"\x1A\xBF", ""}, {}, Kind::Binary)).text(),
              ElementsAre("1abf", ""));
  EXPECT_THAT(Page(of_type("STRING"), texts({})).text(), ElementsAre());
}

TEST(Columnar, RandomTextsComeOutAsTheyWentIn) {
  auto random = test::random_for_this_test();
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> list(random() % 50);
    for (std::string& text : list)
      text.assign(random() % 40, static_cast<char>('a' + random() % 26));

    ASSERT_EQ(Page(of_type("STRING"), texts(list)).text(), list);
  }
}

// The text of these types can be made again exactly: they become native.
TEST(Columnar, TextOfTypedColumnsIsReadAndShownAsTheServerSentIt) {
  struct Case {
    std::string type;
    std::string format;
    std::vector<std::string> cells;
  };
  const std::vector<Case> cases = {
      {"DATE", "tdD", {"2014-01-17", "-2020-12-31", "0001-01-01"}},
      {"TIMESTAMP", "tsu:", {"2014-01-17 00:17:13", "2021-06-15 12:34:56.789"}},
      {"INTERVAL_YEAR_MONTH", "tiM", {"0-1", "-1-10"}},
      {"INTERVAL_DAY_TIME", "tDu", {"1 00:00:00.000000000", "-3 12:30:15.000500000"}},
      {"ARRAY", "u", {"[1,2,3]"}},
      {"STRUCT", "u", {R"({"Field1":77,"Field2":2020-12-31})"}},
      {"VARCHAR", "u", {"abc"}},
      {"", "u", {"anything"}},
  };
  for (const auto& [type, format, cells] : cases) {
    const Page page(of_type(type), texts(cells));
    EXPECT_EQ(page.text(), cells) << type;
    EXPECT_EQ(page.column().type->format, format) << type;
  }
}

TEST(Columnar, DecimalsKeepTheirScale) {
  const Page page({.name = "c", .type_name = "DECIMAL", .precision = 10, .scale = 2},
                  texts({"3.14", "-0.05", "99999999.99", "", "1.5E1"}, "\x08"));

  EXPECT_THAT(page.text(), ElementsAre("3.14", "-0.05", "99999999.99", "NULL", "15.00"));
  EXPECT_EQ(detail::Cell<Decimal>::read(page.column(), 1),
            Decimal(-1, static_cast<std::uint64_t>(-5), 2));
  EXPECT_STREQ(page.column().type->format, "d:10,2");
}

TEST(Columnar, DecimalsOfUnknownPrecisionStayTextAndAreReadExactly) {
  const Page page(of_type("DECIMAL"), texts({"19.99"}));

  EXPECT_THAT(page.text(), ElementsAre("19.99"));
  EXPECT_EQ(detail::Cell<Decimal>::read(page.column(), 0).to_string(), "19.99");
  EXPECT_EQ(detail::cell_value(page.column(), 0), Value(Decimal(0, 1999, 2)));
}

TEST(Columnar, ATimestampIsAWallClockOfAZoneNobodyKnows) {
  const Page page(of_type("TIMESTAMP"), texts({"2014-01-17 00:17:13"}));

  EXPECT_EQ(page.sql().type, TypeId::Timestamp);
  EXPECT_EQ(page.sql().time_zone, "");
  EXPECT_EQ(detail::Cell<TimestampNtz>::read(page.column(), 0).to_string(), "2014-01-17 00:17:13");
  EXPECT_THAT(capture_error([&] { detail::Cell<Timestamp>::read(page.column(), 0); }).message(),
              AllOf(HasSubstr("did not say its zone"), HasSubstr("dbsql::TimestampNtz")));
}

TEST(Columnar, FillersOfNullsAreNeverRead) {
  EXPECT_THAT(Page(of_type("DATE"), texts({"", "2014-01-17"}, "\x01")).text(),
              ElementsAre("NULL", "2014-01-17"));
  EXPECT_THAT(Page(of_type("NULL"), texts({"", "x"}, "\x01")).text(), ElementsAre("NULL", "NULL"));
}

// reference/results.md 7.5 row 117
TEST(Columnar, TextOfNumbersIsReadToo) {
  EXPECT_THAT(Page(of_type("INT"), texts({"123", "-1"})).text(), ElementsAre("123", "-1"));
  EXPECT_THAT(Page(of_type("BOOLEAN"), texts({"true", "FALSE"})).text(),
              ElementsAre("true", "false"));
  EXPECT_THAT(Page(of_type("DOUBLE"), texts({"NaN", "1e3"})).text(), ElementsAre("NaN", "1000.0"));
  EXPECT_THAT(Page(of_type("FLOAT"), texts({"0.1"})).text(), ElementsAre("0.1"));
  EXPECT_THAT(Page(of_type("TIMESTAMP_NTZ"), texts({"2023-01-15T12:30:45"})).text(),
              ElementsAre("2023-01-15 12:30:45"));
}

TEST(Columnar, AListOfAnotherWidthIsKeptWhenItsValuesFit) {
  EXPECT_THAT(Page(of_type("INT"), numbers<std::int64_t>(Kind::Int64, {5, -5})).text(),
              ElementsAre("5", "-5"));
  EXPECT_THAT(Page(of_type("BIGINT"), numbers<std::int16_t>(Kind::Int16, {-3})).text(),
              ElementsAre("-3"));
  EXPECT_THAT(
      Page(of_type("USER_DEFINED"), numbers<std::int32_t>(Kind::Int32, {1, 2}, "\x02")).text(),
      ElementsAre("1", "NULL"));
  EXPECT_THAT(Page(of_type("STRING"), doubles({1.5})).text(), ElementsAre("1.5"));
  EXPECT_EQ(error_of(of_type("INT"), numbers<std::int64_t>(Kind::Int64, {1LL << 40})).kind(),
            ErrorKind::CorruptResult);
}

TEST(Columnar, TextThatIsNotOfTheDeclaredTypeNamesTheColumn) {
  const std::vector<std::pair<ColumnDescription, std::string>> cases = {
      {of_type("DATE"), "2014-02-30"},
      {of_type("TIMESTAMP"), "yesterday"},
      {of_type("TIMESTAMP"), "2014-01-17 00:17:13.1234567"},
      {of_type("TIMESTAMP"), "2014-01-17 00:17:13+01:00"},
      {of_type("INTERVAL_YEAR_MONTH"), "1-12"},
      {of_type("INTERVAL_DAY_TIME"), "1"},
      {of_type("INT"), "2147483648"},
      {of_type("BOOLEAN"), "yes"},
      {{.name = "c", .type_name = "DECIMAL", .precision = 5, .scale = 2}, "1.005"},
      {{.name = "c", .type_name = "DECIMAL", .precision = 5, .scale = 2}, "1000.00"},
  };
  for (const auto& [description, text] : cases) {
    const Error error = error_of(description, texts({"", text}, "\x01"));
    EXPECT_EQ(error.kind(), ErrorKind::CorruptResult) << text;
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr("column 1 \"c\" ("), HasSubstr(text), HasSubstr("row 2")));
  }
}

TEST(Columnar, AListThatCannotBeTheDeclaredTypeIsRefused) {
  EXPECT_EQ(error_of(of_type("DATE"), doubles({1})).kind(), ErrorKind::CorruptResult);
  EXPECT_EQ(error_of(of_type("BOOLEAN"), numbers<std::int32_t>(Kind::Int32, {1})).kind(),
            ErrorKind::CorruptResult);
  EXPECT_EQ(error_of(of_type("BINARY"), doubles({1})).kind(), ErrorKind::CorruptResult);
}

TEST(Columnar, LengthsThatDoNotAddUpAreCorrupt) {
  Wire wire = numbers<std::int64_t>(Kind::Int64, {1, 2});
  wire.count = 3;
  EXPECT_EQ(error_of(of_type("BIGINT"), wire).kind(), ErrorKind::CorruptResult);
  wire.count = 1;
  EXPECT_EQ(error_of(of_type("BIGINT"), wire).kind(), ErrorKind::CorruptResult);
  wire.count = -1;
  EXPECT_EQ(error_of(of_type("BIGINT"), wire).kind(), ErrorKind::CorruptResult);
  wire.count = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(error_of(of_type("NULL"), wire).kind(), ErrorKind::CorruptResult);

  for (const char* type : {"STRING", "DATE", "INT"}) {
    Wire text = texts({"1"});
    text.values[3] = '\x7F';  // a length beyond the end
    EXPECT_EQ(error_of(of_type(type), text).kind(), ErrorKind::CorruptResult) << type;
    text.values[0] = '\xFF';  // a negative one
    EXPECT_EQ(error_of(of_type(type), text).kind(), ErrorKind::CorruptResult) << type;
  }
  Wire greedy = texts(std::vector<std::string>(20));
  greedy.values[3] = 19 * 4;  // the first value swallows the lengths of all others
  EXPECT_EQ(error_of(of_type("STRING"), greedy).kind(), ErrorKind::CorruptResult);
  Wire rest = texts({"1"});
  rest.values += "more";
  EXPECT_EQ(error_of(of_type("STRING"), rest).kind(), ErrorKind::CorruptResult);
}

TEST(Columnar, ColumnsOfDifferentLengthsAreCorrupt) {
  protocol::ResultMetadata metadata;
  metadata.columns = {of_type("INT"), of_type("INT")};
  const auto schema = derive_arrow_schema(metadata, PageForm::Columns);
  const Wire two = numbers<std::int32_t>(Kind::Int32, {1, 2});
  const Wire one = numbers<std::int32_t>(Kind::Int32, {1});

  ColumnarRows rows;
  rows.columns = {two.view(), one.view()};
  const Error lengths = capture_error([&] { to_record_batch(rows, *schema, Schema{}); });
  rows.columns = {two.view()};
  const Error count = capture_error([&] { to_record_batch(rows, *schema, Schema{}); });

  EXPECT_EQ(lengths.kind(), ErrorKind::CorruptResult);
  EXPECT_EQ(count.kind(), ErrorKind::CorruptResult);
}

TEST(Columnar, APageWithoutRowsNeedsNoColumns) {
  protocol::ResultMetadata metadata;
  metadata.columns = {of_type("INT"), of_type("STRING")};
  const auto schema = derive_arrow_schema(metadata, PageForm::Columns);

  const auto batch = to_record_batch({}, *schema, Schema{});

  EXPECT_EQ(batch->length, 0);
  EXPECT_EQ(batch->n_children, 2);
}

}  // namespace
}  // namespace dbsql::result
