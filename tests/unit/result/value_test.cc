#include <dbsql/value.h>

#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace dbsql {
namespace {

using testing::HasSubstr;

Binary binary(std::initializer_list<unsigned char> bytes) {
  Binary result;
  for (const unsigned char byte : bytes) result.bytes.push_back(std::byte{byte});
  return result;
}

TEST(Value, TextOfScalars) {
  EXPECT_EQ(Value().to_string(), "NULL");
  EXPECT_EQ(Value(nullptr).to_string(), "NULL");
  EXPECT_EQ(Value(true).to_string(), "true");
  EXPECT_EQ(Value(std::int8_t{-128}).to_string(), "-128");
  EXPECT_EQ(Value(15).to_string(), "15");
  EXPECT_EQ(Value(std::numeric_limits<std::int64_t>::min()).to_string(), "-9223372036854775808");
  EXPECT_EQ(Value(9'007'199'254'740'993LL).to_string(), "9007199254740993");
  EXPECT_EQ(Value("a \"b\"").to_string(), "a \"b\"");
  EXPECT_EQ(Value(Decimal(0, 1999, 2)).to_string(), "19.99");
  EXPECT_EQ(Value(binary({0x1A, 0xBF})).to_string(), "1abf");
  EXPECT_EQ(Value(Date{0}).to_string(), "1970-01-01");
  EXPECT_EQ(Value(Timestamp{-1, nullptr}).to_string(), "1969-12-31 23:59:59.999999");
}

// reference/results.md 7.5 row 100
TEST(Value, NestedTextIsCompactJson) {
  const StructValue structure{{{"a", Value()},
                               {"b", ListValue{}},
                               {"c", MapValue{}},
                               {"d", binary({0x1A, 0xBF})},
                               {"e \"q\"", Value(Date{0})},
                               {"a", Decimal(0, 1999, 2)}}};

  EXPECT_EQ(Value(structure).to_string(),
            R"({"a":null,"b":[],"c":{},"d":"Gr8=","e \"q\"":"1970-01-01","a":19.99})");
}

TEST(Value, KeysOfMapsAreAlwaysStrings) {
  const MapValue map{{{Value(5), Value(5)},
                      {Value("k"), Value("v")},
                      {Value(ListValue{{Value(1), Value("x")}}), Value()},
                      {Value(Date{0}), Value(true)}}};

  EXPECT_EQ(Value(map).to_string(), R"({"5":5,"k":"v","[1,\"x\"]":null,"1970-01-01":true})");
}

TEST(Value, EscapesOnlyWhatJsonDemands) {
  const ListValue list{{Value(std::string("\"\\\b\f\n\r\t\x01\x1f</>&\xC3\xA9\xE2\x80\xA8"))}};

  EXPECT_EQ(Value(list).to_string(),
            "[\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f</>&\xC3\xA9\xE2\x80\xA8\"]");
}

TEST(Value, Base64HasPaddingForEveryLength) {
  const ListValue list{{binary({}), binary({1}), binary({1, 2}), binary({1, 2, 3}),
                        binary({0xFF, 0xEF, 0xBE, 0xFB})}};

  EXPECT_EQ(Value(list).to_string(), R"(["","AQ==","AQI=","AQID","/++++w=="])");
}

TEST(Value, NamesItsSqlType) {
  EXPECT_EQ(Value().type_name(), "VOID");
  EXPECT_EQ(Value(1).type_name(), "INT");
  EXPECT_EQ(Value(1LL).type_name(), "BIGINT");
  EXPECT_EQ(Value(StructValue{}).type_name(), "STRUCT");
  EXPECT_EQ(Value(DayTimeInterval{}).type_name(), "INTERVAL DAY TO SECOND");
}

TEST(Value, AskedForAnotherTypeSaysWhatItHolds) {
  const Error error = test::capture_error([] { Value(1).get<std::string>(); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_THAT(error.message(), HasSubstr("the value is INT, not STRING"));
  EXPECT_THAT(test::capture_error([] { Value().get<bool>(); }).message(), HasSubstr("NULL"));
}

TEST(Value, ComparesByTypeAndContent) {
  EXPECT_EQ(Value(ListValue{{Value(1), Value()}}), Value(ListValue{{Value(1), Value()}}));
  EXPECT_NE(Value(1), Value(1LL));
  EXPECT_EQ(Value(Timestamp{5, nullptr}), Value(Timestamp{5, &TimeZone::utc()}));
}

}  // namespace
}  // namespace dbsql
