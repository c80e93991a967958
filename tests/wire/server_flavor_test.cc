#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace dbsql::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using warehouse::Flavor;

/// Old and foreign servers: the same program, whoever answers.
class ServerFlavorTest : public WireTest {
 protected:
  static std::unique_ptr<warehouse::Server> server_of(Flavor flavor,
                                                      warehouse::ServerOptions options = {}) {
    options.service.flavor = flavor;
    options.service.direct_results_wait = 50ms;
    options.service.long_poll_wait = 100ms;
    return start(std::move(options));
  }

  /// All rows as text, cells between bars.
  static std::vector<std::string> rows_of(Result result) {
    std::vector<std::string> rows;
    for (const RowRef row : result.rows()) {
      std::string& text = rows.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) text += row.text(i) + "|";
    }
    return rows;
  }
};

class EveryFlavor : public ServerFlavorTest, public testing::WithParamInterface<Flavor> {};

TEST_P(EveryFlavor, ScalarsAreWhatTheyAreOnDatabricks) {
  const auto server = server_of(GetParam());
  Connection today = connect(), connection = connect_to(*server);
  const std::string sql =
      "SELECT true AS b, CAST(-7 AS TINYINT) AS i8, CAST(300 AS SMALLINT) AS i16, "
      "CAST(70000 AS INT) AS i32, 9007199254740993 AS i64, CAST(0.1 AS FLOAT) AS f, "
      "CAST(1.5 AS DOUBLE) AS d, CAST('-1.20' AS DECIMAL(38,2)) AS dec, 'it''s' AS s, "
      "X'1ABF' AS bin, DATE'1969-12-31' AS day, INTERVAL '1-2' YEAR TO MONTH AS months, "
      "INTERVAL '3 04:05:06.7' DAY TO SECOND AS span "
      "UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
      "NULL";

  Result expected = today.query(sql), actual = connection.query(sql);

  ASSERT_EQ(actual.column_count(), expected.column_count());
  for (std::size_t i = 0; i < actual.column_count(); ++i) {
    EXPECT_EQ(actual.schema()[i].name, expected.schema()[i].name);
    EXPECT_EQ(actual.schema()[i].type, expected.schema()[i].type) << actual.schema()[i].name;
  }
  EXPECT_EQ(rows_of(std::move(actual)), rows_of(std::move(expected)));
}

TEST_P(EveryFlavor, TimestampsAndNestedValuesShowTheSameText) {
  const auto server = server_of(GetParam());
  Connection today = connect("timezone=Asia/Tokyo");
  Connection connection = connect_to(*server, "timezone=Asia/Tokyo");
  const std::string sql =
      "SELECT TIMESTAMP'2021-07-01 05:43:28.5' AS t, TIMESTAMP_NTZ'1500-02-03 04:05:06' AS n, "
      "array(1, 2, NULL) AS a, map('k', 1.5D) AS m, named_struct('x', 1, 'y', 'z') AS st";

  EXPECT_EQ(rows_of(connection.query(sql)), rows_of(today.query(sql)));
}

TEST_P(EveryFlavor, AllPagesArriveAlsoWhenTheLastOneIsFull) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server, "maxRows=100");
  for (const std::int64_t rows : {0, 1, 100, 1050, 1100}) {
    std::int64_t next = 0;

    Result result =
        connection.query("SELECT id FROM range(" + std::to_string(rows) + ") ORDER BY id");
    EXPECT_EQ(result.schema()[0].name, "id");
    for (const auto [id] : result.rows<std::int64_t>()) EXPECT_EQ(id, next++);

    EXPECT_EQ(next, rows);
  }
}

TEST_P(EveryFlavor, RowLimitsHold) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server, "maxRows=100");

  Result result = connection.query("SELECT id FROM range(1000)", {}, {.row_limit = 150});

  EXPECT_EQ(count_rows(result), 150);
}

TEST_P(EveryFlavor, StatementsWithoutRowsHaveNoColumns) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);

  Result result = connection.query("CREATE TABLE made (n INT)");

  EXPECT_EQ(result.column_count(), 0U);
  EXPECT_EQ(count_rows(result), 0);
}

TEST_P(EveryFlavor, ChangesAreCountedWhereTheServerCounts) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);
  connection.execute("CREATE TABLE counted (n INT)");

  const auto affected = connection.execute("INSERT INTO counted VALUES (1), (2), (3)");

  EXPECT_EQ(server->scalar("SELECT count(*) FROM counted"), 3);
  if (GetParam() == Flavor::Spark) {
    EXPECT_EQ(affected, std::nullopt);
  } else {
    EXPECT_EQ(affected, 3);
  }
}

TEST_P(EveryFlavor, ErrorsSayWhatIsWrongInOneLine) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);

  const Error missing = capture_error([&] { connection.query("SELECT * FROM no_such_table"); });
  const Error wrong = capture_error([&] { connection.query("SELEC 1"); });

  EXPECT_EQ(missing.kind(), ErrorKind::NotFound);
  EXPECT_EQ(missing.sqlstate(), "42P01");
  EXPECT_EQ(wrong.kind(), ErrorKind::SqlSyntax);
  for (const Error& error : {missing, wrong}) {
    EXPECT_THAT(error.message(), AllOf(Not(HasSubstr("Exception")), Not(HasSubstr("\n")),
                                       Not(HasSubstr(".scala")), Not(HasSubstr("Error running"))));
    EXPECT_FALSE(error.outcome_unknown());
  }
  EXPECT_THAT(missing.message(), HasSubstr("`no_such_table` cannot be found"));
  EXPECT_TRUE(connection.is_open());
}

TEST_P(EveryFlavor, ARunningStatementIsCancelled) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);
  std::stop_source stop;
  ExecuteOptions options;
  options.stop = stop.get_token();
  options.on_progress = [&](const Progress& progress) {
    if (progress.state == Progress::State::Running) stop.request_stop();
  };

  const Error error = capture_error([&] {
    connection.query("SELECT count(*) FROM range(100000000) a, range(100000000) b", {}, options);
  });

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
  EXPECT_TRUE(eventually([&] { return server->thrift().open_operations() == 0; }));
  EXPECT_EQ(rows_of(connection.query("SELECT 1")), std::vector<std::string>{"1|"});
}

TEST_P(EveryFlavor, TheServersTimeoutIsATimeout) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server, "query.timeout=1s");

  const Error error = capture_error(
      [&] { connection.query("SELECT count(*) FROM range(100000000) a, range(100000000) b"); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
}

TEST_P(EveryFlavor, NothingIsLeftBehind) {
  const auto server = server_of(GetParam());
  {
    Connection connection = connect_to(*server, "maxRows=10");
    Result half_read = connection.query("SELECT id FROM range(1000)");
    auto batch = half_read.next_batch();
    batch->release(&*batch);
    rows_of(connection.query("SELECT 1"));
    capture_error([&] { connection.query("SELEC 1"); });
    half_read.close();
    EXPECT_TRUE(eventually([&] { return server->thrift().open_operations() == 0; }));
  }
  EXPECT_TRUE(eventually([&] { return server->thrift().open_sessions() == 0; }));
}

TEST_P(EveryFlavor, ASchemaIsChosen) {
  const auto server = server_of(GetParam());
  Connection first = connect_to(*server);
  first.execute("CREATE SCHEMA `odd``name`");
  first.execute("CREATE TABLE `odd``name`.t AS SELECT 42 AS n");

  Connection connection = connect_to(*server, "schema=odd%60name");

  EXPECT_EQ(rows_of(connection.query("SELECT n FROM t")), std::vector<std::string>{"42|"});
}

TEST_P(EveryFlavor, ASchemaThatIsNotThereIsAnError) {
  const auto server = server_of(GetParam());

  const Error error = capture_error([&] { connect_to(*server, "schema=nowhere"); });

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  EXPECT_TRUE(eventually([&] { return server->thrift().open_sessions() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Servers, EveryFlavor,
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

class OldFlavors : public EveryFlavor {};

TEST_P(OldFlavors, ParametersAreRefusedBeforeAnythingIsSent) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);

  const Error error = capture_error([&] { connection.query("SELECT :x", {{"x", 5}}); });

  EXPECT_EQ(error.kind(), ErrorKind::NotSupported);
  EXPECT_THAT(error.message(), HasSubstr("literals"));
  EXPECT_EQ(server->journal().count("ExecuteStatement"), 0U);
}

TEST_P(OldFlavors, ACatalogTheyCannotChooseIsRefused) {
  const auto server = server_of(GetParam());

  EXPECT_EQ(capture_error([&] { connect_to(*server, "catalog=other"); }).kind(),
            ErrorKind::NotSupported);
  EXPECT_TRUE(connect_to(*server, "catalog=SPARK").is_open());
}

TEST_P(OldFlavors, QueryTagsAndLargeResultsAreNoProblem) {
  const auto server = server_of(GetParam());
  Connection connection = connect_to(*server);

  Result result = connection.query("SELECT id, repeat('x', 100) AS s FROM range(200000)", {},
                                   {.query_tags = {{"team", "a"}}});

  EXPECT_EQ(count_rows(result), 200'000);
}

INSTANTIATE_TEST_SUITE_P(Servers, OldFlavors, testing::Values(Flavor::DatabricksOld, Flavor::Spark),
                         [](const auto& parameter) {
                           return std::string(parameter.param == Flavor::Spark ? "Spark"
                                                                               : "DatabricksOld");
                         });

class SparkServer : public ServerFlavorTest {};

TEST_F(SparkServer, IsFoundOutOnceForAllConnectionsOfAConnector) {
  const auto server = server_of(Flavor::Spark);
  const auto connector = Connector::from_dsn(server->dsn());

  connector.connect();
  const std::size_t first = server->journal().count("OpenSession");
  connector.connect();

  EXPECT_EQ(first, 2U);
  EXPECT_EQ(server->journal().count("OpenSession"), 3U);
}

TEST_F(SparkServer, OfAnOlderVersionIsFoundOutToo) {
  warehouse::ServerOptions options;
  options.service.max_protocol = 7;  // HIVE V8
  const auto server = server_of(Flavor::Spark, options);

  Connection connection = connect_to(*server);

  EXPECT_EQ(rows_of(connection.query("SELECT 'a'")), std::vector<std::string>{"a|"});
  EXPECT_EQ(server->journal().count("OpenSession"), 4U);
}

TEST_F(SparkServer, WithRowsInPlaceOfColumnsIsRefused) {
  warehouse::ServerOptions options;
  options.service.max_protocol = 4;  // HIVE V5
  const auto server = server_of(Flavor::Spark, options);

  EXPECT_EQ(capture_error([&] { connect_to(*server); }).kind(), ErrorKind::NotSupported);
}

TEST_F(SparkServer, ChecksThePassword) {
  warehouse::ServerOptions options;
  options.token = "s3cret";
  const auto server = server_of(Flavor::Spark, options);
  const std::string target = "127.0.0.1:" + std::to_string(server->port()) + "/cliservice";

  const auto with = [&](const std::string& user) {
    return Connector::from_dsn("http://" + user + target).connect();
  };

  EXPECT_TRUE(with("ada:s3cret@").is_open());
  const Error wrong = capture_error([&] { with("ada:wrong@"); });
  EXPECT_EQ(wrong.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(wrong.message(), HasSubstr("Authentication Error"));
  EXPECT_EQ(capture_error([&] { with(""); }).kind(), ErrorKind::Unauthenticated);
  EXPECT_EQ(capture_error([&] { with("token:s3cret@"); }).kind(), ErrorKind::Unauthenticated);
}

TEST_F(SparkServer, IsReachedWithoutCredentialsWhenItChecksNone) {
  const auto server = server_of(Flavor::Spark);
  const std::string dsn = "http://127.0.0.1:" + std::to_string(server->port()) + "/cliservice";

  EXPECT_TRUE(Connector::from_dsn(dsn).connect().is_open());
}

TEST_F(SparkServer, KeepsTextInNestedValuesAsItCame) {
  const auto server = server_of(Flavor::Spark);
  Connection connection = connect_to(*server);

  EXPECT_EQ(rows_of(connection.query("SELECT map(1, 'a\"b')")),
            std::vector<std::string>{R"({1:"a"b"}|)"});
}

}  // namespace
}  // namespace dbsql::test
