#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Parameters : public EngineTest {};

struct Case {
  std::string_view type;
  std::string_view text;
  std::string_view sql_name;
  std::string_view value;
};

class EveryParameterType : public EngineTest, public testing::WithParamInterface<Case> {};

TEST_P(EveryParameterType, IsBoundAsDeclared) {
  const auto& c = GetParam();
  const std::string type(c.type);
  const auto result =
      execute("SELECT ? AS v, ? AS n", {parameter(type, std::string(c.text)), parameter(type)});

  const std::string name(c.sql_name);
  EXPECT_THAT(columns_text(*result), ElementsAre("v " + name, "n " + name));
  EXPECT_THAT(rows_text(*result), ElementsAre(std::string(c.value) + " | NULL"));
}

INSTANTIATE_TEST_SUITE_P(
    All, EveryParameterType,
    testing::Values(Case{"BOOLEAN", "TRUE", "BOOLEAN", "true"},
                    Case{"BOOLEAN", "False", "BOOLEAN", "false"},
                    Case{"TINYINT", "-1", "TINYINT", "-1"}, Case{"SHORT", "7", "SMALLINT", "7"},
                    Case{"INT", "5", "INT", "5"}, Case{"INTEGER", "5", "INT", "5"},
                    Case{"BIGINT", "9223372036854775807", "BIGINT", "9223372036854775807"},
                    Case{"FLOAT", "1.5", "FLOAT", "1.5"},
                    Case{"DOUBLE", "1e300", "DOUBLE", "1e+300"},
                    Case{"DOUBLE", "NaN", "DOUBLE", "nan"},
                    Case{"DECIMAL(4,2)", "10.00", "DECIMAL(4,2)", "10.00"},
                    Case{"STRING", "it's ? :x", "STRING", "it's ? :x"},
                    Case{"STRING", "", "STRING", ""}, Case{"DATE", "2020-01-02", "DATE", "18263"},
                    Case{"TIMESTAMP", "2021-07-01T05:43:28Z", "TIMESTAMP", "1625118208000000"},
                    Case{"TIMESTAMP", "2021-07-01 05:43:28+00:00", "TIMESTAMP", "1625118208000000"},
                    Case{"TIMESTAMP_NTZ", "1970-01-01 00:00:01", "TIMESTAMP_NTZ", "1000000"}));

TEST_F(Parameters, OfIntervalsAreRead) {
  EXPECT_EQ(row("SELECT ?, ?",
                {parameter("INTERVAL MONTH", "1-2"), parameter("INTERVAL DAY", "1 00:00:01")}),
            "14 months | 86401000000");
  EXPECT_EQ(error_of("SELECT ?", {parameter("INTERVAL DAY", "soon")}).error_class,
            "CAST_INVALID_INPUT");
}

TEST_F(Parameters, OfArraysMapsAndStructsAreBuiltFromTheirArguments) {
  const EngineParameter list{.type = "ARRAY",
                             .arguments = {parameter("INT", "1"), parameter("INT")}};
  const EngineParameter map{.type = "MAP", .arguments = {parameter("STRING", "k"), list}};
  const EngineParameter record{
      .type = "NAMED_STRUCT",
      .arguments = {parameter("STRING", "x y"), parameter("DATE", "1970-01-02")}};
  const auto result = execute("SELECT ? AS l, ? AS m, ? AS s", {list, map, record});
  EXPECT_THAT(columns_text(*result),
              ElementsAre("l ARRAY<INT>", "m MAP<STRING, ARRAY<INT>>", "s STRUCT<`x y`: DATE>"));
  EXPECT_THAT(rows_text(*result), ElementsAre("[1, NULL] | {k: [1, NULL]} | (1)"));
}

TEST_F(Parameters, OfAMapWithoutAValueAreRefused) {
  const EngineParameter map{.type = "MAP", .arguments = {parameter("STRING", "k")}};
  EXPECT_EQ(error_of("SELECT ?", {map}).sqlstate, "22018");
}

TEST_F(Parameters, NameTheirColumnByTheirValue) {
  EXPECT_THAT(
      columns_text(*execute("SELECT ?, :x", {parameter("INT", "5"), named("x", "STRING", "abc")})),
      ElementsAre("5 INT", "abc STRING"));
}

TEST_F(Parameters, WorkInEveryKindOfStatement) {
  run("CREATE TABLE t (a INT, b STRING)");
  EXPECT_EQ(execute("INSERT INTO t VALUES (?, ?), (:c, 'q?')",
                    {parameter("INT", "1"), parameter("STRING", "x"), named("c", "INT", "2")})
                ->affected_rows(),
            2);
  EXPECT_EQ(execute("UPDATE t SET b = ? WHERE a = ?",
                    {parameter("STRING", "y"), parameter("BIGINT", "1")})
                ->affected_rows(),
            1);
  EXPECT_THAT(rows("SELECT b FROM t WHERE a IN (:p, :q) ORDER BY a LIMIT :n",
                   {named("p", "INT", "1"), named("q", "INT", "2"), named("n", "INT", "1")}),
              ElementsAre("y"));
  EXPECT_EQ(execute("DELETE FROM t WHERE b = :x", {named("x", "STRING", "q?")})->affected_rows(),
            1);
  EXPECT_THAT(rows("DESCRIBE QUERY SELECT ? AS d", {parameter("DECIMAL(5,1)", "1.5")}),
              ElementsAre("d | decimal(5,1) | NULL"));
}

TEST_F(Parameters, ThatAreNotUsedDoNoHarm) {
  EXPECT_EQ(row("SELECT :a", {named("b", "INT", "2"), named("a", "INT", "1")}), "1");
}

TEST_F(Parameters, ThatAreMissingAreNamed) {
  const auto error = error_of("SELECT :a, :b", {named("a", "INT", "1")});
  EXPECT_EQ(error.error_class, "UNBOUND_SQL_PARAMETER");
  EXPECT_EQ(error.sqlstate, "42P02");
  EXPECT_THAT(error.message, HasSubstr(" b "));
}

TEST_F(Parameters, WithAValueThatDoesNotFitFailLikeACast) {
  const auto error = error_of("SELECT ?", {parameter("INT", "abc")});
  EXPECT_EQ(error.error_class, "CAST_INVALID_INPUT");
  EXPECT_THAT(error.message, HasSubstr("'abc'"));
  EXPECT_EQ(error_of("SELECT ?", {parameter("NOTYPE", "1")}).error_class, "UNSUPPORTED_DATATYPE");
}

TEST_F(Parameters, AreNeverPartOfTheStatement) {
  run("CREATE TABLE t AS SELECT 1 AS a");
  EXPECT_THAT(
      rows("SELECT a FROM t WHERE CAST(a AS STRING) = ?", {parameter("STRING", "1' OR '1'='1")}),
      ElementsAre());
  EXPECT_EQ(row("SELECT count(*) FROM t"), "1");
}

TEST_F(Parameters, MayBeMany) {
  std::string sql = "SELECT size(array(?";
  std::vector<EngineParameter> many{parameter("INT", "0")};
  for (int i = 1; i < 256; ++i) {
    sql += ", ?";
    many.push_back(parameter("INT", std::to_string(i)));
  }
  EXPECT_EQ(row(sql + "))", many), "256");
}

}  // namespace
}  // namespace dbsql::warehouse::test
