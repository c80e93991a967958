#include "warehouse/sql_interval.h"

#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kDay = 86'400 * kSecond;

struct Case {
  std::string_view literal;  // behind the word INTERVAL
  std::string_view type;
  std::int64_t amount;
};

class IntervalLiterals : public testing::TestWithParam<Case> {};

TEST_P(IntervalLiterals, AreReadExactly) {
  const auto tokens = tokenize(GetParam().literal);
  std::size_t at = 0;
  const auto value = read_interval_literal(tokens, at);

  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(type_text(value->type), GetParam().type);
  EXPECT_EQ(value->amount, GetParam().amount);
  EXPECT_EQ(at, tokens.size() - 1) << "all of it is taken";
}

INSTANTIATE_TEST_SUITE_P(
    All, IntervalLiterals,
    testing::Values(Case{"'1' DAY", "INTERVAL DAY", kDay}, Case{"1 DAYS", "INTERVAL DAY", kDay},
                    Case{"-2 MONTH", "INTERVAL MONTH", -2},
                    Case{"-'-2' MONTH", "INTERVAL MONTH", 2},
                    Case{"'2-6' YEAR TO MONTH", "INTERVAL YEAR TO MONTH", 30},
                    Case{"'-2-6' YEAR TO MONTH", "INTERVAL YEAR TO MONTH", -30},
                    Case{"'1 02:03:04.5' DAY TO SECOND", "INTERVAL DAY TO SECOND",
                         kDay + 7'384 * kSecond + kSecond / 2},
                    Case{"'-1 02' DAY TO HOUR", "INTERVAL DAY TO HOUR", -(kDay + 7'200 * kSecond)},
                    Case{"'02:30' HOUR TO MINUTE", "INTERVAL HOUR TO MINUTE", 9'000 * kSecond},
                    Case{"1.5 SECOND", "INTERVAL SECOND", kSecond * 3 / 2},
                    Case{"0.000001 SECOND", "INTERVAL SECOND", 1},
                    Case{"2 WEEKS", "INTERVAL DAY", 14 * kDay},
                    Case{"1 YEAR 2 MONTHS", "INTERVAL YEAR TO MONTH", 14},
                    Case{"'1 day 2 hours'", "INTERVAL DAY TO HOUR", kDay + 7'200 * kSecond}));

TEST(IntervalLiteral, IsNoLiteralWhenItIsComputedOrMixed) {
  for (const auto* text : {"(a) DAY", "a DAY", "1 DAY 2 MONTHS", "'1 day 2 months'", "'x' DAY", "1",
                           "", "'1' DAY TO", "99999999999999999999 DAY"}) {
    const auto tokens = tokenize(text);
    std::size_t at = 0;
    const auto value = read_interval_literal(tokens, at);
    if (std::string_view(text) == "'1' DAY TO") {
      EXPECT_EQ(at, 2U) << "the TO belongs to something else";
      continue;
    }
    EXPECT_FALSE(value.has_value()) << text;
    EXPECT_EQ(at, 0U) << text;
  }
}

TEST(IntervalValue, IsReadByItsDeclaredType) {
  const auto amount = [](std::string_view text, std::string_view type) {
    const auto value = parse_interval_value(text, *parse_type(type));
    return value ? std::optional(value->amount) : std::nullopt;
  };
  EXPECT_EQ(amount("3", "INTERVAL MONTH"), 3);
  EXPECT_EQ(amount("1-2", "INTERVAL MONTH"), 14);
  EXPECT_EQ(amount("2 00:00:01", "INTERVAL DAY"), 2 * kDay + kSecond);
  EXPECT_EQ(amount("abc", "INTERVAL DAY"), std::nullopt);
}

TEST(IntervalValue, StaysWholeDaysForTheEngine) {
  EXPECT_EQ(engine_interval({.type = *parse_type("INTERVAL DAY"), .amount = 2 * kDay}),
            "to_days(2)");
  EXPECT_EQ(engine_interval({.type = *parse_type("INTERVAL HOUR"), .amount = 5}),
            "to_microseconds(5)");
}

}  // namespace
}  // namespace dbsql::warehouse
