#include <dbsql/metadata.h>

#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace dbsql::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;
using warehouse::Flavor;
using Texts = std::vector<std::string>;

/// The metadata calls, on servers of every kind.
class MetadataTest : public WireTest {
 protected:
  static std::unique_ptr<warehouse::Server> server_of(Flavor flavor) {
    warehouse::ServerOptions options;
    options.service.flavor = flavor;
    auto server = start(std::move(options));
    Connection connection = connect_to(*server);
    for (const char* sql :
         {"CREATE SCHEMA shop", "CREATE SCHEMA shop2",
          "CREATE TABLE shop.items (id INT NOT NULL, price DECIMAL(10,2) COMMENT 'net', tags "
          "ARRAY<STRING>)",
          "CREATE TABLE shop.item_x (id INT)", "CREATE TABLE shop.itemsx (id INT)",
          "CREATE VIEW shop.cheap AS SELECT id FROM shop.items WHERE price < 1"})
      connection.execute(sql);
    return server;
  }

  /// One column of a result as text.
  static Texts column_of(Result result, std::string_view name) {
    const auto index = result.schema().find(name);
    if (!index) return {"no column " + std::string(name)};
    Texts texts;
    for (const RowRef row : result.rows()) texts.push_back(row.text(*index));
    return texts;
  }

  static Texts names_of(const Result& result) {
    Texts names;
    for (const Column& column : result.schema()) names.push_back(column.name);
    return names;
  }
};

class MetadataOfEveryServer : public MetadataTest, public testing::WithParamInterface<Flavor> {};

TEST_P(MetadataOfEveryServer, ListsSchemas) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);

  EXPECT_THAT(column_of(connection.schemas(), "TABLE_SCHEM"), Contains("shop"));
  EXPECT_THAT(column_of(connection.schemas({.schema_pattern = "SHOP%"}), "TABLE_SCHEM"),
              UnorderedElementsAre("shop", "shop2"));
  EXPECT_THAT(names_of(connection.schemas()), ElementsAre("TABLE_SCHEM", "TABLE_CATALOG"));
}

TEST_P(MetadataOfEveryServer, ListsTablesByPatternAndType) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);
  const auto names = [&](TableFilter filter) {
    filter.schema_pattern = "shop";
    return column_of(connection.tables(filter), "TABLE_NAME");
  };

  EXPECT_THAT(names({}), UnorderedElementsAre("items", "item_x", "itemsx", "cheap"));
  EXPECT_THAT(names({.table_pattern = "item__"}), UnorderedElementsAre("item_x", "itemsx"));
  EXPECT_THAT(names({.table_pattern = escape_pattern("item_x")}), ElementsAre("item_x"));
  EXPECT_THAT(names({.types = {{"view"}}}), ElementsAre("cheap"));
  EXPECT_THAT(names({.types = {{"'TABLE'", "VIEW"}}}).size(), 4U);
  EXPECT_THAT(names({.types = Texts{}}), IsEmpty());
}

TEST_P(MetadataOfEveryServer, DescribesColumnsInTheirOrderFromOneOn) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);
  const ColumnFilter items{.schema_pattern = "shop", .table_pattern = "items"};

  EXPECT_THAT(column_of(connection.columns(items), "COLUMN_NAME"),
              ElementsAre("id", "price", "tags"));
  EXPECT_THAT(column_of(connection.columns(items), "ORDINAL_POSITION"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(column_of(connection.columns(items), "TYPE_NAME"),
              ElementsAre("INT", "DECIMAL(10,2)", "ARRAY<STRING>"));
  EXPECT_THAT(column_of(connection.columns(items), "DATA_TYPE"), ElementsAre("4", "3", "2003"));
  EXPECT_THAT(column_of(connection.columns(items), "NULLABLE"), ElementsAre("0", "1", "1"));
  ColumnFilter price = items;
  price.column_pattern = "pri%";
  EXPECT_THAT(column_of(connection.columns(price), "ORDINAL_POSITION"), ElementsAre("2"));
}

TEST_P(MetadataOfEveryServer, DescribesItself) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);

  EXPECT_THAT(column_of(connection.table_types(), "TABLE_TYPE"),
              UnorderedElementsAre("TABLE", "VIEW"));
  EXPECT_THAT(column_of(connection.type_info(), "TYPE_NAME"), Contains("DECIMAL"));
  EXPECT_EQ(connection.type_info().column_count(), 18U);
  EXPECT_THAT(names_of(connection.functions({.function_pattern = "no_such_function"})),
              ElementsAre("FUNCTION_CAT", "FUNCTION_SCHEM", "FUNCTION_NAME", "REMARKS",
                          "FUNCTION_TYPE", "SPECIFIC_NAME"));
}

TEST_P(MetadataOfEveryServer, FindsNothingWhereNothingCanBe) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);
  server->journal().clear();

  EXPECT_EQ(count_rows(*std::make_unique<Result>(connection.tables({.catalog = ""}))), 0);
  EXPECT_EQ(count_rows(*std::make_unique<Result>(connection.schemas({.schema_pattern = ""}))), 0);
  Result columns = connection.columns({.column_pattern = ""});
  EXPECT_EQ(columns.column_count(), 23U);
  EXPECT_EQ(columns.schema()[4].type, TypeId::Int);
  EXPECT_EQ(count_rows(columns), 0);
  EXPECT_EQ(server->journal().count("GetTables") + server->journal().count("GetColumns") +
                server->journal().count("GetSchemas"),
            0U);
  EXPECT_EQ(count_rows(*std::make_unique<Result>(connection.tables({.catalog = "nowhere"}))), 0);
  EXPECT_EQ(count_rows(*std::make_unique<Result>(connection.columns({.catalog = "nowhere"}))), 0);
}

TEST_P(MetadataOfEveryServer, LeavesNothingBehind) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);

  column_of(connection.tables(), "TABLE_NAME");
  column_of(connection.columns({}, {.row_limit = 1}), "TABLE_NAME");

  EXPECT_TRUE(eventually([&] { return server->thrift().open_operations() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Servers, MetadataOfEveryServer,
                         testing::Values(Flavor::Databricks, Flavor::DatabricksOld, Flavor::Spark),
                         [](const auto& parameter) {
                           switch (parameter.param) {
                             case Flavor::DatabricksOld:
                               return std::string("DatabricksOld");
                             case Flavor::Spark:
                               return std::string("Spark");
                             default:
                               return std::string("Databricks");
                           }
                         });

TEST_F(MetadataTest, NamesCatalogs) {
  Connection connection = connect();

  const Texts catalogs = column_of(connection.catalogs(), "TABLE_CAT");

  ASSERT_THAT(catalogs, Not(IsEmpty()));
  EXPECT_THAT(column_of(connection.schemas({.catalog = catalogs[0]}), "TABLE_CATALOG"),
              Contains(catalogs[0]));
}

TEST_F(MetadataTest, TakesACatalogForANameAndNotForAPattern) {
  Connection connection = connect();
  connection.execute("CREATE CATALOG IF NOT EXISTS my_cat");
  connection.execute("CREATE CATALOG IF NOT EXISTS myXcat");
  connection.execute("CREATE TABLE IF NOT EXISTS my_cat.default.t (n INT)");
  connection.execute("CREATE TABLE IF NOT EXISTS myXcat.default.t (n INT)");

  Result tables = connection.tables({.catalog = "my_cat", .table_pattern = "t"});

  EXPECT_THAT(column_of(std::move(tables), "TABLE_CAT"), ElementsAre("my_cat"));
}

TEST_F(MetadataTest, TakesSparkForTheDefaultCatalog) {
  Connection connection = connect();

  EXPECT_EQ(column_of(connection.schemas({.catalog = "SPARK"}), "TABLE_SCHEM"),
            column_of(connection.schemas(), "TABLE_SCHEM"));
}

TEST_F(MetadataTest, ListsKeys) {
  Connection connection = connect();
  connection.execute(
      "CREATE TABLE IF NOT EXISTS parents (b INT, a INT, CONSTRAINT pk PRIMARY KEY (b, a))");
  connection.execute(
      "CREATE TABLE IF NOT EXISTS children (x INT, y INT, CONSTRAINT fk FOREIGN KEY (x, y) "
      "REFERENCES "
      "parents (b, a))");
  const TableName parents{.table = "parents"}, children{.table = "children"};

  EXPECT_THAT(column_of(connection.primary_keys(parents), "COLUMN_NAME"), ElementsAre("b", "a"));
  EXPECT_THAT(column_of(connection.primary_keys(parents), "KEY_SEQ"), ElementsAre("1", "2"));
  EXPECT_THAT(column_of(connection.cross_reference(std::nullopt, children), "PKCOLUMN_NAME"),
              ElementsAre("b", "a"));
  EXPECT_THAT(column_of(connection.cross_reference(parents, std::nullopt), "FKCOLUMN_NAME"),
              ElementsAre("x", "y"));
  EXPECT_THAT(column_of(connection.cross_reference(children, parents), "FK_NAME"), IsEmpty());
  EXPECT_THAT(column_of(connection.primary_keys({.table = "no_such_table"}), "PK_NAME"), IsEmpty());
}

TEST_F(MetadataTest, RefusesQuestionsAboutKeysThatServersTakeForErrors) {
  Connection connection = connect();

  for (const auto& ask : std::vector<std::function<void()>>{
           [&] { connection.primary_keys({}); },
           [&] { connection.primary_keys({.catalog = "main", .table = "t"}); },
           [&] { connection.cross_reference(std::nullopt, std::nullopt); }}) {
    const Error error = capture_error(ask);
    EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
    EXPECT_EQ(error.sqlstate(), "42000");
  }
}

TEST_F(MetadataTest, AsksNothingAboutKeysWhereThereAreNone) {
  Connection connection = connect();
  warehouse().journal().clear();

  Result keys = connection.primary_keys({.catalog = "hive_metastore", .schema = "s", .table = "t"});

  EXPECT_EQ(count_rows(keys), 0);
  EXPECT_EQ(names_of(keys).at(4), "KEY_SEQ");
  EXPECT_EQ(requests("GetPrimaryKeys"), 0U);
}

TEST_F(MetadataTest, FindsNoKeysOnAServerThatKeepsNone) {
  const auto server = server_of(Flavor::Spark);
  Connection connection = connect_to(*server);

  Result keys = connection.primary_keys({.schema = "shop", .table = "items"});

  EXPECT_EQ(names_of(keys).size(), 6U);
  EXPECT_EQ(count_rows(keys), 0);
  EXPECT_EQ(server->journal().count("GetPrimaryKeys"), 1U);
  EXPECT_TRUE(connection.is_open());
}

TEST_F(MetadataTest, SeesOneNamelessCatalogOnSpark) {
  const auto server = server_of(Flavor::Spark);
  Connection connection = connect_to(*server);

  EXPECT_THAT(column_of(connection.catalogs(), "TABLE_CAT"), IsEmpty());
  EXPECT_THAT(column_of(connection.tables({.catalog = "spark_catalog", .table_pattern = "items"}),
                        "TABLE_CAT"),
              ElementsAre(""));
  EXPECT_THAT(column_of(connection.schemas(), "TABLE_SCHEM"), Contains("global_temp"));
}

TEST_F(MetadataTest, StopsAtTheDeadline) {
  Connection connection = connect();
  warehouse().faults().once("GetTables", warehouse::Fault::stall());

  const Error error = capture_error([&] { connection.tables({}, {.timeout = 50ms}); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_FALSE(error.outcome_unknown());
}

TEST_F(MetadataTest, IsAskedAgainWhenAReplyIsLost) {
  Connection connection = connect("retry.wait_min=1ms&retry.wait_max=1ms");
  warehouse().faults().once("GetSchemas", warehouse::Fault::reset_after());

  EXPECT_THAT(column_of(connection.schemas(), "TABLE_SCHEM"), Contains("default"));
}

}  // namespace
}  // namespace dbsql::test
