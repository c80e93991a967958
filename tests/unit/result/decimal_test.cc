#include <dbsql/value.h>

#include "result/parse_text.h"
#include "result/text_forms.h"
#include "support/capture_error.h"
#include "unit/result/random_for_test.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace dbsql {
namespace {

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

Decimal decimal_of(Int128 unscaled, std::int32_t scale) {
  return {static_cast<std::int64_t>(unscaled >> 64), static_cast<std::uint64_t>(unscaled), scale};
}

/// Digit by digit: slow, and nothing like the code under test.
std::string expected_text(Int128 unscaled, int scale) {
  const bool negative = unscaled < 0;
  Uint128 rest =
      negative ? Uint128{0} - static_cast<Uint128>(unscaled) : static_cast<Uint128>(unscaled);
  std::string digits;
  for (int i = 0; rest != 0 || i <= scale; ++i) {
    if (i == scale && scale > 0) digits.insert(digits.begin(), '.');
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  return (negative ? "-" : "") + digits;
}

/// Numbers of every length, not only long ones.
Int128 random_unscaled(std::mt19937_64& random) {
  const Uint128 bits = Uint128{random()} << 64 | random();
  const auto magnitude = static_cast<Int128>(bits >> (1 + random() % 127));
  return random() % 2 == 0 ? magnitude : -magnitude;
}

TEST(Decimal, TextHasExactlyAsManyDigitsAfterThePointAsItsScale) {
  const std::string nines(38, '9');
  EXPECT_EQ(decimal_of(5, 3).to_string(), "0.005");
  EXPECT_EQ(decimal_of(-5, 3).to_string(), "-0.005");
  EXPECT_EQ(decimal_of(0, 2).to_string(), "0.00");
  EXPECT_EQ(decimal_of(12345, 0).to_string(), "12345");
  EXPECT_EQ(Decimal::from_string("0." + nines).to_string(), "0." + nines);
  EXPECT_EQ(Decimal::from_string(nines).to_string(), nines);
  EXPECT_EQ(Decimal::from_string("-" + nines).to_string(), "-" + nines);
}

TEST(Decimal, TextOfTheWholeRangeIsExact) {
  auto random = test::random_for_this_test();
  for (int i = 0; i < 20'000; ++i) {
    const Int128 unscaled = random_unscaled(random);
    const int scale = static_cast<int>(random() % 39);

    ASSERT_EQ(decimal_of(unscaled, scale).to_string(), expected_text(unscaled, scale));
  }
}

TEST(Decimal, TextAroundThePowersOfTenIsExact) {
  Int128 power = 1;
  for (int i = 0; i <= 38; ++i, power *= (i <= 38 ? 10 : 1)) {
    for (const Int128 unscaled : {power - 1, power, power + 1, -power, 1 - power, -1 - power})
      ASSERT_EQ(decimal_of(unscaled, i).to_string(), expected_text(unscaled, i));
  }
}

TEST(Decimal, ReadsBackItsOwnText) {
  auto random = test::random_for_this_test();
  for (int i = 0; i < 20'000; ++i) {
    const Int128 unscaled = random_unscaled(random) / 10;  // at most 38 digits
    const Decimal decimal = decimal_of(unscaled, static_cast<std::int32_t>(random() % 39));

    ASSERT_EQ(Decimal::from_string(decimal.to_string()), decimal) << decimal.to_string();
  }
}

TEST(Decimal, ReadsPlainAndExponentNotation) {
  struct Case {
    std::string text;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {"3.14", "3.14"},
      {"+3.140", "3.140"},
      {"-0", "0"},
      {"0.000", "0.000"},
      {".5", "0.5"},
      {"5.", "5"},
      {"12e3", "12000"},
      {"1.50E-3", "0.00150"},
      {"1.5e1", "15"},
      {"0e30", "0"},
      {"007.10", "7.10"},
      {"1E+2", "100"},
      {"\xE2\x88\x92"
       "1.5",
       "-1.5"},
      {"1e-38", "0.00000000000000000000000000000000000001"},
      {"00000000000000000000000000000000000000000001", "1"},
  };
  for (const auto& [text, expected] : cases)
    EXPECT_EQ(Decimal::from_string(text).to_string(), expected) << text;
}

TEST(Decimal, RefusesTextThatIsNoDecimalOfAtMost38Digits) {
  for (const std::string& text :
       {std::string(), std::string("."), std::string("-"), std::string("abc"), std::string("1,5"),
        std::string("1.2.3"), std::string("NaN"), std::string("Infinity"), std::string("1e"),
        std::string("1e99999"), std::string(" 1"), std::string("1 "), std::string("0x10"),
        std::string("1e38"), std::string("1e-39"), std::string(39, '1'),
        "0." + std::string(39, '0')}) {
    const Error error = test::capture_error([&] { Decimal::from_string(text); });
    EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument) << text;
  }
}

TEST(Decimal, BecomesTheNearestDouble) {
  auto random = test::random_for_this_test();
  for (int i = 0; i < 5'000; ++i) {
    const Decimal decimal =
        decimal_of(random_unscaled(random), static_cast<std::int32_t>(random() % 39));

    ASSERT_EQ(decimal.to_double(), std::strtod(decimal.to_string().c_str(), nullptr));
  }
}

TEST(Decimal, WithAScaleOutsideItsRangeIsRefusedRatherThanShownWrong) {
  EXPECT_EQ(test::capture_error([] { Decimal(0, 1, -1).to_string(); }).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(test::capture_error([] { Decimal(0, 1, 77).to_string(); }).kind(),
            ErrorKind::InvalidArgument);
}

TEST(Decimal, WideValuesAreShownExactly) {
  std::string text;
  result::append_decimal(text, {.words = {0, 0, 0, std::uint64_t{1} << 63}, .scale = 0});
  text += ' ';
  result::append_decimal(text, {.words = {0, 0, 1, 0}, .scale = 40});

  EXPECT_EQ(text,
            "-57896044618658097711785492504343953926634992332820282019728792003956564819968 "
            "0.0340282366920938463463374607431768211456");
}

TEST(DecimalRescale, KeepsTheNumberOrRefuses) {
  const auto rescaled = [](const char* text, int precision, int scale) {
    const auto decimal = result::rescale(Decimal::from_string(text), precision, scale);
    return decimal ? decimal->to_string() : std::string("refused");
  };

  EXPECT_EQ(rescaled("3.14", 10, 4), "3.1400");
  EXPECT_EQ(rescaled("3.1400", 10, 2), "3.14");
  EXPECT_EQ(rescaled("-3.1401", 10, 2), "refused");
  EXPECT_EQ(rescaled("99.99", 4, 2), "99.99");
  EXPECT_EQ(rescaled("100.00", 4, 2), "refused");
  EXPECT_EQ(rescaled(std::string(38, '9').c_str(), 38, 1), "refused");
}

}  // namespace
}  // namespace dbsql
