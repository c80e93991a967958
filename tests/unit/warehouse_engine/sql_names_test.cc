#include "warehouse/sql_names.h"

#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse {
namespace {

using Form = SelectItem::Form;

SelectItem describe(std::string_view item) {
  const auto tokens = tokenize(item);
  return describe_select_item(std::span(tokens).first(tokens.size() - 1), nullptr);
}

struct Case {
  std::string_view item;
  std::string_view name;
};

class ColumnNames : public testing::TestWithParam<Case> {};

TEST_P(ColumnNames, AreThoseOfDatabricks) {
  EXPECT_EQ(describe(GetParam().item).name, GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(
    Expressions, ColumnNames,
    testing::Values(Case{"1", "1"}, Case{"-1", "-1"}, Case{"10L", "10"}, Case{"'a''b'", "a'b"},
                    Case{"NULL", "NULL"}, Case{"TRUE", "true"}, Case{"count(*)", "count(1)"},
                    Case{"COUNT(DISTINCT a)", "count(DISTINCT a)"}, Case{"1+1", "(1 + 1)"},
                    Case{"a + b * c", "(a + (b * c))"},
                    Case{"a == b AND NOT c", "((a = b) AND (NOT c))"}, Case{"t.a + 1", "(a + 1)"},
                    Case{"a <> 1", "(NOT (a = 1))"}, Case{"a IS NOT NULL", "(a IS NOT NULL)"},
                    Case{"a || 'x'", "concat(a, x)"}, Case{"a IN (1, 2)", "(a IN (1, 2))"},
                    Case{"CAST(a AS LONG)", "CAST(a AS BIGINT)"},
                    Case{"a::string", "CAST(a AS STRING)"}, Case{"m['k']", "m[k]"},
                    Case{"DATE'2020-01-01'", "DATE '2020-01-01'"},
                    Case{"INTERVAL 1 DAY", "INTERVAL '1' DAY"}, Case{"X'0a'", "X'0A'"},
                    Case{"v:a.b[0]", "b"}, Case{"upper(concat(a, 'x'))", "upper(concat(a, x))"},
                    Case{"CASE WHEN a THEN 1 ELSE 2 END", "CASE WHEN a THEN 1 ELSE 2 END"},
                    // Too complicated to know: as written.
                    Case{"sum(a)  OVER (ORDER BY b)", "sum(a) OVER (ORDER BY b)"},
                    Case{"(SELECT 1)", "(SELECT 1)"}));

TEST(SelectItems, WithANameOfTheirOwnGetNoOther) {
  for (const auto* item : {"a", "t.a", "`a b`", "1 AS x", "count(*) x", "*", "t.*"}) {
    EXPECT_EQ(describe(item).name, std::nullopt) << item;
  }
}

TEST(SelectItems, SeeAnAliasWithoutAs) {
  for (const auto* item : {"a name", "count(*) n", "'x' value", "sum(a) OVER () w", "a.b c"}) {
    EXPECT_TRUE(describe(item).implicit_alias) << item;
  }
  for (const auto* item :
       {"a", "a AS name", "a IS NULL", "CASE WHEN a THEN b END", "a.b", "NOT a"}) {
    EXPECT_FALSE(describe(item).implicit_alias) << item;
  }
}

TEST(SelectItems, TellLiteralsNullsAndStars) {
  EXPECT_EQ(describe("1").form, Form::Literal);
  EXPECT_EQ(describe("-1.5 AS x").form, Form::Literal);
  EXPECT_EQ(describe("DATE'2020-01-01'").form, Form::Literal);
  EXPECT_EQ(describe("NULL AS x").form, Form::Null);
  EXPECT_EQ(describe("t.*").form, Form::Star);
  EXPECT_EQ(describe("1 + 1").form, Form::Other);
  EXPECT_EQ(describe("a").form, Form::Other);
}

TEST(SelectItems, KnowTheDeclaredKindOfAnInterval) {
  EXPECT_EQ(type_text(describe("INTERVAL '0' MONTH").interval.value()), "INTERVAL MONTH");
  EXPECT_EQ(type_text(describe("INTERVAL '1 2' DAY TO HOUR AS x").interval.value()),
            "INTERVAL DAY TO HOUR");
  EXPECT_EQ(type_text(describe("CAST(a AS INTERVAL YEAR TO MONTH)").interval.value()),
            "INTERVAL YEAR TO MONTH");
  EXPECT_EQ(describe("INTERVAL '1' DAY + t").interval, std::nullopt);
}

TEST(Expressions, EndWhereTheyEnd) {
  const auto length = [](std::string_view sql) {
    const auto tokens = tokenize(sql);
    return expression_length(std::span(tokens).first(tokens.size() - 1));
  };
  EXPECT_EQ(length("1 + f(a, b), 2"), 8U);
  EXPECT_EQ(length("'a' AS t"), 1U);
  EXPECT_EQ(length("(SELECT 1)"), 0U);
}

}  // namespace
}  // namespace dbsql::warehouse
