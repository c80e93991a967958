#include "tests/warehouse/thrift_client.h"
#include "warehouse/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

namespace dbsql::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kEndless =
    "SELECT sum(a.id * b.id) FROM range(100000000) a, range(1000000) b";

/// The whole warehouse: wire and SQL engine together.
class RealEngine : public testing::Test {
 protected:
  static warehouse::ServerOptions options() {
    warehouse::ServerOptions options;
    options.service.direct_results_wait = 20s;
    return options;
  }

  ThriftClient connect(std::int64_t protocol = 0xA509) {
    if (!server) server.emplace(options());
    ThriftClient client(server->port());
    client.open(protocol);
    return client;
  }

  static std::int64_t arrow_rows(const tcli::TRowSet& rows) {
    std::int64_t count = 0;
    for (const auto& batch : rows.arrowBatches) count += batch.rowCount;
    return count;
  }

  template <class Columns>
  static std::vector<std::string> names(const Columns& metadata) {
    std::vector<std::string> names;
    for (const auto& column : metadata.schema.columns) names.push_back(column.columnName);
    return names;
  }

  std::optional<warehouse::Server> server;
};

TEST_F(RealEngine, RunsDdlDmlAndQueries) {
  ThriftClient client = connect();

  client.execute("CREATE TABLE people (id INT, name STRING)");
  const auto inserted = client.execute("INSERT INTO people VALUES (1, 'Ada'), (2, NULL)");
  const auto selected = client.execute("SELECT id, name FROM people ORDER BY id");

  EXPECT_EQ(inserted.directResults.operationStatus.numModifiedRows, 2);
  EXPECT_THAT(names(inserted.directResults.resultSetMetadata),
              ElementsAre("num_affected_rows", "num_inserted_rows"));
  EXPECT_EQ(arrow_rows(selected.directResults.resultSet.results), 2);
  EXPECT_EQ(server->scalar("SELECT count(*) FROM people"), 2);
  EXPECT_EQ(server->scalar_text("SELECT name FROM people WHERE id = 1"), "Ada");
  EXPECT_EQ(server->scalar_text("SELECT name FROM people WHERE id = 2"), "");
}

TEST_F(RealEngine, SendsValuesAsTextToServersWithoutArrow) {
  ThriftClient client = connect(0xA504);

  const auto columns =
      client
          .execute(
              "SELECT CAST('-1.20' AS DECIMAL(10,2)), DATE'2021-07-01', "
              "TIMESTAMP_NTZ'2021-07-01 05:43:28.5', array(1, 2), CAST(NULL AS INT)")
          .directResults.resultSet.results.columns;

  ASSERT_EQ(columns.size(), 5U);
  EXPECT_EQ(columns[0].stringVal.values.at(0), "-1.20");
  EXPECT_EQ(columns[1].stringVal.values.at(0), "2021-07-01");
  EXPECT_EQ(columns[2].stringVal.values.at(0), "2021-07-01 05:43:28.5");
  EXPECT_EQ(columns[3].stringVal.values.at(0), "[1,2]");
  EXPECT_EQ(columns[4].i32Val.nulls, std::string("\x01", 1));
}

TEST_F(RealEngine, TakesParameters) {
  ThriftClient client = connect(0xA504);
  auto request = client.usual_request("SELECT :a + 1");
  tcli::TSparkParameter parameter;
  parameter.__set_name("a");
  parameter.__set_type("INT");
  tcli::TSparkParameterValue value;
  value.__set_stringValue("41");
  parameter.__set_value(value);
  request.__set_parameters({parameter});

  const auto columns = client.execute(request).directResults.resultSet.results.columns;

  EXPECT_EQ(columns.at(0).i32Val.values.at(0), 42);
}

TEST_F(RealEngine, KeepsSeveralResultsOfOneSessionOpen) {
  ThriftClient client = connect();
  const std::string all = "SELECT id FROM range(500000) ORDER BY id";
  const auto first = client.execute(client.usual_request(all, 1000)).operationHandle;
  const auto second = client.execute(client.usual_request(all, 1000)).operationHandle;
  client.execute("CREATE TABLE between_pages (id INT)");

  std::int64_t first_rows = 1000, second_rows = 1000;
  bool more = true;
  while (more) {
    const auto a = client.fetch(first, 50'000);
    const auto b = client.fetch(second, 50'000);
    ASSERT_EQ(a.status.statusCode, tcli::TStatusCode::SUCCESS_STATUS) << a.status.errorMessage;
    ASSERT_EQ(b.status.statusCode, tcli::TStatusCode::SUCCESS_STATUS) << b.status.errorMessage;
    EXPECT_EQ(a.results.startRowOffset, first_rows);
    first_rows += arrow_rows(a.results);
    second_rows += arrow_rows(b.results);
    more = a.hasMoreRows;
  }

  EXPECT_EQ(first_rows, 500'000);
  EXPECT_EQ(second_rows, 500'000);
}

TEST_F(RealEngine, StopsAStatementThatIsCancelled) {
  auto quick = options();
  quick.service.direct_results_wait = 50ms;
  server.emplace(quick);
  ThriftClient client = connect();
  const auto running = client.execute(kEndless);
  ASSERT_EQ(running.directResults.operationStatus.operationState,
            tcli::TOperationState::RUNNING_STATE);

  client.cancel(running.operationHandle);

  EXPECT_EQ(client.status(running.operationHandle).operationState,
            tcli::TOperationState::CANCELED_STATE);
  auto next = client.usual_request("SELECT 1");
  next.__set_runAsync(false);
  EXPECT_EQ(arrow_rows(client.execute(next).directResults.resultSet.results), 1)
      << "the session goes on with the next statement";
}

TEST_F(RealEngine, ReportsErrorsWithTheirSqlState) {
  ThriftClient client = connect();

  const auto missing = client.execute("SELECT * FROM no_such_table").directResults.operationStatus;
  const auto wrong = client.execute("SELEC 1").directResults.operationStatus;

  EXPECT_EQ(missing.sqlState, "42P01");
  EXPECT_THAT(missing.displayMessage, HasSubstr("TABLE_OR_VIEW_NOT_FOUND"));
  EXPECT_EQ(wrong.sqlState, "42601");
  EXPECT_THAT(wrong.displayMessage, HasSubstr("PARSE_SYNTAX_ERROR"));
}

TEST_F(RealEngine, AnswersCatalogCallsInTheShapeOfServers) {
  ThriftClient client = connect();
  client.execute("CREATE TABLE listed (id INT, price DECIMAL(10,2))");
  tcli::TGetColumnsReq request;
  request.sessionHandle = client.session;
  request.__set_tableName("listed");
  tcli::TSparkGetDirectResults direct;
  direct.maxRows = 1000;
  request.__set_getDirectResults(direct);

  const auto results = client.call<tcli::TGetColumnsResp>("GetColumns", request).directResults;

  const auto& columns = results.resultSet.results.columns;
  ASSERT_EQ(columns.size(), 23U);
  EXPECT_EQ(names(results.resultSetMetadata).at(22), "IS_AUTO_INCREMENT");
  EXPECT_THAT(columns[3].stringVal.values, ElementsAre("id", "price"));
  EXPECT_THAT(columns[4].i32Val.values, ElementsAre(4, 3));
  EXPECT_THAT(columns[5].stringVal.values, ElementsAre("INT", "DECIMAL(10,2)"));
  EXPECT_EQ(columns[7].byteVal.values.size(), 2U);
  EXPECT_THAT(columns[16].i32Val.values, ElementsAre(0, 1));
  EXPECT_EQ(columns[21].i16Val.values.size(), 2U);
}

TEST_F(RealEngine, LoadsFilesAsTables) {
  const auto file = std::filesystem::path(testing::TempDir()) / "dbsql-warehouse-load.csv";
  std::ofstream(file) << "id,name\n1,Ada\n2,Grace\n";
  auto with_table = options();
  with_table.tables = {{"people", file.string()}};

  server.emplace(with_table);

  EXPECT_EQ(server->scalar("SELECT count(*) FROM people"), 2);
}

TEST_F(RealEngine, ExplainsWhatItCannotLoad) {
  auto with_table = options();
  with_table.tables = {{"people", "/no/such/file.csv"}};
  auto without_engine = options();
  without_engine.engine.library = "/no/such/libengine.so";
  const auto reason = [](const warehouse::ServerOptions& wrong) {
    try {
      warehouse::Server failed(wrong);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string("started");
  };

  EXPECT_THAT(reason(with_table), HasSubstr("there is no file /no/such/file.csv"));
  EXPECT_THAT(reason(without_engine), HasSubstr("bootstrap"));
}

TEST_F(RealEngine, StopsWhileStatementsRun) {
  auto quick = options();
  quick.service.direct_results_wait = 20ms;
  server.emplace(quick);
  std::vector<ThriftClient> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(connect());
  for (auto& client : clients) client.execute(kEndless);
  const auto started = std::chrono::steady_clock::now();

  server->stop();

  EXPECT_LT(std::chrono::steady_clock::now() - started, 10s);
}

TEST_F(RealEngine, DoesNotHoldALargeResultInMemory) {
  ThriftClient client = connect();
  const auto resident_kib = [] {
    std::ifstream status("/proc/self/statm");
    long pages = 0, resident = 0;
    status >> pages >> resident;
    return resident * 4;
  };
  // 20 million rows of 16 bytes: 320 MB, were they all held.
  const auto handle =
      client.execute(client.usual_request("SELECT id, id * 2 FROM range(20000000)", 1000))
          .operationHandle;
  const long before = resident_kib();
  std::int64_t rows = 1000;
  long most = 0;

  bool more = true;
  while (more) {
    const auto page = client.fetch(handle, 200'000);
    rows += arrow_rows(page.results);
    most = std::max(most, resident_kib());
    more = page.hasMoreRows;
  }

  EXPECT_EQ(rows, 20'000'000);
  EXPECT_LT(most - before, 200 * 1024);
}

}  // namespace
}  // namespace dbsql::test
