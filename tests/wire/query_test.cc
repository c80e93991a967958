#include "wire/wire_test.h"

#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace dbsql::test {
namespace {

class QueryTest : public WireTest {};

TEST_F(QueryTest, ASmallQueryIsExactlyOneRequest) {
  Connection connection = connect();
  warehouse().journal().clear();

  for (const auto [one] : connection.query("SELECT 1").rows<std::int32_t>()) EXPECT_EQ(one, 1);

  EXPECT_EQ(warehouse().journal().entries().size(), 1U);
  EXPECT_EQ(requests("ExecuteStatement"), 1U);
}

TEST_F(QueryTest, GivesTypedRows) {
  Connection connection = connect();
  Result result = connection.query(
      "SELECT * FROM VALUES (1, 'a', 1.5D), (2, NULL, -0.5D) AS t(id, name, ratio) ORDER BY id");
  std::vector<std::tuple<std::int64_t, std::optional<std::string>, double>> rows;

  for (const auto [id, name, ratio] :
       result.rows<std::int64_t, std::optional<std::string>, double>())
    rows.emplace_back(id, name, ratio);

  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0], std::make_tuple(1, std::optional<std::string>("a"), 1.5));
  EXPECT_EQ(rows[1], std::make_tuple(2, std::optional<std::string>(), -0.5));
}

TEST_F(QueryTest, DescribesItsColumns) {
  Connection connection = connect();

  const Result result = connection.query(
      "SELECT CAST(1 AS BIGINT) AS id, CAST('1.20' AS DECIMAL(10,2)) AS price, array(1, 2) AS "
      "tags, "
      "TIMESTAMP_NTZ'2021-07-01 05:43:28' AS seen");

  ASSERT_EQ(result.column_count(), 4U);
  EXPECT_EQ(result.schema()[0].name, "id");
  EXPECT_EQ(result.schema()[0].type, TypeId::BigInt);
  EXPECT_EQ(result.schema()[1].type_text, "DECIMAL(10,2)");
  EXPECT_EQ(result.schema()[1].precision, 10);
  EXPECT_EQ(result.schema()[1].scale, 2);
  EXPECT_EQ(result.schema()[2].type_text, "ARRAY<INT>");
  EXPECT_EQ(result.schema()[3].type, TypeId::TimestampNtz);
}

TEST_F(QueryTest, GivesDynamicRowsAsText) {
  Connection connection = connect();
  const std::vector<std::pair<std::string, std::string>> cases{
      {"CAST('1.20' AS DECIMAL(10,2))", "1.20"},
      {"DATE'2021-07-01'", "2021-07-01"},
      {"TIMESTAMP_NTZ'2021-07-01 05:43:28.5'", "2021-07-01 05:43:28.5"},
      {"array(1, NULL, 3)", "[1,null,3]"},
      {"named_struct('a', 1, 'b', 'x\"y')", R"({"a":1,"b":"x\"y"})"},
      {"map('k', 1.5D)", R"({"k":1.5})"},
      {"CAST(9007199254740993 AS BIGINT)", "9007199254740993"},
      {"X'1ABF'", "1abf"},
      {"true", "true"},
      {"NULL", "NULL"}};
  for (const auto& [sql, text] : cases) {
    Result result = connection.query("SELECT " + sql);
    int rows = 0;
    for (const RowRef row : result.rows()) {
      EXPECT_EQ(row[0].to_string(), text) << sql;
      EXPECT_EQ(row.text(0), text) << sql;
      ++rows;
    }
    EXPECT_EQ(rows, 1) << sql;
  }
}

TEST_F(QueryTest, ReadsAResultOfManyPages) {
  Connection connection = connect("maxRows=1000");
  std::int64_t expected = 0;

  Result result = connection.query("SELECT id FROM range(25000) ORDER BY id");
  for (const auto [id] : result.rows<std::int64_t>()) {
    ASSERT_EQ(id, expected);
    ++expected;
  }

  EXPECT_EQ(expected, 25'000);
  EXPECT_GE(requests("FetchResults"), 24U);
  EXPECT_TRUE(eventually([] { return requests("CloseOperation") == 1; }));
}

TEST_F(QueryTest, TheNextPageIsOnItsWayWhileRowsAreRead) {
  Connection connection = connect("maxRows=1000&cloudfetch.enabled=false");
  Result result = connection.query("SELECT id FROM range(5000) ORDER BY id");

  skip_batch(result);
  skip_batch(result);

  EXPECT_TRUE(eventually([] { return requests("FetchResults") == 2; }))
      << "the third page is asked for before anybody reads it";
}

TEST_F(QueryTest, HandsOutAnArrowStream) {
  Connection connection = connect("maxRows=1000");
  ArrowArrayStream stream = connection.query("SELECT id, 'x' AS s FROM range(5000)").arrow_stream();
  ArrowSchema schema{};
  std::int64_t rows = 0;

  ASSERT_EQ(stream.get_schema(&stream, &schema), 0);
  for (;;) {
    ArrowArray batch{};
    ASSERT_EQ(stream.get_next(&stream, &batch), 0) << stream.get_last_error(&stream);
    if (batch.release == nullptr) break;
    rows += batch.length;
    batch.release(&batch);
  }

  EXPECT_EQ(rows, 5000);
  EXPECT_EQ(schema.n_children, 2);
  schema.release(&schema);
  stream.release(&stream);
}

TEST_F(QueryTest, AnEmptyResultKeepsItsColumns) {
  Connection connection = connect();

  Result result = connection.query("SELECT 1 AS a, 'x' AS b WHERE false");

  EXPECT_EQ(result.column_count(), 2U);
  EXPECT_EQ(count_rows(result), 0);
}

TEST_F(QueryTest, ReportsAffectedRows) {
  Connection connection = connect();
  connection.execute("CREATE OR REPLACE TABLE affected (id INT)");

  EXPECT_EQ(connection.execute("INSERT INTO affected VALUES (1), (2), (3)"), 3);
  EXPECT_EQ(connection.execute("UPDATE affected SET id = id + 10 WHERE id > 1"), 2);
  EXPECT_EQ(connection.execute("DELETE FROM affected"), 3);
  EXPECT_EQ(connection.execute("DROP TABLE affected"), std::nullopt);
}

TEST_F(QueryTest, BindsParametersByNameAndByPosition) {
  Connection connection = connect();

  Result named = connection.query("SELECT :a + 1, :b", {{"a", 41}, {"b", "it's"}});
  for (const auto [sum, text] : named.rows<std::int64_t, std::string>()) {
    EXPECT_EQ(sum, 42);
    EXPECT_EQ(text, "it's");
  }
  Result positional = connection.query("SELECT ?, ?", Parameters::positional({"x", nullptr}));
  for (const RowRef row : positional.rows()) {
    EXPECT_EQ(row.get<std::string>(0), "x");
    EXPECT_TRUE(row.is_null(1));
  }
}

TEST_F(QueryTest, CutsTheResultAtTheRowLimit) {
  Connection connection = connect("maxRows=10");
  ExecuteOptions options;
  options.row_limit = 25;

  Result result = connection.query("SELECT id FROM range(1000)", {}, options);

  EXPECT_EQ(count_rows(result), 25);
}

TEST_F(QueryTest, ReportsASyntaxErrorWithItsState) {
  Connection connection = connect();

  const Error error = capture_error([&] { connection.query("SELEC 1"); });

  EXPECT_EQ(error.kind(), ErrorKind::SqlSyntax);
  EXPECT_EQ(error.sqlstate(), "42601");
  EXPECT_EQ(error.connection_id(), connection.id());
  EXPECT_TRUE(connection.is_open());
}

TEST_F(QueryTest, ReportsAMissingTableAsNotFound) {
  Connection connection = connect();

  const Error error = capture_error([&] { connection.query("SELECT * FROM no_such_table"); });

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  EXPECT_EQ(error.error_class(), "TABLE_OR_VIEW_NOT_FOUND");
}

TEST_F(QueryTest, TheConnectionStaysUsableAfterAnError) {
  Connection connection = connect();
  capture_error([&] { connection.query("SELECT 1 / "); });

  for (const auto [one] : connection.query("SELECT 1").rows<std::int32_t>()) EXPECT_EQ(one, 1);
}

TEST_F(QueryTest, AResultMayBeReadAfterItsConnectionIsGone) {
  std::optional<Result> result;
  {
    Connection connection = connect("maxRows=100");
    result = connection.query("SELECT id FROM range(1000)");
  }

  EXPECT_EQ(count_rows(*result), 1000);
  EXPECT_EQ(requests("CloseSession"), 0U);
  result.reset();
  EXPECT_TRUE(eventually([] { return requests("CloseSession") == 1; }));
}

TEST_F(QueryTest, AResultDroppedEarlyIsFreedOnTheServer) {
  Connection connection = connect("maxRows=10");
  {
    Result result = connection.query("SELECT id FROM range(1000)");
    (void)result;
  }

  EXPECT_TRUE(eventually([] { return requests("CloseOperation") == 1; }));
}

TEST_F(QueryTest, TwoResultsOfOneConnectionAreReadSideBySide) {
  Connection connection = connect("maxRows=10");
  Result a = connection.query("SELECT id FROM range(100)");
  Result b = connection.query("SELECT id FROM range(200)");
  std::int64_t rows_a = 0;
  std::int64_t rows_b = 0;
  bool more = true;

  while (more) {
    more = false;
    for (auto [result, rows] : {std::pair(&a, &rows_a), std::pair(&b, &rows_b)}) {
      auto batch = result->next_batch();
      if (!batch) continue;
      *rows += batch->length;
      batch->release(&*batch);
      more = true;
    }
  }

  EXPECT_EQ(rows_a, 100);
  EXPECT_EQ(rows_b, 200);
}

TEST_F(QueryTest, ManyConnectionsWorkAtOnce) {
  constexpr int kThreads = 8;
  std::vector<std::int64_t> sums(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i)
      threads.emplace_back([&sums, i] {
        Connection connection = connect("maxRows=500");
        for (int repeat = 0; repeat < 5; ++repeat) {
          Result result = connection.query("SELECT id FROM range(2000)");
          for (const auto [id] : result.rows<std::int64_t>()) sums[i] += id;
        }
      });
  }

  for (const std::int64_t sum : sums) EXPECT_EQ(sum, 5 * 1999LL * 2000 / 2);
}

TEST_F(QueryTest, ReusesOneNetworkConnection) {
  Connection connection = connect();
  warehouse().journal().clear();

  for (int i = 0; i < 20; ++i) connection.execute("SELECT 1");

  const auto entries = warehouse().journal().entries();
  ASSERT_EQ(entries.size(), 20U);
  for (const auto& entry : entries) EXPECT_EQ(entry.connection, entries.front().connection);
}

TEST_F(QueryTest, UsesTheCatalogAndSchemaOfTheDsn) {
  connect().execute("CREATE SCHEMA IF NOT EXISTS wire_schema");

  Connection connection = connect("catalog=main&schema=wire_schema");
  Result result = connection.query("SELECT current_catalog(), current_schema()");

  for (const auto [catalog, schema] : result.rows<std::string, std::string>()) {
    EXPECT_EQ(catalog, "main");
    EXPECT_EQ(schema, "wire_schema");
  }
}

TEST_F(QueryTest, ShowsTimestampsInTheSessionsZone) {
  Connection connection = connect("timezone=America/Los_Angeles");

  Result result = connection.query("SELECT TIMESTAMP'2021-07-01 05:43:28Z' AS t");

  EXPECT_EQ(result.schema()[0].time_zone, "America/Los_Angeles");
  for (const RowRef row : result.rows()) {
    EXPECT_EQ(row.get<Timestamp>(0).microseconds, 1625118208000000);
    EXPECT_EQ(row.text(0), "2021-06-30 22:43:28");
  }
}

TEST_F(QueryTest, TellsHowAStatementProgresses) {
  Connection connection = connect();
  ExecuteOptions options;
  std::vector<Progress> seen;
  options.on_progress = [&](const Progress& progress) { seen.push_back(progress); };

  Result result =
      connection.query("SELECT sum(a.id * b.id) FROM range(20000) a, range(10000) b", {}, options);
  count_rows(result);

  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back().state, Progress::State::Finished);
  EXPECT_EQ(seen.back().statement_id, result.statement_id());
}

TEST_F(QueryTest, AClosedConnectionSaysSo) {
  Connection connection = connect();
  connection.close();

  EXPECT_FALSE(connection.is_open());
  EXPECT_EQ(capture_error([&] { connection.query("SELECT 1"); }).kind(), ErrorKind::InvalidState);
  EXPECT_EQ(requests("CloseSession"), 1U);
}

}  // namespace
}  // namespace dbsql::test
