#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = EngineResult::Kind;

class Statements : public EngineTest {};

TEST_F(Statements, WithoutRowsAreDdl) {
  for (const auto* sql :
       {"CREATE TABLE t (a INT)", "CREATE VIEW v AS SELECT 1 AS a", "DROP VIEW v", "USE default",
        "RESET", "CREATE SCHEMA IF NOT EXISTS default", "ROLLBACK"}) {
    const auto result = execute(sql);
    EXPECT_EQ(result->kind(), Kind::Ddl) << sql;
    EXPECT_THAT(rows_text(*result), ElementsAre()) << sql;
    EXPECT_EQ(result->affected_rows(), std::nullopt) << sql;
  }
}

TEST_F(Statements, ThatChangeRowsCountThem) {
  run("CREATE TABLE t (id INT, name STRING)");

  const auto inserted = execute("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')");
  EXPECT_EQ(inserted->kind(), Kind::Dml);
  EXPECT_EQ(inserted->affected_rows(), 3);
  EXPECT_THAT(columns_text(*inserted),
              ElementsAre("num_affected_rows BIGINT", "num_inserted_rows BIGINT"));
  EXPECT_THAT(rows_text(*inserted), ElementsAre("3 | 3"));

  const auto updated = execute("UPDATE t SET name = upper(name) WHERE id > 1");
  EXPECT_EQ(updated->affected_rows(), 2);
  EXPECT_THAT(columns_text(*updated), ElementsAre("num_affected_rows BIGINT"));

  EXPECT_EQ(execute("DELETE FROM t WHERE id = 99")->affected_rows(), 0);
  EXPECT_THAT(rows("SELECT * FROM t ORDER BY id"), ElementsAre("1 | a", "2 | B", "3 | C"));
}

TEST_F(Statements, MergeByAction) {
  run("CREATE TABLE t AS SELECT * FROM VALUES (1, 'a'), (2, 'b'), (3, 'c') AS v(id, name)");

  const auto result = execute(
      "MERGE INTO t AS tgt USING (VALUES (1, 'x'), (2, 'drop'), (9, 'new')) AS s(id, name) ON "
      "tgt.id = s.id "
      "WHEN MATCHED AND s.name = 'drop' THEN DELETE "
      "WHEN MATCHED THEN UPDATE SET tgt.name = CASE WHEN s.name = 'x' THEN 'X' ELSE s.name END "
      "WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)");

  EXPECT_THAT(columns_text(*result),
              ElementsAre("num_affected_rows BIGINT", "num_updated_rows BIGINT",
                          "num_deleted_rows BIGINT", "num_inserted_rows BIGINT"));
  EXPECT_EQ(result->affected_rows(), 3);
  EXPECT_THAT(rows_text(*result), ElementsAre("3 | 1 | 1 | 1"));
  EXPECT_THAT(rows("SELECT * FROM t ORDER BY id"), ElementsAre("1 | X", "3 | c", "9 | new"));
}

TEST_F(Statements, MergeEveryColumnWithAStar) {
  run("CREATE TABLE t AS SELECT 1 AS id, 'a' AS name");
  run("MERGE INTO t USING (SELECT 1 id, 'b' name UNION ALL SELECT 2, 'c') s ON t.id = s.id "
      "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *");
  EXPECT_THAT(rows("SELECT * FROM t ORDER BY id"), ElementsAre("1 | b", "2 | c"));
}

TEST_F(Statements, OverwriteAllOrNothing) {
  run("CREATE TABLE t AS SELECT 1 AS id");
  run("INSERT OVERWRITE TABLE t SELECT 7");
  EXPECT_THAT(rows("SELECT * FROM t"), ElementsAre("7"));
  EXPECT_EQ(error_of("INSERT OVERWRITE t SELECT CAST('x' AS INT)").error_class,
            "CAST_INVALID_INPUT");
  EXPECT_THAT(rows("SELECT * FROM t"), ElementsAre("7"));
}

TEST_F(Statements, InsertByPositionNameAndDefault) {
  run("CREATE TABLE t (a INT, b STRING DEFAULT 'none', c INT)");
  run("INSERT INTO t (c, a) VALUES (3, 1)");
  run("INSERT INTO TABLE t VALUES (2, DEFAULT, NULL)");
  run("INSERT INTO t BY NAME SELECT 5 AS c, 4 AS a");
  EXPECT_THAT(rows("SELECT * FROM t ORDER BY a"),
              ElementsAre("1 | none | 3", "2 | none | NULL", "4 | none | 5"));
}

TEST_F(Statements, CreateTablesWithAllTheUsualClauses) {
  run("CREATE OR REPLACE TABLE t (id INT NOT NULL COMMENT 'the id', name VARCHAR(20), d "
      "DECIMAL(10,2) DEFAULT 1.5, "
      "day DATE GENERATED ALWAYS AS (DATE'2020-01-01')) USING DELTA PARTITIONED BY (name) COMMENT "
      "'all of it' "
      "TBLPROPERTIES ('delta.x' = 'true') LOCATION '/somewhere'");
  EXPECT_THAT(rows("DESCRIBE t"), ElementsAre("id | int | the id", "name | varchar(20) | NULL",
                                              "d | decimal(10,2) | NULL", "day | date | NULL"));
  EXPECT_THAT(rows("DESCRIBE TABLE EXTENDED t"), Contains("Comment | all of it | NULL"));
}

TEST_F(Statements, CreateATableOnlyWhenItIsNotThere) {
  run("CREATE TABLE t (a INT COMMENT 'first')");
  run("CREATE TABLE IF NOT EXISTS t (a INT COMMENT 'second', b INT)");
  EXPECT_THAT(rows("DESCRIBE t"), ElementsAre("a | int | first"));
  EXPECT_EQ(error_of("CREATE TABLE t (b INT)").error_class, "TABLE_OR_VIEW_ALREADY_EXISTS");
}

TEST_F(Statements, CreateTablesFromQueriesWithDatabricksNames) {
  run("CREATE TABLE t USING DELTA AS SELECT id, count(*), 'x' FROM range(2) GROUP BY id");
  EXPECT_THAT(columns("SELECT * FROM t"), ElementsAre("id BIGINT", "count(1) BIGINT", "x STRING"));
  run("CREATE TABLE u LIKE t");
  EXPECT_THAT(rows("SELECT * FROM u"), ElementsAre());
}

TEST_F(Statements, CreateViewsWithNamesAndComments) {
  run("CREATE OR REPLACE VIEW v (a COMMENT 'first', b) COMMENT 'a view' AS SELECT 1, 'x'");
  EXPECT_THAT(rows("DESCRIBE v"), ElementsAre("a | int | first", "b | string | NULL"));
  EXPECT_EQ(row("SELECT b, a FROM v"), "x | 1");
}

TEST_F(Statements, ChangeTables) {
  run("CREATE TABLE t (a INT, old STRING)");
  run("ALTER TABLE t ADD COLUMNS (b VARCHAR(5) COMMENT 'new')");
  run("ALTER TABLE t ALTER COLUMN a COMMENT 'changed'");
  run("ALTER TABLE t ALTER COLUMN b COMMENT 'newer'");
  run("ALTER TABLE t RENAME COLUMN old TO fresh");
  run("ALTER TABLE t ALTER COLUMN a TYPE BIGINT");
  EXPECT_THAT(rows("DESCRIBE t"), ElementsAre("a | bigint | changed", "fresh | string | NULL",
                                              "b | varchar(5) | newer"));
  run("ALTER TABLE t DROP COLUMN fresh");
  run("ALTER TABLE t RENAME TO t2");
  run("COMMENT ON TABLE t2 IS 'it''s'");
  EXPECT_THAT(rows("DESCRIBE EXTENDED t2"), Contains("Comment | it's | NULL"));
  run("TRUNCATE TABLE t2");
  run("OPTIMIZE t2");
  EXPECT_EQ(error_of("OPTIMIZE nosuch").error_class, "TABLE_OR_VIEW_NOT_FOUND");
}

TEST_F(Statements, KeepKeysAsInformation) {
  run("CREATE TABLE parent (id INT PRIMARY KEY, x INT)");
  run("CREATE TABLE child (a INT NOT NULL, b INT, CONSTRAINT child_pk PRIMARY KEY (a, b) NOT "
      "ENFORCED RELY, "
      "CONSTRAINT child_fk FOREIGN KEY (b) REFERENCES parent (id))");
  run("INSERT INTO child VALUES (1, 1), (1, 1)");

  EXPECT_THAT(rows("SHOW KEYS IN CATALOG main IN SCHEMA " + schema() + " IN TABLE child"),
              ElementsAre("main | " + schema() + " | child | a | 1 | child_pk",
                          "main | " + schema() + " | child | b | 2 | child_pk"));
  EXPECT_THAT(rows("SHOW FOREIGN KEYS IN CATALOG main IN SCHEMA " + schema() + " IN TABLE child"),
              ElementsAre("main | " + schema() + " | parent | id | main | " + schema() +
                          " | child | b | 1 | 3 | 3 | child_fk | 7"));
}

TEST_F(Statements, DefineFunctions) {
  run("CREATE OR REPLACE FUNCTION twice(x INT) RETURNS BIGINT COMMENT 'doubles' RETURN x * 2");
  EXPECT_THAT(columns("SELECT twice(4)"), ElementsAre("twice(4) BIGINT"));
  EXPECT_EQ(row("SELECT twice(4)"), "8");
  EXPECT_THAT(rows("SHOW USER FUNCTIONS LIKE 'twi*'"), ElementsAre("main." + schema() + ".twice"));
  run("DROP FUNCTION twice");
  EXPECT_EQ(error_of("SELECT twice(4)").error_class, "UNRESOLVED_ROUTINE");
}

TEST_F(Statements, ShowCatalogsAndSchemas) {
  EXPECT_THAT(columns("SHOW CATALOGS"), ElementsAre("catalog STRING!"));
  EXPECT_THAT(rows("SHOW CATALOGS LIKE 'ma*'"), ElementsAre("main"));
  EXPECT_THAT(columns("SHOW SCHEMAS"), ElementsAre("databaseName STRING!"));
  EXPECT_THAT(rows("SHOW DATABASES IN main LIKE 'def*|" + schema() + "'"),
              ElementsAre("default", schema()));
  EXPECT_THAT(rows("SHOW SCHEMAS IN ALL CATALOGS LIKE 'default'"), Contains("default | main"));
  EXPECT_EQ(error_of("SHOW SCHEMAS IN nosuch").sqlstate, "42704");
}

TEST_F(Statements, ShowTablesViewsAndColumns) {
  run("CREATE TABLE t1 (a INT, b STRING)");
  run("CREATE VIEW v1 AS SELECT 1 AS x");
  run("CREATE TEMP VIEW tv AS SELECT 1 AS x");

  EXPECT_THAT(columns("SHOW TABLES"),
              ElementsAre("database STRING!", "tableName STRING!", "isTemporary BOOLEAN!"));
  EXPECT_THAT(rows("SHOW TABLES"),
              ElementsAre(" | tv | true", schema() + " | t1 | false", schema() + " | v1 | false"));
  EXPECT_THAT(rows("SHOW TABLES IN main." + schema() + " LIKE 't1|zz*'"),
              ElementsAre(schema() + " | t1 | false"));
  EXPECT_THAT(rows("SHOW VIEWS LIKE 'v*'"), ElementsAre(schema() + " | v1 | false | false"));
  EXPECT_THAT(rows("SHOW COLUMNS IN t1"), ElementsAre("a", "b"));
  EXPECT_THAT(rows("SHOW COLUMNS FROM t1 FROM " + schema()), ElementsAre("a", "b"));
  EXPECT_THAT(rows("SHOW CREATE TABLE t1"), ElementsAre(HasSubstr("a INT,\n  b STRING)")));
  EXPECT_EQ(error_of("SHOW TABLES IN nosuch").error_class, "SCHEMA_NOT_FOUND");
  EXPECT_EQ(error_of("SHOW COLUMNS IN nosuch").error_class, "TABLE_OR_VIEW_NOT_FOUND");
}

TEST_F(Statements, ShowTheWideFormsOfMetadataCalls) {
  run("CREATE TABLE t1 (a INT NOT NULL COMMENT 'c', b DECIMAL(10,2))");
  const auto scope = " IN CATALOG main SCHEMA LIKE '" + schema() + "'";
  EXPECT_THAT(rows("SHOW TABLES" + scope + " LIKE '*'"),
              ElementsAre(schema() + " | t1 | false |  | main | TABLE | "));
  EXPECT_THAT(
      rows("SHOW COLUMNS" + scope + " TABLE LIKE 't.' LIKE '*'"),
      ElementsAre("a | main | " + schema() + " | t1 | INT | 4 | 0 | 10 | false | c | 1 | NO | NO",
                  "b | main | " + schema() +
                      " | t1 | DECIMAL(10,2) | 10 | 2 | 10 | true |  | 2 | NO | NO"));
}

TEST_F(Statements, DescribeQueriesSchemasAndCatalogs) {
  EXPECT_THAT(rows("DESCRIBE QUERY SELECT 1 AS a, array('x') AS b"),
              ElementsAre("a | int | NULL", "b | array<string> | NULL"));
  EXPECT_THAT(rows("DESC SELECT 1.5 AS d"), ElementsAre("d | decimal(2,1) | NULL"));
  EXPECT_THAT(rows("DESCRIBE SCHEMA main.default"), Contains("Namespace Name | default"));
  EXPECT_THAT(rows("DESCRIBE CATALOG main"), Contains("Catalog Name | main"));
  EXPECT_EQ(error_of("DESCRIBE TABLE EXTENDED t AS JSON").sqlstate, "42601");
}

TEST_F(Statements, MakeAndDropCatalogsAndSchemas) {
  run("CREATE CATALOG made COMMENT 'x'");
  EXPECT_EQ(error_of("CREATE CATALOG made").error_class, "CATALOG_ALREADY_EXISTS");
  run("CREATE CATALOG IF NOT EXISTS made");
  run("CREATE SCHEMA made.s COMMENT 'y'");
  EXPECT_EQ(error_of("CREATE SCHEMA made.s").error_class, "SCHEMA_ALREADY_EXISTS");
  run("CREATE TABLE made.s.t AS SELECT 5 AS x");
  EXPECT_EQ(row("SELECT x FROM made.s.t"), "5");
  EXPECT_EQ(error_of("DROP SCHEMA made.s").error_class, "SCHEMA_NOT_EMPTY");
  run("DROP SCHEMA made.s CASCADE");
  EXPECT_EQ(error_of("DROP SCHEMA made.s").error_class, "SCHEMA_NOT_FOUND");
  run("DROP SCHEMA IF EXISTS made.s");
  run("DROP CATALOG made");
  EXPECT_EQ(error_of("DROP CATALOG made").sqlstate, "42704");
  run("DROP CATALOG IF EXISTS made");
}

TEST_F(Statements, MayEndWithSemicolonsAndComments) {
  EXPECT_EQ(row("  SELECT 1 ; ; -- done"), "1");
  EXPECT_EQ(error_of("SELECT 1; SELECT 2").error_class, "PARSE_SYNTAX_ERROR");
  EXPECT_EQ(error_of(" -- nothing\n;").error_class, "PARSE_EMPTY_STATEMENT");
  EXPECT_EQ(error_of("").sqlstate, "42617");
}

TEST_F(Statements, MayNotChangeTheEnginesExtensions) {
  EXPECT_EQ(error_of("INSTALL httpfs").error_class, "UNSUPPORTED_FEATURE");
  EXPECT_EQ(error_of("LOAD httpfs").sqlstate, "0A000");
}

struct Answer {
  std::string_view sql;
  std::string_view value;
};

class Expressions : public EngineTest, public testing::WithParamInterface<Answer> {};

TEST_P(Expressions, HaveTheValueOfDatabricks) { EXPECT_EQ(row(GetParam().sql), GetParam().value); }

INSTANTIATE_TEST_SUITE_P(
    All, Expressions,
    testing::Values(
        Answer{"SELECT CAST(1.9 AS INT), CAST(-1.9 AS BIGINT), CAST(1.9D AS INT)", "1 | -1 | 1"},
        Answer{"SELECT CAST(count(*) AS STRING), CAST(sum(1) AS INT)", "1 | 1"},
        Answer{"SELECT CAST('h\u00e9' AS BINARY), CAST(X'6162' AS STRING)", "68c3a9 | ab"},
        Answer{"SELECT CAST(9007199254740993 AS BIGINT), CAST(NULL AS INT)",
               "9007199254740993 | NULL"},
        Answer{"SELECT try_cast('x' AS INT), try_divide(1, 0), try_add(2147483647, 1)",
               "NULL | NULL | NULL"},
        Answer{"SELECT array(10, 20)[1], map('a', 5)['a'], element_at(array(1, 2), 1)",
               "20 | 5 | 1"},
        Answer{"SELECT array(array(1), array(2))[1][0]", "2"},
        Answer{"SELECT size(array(1, 2)), size(map('a', 1)), cardinality(array())", "2 | 1 | 0"},
        Answer{"SELECT transform(array(1, 2), x -> x + 1), exists(array(1), x -> x = 1)",
               "[2, 3] | true"},
        Answer{
            "SELECT sequence(1, 3), array_contains(array(1), 1), array_join(array('a', 'b'), '-')",
            "[1, 2, 3] | true | a-b"},
        Answer{"SELECT concat('a', NULL), concat('a', 'b'), concat_ws(',', 'a', NULL, 'b')",
               "NULL | ab | a,b"},
        Answer{"SELECT 'abc' RLIKE 'b', 'abc' RLIKE '^b', 'abc' NOT RLIKE 'b', "
               "regexp_replace('aXbX', 'X', '-')",
               "true | false | false | a-b-"},
        Answer{"SELECT 'a_b' LIKE 'a\\_b', 'axb' LIKE 'a\\_b', '100%' LIKE '%\\%'",
               "true | false | true"},
        Answer{"SELECT 1 <=> NULL, NULL <=> NULL, 1 == 1, NOT true, !false",
               "false | true | true | false | true"},
        Answer{"SELECT if(1 > 2, 'a', 'b'), nvl(NULL, 1), nvl2(NULL, 1, 2), nullif(1, 1)",
               "b | 1 | 2 | NULL"},
        Answer{"SELECT upper('\u00e9a'), length('h\u00e9'), substring('hello', 2, 3), locate('l', "
               "'hello')",
               "\u00c9A | 2 | ell | 3"},
        Answer{"SELECT floor(-1.5), ceil(1.2), round(2.567, 2), pmod(-7, 3)", "-2 | 2 | 2.57 | 2"},
        Answer{"SELECT date_add(DATE'2020-01-31', 1), datediff(DATE'2020-01-05', DATE'2020-01-01')",
               "18293 | 4"},
        Answer{
            "SELECT year(DATE'2020-03-01'), dayofweek(DATE'2024-01-07'), weekday(DATE'2024-01-07')",
            "2020 | 1 | 6"},
        Answer{"SELECT date_format(TIMESTAMP'2020-01-02 03:04:05', 'yyyy/MM/dd HH:mm:ss')",
               "2020/01/02 03:04:05"},
        Answer{"SELECT to_date('02.01.2020', 'dd.MM.yyyy'), unix_timestamp(TIMESTAMP'1970-01-01 "
               "00:01:00')",
               "18263 | 60"},
        Answer{
            "SELECT typeof(1), typeof('a'), typeof(1.5D), typeof(TIMESTAMP'2020-01-01 00:00:00')",
            "int | string | double | timestamp"},
        Answer{"SELECT v:a.b[0], v:a.c FROM (SELECT parse_json('{\"a\":{\"b\":[7],\"c\":\"x\"}}') "
               "AS v)",
               "7 | \"x\""},
        Answer{"SELECT hex('a'), unhex('6162'), base64('a'), md5('a')",
               "61 | 6162 | YQ== | 0cc175b9c0f1b6a831c399e269772661"},
        Answer{"SELECT named_struct('a', 1).a, struct(1, 2).col2", "1 | 2"},
        Answer{"SELECT collect_list(x), count_if(x > 1) FROM VALUES (1), (NULL), (2) AS t(x)",
               "[1, 2] | 1"},
        Answer{"SELECT count(*) FROM range(10) a JOIN range(10) b ON a.id = b.id", "10"},
        Answer{"SELECT sum(c) FROM (SELECT 1) LATERAL VIEW explode(array(1, 2, 3)) e AS c", "6"},
        Answer{"SELECT max(col) FROM explode(array(1, 5, 3))", "5"},
        Answer{"SELECT 'r\\\\n', r'\\n', \"it's\", 'a' 'b', '\\u0041'",
               "r\\n | \\n | it's | ab | A"},
        Answer{"SELECT 'm' name, 1 value, 2 date", "m | 1 | 2"},
        Answer{
            "WITH t AS (SELECT 1 AS x) SELECT x FROM t QUALIFY row_number() OVER (ORDER BY x) = 1",
            "1"}));

}  // namespace
}  // namespace dbsql::warehouse::test
