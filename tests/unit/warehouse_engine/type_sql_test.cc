#include "warehouse/type_sql.h"

#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse {
namespace {

struct Case {
  std::string_view written;
  std::string_view sql_name;
  std::string_view json;
  std::string_view engine;
};

class SqlTypes : public testing::TestWithParam<Case> {};

TEST_P(SqlTypes, HaveAllTheirNames) {
  const auto type = parse_type(GetParam().written);

  ASSERT_TRUE(type.has_value());
  EXPECT_EQ(type_text(*type), GetParam().sql_name);
  EXPECT_EQ(type_json(*type), GetParam().json);
  EXPECT_EQ(engine_type_text(*type), GetParam().engine);
  EXPECT_EQ(parse_type(type_text(*type)), type) << "its own name means the same type";
}

INSTANTIATE_TEST_SUITE_P(
    Simple, SqlTypes,
    testing::Values(
        Case{"boolean", "BOOLEAN", R"j("boolean")j", "BOOLEAN"},
        Case{"BYTE", "TINYINT", R"j("byte")j", "TINYINT"},
        Case{"short", "SMALLINT", R"j("short")j", "SMALLINT"},
        Case{"INTEGER", "INT", R"j("integer")j", "INTEGER"},
        Case{"LONG", "BIGINT", R"j("long")j", "BIGINT"},
        Case{"REAL", "FLOAT", R"j("float")j", "FLOAT"},
        Case{"double", "DOUBLE", R"j("double")j", "DOUBLE"},
        Case{"DEC", "DECIMAL(10,0)", R"j("decimal(10,0)")j", "DECIMAL(10,0)"},
        Case{"NUMERIC ( 5 , 2 )", "DECIMAL(5,2)", R"j("decimal(5,2)")j", "DECIMAL(5,2)"},
        Case{"STRING COLLATE UTF8_LCASE", "STRING", R"j("string")j", "VARCHAR"},
        Case{"varchar(20)", "VARCHAR(20)", R"j("varchar(20)")j", "VARCHAR"},
        Case{"CHAR(5)", "CHAR(5)", R"j("char(5)")j", "VARCHAR"},
        Case{"binary", "BINARY", R"j("binary")j", "BLOB"},
        Case{"date", "DATE", R"j("date")j", "DATE"},
        Case{"TIMESTAMP_LTZ", "TIMESTAMP", R"j("timestamp")j", "TIMESTAMPTZ"},
        Case{"TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP_NTZ", R"j("timestamp_ntz")j", "TIMESTAMP"},
        Case{"interval year to month", "INTERVAL YEAR TO MONTH", R"j("interval year to month")j",
             "INTERVAL"},
        Case{"INTERVAL DAY", "INTERVAL DAY", R"j("interval day")j", "INTERVAL"},
        Case{"VOID", "VOID", R"j("void")j", "UHUGEINT"},
        Case{"variant", "VARIANT", R"j("variant")j", "JSON"}));

INSTANTIATE_TEST_SUITE_P(
    Nested, SqlTypes,
    testing::Values(
        Case{"array<int>", "ARRAY<INT>",
             R"({"type":"array","elementType":"integer","containsNull":true})", "INTEGER[]"},
        Case{
            "MAP < STRING , ARRAY<INT> >", "MAP<STRING, ARRAY<INT>>",
            R"({"type":"map","keyType":"string","valueType":{"type":"array","elementType":"integer","containsNull":true},"valueContainsNull":true})",
            "MAP(VARCHAR, INTEGER[])"},
        Case{
            "STRUCT<id:INT, attrs : MAP<STRING,DOUBLE>, `a b`: STRING NOT NULL COMMENT 'x, >'>",
            "STRUCT<id: INT, attrs: MAP<STRING, DOUBLE>, `a b`: STRING NOT NULL>",
            R"({"type":"struct","fields":[{"name":"id","type":"integer","nullable":true,"metadata":{}},{"name":"attrs","type":{"type":"map","keyType":"string","valueType":"double","valueContainsNull":true},"nullable":true,"metadata":{}},{"name":"a b","type":"string","nullable":false,"metadata":{}}]})",
            R"(STRUCT("id" INTEGER, "attrs" MAP(VARCHAR, DOUBLE), "a b" VARCHAR))"}));

TEST(SqlType, IsNothingForTextThatIsNoType) {
  for (const auto* text : {"", "FOO", "ARRAY<INT", "ARRAY<INT>>", "MAP<INT>", "DECIMAL(39,0)",
                           "DECIMAL(5,6)", "INT INT", "'x", "STRUCT<a:>"}) {
    EXPECT_EQ(parse_type(text), std::nullopt) << text;
  }
}

TEST(SqlType, PrintsTheLowerCaseFormOfDescribe) {
  EXPECT_EQ(type_catalog_text(*parse_type("STRUCT<a: DECIMAL(10,2), b: MAP<STRING, INT>>")),
            "struct<a:decimal(10,2),b:map<string,int>>");
  EXPECT_EQ(type_catalog_text(*parse_type("INTERVAL DAY TO SECOND")), "interval day to second");
}

TEST(EngineType, BecomesTheNearestDatabricksType) {
  const std::pair<const char*, const char*> cases[] = {
      {"INTEGER", "INT"},
      {"HUGEINT", "BIGINT"},
      {"UTINYINT", "SMALLINT"},
      {"UINTEGER", "BIGINT"},
      {"UBIGINT", "DECIMAL(20,0)"},
      {"DECIMAL(18,3)", "DECIMAL(18,3)"},
      {"TIMESTAMP WITH TIME ZONE", "TIMESTAMP"},
      {"TIMESTAMP_NS", "TIMESTAMP_NTZ"},
      {"UUID", "STRING"},
      {"ENUM('a', 'b)')", "STRING"},
      {"JSON", "VARIANT"},
      {"\"NULL\"", "VOID"},
      {"INTEGER[3][]", "ARRAY<ARRAY<INT>>"},
      {"MAP(VARCHAR, MAP(INTEGER, DATE))[]", "ARRAY<MAP<STRING, MAP<INT, DATE>>>"},
      {"STRUCT(a INTEGER, \"b \"\"c\" DECIMAL(5,2)[])",
       "STRUCT<a: INT, `b \"c`: ARRAY<DECIMAL(5,2)>>"},
  };
  for (const auto& [engine, expected] : cases) {
    EXPECT_EQ(type_text(parse_engine_type(engine)), expected) << engine;
  }
}

TEST(EngineType, SurvivesCutText) {
  const std::string text = "STRUCT(a MAP(VARCHAR, DECIMAL(10,2)[]), \"b\" ENUM('x'))[2]";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    type_text(parse_engine_type(std::string_view(text).substr(0, size)));
  }
}

}  // namespace
}  // namespace dbsql::warehouse
