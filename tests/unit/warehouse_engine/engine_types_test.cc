#include "arrow/c_data.h"
#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse::test {
namespace {

using testing::ElementsAre;

/// A type, how a value of it is written, and what a client receives.
struct Case {
  std::string_view type;     // in CREATE TABLE
  std::string_view literal;  // a value
  std::string_view format;   // of the Arrow field
  std::string_view sql_name;
  std::string_view value;
};

class EveryType : public EngineTest, public testing::WithParamInterface<Case> {};

TEST_P(EveryType, ComesBackFromATableWithNulls) {
  const auto& c = GetParam();
  run("CREATE TABLE t (n INT, v " + std::string(c.type) + ")");
  run("INSERT INTO t VALUES (1, " + std::string(c.literal) + "), (2, NULL), (3, " +
      std::string(c.literal) + ")");

  const auto result = execute("SELECT v FROM t ORDER BY n");

  EXPECT_THAT(formats_text(*result), ElementsAre(c.format));
  EXPECT_THAT(columns_text(*result), ElementsAre("v " + std::string(c.sql_name)));
  EXPECT_THAT(rows_text(*result), ElementsAre(c.value, "NULL", c.value));
}

TEST_P(EveryType, ComesBackFromInsideAnArrayAndAStruct) {
  const auto& c = GetParam();
  run("CREATE TABLE t (a ARRAY<" + std::string(c.type) + ">, s STRUCT<x: " + std::string(c.type) +
      ", y: INT>)");
  run("INSERT INTO t VALUES (array(" + std::string(c.literal) + ", NULL), named_struct('x', " +
      std::string(c.literal) + ", 'y', 1))");

  const auto result = execute("SELECT a, s FROM t");

  const std::string format(c.format);
  EXPECT_THAT(formats_text(*result),
              ElementsAre("+l(element:" + format + ")", "+s(x:" + format + ",y:i)"));
  const std::string value(c.value);
  EXPECT_THAT(rows_text(*result), ElementsAre("[" + value + ", NULL] | (" + value + ", 1)"));
}

INSTANTIATE_TEST_SUITE_P(
    Of, EveryType,
    testing::Values(
        Case{"BOOLEAN", "true", "b", "BOOLEAN", "true"},
        Case{"TINYINT", "-128", "c", "TINYINT", "-128"},
        Case{"SMALLINT", "32767", "s", "SMALLINT", "32767"},
        Case{"INT", "-2147483648", "i", "INT", "-2147483648"},
        Case{"BIGINT", "9223372036854775807", "l", "BIGINT", "9223372036854775807"},
        Case{"FLOAT", "1.5", "f", "FLOAT", "1.5"}, Case{"DOUBLE", "-2.25", "g", "DOUBLE", "-2.25"},
        Case{"DECIMAL(10,2)", "-1234.56", "d:10,2", "DECIMAL(10,2)", "-1234.56"},
        Case{"DECIMAL(38,0)", "99999999999999999999999999999999999999", "d:38,0", "DECIMAL(38,0)",
             "99999999999999999999999999999999999999"},
        Case{"STRING", "'h\u00e9llo'", "u", "STRING", "h\u00e9llo"},
        Case{"STRING", "''", "u", "STRING", ""}, Case{"BINARY", "X'00ff'", "z", "BINARY", "00ff"},
        Case{"DATE", "DATE'1969-12-31'", "tdD", "DATE", "-1"},
        Case{"TIMESTAMP", "TIMESTAMP'1970-01-01 00:00:01.5'", "tsu:Etc/UTC", "TIMESTAMP",
             "1500000"},
        Case{"TIMESTAMP_NTZ", "TIMESTAMP_NTZ'1970-01-02 00:00:00'", "tsu:", "TIMESTAMP_NTZ",
             "86400000000"},
        Case{"VARIANT", "parse_json('{\"a\":[1,null]}')", "u", "VARIANT", "{\"a\":[1,null]}"},
        Case{"INTERVAL YEAR TO MONTH", "INTERVAL '1-2' YEAR TO MONTH", "tiM",
             "INTERVAL YEAR TO MONTH", "14 months"},
        Case{"INTERVAL DAY TO SECOND", "INTERVAL '1 00:00:01' DAY TO SECOND", "tDu",
             "INTERVAL DAY TO SECOND", "86401000000"},
        Case{"ARRAY<INT>", "array(1, NULL, 3)", "+l(element:i)", "ARRAY<INT>", "[1, NULL, 3]"},
        Case{"MAP<STRING, INT>", "map('a', 1, 'b', NULL)", "+m(entries:+s(key:u!,value:i)!)",
             "MAP<STRING, INT>", "{a: 1, b: NULL}"},
        Case{"STRUCT<p: INT, q: STRING>", "named_struct('p', 1, 'q', 'z')", "+s(p:i,q:u)",
             "STRUCT<p: INT, q: STRING>", "(1, z)"},
        Case{"MAP<INT, ARRAY<STRUCT<d: DATE>>>",
             "map(1, array(named_struct('d', DATE'1970-01-02'), NULL))",
             "+m(entries:+s(key:i!,value:+l(element:+s(d:tdD)))!)",
             "MAP<INT, ARRAY<STRUCT<d: DATE>>>", "{1: [(1), NULL]}"}));

class ResultTypes : public EngineTest {};

TEST_F(ResultTypes, OfLiteralsAreThoseOfDatabricks) {
  EXPECT_THAT(
      columns("SELECT 1 AS a, 10000000000 AS b, 1.50 AS c, 1e3 AS d, 'x' AS e, true AS f, 1L AS g, "
              "1Y AS h, "
              "X'00' AS i, DATE'2020-01-01' AS j, NULL AS k, 123456789012345678901 AS l"),
      ElementsAre("a INT!", "b BIGINT!", "c DECIMAL(3,2)!", "d DOUBLE!", "e STRING!", "f BOOLEAN!",
                  "g BIGINT!", "h TINYINT!", "i BINARY!", "j DATE!", "k VOID", "l DECIMAL(21,0)!"));
}

TEST_F(ResultTypes, OfNullIsVoidWithoutBuffers) {
  const auto result = execute("SELECT NULL, CAST(NULL AS VOID) AS v FROM range(3)");
  EXPECT_THAT(formats_text(*result), ElementsAre("n", "n"));
  EXPECT_THAT(rows_text(*result), ElementsAre("NULL | NULL", "NULL | NULL", "NULL | NULL"));
}

TEST_F(ResultTypes, OfLiteralsInAUnionMayBeNull) {
  EXPECT_THAT(columns("SELECT 1 AS a, NULL AS b UNION ALL SELECT NULL, 'x'"),
              ElementsAre("a INT", "b STRING"));
}

TEST_F(ResultTypes, OfAggregatesAreThoseOfDatabricks) {
  EXPECT_THAT(columns("SELECT count(*) AS c, sum(id) AS s, avg(id) AS a, max(id) AS m, sum(1.5) AS "
                      "d FROM range(3)"),
              ElementsAre("c BIGINT", "s BIGINT", "a DOUBLE", "m BIGINT",
                          testing::StartsWith("d DECIMAL")));
  EXPECT_EQ(row("SELECT sum(id), sum(-id) FROM range(4)"), "6 | -6");
}

TEST_F(ResultTypes, OfADivisionIsNoInteger) {
  EXPECT_THAT(columns("SELECT 7 / 2 AS q, 7 DIV 2 AS d, 7 % 2 AS m"),
              ElementsAre("q DOUBLE", "d BIGINT", "m INT"));
  EXPECT_EQ(row("SELECT 7 / 2, 7 DIV 2, -7 DIV 2, 7 % 2"), "3.5 | 3 | -3 | 1");
}

TEST_F(ResultTypes, OfIntervalsFollowTheirValues) {
  EXPECT_THAT(columns("SELECT make_ym_interval(1, 2) AS ym, make_dt_interval(1) AS dt, "
                      "make_interval(1, 0, 0, 3) AS c, "
                      "INTERVAL '0' MONTH AS zero"),
              ElementsAre("ym INTERVAL YEAR TO MONTH", "dt INTERVAL DAY TO SECOND", "c STRING",
                          "zero INTERVAL MONTH"));
  EXPECT_EQ(row("SELECT make_interval(1, 0, 0, 3, 0, 0, 1.5)"), "1 years 3 days 1.5 seconds");
}

TEST_F(ResultTypes, OfMixedIntervalsThatComeLateAreAnError) {
  const auto error = error_of(
      "SELECT CASE WHEN id < 100000 THEN make_dt_interval(1) ELSE make_ym_interval(1) END AS i "
      "FROM range(100001)");
  EXPECT_EQ(error.error_class, "DATATYPE_MISMATCH");
}

TEST_F(ResultTypes, OfASumThatDoesNotFitIsAnOverflow) {
  const auto error = error_of("SELECT sum(x) FROM VALUES (9223372036854775807), (1) AS t(x)");
  EXPECT_EQ(error.error_class, "ARITHMETIC_OVERFLOW");
  EXPECT_EQ(error.sqlstate, "22003");
}

TEST_F(ResultTypes, CarryBothMetadataKeys) {
  const auto result = execute("SELECT array(1) AS a");
  const auto& field = *result->arrow_schema().children[0];
  EXPECT_EQ(arrow::find_metadata(field.metadata, "Spark:DataType:SqlName"), "ARRAY<INT>");
  EXPECT_EQ(arrow::find_metadata(field.metadata, "Spark:DataType:JsonType"),
            R"j({"type":"array","elementType":"integer","containsNull":true})j");
  EXPECT_EQ(field.children[0]->metadata, nullptr) << "children carry none";
}

TEST_F(ResultTypes, DescribeDecimalsWithPrecisionAndScale) {
  const auto result = execute("SELECT CAST(1 AS DECIMAL(10,2)) AS d, 1 AS i");
  EXPECT_EQ(result->columns().at(0).type_text, "DECIMAL(10,2)");
  EXPECT_EQ(result->columns().at(0).precision, 10);
  EXPECT_EQ(result->columns().at(0).scale, 2);
  EXPECT_EQ(result->columns().at(1).precision, std::nullopt);
}

TEST_F(ResultTypes, OfManyRowsStayRightAcrossBatches) {
  const auto result = execute(
      "SELECT id, CAST(id AS STRING) AS s, id % 3 = 0 AS b, CASE WHEN id % 7 = 0 THEN NULL ELSE id "
      "END AS n, "
      "array(id, id + 1) AS a FROM range(100003)");
  std::int64_t rows = 0;
  while (const auto batch = result->next()) {
    const auto& schema = result->arrow_schema();
    for (std::int64_t i = 0; i < (*batch)->length; ++i, ++rows) {
      const auto text = [&](int column) {
        return value_text(*schema.children[column], *(*batch)->children[column], i);
      };
      const auto id = std::to_string(rows);
      ASSERT_EQ(text(0), id);
      ASSERT_EQ(text(1), id);
      ASSERT_EQ(text(2), rows % 3 == 0 ? "true" : "false");
      ASSERT_EQ(text(3), rows % 7 == 0 ? "NULL" : id);
      ASSERT_EQ(text(4), "[" + id + ", " + std::to_string(rows + 1) + "]");
    }
  }
  EXPECT_EQ(rows, 100003);
}

TEST_F(ResultTypes, KeepNullListsMapsAndStructsApartFromEmptyOnes) {
  EXPECT_THAT(rows("SELECT a, m FROM VALUES (1, array(1), map('k', 1)), (2, NULL, NULL), (3, "
                   "array(), map()) AS "
                   "t(n, a, m) ORDER BY n"),
              ElementsAre("[1] | {k: 1}", "NULL | NULL", "[] | {}"));
}

TEST_F(ResultTypes, OfAnEmptyResultAreKnown) {
  const auto result = execute("SELECT 1 AS a, 'x' AS b WHERE false");
  EXPECT_THAT(columns_text(*result), ElementsAre("a INT!", "b STRING!"));
  EXPECT_THAT(rows_text(*result), ElementsAre());
}

TEST_F(ResultTypes, AllowTheSameNameTwice) {
  EXPECT_THAT(columns("SELECT 1 AS a, 'x' AS a"), ElementsAre("a INT!", "a STRING!"));
}

TEST_F(ResultTypes, CutARowLimitInTheMiddleOfAChunk) {
  const auto result = session().execute("SELECT id FROM range(10000)", {}, 3000, {});
  EXPECT_EQ(rows_text(*result).size(), 3000U);
}

}  // namespace
}  // namespace dbsql::warehouse::test
