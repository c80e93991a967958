#include "result/text_value.h"

#include "support/capture_error.h"
#include "unit/result/bound_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

// Typed reads of columns that arrive as text.
namespace dbsql {
namespace {

using testing::AllOf;
using testing::HasSubstr;

auto text_column(std::string sql_name, std::string_view text) {
  return test::one_column(arrow::make_schema("u", ""), std::move(sql_name),
                          [&](arrow::Builder& column) {
                            column.as<arrow::Utf8Builder>().append(text);
                            column.append_null();
                          });
}

std::optional<Value> parse(std::string_view type, std::string_view text) {
  return result::parse_value(result::parse_type_text(type).value(), text);
}

TEST(TextColumn, OfAScalarTypeIsReadAsThatType) {
  EXPECT_EQ(text_column("DECIMAL(10,2)", "3.14").get<Decimal>(0), Decimal(0, 314, 2));
  EXPECT_EQ(text_column("DATE", "1970-01-02").get<Date>(0).days, 1);
  EXPECT_EQ(text_column("TIMESTAMP_NTZ", "1970-01-01 00:00:01").get<TimestampNtz>(0).microseconds,
            1'000'000);
  EXPECT_EQ(text_column("TIMESTAMP", "1970-01-01 00:00:01").get<TimestampNtz>(0).microseconds,
            1'000'000);
  EXPECT_EQ(text_column("INTERVAL YEAR TO MONTH", "1-2").get<YearMonthInterval>(0).months, 14);
  EXPECT_EQ(text_column("INTERVAL DAY TO SECOND", "1 00:00:00.000000000")
                .get<DayTimeInterval>(0)
                .microseconds,
            86'400'000'000);
  EXPECT_EQ(text_column("DATE", "x").get<std::optional<Date>>(1), std::nullopt);
}

TEST(TextColumn, ShowsAnInstantOnlyWhenTheTextHasAnOffset) {
  const auto with = text_column("TIMESTAMP", "2021-01-01T10:00:00.000-08:00");
  EXPECT_EQ(with.get<Timestamp>(0).microseconds, 1'609'524'000'000'000);
  EXPECT_EQ(with.get<Timestamp>(0).to_string(), "2021-01-01 10:00:00");
  EXPECT_EQ(with.text(0), "2021-01-01T10:00:00.000-08:00");

  const auto without = text_column("TIMESTAMP", "2021-01-01 10:00:00");
  EXPECT_THAT(test::capture_error([&] { without.get<Timestamp>(0); }).message(),
              AllOf(HasSubstr("did not say its zone"), HasSubstr("dbsql::TimestampNtz")));
  EXPECT_NE(without.value(0).get_if<TimestampNtz>(), nullptr);
}

TEST(TextColumn, StaysTextForWhoAsksForText) {
  const auto column = text_column("DECIMAL(10,2)", "3.1400");

  EXPECT_EQ(column.text(0), "3.1400");
  EXPECT_EQ(column.get<std::string_view>(0), "3.1400");
}

TEST(TextColumn, HasTheDeclaredScaleWhereThatLosesNothing) {
  EXPECT_EQ(text_column("DECIMAL(10,2)", "3.1400").value(0), Value(Decimal(0, 314, 2)));
  EXPECT_EQ(text_column("DECIMAL(10,2)", "3.1").get<Decimal>(0), Decimal(0, 310, 2));
  EXPECT_EQ(text_column("DECIMAL(10,2)", "3.141").get<Decimal>(0), Decimal(0, 3'141, 3));
}

// The zone is what the session was asked for: see session/session_zone.h.
TEST(TextColumn, OfAKnownZoneIsAnInstant) {
  const auto read = [](std::string_view zone, std::string_view text) {
    return result::parse_value(result::parse_type_text("TIMESTAMP").value(), text,
                               TimeZone::find_known(zone))
        .value();
  };
  const Value winter = read("America/Los_Angeles", "2021-01-01 10:00:00");

  EXPECT_EQ(winter, Value(Timestamp{1'609'524'000'000'000}));
  EXPECT_EQ(winter.to_string(), "2021-01-01 10:00:00");
  EXPECT_EQ(read("America/Los_Angeles", "2021-03-14 02:30:00").type_name(), "TIMESTAMP_NTZ");
  EXPECT_EQ(read("No/Such_Zone", "2021-03-14 02:30:00").type_name(), "TIMESTAMP_NTZ");
}

TEST(TextColumn, WithDamagedTextNamesTheColumn) {
  const auto column = text_column("DATE", "tomorrow");
  for (const Error& error : {test::capture_error([&] { column.get<Date>(0); }),
                             test::capture_error([&] { column.value(0); })}) {
    EXPECT_EQ(error.kind(), ErrorKind::CorruptResult);
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr("column 1 \"c\""), HasSubstr("DATE"), HasSubstr("tomorrow")));
  }
}

TEST(TextColumn, IsNotReadAsATypeItDoesNotHave) {
  const auto text = text_column("STRING", "1970-01-01");
  EXPECT_EQ(test::capture_error([&] { text.get<Date>(0); }).kind(), ErrorKind::InvalidArgument);
  EXPECT_EQ(test::capture_error([&] { text.get<Decimal>(0); }).kind(), ErrorKind::InvalidArgument);
  EXPECT_EQ(test::capture_error([&] { text.get<DayTimeInterval>(0); }).kind(),
            ErrorKind::InvalidArgument);
  const auto date = text_column("DATE", "1970-01-01");
  EXPECT_EQ(test::capture_error([&] { date.get<TimestampNtz>(0); }).kind(),
            ErrorKind::InvalidArgument);
}

// reference/results.md 7.5 row 113
TEST(NestedTextColumn, IsReadByItsDeclaredType) {
  const auto column =
      text_column("STRUCT<Field1: INT, Field2: DATE>", R"({"Field1":77,"Field2":2020-12-31})");

  const Value value = column.value(0);

  EXPECT_EQ(value, Value(StructValue{{{"Field1", Value(77)}, {"Field2", Value(Date{18'627})}}}));
  EXPECT_EQ(column.text(0), R"({"Field1":77,"Field2":"2020-12-31"})");
  EXPECT_EQ(column.get<std::string_view>(0), R"({"Field1":77,"Field2":2020-12-31})");
  EXPECT_EQ(column.text(1), "NULL");
}

TEST(NestedTextColumn, IsTextWhereItDoesNotFitTheType) {
  EXPECT_EQ(text_column("ARRAY<INT>", "[1,x]").value(0), Value("[1,x]"));
  EXPECT_EQ(text_column("ARRAY<INT>", "[1,2").value(0), Value("[1,2"));
  EXPECT_EQ(text_column("ARRAY<INT>", "[1,2").text(0), "[1,2");
}

TEST(ParseNested, ReadsBareAndQuotedScalars) {
  const auto shown = [](std::string_view type, std::string_view text) {
    const auto value = parse(type, text);
    return value ? value->to_string() : std::string("no");
  };
  EXPECT_EQ(shown("ARRAY<INT>", "[1, 2,null]"), "[1,2,null]");
  EXPECT_EQ(shown("ARRAY<INT>", "[]"), "[]");
  EXPECT_EQ(shown("ARRAY<TIMESTAMP>", "[2021-01-01 10:00:00.5,null]"),
            R"(["2021-01-01 10:00:00.5",null])");
  EXPECT_EQ(shown("ARRAY<STRING>", R"(["a\"b\u00e9\ud83d\ude00", c d ,"null"])"),
            "[\"a\\\"b\xC3\xA9\xF0\x9F\x98\x80\",\"c d\",\"null\"]");
  EXPECT_EQ(shown("MAP<STRING, ARRAY<DOUBLE>>", R"({"a":[1.5,NaN],b:[]})"),
            R"({"a":[1.5,"NaN"],"b":[]})");
  EXPECT_EQ(shown("MAP<INT, BOOLEAN>", R"({"5":true,6:false})"), R"({"5":true,"6":false})");
  EXPECT_EQ(
      shown("STRUCT<a: INT, b: STRUCT<c: DECIMAL(10,2)>, d: STRING>", R"({"a":1,"b":{"c":19.99}})"),
      R"({"a":1,"b":{"c":19.99},"d":null})");
  EXPECT_EQ(shown("STRUCT<a: INT>", "{}"), R"({"a":null})");
  EXPECT_EQ(shown("STRUCT<>", "{}"), "{}");
  EXPECT_EQ(shown("MAP<ARRAY<INT>, STRING>", R"({"[1,2]":"x",[3]:"y"})"),
            R"({"[1,2]":"x","[3]":"y"})");
  EXPECT_EQ(shown("MAP<STRUCT<a: STRING>, INT>", R"({"{\"a\":\"x\"}":1})"),
            R"({"{\"a\":\"x\"}":1})");
  EXPECT_EQ(shown("ARRAY<BINARY>", R"(["Gr8=","",Gr8=])"), R"(["Gr8=","","Gr8="])");
  EXPECT_EQ(shown("ARRAY<BINARY>", R"(["Gr8","Gr9=","G","===="])"),
            R"(["R3I4","R3I5PQ==","Rw==","PT09PQ=="])");  // no base64: the bytes of the text
  EXPECT_EQ(shown("ARRAY<DECIMAL(10,2)>", "[1,2.5,3.125]"), "[1.00,2.50,3.125]");
}

TEST(ParseNested, RefusesWhatDoesNotFit) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"ARRAY<INT>", ""},
      {"ARRAY<INT>", "1"},
      {"ARRAY<INT>", "[1"},
      {"ARRAY<INT>", "[1]]"},
      {"ARRAY<INT>", "[,]"},
      {"ARRAY<STRING>", R"(["a)"},
      {"ARRAY<STRING>", R"(["\q"])"},
      {"ARRAY<STRING>", R"(["\ud83d"])"},
      {"ARRAY<STRING>", R"(["\u00)"},
      {"MAP<STRING, INT>", R"({"a"})"},
      {"MAP<STRING, INT>", R"({"a":1)"},
      {"MAP<ARRAY<INT>, INT>", R"({"[1":1})"},
      {"MAP<ARRAY<INT>, INT>", R"({"[1]:1})"},
      {"STRUCT<a: INT>", R"({"b":1})"},
      {"STRUCT<a: INT, b: INT>", R"({"b":1,"a":2})"},
      {"ARRAY", "[1]"},
      {"MAP", "{}"},
      {"STRUCT", R"({"a":1})"},
  };
  for (const auto& [type, text] : cases) EXPECT_FALSE(parse(type, text)) << type << ' ' << text;
}

TEST(ParseValue, OfEveryScalarType) {
  EXPECT_EQ(parse("BOOLEAN", "true"), Value(true));
  EXPECT_EQ(parse("TINYINT", "-128"), Value(std::int8_t{-128}));
  EXPECT_EQ(parse("TINYINT", "128"), std::nullopt);
  EXPECT_EQ(parse("BIGINT", "9007199254740993"), Value(9'007'199'254'740'993LL));
  EXPECT_EQ(parse("FLOAT", "3.14"), Value(3.14F));
  EXPECT_EQ(parse("STRING", "x"), Value("x"));
  EXPECT_EQ(parse("VOID", "x"), std::nullopt);
  EXPECT_EQ(parse("INTERVAL YEAR", "1-0"), Value(YearMonthInterval{12}));
}

}  // namespace
}  // namespace dbsql
