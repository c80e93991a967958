#include "protocol/thrift/parameters.h"

#include <dbsql/error.h>
#include <dbsql/execute_options.h>

#include "base/text.h"
#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tcli_service_types.h>

#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Values in the form in which they travel (reference/results.md 4, cases 7.6).
namespace dbsql::protocol::thrift {
namespace {

using test::capture_error;
using testing::HasSubstr;

std::string shown(const tcli::TSparkParameterValueArg& argument) {
  std::string text = argument.type;
  if (argument.__isset.value) text += "=" + argument.value;
  for (const auto& nested : argument.arguments) text += "(" + shown(nested) + ")";
  return text;
}

/// `TYPE=value`, and the arguments in parentheses.
std::string shown(const tcli::TSparkParameter& parameter) {
  std::string text = parameter.type;
  if (parameter.__isset.value) text += "=" + parameter.value.stringValue;
  for (const auto& nested : parameter.arguments) text += "(" + shown(nested) + ")";
  return text;
}

std::string shown(const Value& value) {
  return shown(encode_parameters(Parameters::positional({value})).at(0));
}

TEST(ParameterEncoding, DecimalsHaveThePrecisionOfTheirDigits) {
  const std::string nines(38, '9');
  const std::pair<std::string, std::string> cases[] = {
      {"10.00", "DECIMAL(4,2)=10.00"},
      {"123456789.123456789", "DECIMAL(18,9)=123456789.123456789"},
      {nines, "DECIMAL(38,0)=" + nines},
      {"." + nines, "DECIMAL(38,38)=0." + nines},
      {"1234.56", "DECIMAL(6,2)=1234.56"},
      {"123456789123456789.123456789123456789",
       "DECIMAL(36,18)=123456789123456789.123456789123456789"},
      {"0.123", "DECIMAL(3,3)=0.123"},
      {"-1.5", "DECIMAL(2,1)=-1.5"},
      {"-0.5", "DECIMAL(1,1)=-0.5"},
      {"1E+5", "DECIMAL(6,0)=100000"},
      {"1e-7", "DECIMAL(7,7)=0.0000001"},
      {"0", "DECIMAL(1,0)=0"},
  };
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(shown(Decimal::from_string(text)), expected) << text;
}

TEST(ParameterEncoding, DecimalsThatNoServerTakesAreRefused) {
  for (const std::string& text : {std::string(39, '9'), std::string("NaN"), std::string("Infinity"),
                                  std::string(), std::string("1.2.3")}) {
    const Error error = capture_error([&] { Decimal::from_string(text); });
    EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument) << text;
  }
  EXPECT_THAT(capture_error([] { Decimal::from_string(std::string(39, '9')); }).message(),
              HasSubstr("38"));
}

TEST(ParameterEncoding, WholeNumbersHaveTheTypeOfTheirWidth) {
  EXPECT_EQ(shown(std::int8_t{-128}), "TINYINT=-128");
  EXPECT_EQ(shown(std::int16_t{300}), "SMALLINT=300");
  EXPECT_EQ(shown(2147483647), "INT=2147483647");
  EXPECT_EQ(shown(2147483648), "BIGINT=2147483648");
  EXPECT_EQ(shown(-2147483649), "BIGINT=-2147483649");
  EXPECT_EQ(shown(std::int64_t{1}), "BIGINT=1");
  EXPECT_EQ(shown(std::numeric_limits<std::int64_t>::min()), "BIGINT=-9223372036854775808");
}

TEST(ParameterEncoding, FloatingPointReadsBackAsTheSameNumber) {
  for (const double value : {1e20, 1e-10, 3.14, -0.0, 5e-324, 1.7976931348623157e308}) {
    const auto encoded = encode_parameters(Parameters::positional({value})).at(0);
    EXPECT_EQ(encoded.type, "DOUBLE");
    EXPECT_EQ(base::parse_number<double>(encoded.value.stringValue), value);
  }
  EXPECT_EQ(shown(5.1F), "FLOAT=5.1");
  EXPECT_EQ(shown(std::numeric_limits<double>::quiet_NaN()), "DOUBLE=NaN");
  EXPECT_EQ(shown(-std::numeric_limits<float>::infinity()), "FLOAT=-Infinity");
}

TEST(ParameterEncoding, NullHasNoValueAndKeepsAnExplicitType) {
  Parameters parameters;
  parameters.add("", nullptr).add("", nullptr, "DATE");

  const auto encoded = encode_parameters(parameters);

  EXPECT_EQ(shown(encoded[0]), "VOID");
  EXPECT_EQ(shown(encoded[1]), "DATE");
  EXPECT_FALSE(encoded[0].__isset.value);
  EXPECT_FALSE(encoded[1].__isset.value);
}

TEST(ParameterEncoding, NestedValuesAreArguments) {
  const Value list(ListValue{{1, 2, 3}});
  const Value map(MapValue{{{"a", 1}, {"b", 2}}});
  const Value maps(ListValue{{MapValue{{{"a", 1}}}, MapValue{{{"c", nullptr}}}}});

  EXPECT_EQ(shown(list), "ARRAY(INT=1)(INT=2)(INT=3)");
  EXPECT_EQ(shown(map), "MAP(STRING=a)(INT=1)(STRING=b)(INT=2)");
  EXPECT_EQ(shown(maps), "ARRAY(MAP(STRING=a)(INT=1))(MAP(STRING=c)(VOID))");
  EXPECT_EQ(shown(StructValue{{{"a", 1}}}), "NAMED_STRUCT(STRING=a)(INT=1)");
}

TEST(ParameterEncoding, EmptyNestedValuesAreNotNull) {
  for (const Value& empty : {Value(ListValue{}), Value(MapValue{}), Value(StructValue{})}) {
    const auto encoded =
        encode_parameters(Parameters::positional({empty, Value(ListValue{{empty}})}));
    EXPECT_TRUE(encoded[0].__isset.arguments) << shown(encoded[0]);
    EXPECT_TRUE(encoded[1].arguments.at(0).__isset.arguments) << shown(encoded[1]);
  }
}

TEST(ParameterEncoding, NamesAndPositionsAreNotMixed) {
  Parameters mixed;
  mixed.add("a", 1).add("", 2);

  EXPECT_EQ(capture_error([&] { encode_parameters(mixed); }).kind(), ErrorKind::InvalidArgument);
}

TEST(ParameterEncoding, PositionsAreCountedAndNamesStandAlone) {
  const auto positional = encode_parameters(Parameters::positional({1, 2}));
  const auto named = encode_parameters({{"x", 1}});

  EXPECT_EQ(positional[0].ordinal, 1);
  EXPECT_EQ(positional[1].ordinal, 2);
  EXPECT_FALSE(positional[0].__isset.name);
  EXPECT_EQ(named[0].name, "x");
  EXPECT_FALSE(named[0].__isset.ordinal);
}

TEST(ParameterEncoding, AnExplicitTypeIsSentAsTheServerKnowsIt) {
  Parameters parameters;
  parameters.add("", "2024-03-14 10:00:00", "timestamp_ltz").add("", "1", "INTERVAL DAY");

  const auto encoded = encode_parameters(parameters);

  EXPECT_EQ(shown(encoded[0]), "TIMESTAMP=2024-03-14 10:00:00");
  EXPECT_EQ(shown(encoded[1]), "INTERVAL DAY=1");
}

TEST(ParameterEncoding, DatesAndTimesDoNotDependOnAnyZone) {
  const TimeZone& east = TimeZone::find("+13:00");

  EXPECT_EQ(shown(Date{19'796}), "DATE=2024-03-14");
  EXPECT_EQ(shown(Timestamp{1'625'118'208'500'000, &east}),
            "TIMESTAMP=2021-07-01 05:43:28.5+00:00");
  EXPECT_EQ(shown(TimestampNtz{1'625'118'208'000'000}), "TIMESTAMP_NTZ=2021-07-01 05:43:28");
  EXPECT_EQ(shown(YearMonthInterval{-13}), "INTERVAL YEAR TO MONTH=-1-1");
  EXPECT_EQ(shown(DayTimeInterval{-1}), "INTERVAL DAY TO SECOND=-0 00:00:00.000001000");
}

TEST(ParameterEncoding, TextIsSentByteForByte) {
  const std::string hostile("it's \\ \"x\" \0 \xF0\x9F\x98\x80 \n", 19);
  const std::string long_text(std::size_t{1} << 20, '\'');

  EXPECT_EQ(shown(hostile), "STRING=" + hostile);
  EXPECT_EQ(shown(long_text), "STRING=" + long_text);
}

}  // namespace
}  // namespace dbsql::protocol::thrift
