#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;
using testing::StartsWith;

class CatalogCalls : public EngineTest {
 protected:
  CatalogFilter here(std::optional<std::string> table = {},
                     std::optional<std::string> column = {}) const {
    return {.catalog = "main",
            .schema_pattern = schema(),
            .table_pattern = std::move(table),
            .column_pattern = std::move(column),
            .table_types = {}};
  }
  static Rows column(const Rows& rows, std::size_t index) {
    Rows values;
    for (const auto& text : rows) {
      std::size_t at = 0;
      for (std::size_t i = 0; i < index; ++i) at = text.find(" | ", at) + 3;
      values.push_back(text.substr(at, text.find(" | ", at) - at));
    }
    return values;
  }
};

TEST_F(CatalogCalls, ListCatalogs) {
  const auto result = session().catalogs();
  EXPECT_THAT(columns_text(*result), ElementsAre("TABLE_CAT STRING"));
  EXPECT_THAT(rows_text(*result), Contains("main"));
}

TEST_F(CatalogCalls, ListSchemasByPattern) {
  const auto result =
      session().schemas({.catalog = "main", .schema_pattern = "DEF%", .table_types = {}});
  EXPECT_THAT(columns_text(*result), ElementsAre("TABLE_SCHEM STRING", "TABLE_CATALOG STRING"));
  EXPECT_THAT(rows_text(*result), ElementsAre("default | main"));
  EXPECT_THAT(rows_text(*session().schemas({})),
              IsSupersetOf(std::vector<std::string>{"default | main", schema() + " | main"}));
  EXPECT_THAT(rows_text(*session().schemas({.catalog = "nosuch", .table_types = {}})),
              ElementsAre());
  EXPECT_THAT(rows_text(*session().schemas({.catalog = "ma%", .table_types = {}})), ElementsAre())
      << "the catalog is no pattern here";
  EXPECT_THAT(rows_text(*session().schemas({.schema_pattern = "", .table_types = {}})),
              ElementsAre());
}

TEST_F(CatalogCalls, HideTheEnginesOwnObjects) {
  EXPECT_THAT(column(rows_text(*session().schemas({})), 0),
              Each(Not(testing::AnyOf("main", "information_schema", "pg_catalog"))));
  EXPECT_THAT(rows_text(*session().catalogs()),
              Each(Not(testing::AnyOf("memory", "system", "temp", "main$"))));
}

TEST_F(CatalogCalls, TakeSparkForTheCurrentCatalog) {
  EXPECT_THAT(rows_text(*session().schemas(
                  {.catalog = "SPARK", .schema_pattern = "default", .table_types = {}})),
              ElementsAre("default | main"));
}

TEST_F(CatalogCalls, ListTablesWithTenColumns) {
  run("CREATE TABLE t_1 (a INT) COMMENT 'hello'");
  run("CREATE TABLE tx1 (a INT)");
  run("CREATE VIEW v AS SELECT 1 AS a");

  const auto result = session().tables(here());
  EXPECT_THAT(
      columns_text(*result),
      ElementsAre("TABLE_CAT STRING", "TABLE_SCHEM STRING", "TABLE_NAME STRING",
                  "TABLE_TYPE STRING", "REMARKS STRING", "TYPE_CAT STRING", "TYPE_SCHEM STRING",
                  "TYPE_NAME STRING", "SELF_REFERENCING_COL_NAME STRING", "REF_GENERATION STRING"));
  const auto rest = " | NULL | NULL | NULL | NULL | NULL";
  EXPECT_THAT(rows_text(*result),
              ElementsAre("main | " + schema() + " | t_1 | TABLE | hello" + rest,
                          "main | " + schema() + " | tx1 | TABLE | " + rest,
                          "main | " + schema() + " | v | VIEW | " + rest));
  EXPECT_THAT(column(rows_text(*session().tables(here("t_1"))), 2), ElementsAre("t_1", "tx1"));
  EXPECT_THAT(column(rows_text(*session().tables(here("t\\_1"))), 2), ElementsAre("t_1"));
  EXPECT_THAT(column(rows_text(*session().tables(here("T%"))), 2), ElementsAre("t_1", "tx1"));
}

TEST_F(CatalogCalls, FilterTablesByTypeAndCatalogPattern) {
  run("CREATE TABLE t (a INT)");
  run("CREATE VIEW v AS SELECT 1 AS a");
  auto filter = here();
  filter.table_types = {"view"};
  EXPECT_THAT(column(rows_text(*session().tables(filter)), 2), ElementsAre("v"));
  filter.table_types = {"TABLE", "SYSTEM TABLE"};
  filter.catalog = "ma__";
  EXPECT_THAT(column(rows_text(*session().tables(filter)), 2), ElementsAre("t"));
  filter.table_types = {"METRIC_VIEW"};
  EXPECT_THAT(rows_text(*session().tables(filter)), ElementsAre());
}

TEST_F(CatalogCalls, ListTemporaryViewsWithoutCatalogAndSchema) {
  run("CREATE TEMPORARY VIEW only_mine AS SELECT 1 AS a");
  const auto rows =
      rows_text(*session().tables({.table_pattern = "only\\_mine", .table_types = {}}));
  EXPECT_THAT(rows, ElementsAre(StartsWith("NULL | NULL | only_mine | VIEW | ")));
  EXPECT_THAT(
      rows_text(*new_session()->tables({.table_pattern = "only\\_mine", .table_types = {}})),
      ElementsAre());
}

TEST_F(CatalogCalls, ListTableTypes) {
  const auto result = session().table_types();
  EXPECT_THAT(columns_text(*result), ElementsAre("TABLE_TYPE STRING"));
  EXPECT_THAT(rows_text(*result), ElementsAre("TABLE", "VIEW"));
}

TEST_F(CatalogCalls, ListColumnsWithTwentyThreeColumns) {
  run("CREATE TABLE t (id INT NOT NULL COMMENT 'key', name STRING)");
  const auto result = session().columns(here("t"));

  EXPECT_THAT(
      columns_text(*result),
      ElementsAre("TABLE_CAT STRING", "TABLE_SCHEM STRING", "TABLE_NAME STRING",
                  "COLUMN_NAME STRING", "DATA_TYPE INT", "TYPE_NAME STRING", "COLUMN_SIZE INT",
                  "BUFFER_LENGTH TINYINT", "DECIMAL_DIGITS INT", "NUM_PREC_RADIX INT",
                  "NULLABLE INT", "REMARKS STRING", "COLUMN_DEF STRING", "SQL_DATA_TYPE INT",
                  "SQL_DATETIME_SUB INT", "CHAR_OCTET_LENGTH INT", "ORDINAL_POSITION INT",
                  "IS_NULLABLE STRING", "SCOPE_CATALOG STRING", "SCOPE_SCHEMA STRING",
                  "SCOPE_TABLE STRING", "SOURCE_DATA_TYPE SMALLINT", "IS_AUTO_INCREMENT STRING"));
  const auto start = "main | " + schema() + " | t | ";
  EXPECT_THAT(
      rows_text(*result),
      ElementsAre(
          start +
              "id | 4 | INT | 4 | NULL | 0 | 10 | 0 | key | NULL | NULL | NULL | NULL | 0 | NO | "
              "NULL | NULL | NULL | NULL | NO",
          start + "name | 12 | STRING | 2147483647 | NULL | 0 | NULL | 1 |  | NULL | NULL | NULL | "
                  "NULL | 1 | YES | NULL | NULL | NULL | NULL | NO"));
  EXPECT_THAT(column(rows_text(*session().columns(here("t", "NAM_"))), 3), ElementsAre("name"));
}

struct TypeCase {
  const char* type;
  const char* code;
  const char* name;
  const char* size;
  const char* digits;
  const char* radix;
};

TEST_F(CatalogCalls, GiveEveryTypeItsCodeAndSize) {
  // reference/metadata.md 13.1
  const TypeCase cases[] = {
      {"TINYINT", "-6", "TINYINT", "1", "0", "10"},
      {"SMALLINT", "5", "SMALLINT", "2", "0", "10"},
      {"BIGINT", "-5", "BIGINT", "8", "0", "10"},
      {"DECIMAL(10,2)", "3", "DECIMAL(10,2)", "10", "2", "10"},
      {"FLOAT", "6", "FLOAT", "4", "7", "10"},
      {"DOUBLE", "8", "DOUBLE", "8", "15", "10"},
      {"VARCHAR(20)", "12", "VARCHAR(20)", "20", "0", "NULL"},
      {"CHAR(5)", "1", "CHAR(5)", "5", "0", "NULL"},
      {"BINARY", "-2", "BINARY", "0", "0", "NULL"},
      {"BOOLEAN", "16", "BOOLEAN", "1", "0", "NULL"},
      {"DATE", "91", "DATE", "4", "0", "NULL"},
      {"TIMESTAMP", "93", "TIMESTAMP", "8", "6", "NULL"},
      {"TIMESTAMP_NTZ", "93", "TIMESTAMP_NTZ", "8", "6", "NULL"},
      {"INTERVAL YEAR TO MONTH", "1111", "INTERVAL YEAR TO MONTH", "4", "0", "NULL"},
      {"INTERVAL DAY TO SECOND", "1111", "INTERVAL DAY TO SECOND", "8", "0", "NULL"},
      {"ARRAY<INT>", "2003", "ARRAY<INT>", "0", "0", "NULL"},
      {"MAP<STRING,INT>", "2000", "MAP<STRING, INT>", "0", "0", "NULL"},
      {"STRUCT<a:INT>", "2002", "STRUCT<a: INT>", "0", "0", "NULL"},
      {"VARIANT", "1111", "VARIANT", "0", "0", "NULL"},
  };
  std::string sql = "CREATE TABLE t (";
  for (const auto& c : cases) {
    sql += (sql.back() == '(' ? "c" : ", c") + std::to_string(&c - cases) + " " + c.type;
  }
  run(sql + ")");

  const auto rows = rows_text(*session().columns(here("t")));

  ASSERT_EQ(rows.size(), std::size(cases));
  for (const auto& c : cases) {
    const auto only = Rows{rows[static_cast<std::size_t>(&c - cases)]};
    EXPECT_EQ(column(only, 4)[0], c.code) << c.type;
    EXPECT_EQ(column(only, 5)[0], c.name);
    EXPECT_EQ(column(only, 6)[0], c.size) << c.type;
    EXPECT_EQ(column(only, 8)[0], c.digits) << c.type;
    EXPECT_EQ(column(only, 9)[0], c.radix) << c.type;
    EXPECT_EQ(column(only, 16)[0], std::to_string(&c - cases)) << "ordinals count from 0";
  }
}

TEST_F(CatalogCalls, ListTypesWithEighteenColumns) {
  const auto result = session().type_info();
  EXPECT_THAT(
      columns_text(*result),
      ElementsAre("TYPE_NAME STRING", "DATA_TYPE INT", "PRECISION INT", "LITERAL_PREFIX STRING",
                  "LITERAL_SUFFIX STRING", "CREATE_PARAMS STRING", "NULLABLE SMALLINT",
                  "CASE_SENSITIVE BOOLEAN", "SEARCHABLE SMALLINT", "UNSIGNED_ATTRIBUTE BOOLEAN",
                  "FIXED_PREC_SCALE BOOLEAN", "AUTO_INCREMENT BOOLEAN", "LOCAL_TYPE_NAME STRING",
                  "MINIMUM_SCALE SMALLINT", "MAXIMUM_SCALE SMALLINT", "SQL_DATA_TYPE INT",
                  "SQL_DATETIME_SUB INT", "NUM_PREC_RADIX INT"));
  const auto rows = rows_text(*result);
  EXPECT_THAT(column(rows, 0),
              IsSupersetOf({"TINYINT", "DECIMAL", "STRING", "TIMESTAMP_NTZ", "VARIANT"}));
  EXPECT_THAT(
      rows,
      Contains("DECIMAL | 3 | 38 | NULL | NULL | precision,scale | 1 | false | 2 | false | false | "
               "false | NULL | 0 | 38 | NULL | NULL | 10"));
}

TEST_F(CatalogCalls, ListFunctionsOfUsersAndOfTheSystem) {
  run("CREATE FUNCTION mine(x INT) RETURNS INT RETURN x");
  const auto result = session().functions({.schema_pattern = schema(), .table_types = {}});
  EXPECT_THAT(columns_text(*result),
              ElementsAre("FUNCTION_CAT STRING", "FUNCTION_SCHEM STRING", "FUNCTION_NAME STRING",
                          "REMARKS STRING", "FUNCTION_TYPE INT", "SPECIFIC_NAME STRING"));
  EXPECT_THAT(rows_text(*result),
              ElementsAre("main | " + schema() + " | mine |  | 1 | main." + schema() + ".mine"));
  EXPECT_THAT(rows_text(*session().functions(
                  {.catalog = "system", .table_pattern = "abs", .table_types = {}})),
              ElementsAre("system | builtin | abs |  | 1 | system.builtin.abs"));
}

TEST_F(CatalogCalls, ListKeysUnderTheServersSpelling) {
  run("CREATE TABLE parent (b INT, a INT, CONSTRAINT pk PRIMARY KEY (b, a))");
  run("CREATE TABLE child (x INT, y INT, CONSTRAINT fk FOREIGN KEY (x, y) REFERENCES parent (b, "
      "a))");

  const auto keys = session().primary_keys(here("parent"));
  EXPECT_THAT(columns_text(*keys),
              ElementsAre("TABLE_CAT STRING", "TABLE_SCHEM STRING", "TABLE_NAME STRING",
                          "COLUMN_NAME STRING", "KEQ_SEQ INT", "PK_NAME STRING"));
  const auto parent = "main | " + schema() + " | parent | ";
  EXPECT_THAT(rows_text(*keys), ElementsAre(parent + "b | 1 | pk", parent + "a | 2 | pk"));

  const auto imported = session().cross_reference({}, here("child"));
  EXPECT_THAT(
      columns_text(*imported),
      ElementsAre("PKTABLE_CAT STRING", "PKTABLE_SCHEM STRING", "PKTABLE_NAME STRING",
                  "PKCOLUMN_NAME STRING", "FKTABLE_CAT STRING", "FKTABLE_SCHEM STRING",
                  "FKTABLE_NAME STRING", "FKCOLUMN_NAME STRING", "KEQ_SEQ INT", "UPDATE_RULE INT",
                  "DELETE_RULE INT", "FK_NAME STRING", "PK_NAME STRING", "DEFERRABILITY INT"));
  const auto child = "main | " + schema() + " | child | ";
  EXPECT_THAT(rows_text(*imported),
              ElementsAre(parent + "b | " + child + "x | 1 | 3 | 3 | fk | NULL | 7",
                          parent + "a | " + child + "y | 2 | 3 | 3 | fk | NULL | 7"));
  EXPECT_EQ(rows_text(*session().cross_reference(here("parent"), {})).size(), 2U)
      << "exported keys";
  EXPECT_THAT(rows_text(*session().cross_reference(here("other"), here("child"))), ElementsAre());
}

}  // namespace
}  // namespace dbsql::warehouse::test
