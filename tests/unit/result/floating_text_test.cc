#include <dbsql/value.h>

#include "result/parse_text.h"
#include "result/text_forms.h"
#include "unit/result/random_for_test.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class Floating>
std::string json_text(Floating value) {
  std::string text;
  result::append_json_floating(text, value);
  return text;
}

// reference/results.md 3.6.3
TEST(FloatingText, HasTheServersLayout) {
  const std::vector<std::pair<double, std::string>> cases = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-2.5, "-2.5"},
      {123456.0, "123456.0"},
      {9999999.0, "9999999.0"},
      {1e7, "1.0E7"},
      {1e10, "1.0E10"},
      {0.001, "0.001"},
      {1e-4, "1.0E-4"},
      {1.2345e-5, "1.2345E-5"},
      {12345678.9, "1.23456789E7"},
      {0.1, "0.1"},
      {1e300, "1.0E300"},
      {5e-324, "5.0E-324"},
      {kInfinity, "Infinity"},
      {-kInfinity, "-Infinity"},
      {kNaN, "NaN"},
      {1.7976931348623157e308, "1.7976931348623157E308"},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(Value(value).to_string(), text);
}

TEST(FloatingText, OfAFloatHasOnlyTheDigitsOfAFloat) {
  EXPECT_EQ(Value(3.14F).to_string(), "3.14");
  EXPECT_EQ(Value(0.1F).to_string(), "0.1");
  EXPECT_EQ(Value(16777216.0F).to_string(), "1.6777216E7");
  EXPECT_EQ(json_text(3.14F), "3.14");
}

// reference/results.md 3.6.5
TEST(FloatingText, InsideNestedValuesIsAJsonNumberOrAQuotedName) {
  const std::vector<std::pair<double, std::string>> cases = {
      {0.0, "0"},
      {-0.0, "-0"},
      {1.0, "1"},
      {2.5, "2.5"},
      {100000.0, "100000"},
      {1e10, "10000000000"},
      {1e20, "100000000000000000000"},
      {1e21, "1e+21"},
      {1.5e300, "1.5e+300"},
      {0.001, "0.001"},
      {1e-6, "0.000001"},
      {1e-7, "1e-7"},
      {kNaN, "\"NaN\""},
      {kInfinity, "\"Infinity\""},
      {-kInfinity, "\"-Infinity\""},
  };
  for (const auto& [value, text] : cases) EXPECT_EQ(json_text(value), text);
}

TEST(FloatingText, GivesTheSameNumberBack) {
  auto random = test::random_for_this_test();
  for (int i = 0; i < 50'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    const auto narrow = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isfinite(value) || !std::isfinite(narrow)) continue;

    ASSERT_EQ(result::parse_double(Value(value).to_string()), value);
    ASSERT_EQ(result::parse_double(json_text(value)), value);
    ASSERT_EQ(result::parse_float(Value(narrow).to_string()), narrow);
    ASSERT_EQ(result::parse_float(json_text(narrow)), narrow);
  }
}

TEST(FloatingText, ReadsEverySpellingOfWhatIsNotFinite) {
  for (const std::string_view text : {"Infinity", "+Infinity", "inf", "+Inf", "INFINITY"})
    EXPECT_EQ(result::parse_double(text), kInfinity) << text;
  for (const std::string_view text : {"-Infinity", "-inf", "-INF"})
    EXPECT_EQ(result::parse_double(text), -kInfinity) << text;
  for (const std::string_view text : {"NaN", "nan"})
    EXPECT_TRUE(std::isnan(result::parse_double(text).value_or(0))) << text;
  for (const std::string_view text : {"", "1.0x", "--1", "+-1", "Infinit", "1,5"})
    EXPECT_FALSE(result::parse_double(text)) << text;
}

}  // namespace
}  // namespace dbsql
