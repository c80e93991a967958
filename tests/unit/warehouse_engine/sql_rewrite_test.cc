#include "warehouse/sql_rewrite.h"

#include "unit/warehouse_engine/engine_fixture.h"
#include "warehouse/sql_statement.h"

namespace dbsql::warehouse {
namespace {

using test::engine_error;
using test::named;
using test::parameter;

const SessionNames kNames{.catalog = "main", .schema = "default", .user = "me"};

std::string translate(std::string_view sql, const std::vector<EngineParameter>& parameters = {}) {
  const auto tokens = tokenize(sql);
  ParameterBinder binder(sql, tokens, parameters);
  SqlRewriter rewriter(sql, tokens, binder, kNames);
  return rewriter.rewrite(0, tokens.size() - 1).text();
}

struct Case {
  std::string_view sql;
  std::string_view engine;
};

class Rewrites : public testing::TestWithParam<Case> {};

TEST_P(Rewrites, IntoTheEnginesDialect) { EXPECT_EQ(translate(GetParam().sql), GetParam().engine); }

// Items with an alias or a plain column are shown without the name that is added to others.
INSTANTIATE_TEST_SUITE_P(
    Identifiers, Rewrites,
    testing::Values(
        Case{"SELECT `a b` FROM `t`", R"(SELECT "a b" FROM "t")"},
        Case{"SELECT `a``b` FROM t", R"(SELECT "a`b" FROM t)"},
        Case{R"(SELECT `say "x"` FROM t)", R"(SELECT "say ""x""" FROM t)"},
        Case{"SELECT a FROM main.default.t", R"(SELECT a FROM "main$"."default".t)"},
        Case{"SELECT a FROM `main`.`default`.`t`", R"(SELECT a FROM "main$"."default"."t")"},
        Case{"SELECT a FROM default.t", R"(SELECT a FROM "default".t)"},
        Case{"SELECT a FROM other.s.t", "SELECT a FROM other.s.t"},
        Case{"SELECT main.x FROM main", "SELECT main.x FROM main"},
        Case{"SELECT t.`a`.b FROM t", R"(SELECT t."a".b FROM t)"},
        Case{"SELECT 1 AS name", "SELECT 1 AS name"},
        Case{"SELECT a name FROM t", R"(SELECT a AS "name" FROM t)"},
        Case{"SELECT f(a) value FROM t", R"(SELECT f(a) AS "value" FROM t)"},
        Case{"SELECT sum(a) OVER () w FROM t", R"(SELECT sum(a) OVER () AS "w" FROM t)"}));

INSTANTIATE_TEST_SUITE_P(
    Literals, Rewrites,
    testing::Values(
        Case{R"(f("text"))", "f('text')"}, Case{R"('it\'s' = x)", "'it''s' = x"},
        Case{R"('a' 'b' = x)", "'ab' = x"}, Case{R"(r'\d' = x)", R"('\d' = x)"},
        Case{R"('tab\t' = x)", "'tab\t' = x"}, Case{R"('a\0b' = x)", "('a' || chr(0) || 'b') = x"},
        Case{"X'00ff' = x", R"(CAST('\x00\xff' AS BLOB) = x)"},
        Case{"10L + 1", "CAST(10 AS BIGINT) + 1"},
        Case{"1Y + 1S", "CAST(1 AS TINYINT) + CAST(1 AS SMALLINT)"},
        Case{"1.5BD + 2D", "CAST(1.5 AS DECIMAL(2, 1)) + CAST(2 AS DOUBLE)"},
        Case{"1F < 1e3", "CAST(1 AS FLOAT) < 1e3"},
        Case{"9223372036854775807 < 9223372036854775808",
             "9223372036854775807 < CAST(9223372036854775808 AS DECIMAL(19, 0))"},
        Case{"DATE'2020-01-01' = d", "DATE '2020-01-01' = d"},
        Case{"TIMESTAMP '2020-01-01 00:00:00' = t", "TIMESTAMPTZ '2020-01-01 00:00:00' = t"},
        Case{"TIMESTAMP_NTZ'2020-01-01' = t", "TIMESTAMP '2020-01-01' = t"},
        Case{"INTERVAL '1' DAY + x", "to_days(1) + x"},
        Case{"INTERVAL '2-6' YEAR TO MONTH + x", "to_months(30) + x"},
        Case{"INTERVAL -3 MONTHS + x", "to_months(-3) + x"},
        Case{"INTERVAL '1 02:03:04.5' DAY TO SECOND + x", "to_microseconds(93784500000) + x"},
        Case{"INTERVAL 1 DAY 2 HOURS + x", "to_microseconds(93600000000) + x"},
        Case{"INTERVAL '1 day 2 hours' + x", "to_microseconds(93600000000) + x"}));

INSTANTIATE_TEST_SUITE_P(
    Operators, Rewrites,
    testing::Values(
        Case{"a == b", "a = b"}, Case{"a <=> b", "a  IS NOT DISTINCT FROM  b"},
        Case{"a DIV b", "a // b"}, Case{"!a", "NOT a"},
        Case{"a RLIKE 'x'", "a ~ ('(?s:.*)(?:' || 'x' || ')(?s:.*)')"},
        Case{"a NOT REGEXP f(b) AND c", "a !~ ('(?s:.*)(?:' || f(b) || ')(?s:.*)') AND c"},
        Case{R"(a LIKE 'x\_%')", R"(a LIKE 'x\_%' ESCAPE '\')"},
        Case{R"(a LIKE 'x\_%' ESCAPE '\\')", R"(a LIKE 'x\_%' ESCAPE '\')"},
        Case{"a LIKE 'x%'", "a LIKE 'x%'"},
        Case{"a[0]", "a[0 + CAST(typeof(a) LIKE '%]' AS INTEGER)]"}, Case{"a['k']", "a['k']"},
        Case{"v:x.y[1]", R"(json_extract(v, '$."x"."y"[1]'))"},
        Case{"t.v:`odd name`", R"(json_extract(t.v, '$."odd name"'))"},
        Case{"SELECT * EXCEPT (a) FROM t", "SELECT * EXCLUDE (a) FROM t"},
        Case{"SELECT a FROM t MINUS SELECT a FROM u", "SELECT a FROM t EXCEPT SELECT a FROM u"},
        Case{"SELECT a FROM t LEFT ANTI JOIN u USING (a)",
             "SELECT a FROM t  ANTI JOIN u USING (a)"}));

INSTANTIATE_TEST_SUITE_P(
    Casts, Rewrites,
    testing::Values(Case{"CAST(a AS STRING)", "dbsql_to_string(a)"},
                    Case{"CAST(a AS INT)", "dbsql_to_INTEGER(a)"},
                    Case{"TRY_CAST(a AS BIGINT)", "dbsql_try_to_BIGINT(a)"},
                    Case{"CAST(a AS TIMESTAMP)", "CAST(a AS TIMESTAMPTZ)"},
                    Case{"CAST(a AS TIMESTAMP_NTZ)", "CAST(a AS TIMESTAMP)"},
                    Case{"CAST(a AS DECIMAL)", "CAST(a AS DECIMAL(10,0))"},
                    Case{"CAST(a AS DECIMAL(20, 4))", "CAST(a AS DECIMAL(20,4))"},
                    Case{"CAST(a AS ARRAY<ARRAY<INT>>)", "CAST(a AS INTEGER[][])"},
                    Case{"CAST(a AS MAP<STRING,ARRAY<LONG>>)", "CAST(a AS MAP(VARCHAR, BIGINT[]))"},
                    Case{"CAST(a AS STRUCT<x: INT, `y z`: STRING>)",
                         R"(CAST(a AS STRUCT("x" INTEGER, "y z" VARCHAR)))"},
                    Case{"CAST(NULL AS VOID)", "CAST(NULL AS UHUGEINT)"},
                    Case{"CAST(a AS VARIANT)", "to_json(a)"},
                    Case{"CAST('2-6' AS INTERVAL YEAR TO MONTH)", "to_months(30)"},
                    Case{"CAST(f(a, CAST(b AS INT)) AS DOUBLE)",
                         "CAST(f(a, dbsql_to_INTEGER(b)) AS DOUBLE)"},
                    Case{"a::STRING", "dbsql_to_string(a)"},
                    Case{"f(a)[1]::INT + 1",
                         "dbsql_to_INTEGER(f(a)[1 + CAST(typeof(f(a)) LIKE '%]' AS INTEGER)]) + 1"},
                    Case{"(a + b)::DATE", "CAST((a + b) AS DATE)"},
                    Case{"string(a)", "dbsql_to_string(a)"},
                    Case{"timestamp(a)", "CAST(a AS TIMESTAMPTZ)"}));

INSTANTIATE_TEST_SUITE_P(
    Functions, Rewrites,
    testing::Values(Case{"array(1, 2)", "list_value(1, 2)"}, Case{"array()", "list_value()"},
                    Case{"map('a', 1, 'b', 2)", "map(['a', 'b'], [1, 2])"}, Case{"map()", "map()"},
                    Case{"named_struct('x', 1, 'y z', 2)", R"(struct_pack("x" := 1, "y z" := 2))"},
                    Case{"struct(a, 1, b + 1 AS c, t.d)",
                         R"(struct_pack("a" := a, "col2" := 1, "c" := b + 1, "d" := t.d))"},
                    Case{"nvl(a, b)", "coalesce(a, b)"}, Case{"NVL(a, b)", "coalesce(a, b)"},
                    Case{"nvl(a)", "nvl(a)"}, Case{"if(a, b, c)", "CASE WHEN a THEN b ELSE c END"},
                    Case{"concat(a, 'x')", "((a) || ('x'))"},
                    Case{"date_add(d, 5)", "(CAST(d AS DATE) + CAST(5 AS INTEGER))"},
                    Case{"dateadd(DAY, 5, d)", "((d) + to_days(CAST(5 AS INTEGER)))"},
                    Case{"date_format(t, 'yyyy-MM-dd HH:mm')",
                         "strftime(CAST(t AS TIMESTAMP), '%Y-%m-%d %H:%M')"},
                    Case{"date_format(t, p)", "date_format(t, p)"},
                    Case{"collect_list(a)", "list(a) FILTER (WHERE (a) IS NOT NULL)"},
                    Case{"exists(a, x -> x > 1)", "(len(list_filter(a, x -> x > 1)) > 0)"},
                    Case{"current_catalog()", "'main'"}, Case{"current_database()", "'default'"},
                    Case{"current_user()", "'me'"}, Case{"current_timestamp()", "now()"},
                    Case{"count(*)", "count(*)"},
                    Case{"my_function(a, 'b')", "my_function(a, 'b')"},
                    Case{"explode(sequence(1, 3))", "unnest(generate_series(1, 3))"},
                    Case{"make_ym_interval(1, 2)", "(to_years(1) + to_months(2))"}));

INSTANTIATE_TEST_SUITE_P(
    Tables, Rewrites,
    testing::Values(
        Case{"SELECT id FROM range(3)", R"(SELECT id FROM (SELECT "range" AS id FROM range(3)))"},
        Case{"SELECT id FROM range(0, 9, 2, 4) r",
             R"(SELECT id FROM (SELECT "range" AS id FROM range(0, 9, 2)) r)"},
        Case{"SELECT a FROM t WHERE EXISTS (SELECT 1 AS x)",
             "SELECT a FROM t WHERE EXISTS (SELECT 1 AS x)"},
        Case{"SELECT col FROM explode(array(1))",
             "SELECT col FROM (SELECT unnest AS col FROM unnest(list_value(1)))"},
        Case{
            "SELECT x FROM VALUES (1, 'a'), (2, 'b') AS t(x, y)",
            "SELECT x FROM (SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS dbsql_values(col1, col2)) "
            "AS t(x, y)"},
        Case{"VALUES 1, 2", "SELECT * FROM (VALUES (1), (2)) AS dbsql_values(col1)"},
        Case{"SELECT c FROM t LATERAL VIEW explode(a) e AS c",
             R"(SELECT c FROM t CROSS JOIN LATERAL (SELECT unnest(a) AS "c") AS "e")"},
        Case{
            "SELECT c FROM t LATERAL VIEW OUTER explode(a) AS c",
            R"(SELECT c FROM t LEFT JOIN LATERAL (SELECT unnest(a) AS "c") AS "dbsql_view1" ON TRUE)"}));

INSTANTIATE_TEST_SUITE_P(
    Untouched, Rewrites,
    testing::Values(Case{"f('? :x `y` -- z')", "f('? :x `y` -- z')"},
                    Case{"f('CAST(a AS INT) == b')", "f('CAST(a AS INT) == b')"},
                    Case{"a /* == ? */ = b -- array(1)", "a = b"},
                    Case{"CASE a WHEN 1 THEN 'x' ELSE 'y' END",
                         "CASE a WHEN 1 THEN 'x' ELSE 'y' END"},
                    Case{"a IN (1, 2) AND b BETWEEN 1 AND 2", "a IN (1, 2) AND b BETWEEN 1 AND 2"},
                    Case{"a >> 1", "a >> 1"}, Case{"x -> x + 1", "x -> x + 1"}));

TEST(Rewriter, BindsPositionalMarkersInOrder) {
  const std::vector<EngineParameter> parameters{parameter("INT", "5"),
                                                parameter("STRING", "it's ?")};
  EXPECT_EQ(translate("a = ? AND b = '?' AND c = ?", parameters),
            "a = CAST($1 AS INTEGER) AND b = '?' AND c = CAST($2 AS VARCHAR)");
}

TEST(Rewriter, BindsANamedMarkerEveryTimeItIsUsed) {
  const std::vector<EngineParameter> parameters{named("x", "DECIMAL(10,2)", "1.5")};
  EXPECT_EQ(translate("a = :x OR b = :X", parameters),
            "a = CAST($1 AS DECIMAL(10,2)) OR b = CAST($2 AS DECIMAL(10,2))");
}

TEST(Rewriter, SaysWhichMarkerHasNoValue) {
  const auto error = engine_error([] { translate("a = :missing"); });
  EXPECT_EQ(error.error_class, "UNBOUND_SQL_PARAMETER");
  EXPECT_EQ(error.sqlstate, "42P02");
  EXPECT_THAT(error.message, testing::HasSubstr("missing"));
  EXPECT_EQ(engine_error([] { translate("a = ? AND b = ?", {parameter("INT", "1")}); }).sqlstate,
            "42P02");
}

TEST(Rewriter, RefusesAnUnknownType) {
  const auto error = engine_error([] { translate("CAST(a AS FOO)"); });
  EXPECT_EQ(error.error_class, "UNSUPPORTED_DATATYPE");
  EXPECT_THAT(error.message, testing::HasSubstr("\"FOO\""));
}

TEST(Rewriter, RefusesAnOpenBracketAndTooDeepNesting) {
  EXPECT_EQ(engine_error([] { translate("f(a"); }).error_class, "PARSE_SYNTAX_ERROR");
  const std::string deep = std::string(2000, '(') + "1" + std::string(2000, ')');
  EXPECT_EQ(engine_error([&] { translate(deep); }).error_class, "UNSUPPORTED_FEATURE");
}

TEST(Rewriter, CastsQuietlyWhenAnsiModeIsOff) {
  const std::string_view sql = "CAST(a AS INT) + b::DATE";
  const auto tokens = tokenize(sql);
  const std::vector<EngineParameter> none;
  ParameterBinder binder(sql, tokens, none);
  const SessionNames lenient{.catalog = "main", .schema = "s", .user = "me", .ansi = false};
  SqlRewriter rewriter(sql, tokens, binder, lenient);
  EXPECT_EQ(rewriter.rewrite(0, tokens.size() - 1).text(),
            "dbsql_try_to_INTEGER(a) + TRY_CAST(b AS DATE)");
}

TEST(SqlText, FindsTheSourceOfAPosition) {
  SqlText text("SELECT ", 0);
  text.append("list_value(", 10);
  text.append(SqlText("x", 16));
  text.append(")");
  EXPECT_EQ(text.source_of(0), 0U);
  EXPECT_EQ(text.source_of(8), 10U);
  EXPECT_EQ(text.source_of(18), 16U);
}

}  // namespace
}  // namespace dbsql::warehouse
