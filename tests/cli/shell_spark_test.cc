#include "tests/cli/shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

// The shell and an example against a Spark Thrift server: only the DSN differs.
namespace dbsql::cli {
namespace {

using test::LocalWarehouse;
using test::Outcome;
using test::Program;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ShellOnSpark : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_slot() = std::make_unique<LocalWarehouse>(std::vector<std::string>{"--flavor", "spark"});
  }
  static void TearDownTestSuite() { server_slot().reset(); }
  static LocalWarehouse& server() { return *server_slot(); }

 private:
  static std::unique_ptr<LocalWarehouse>& server_slot() {
    static std::unique_ptr<LocalWarehouse> server;
    return server;
  }
};

TEST_F(ShellOnSpark, RunsStatementsAndCountsRows) {
  EXPECT_THAT(server().dsn(), HasSubstr("/cliservice"));
  EXPECT_EQ(server().run({"--format=csv", "-e", "SELECT count(*) AS n FROM flights"}).out,
            "n\n50000\n");
  const Outcome all = server().run({"--format=csv", "--no-header", "-e", "SELECT * FROM flights"});
  EXPECT_EQ(std::count(all.out.begin(), all.out.end(), '\n'), LocalWarehouse::kFlights);
}

TEST_F(ShellOnSpark, RunsScriptsThatChangeThings) {
  const Outcome outcome = server().run(
      {"--format=csv"},
      "CREATE TABLE numbers (n INT); INSERT INTO numbers VALUES (1), (2); SELECT sum(n) AS s FROM "
      "numbers;\n");

  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("s\n3\n"));
}

TEST_F(ShellOnSpark, SaysWhatIsWrongInOneLine) {
  const Outcome outcome = server().run({"-e", "SELECT * FROM nope"});

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, StartsWith("error: [TABLE_OR_VIEW_NOT_FOUND]"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("HiveSQLException")));
}

TEST_F(ShellOnSpark, ListsColumnsAsTheExampleDoes) {
  Program example(std::string(DBSQL_EXAMPLES) + "/example_list_columns",
                  {server().dsn(), "flights"});

  const Outcome outcome = example.wait();

  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("flights."));
}

}  // namespace
}  // namespace dbsql::cli
