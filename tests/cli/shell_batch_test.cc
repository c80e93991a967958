#include "tests/cli/shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>

namespace dbsql::cli {
namespace {

using namespace std::chrono_literals;
using test::LocalWarehouse;
using test::Outcome;
using test::Program;
using test::TemporaryFolder;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

// Takes far longer than any test waits.
constexpr const char* kLongStatement =
    "SELECT count(*) FROM range(1000000) AS a CROSS JOIN range(1000000) AS b "
    "WHERE a.id % 7 = b.id % 5";
// Rows without an end.
constexpr const char* kManyRows = "SELECT * FROM range(10000000000)";

class Batch : public ::testing::Test {
 protected:
  static const LocalWarehouse& warehouse() { return LocalWarehouse::shared(); }
  static Outcome run(const std::vector<std::string>& arguments, std::string_view input = {}) {
    return warehouse().run(arguments, input);
  }
};

std::ptrdiff_t line_count(std::string_view text) {
  return std::count(text.begin(), text.end(), '\n');
}

TEST_F(Batch, PrintsATable) {
  const auto outcome =
      run({"-e", "SELECT origin, count(*) AS flights FROM flights GROUP BY origin ORDER BY 1"});

  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out,
            " origin | flights\n"
            "--------+---------\n"
            " JFK    |   25000\n"
            " ORD    |   25000\n"
            "(2 rows)\n");
}

TEST_F(Batch, ReadsStandardInputWhenPiped) {
  const auto outcome = run({"--format=csv", "--no-header"}, "SELECT 1; SELECT\n'two;' -- end\n");

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "1\n\ntwo;\n");
}

TEST_F(Batch, RunsTextAndFilesInTheirOrderInOneSession) {
  const TemporaryFolder folder;
  folder.write("two.sql", "SELECT x + 1 AS x FROM one;");

  const auto outcome =
      run({"--format=ndjson", "-q", "-e", "CREATE TEMPORARY VIEW one AS SELECT 1 AS x", "-f",
           folder.path("two.sql"), "-e", "SELECT x FROM one"});

  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "{\"x\":2}\n{\"x\":1}\n");
}

TEST_F(Batch, StreamsStatementsFromAPipeThatStaysOpen) {
  Program shell(DBSQL_SHELL, {"--format=csv", "--no-header"}, warehouse().environment());

  shell.send("SELECT 'first';\n");
  EXPECT_TRUE(shell.await_output("first\n"));
  shell.send("SELECT 'second';\n");
  EXPECT_TRUE(shell.await_output("second\n"));

  EXPECT_EQ(shell.wait().exit_code, 0);
}

constexpr const char* kTypes =
    "SELECT 9223372036854775807 AS i, CAST(0.10 AS DECIMAL(38, 2)) AS d, CAST(1.5 AS DOUBLE) AS f, "
    "true AS b, 'a,\"b\"' AS s, CAST(NULL AS STRING) AS n, DATE '2024-02-29' AS day, "
    "TIMESTAMP_NTZ '2024-02-29 12:00:00.5' AS t";

TEST_F(Batch, WritesEveryTypeAsCsv) {
  EXPECT_EQ(
      run({"--format=csv", "-e", kTypes}).out,
      "i,d,f,b,s,n,day,t\n"
      "9223372036854775807,0.10,1.5,true,\"a,\"\"b\"\"\",,2024-02-29,2024-02-29 12:00:00.5\n");
}

TEST_F(Batch, WritesEveryTypeAsTsv) {
  EXPECT_EQ(
      run({"--format=tsv", "--no-header", "-e", kTypes}).out,
      "9223372036854775807\t0.10\t1.5\ttrue\ta,\"b\"\t\\N\t2024-02-29\t2024-02-29 12:00:00.5\n");
}

TEST_F(Batch, WritesEveryTypeAsJson) {
  EXPECT_EQ(run({"--format=json", "-e", kTypes}).out,
            "[\n{\"i\":9223372036854775807,\"d\":0.10,\"f\":1.5,\"b\":true,\"s\":\"a,\\\"b\\\"\","
            "\"n\":null,\"day\":\"2024-02-29\",\"t\":\"2024-02-29 12:00:00.5\"}\n]\n");
}

TEST_F(Batch, WritesNestedValuesAsJson) {
  const auto outcome =
      run({"--format=ndjson", "-e", "SELECT array(1, NULL, 3) AS a, named_struct('x', 'y') AS s"});

  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "{\"a\":[1,null,3],\"s\":{\"x\":\"y\"}}\n");
}

TEST_F(Batch, WritesArrowStreams) {
  constexpr std::string_view kEndOfStream("\xFF\xFF\xFF\xFF\0\0\0\0", 8);

  const auto outcome = run({"--format=arrow", "-e", "SELECT * FROM flights"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, StartsWith("\xFF\xFF\xFF\xFF"));
  EXPECT_THAT(outcome.out, EndsWith(std::string(kEndOfStream)));
  EXPECT_GT(outcome.out.size(), 8U * LocalWarehouse::kFlights);
}

TEST_F(Batch, RefusesASecondResultInAnArrowStream) {
  const auto outcome = run({"--format=arrow", "-e", "SELECT 1", "-e", "SELECT 2"});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("arrow output holds one result"));
}

TEST_F(Batch, WritesAllRowsToAFile) {
  const TemporaryFolder folder;

  const auto outcome = run({"--format=csv", "-o", folder.path("all.csv"), "--timing", "-e",
                            "SELECT * FROM flights ORDER BY id"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, MatchesRegex("Time: .*, 50,000 rows, [0-9,]+ rows/s\n"));
  const std::string text = folder.read("all.csv");
  EXPECT_EQ(line_count(text), LocalWarehouse::kFlights + 1);
  EXPECT_THAT(text, StartsWith("id,origin,delay\n0,JFK,\n1,ORD,-9\n"));
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST_F(Batch, CutsResultsAtTheLimit) {
  const auto outcome = run({"--limit=3", "-e", "SELECT id FROM flights ORDER BY id"});

  EXPECT_EQ(outcome.out, " id\n----\n  0\n  1\n  2\n(3 rows, the limit)\n");
}

TEST_F(Batch, WritesTheHeaderOfAnEmptyResult) {
  EXPECT_EQ(run({"--format=csv", "-e", "SELECT id, origin FROM flights WHERE id < 0"}).out,
            "id,origin\n");
  EXPECT_EQ(run({"--format=json", "-e", "SELECT id FROM flights WHERE id < 0"}).out, "[]\n");
}

TEST_F(Batch, SaysWhatStatementsWithoutRowsDid) {
  const auto outcome =
      run({"-e",
           "CREATE OR REPLACE TABLE effects (x INT); INSERT INTO effects VALUES (1), (2); "
           "DROP TABLE effects"});

  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.out, "OK\n2 rows affected\nOK\n");
}

TEST_F(Batch, KeepsStandardOutputForDataInDataFormats) {
  const auto outcome =
      run({"--format=csv", "-e",
           "CREATE OR REPLACE TABLE effects2 (x INT); INSERT INTO effects2 VALUES (7); "
           "SELECT x FROM effects2"});

  EXPECT_EQ(outcome.out, "x\n7\n");
  EXPECT_EQ(outcome.err, "1 row affected\n");
}

TEST_F(Batch, EndsWithOneAtTheFirstFailedStatement) {
  const TemporaryFolder folder;
  folder.write("a.sql", "SELECT 1;\n\n-- next\nSELECT * FROM no_such_table;\nSELECT 3;\n");

  const auto outcome = run({"--format=csv", "--no-header", "-f", folder.path("a.sql")});

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.out, "1\n");
  EXPECT_THAT(outcome.err, StartsWith("error: "));
  EXPECT_THAT(outcome.err, HasSubstr("no_such_table"));
  EXPECT_THAT(outcome.err, HasSubstr("SQLSTATE 42P01"));
  EXPECT_THAT(outcome.err, HasSubstr(", statement "));
  EXPECT_THAT(outcome.err, HasSubstr("a.sql, line 4\n"));
}

TEST_F(Batch, LeavesNoFileAfterAFailedStatement) {
  const TemporaryFolder folder;

  const auto outcome = run({"--format=csv", "-o", folder.path("a.csv"), "-e",
                            "SELECT * FROM flights; SELECT * FROM no_such_table"});

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(folder.file_count(), 0U);
}

TEST_F(Batch, EndsWithFourWhenTheTimeIsUp) {
  const auto outcome = run({"--timeout=300ms", "-e", kLongStatement});

  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("SQLSTATE HYT00"));
  EXPECT_LT(outcome.elapsed, 5s);
}

/// Interrupts a shell once its statement runs, which it tells by its first statement's result.
Outcome interrupted(const LocalWarehouse& warehouse, const std::string& sql, int signal,
                    const std::vector<std::string>& arguments = {}) {
  std::vector<std::string> all{"--format=csv", "-e", "SELECT 'ready'", "-e", sql};
  all.insert(all.end(), arguments.begin(), arguments.end());
  Program shell(DBSQL_SHELL, all, warehouse.environment());
  EXPECT_TRUE(shell.await_output("ready\n"));
  shell.signal(signal);
  const auto started = std::chrono::steady_clock::now();
  Outcome outcome = shell.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);
  return outcome;
}

TEST_F(Batch, EndsWithFourWhenInterrupted) {
  const auto outcome = interrupted(warehouse(), kLongStatement, SIGINT);

  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_THAT(outcome.err, StartsWith("error: "));
}

TEST_F(Batch, EndsWithFourWhenAskedToEnd) {
  EXPECT_EQ(interrupted(warehouse(), kLongStatement, SIGTERM).exit_code, 4);
}

TEST_F(Batch, CanBeInterruptedWhileNobodyReadsItsOutput) {
  Program shell(DBSQL_SHELL, {"--format=csv", "-e", kManyRows}, warehouse().environment());
  ASSERT_TRUE(shell.await_output("1000\n"));  // from here on the pipe fills up
  shell.signal(SIGINT);

  EXPECT_EQ(shell.wait().exit_code, 4);
}

TEST_F(Batch, EndsQuietlyWhenTheReaderHasHadEnough) {
  Program shell(DBSQL_SHELL, {"--format=csv", "-e", kManyRows}, warehouse().environment());
  ASSERT_TRUE(shell.await_output("10\n"));
  shell.close_output();

  const auto outcome = shell.wait();

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Batch, EndsWithOneWhenTheDiskIsFull) {
  const auto outcome = run({"-o", "/dev/full", "-e", "SELECT 1"});

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.err, "error: cannot write /dev/full: No space left on device\n");
}

TEST_F(Batch, ShowsNoProgressWhenStandardErrorIsPiped) {
  const auto outcome = run({"--timeout=900ms", "-e", kLongStatement});

  EXPECT_THAT(outcome.err, Not(HasSubstr("Running")));
}

TEST(Connection, RefusedTokenEndsWithThree) {
  const LocalWarehouse warehouse({"--token", "the-right-one"});
  std::string dsn = warehouse.dsn();
  dsn.replace(dsn.find("the-right-one"), 13, "a-wrong-one");

  const auto outcome = test::run_shell({"-e", "SELECT 1"}, {}, {{"DBSQL_DSN", dsn}});

  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, StartsWith("error: "));
  EXPECT_THAT(outcome.err, Not(HasSubstr("a-wrong-one")));
  EXPECT_EQ(warehouse.run({"-e", "SELECT 1"}).exit_code, 0);
}

TEST(Connection, LostInTheMiddleEndsWithThree) {
  LocalWarehouse warehouse;
  Program shell(DBSQL_SHELL, {"--format=csv"}, {{"DBSQL_DSN", warehouse.impatient_dsn()}});
  shell.send("SELECT 'ready';\n");
  ASSERT_TRUE(shell.await_output("ready\n"));
  warehouse.kill();
  shell.send("SELECT 2;\n");

  const auto outcome = shell.wait();

  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("in standard input, line 2\n"));
}

TEST(Examples, RunAgainstTheLocalWarehouse) {
  const auto run = [](const std::string& name) {
    Program example(std::string(DBSQL_EXAMPLES) + "/example_" + name, {},
                    LocalWarehouse::shared().environment());
    Outcome outcome = example.wait();
    EXPECT_EQ(outcome.err, "");
    EXPECT_EQ(outcome.exit_code, 0);
    return outcome.out;
  };

  EXPECT_THAT(run("query"), HasSubstr("Rome  2755000  \nOslo  709000  \n"));
  EXPECT_EQ(run("typed_rows"), "1  Oslo  19.99  2024-02-29\n2  Rome  no price  2024-03-01\n");
  EXPECT_EQ(run("arrow_stream"), "sum: 42\n");
  const std::string errors = run("errors_and_timeouts");
  EXPECT_THAT(errors, HasSubstr("mistake: NotFound, SQLSTATE 42P01\n"));
  EXPECT_THAT(errors, HasSubstr("time limit: Timeout, SQLSTATE HYT00"));
  EXPECT_THAT(errors, HasSubstr("stopped: Cancelled, SQLSTATE HY008"));
  EXPECT_THAT(errors, EndsWith("still connected: 1\n"));
  EXPECT_EQ(run("pool"), "sum: 420, 20 uses of at most 4 connections: yes\nautocommit: 1\n");
  const std::string submit = run("submit");
  EXPECT_THAT(submit, HasSubstr("sum: 99940005000000"));
  EXPECT_THAT(submit, EndsWith("cancelled\ntaken over: 1000 rows\n"));
}

TEST(Examples, BringTheirOwnToken) {
  const LocalWarehouse warehouse({"--token", "s3cret"});
  std::string dsn = warehouse.dsn();
  constexpr std::string_view kUser = "token:s3cret@";
  dsn.erase(dsn.find(kUser), kUser.size());

  const auto run = [&](const char* token) {
    return Program(std::string(DBSQL_EXAMPLES) + "/example_token_provider", {dsn},
                   {{"MY_TOKEN", token}})
        .wait();
  };

  const Outcome welcome = run("s3cret");
  EXPECT_EQ(welcome.err, "");
  EXPECT_EQ(welcome.out, "auth.type = token-provider  (vault)\nwelcome\n");
  const Outcome refused = run("wr0ng");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("Invalid access token"), Not(HasSubstr("wr0ng"))));
}

TEST_F(Batch, MovesFilesOfVolumes) {
  const TemporaryFolder folder;
  folder.write("a.csv", "1,2,3\n");
  const auto sql = [&](const std::string& statement) {
    return run({"--allow-path", folder.path(""), "-e", statement});
  };
  run({"-q", "-e", "CREATE VOLUME IF NOT EXISTS files"});

  const auto put =
      sql("PUT '" + folder.path("a.csv") + "' INTO '/Volumes/main/default/files/a.csv' OVERWRITE");
  EXPECT_EQ(put.err, "");
  EXPECT_EQ(put.out, "6 bytes uploaded\n");
  EXPECT_EQ(sql("GET '/Volumes/main/default/files/a.csv' TO '" + folder.path("b.csv") + "'").out,
            "6 bytes downloaded\n");
  EXPECT_EQ(folder.read("b.csv"), "1,2,3\n");
  EXPECT_THAT(run({"--format", "csv", "-e", "LIST '/Volumes/main/default/files'"}).out,
              HasSubstr("/Volumes/main/default/files/a.csv,a.csv,6,"));
  EXPECT_EQ(sql("REMOVE '/Volumes/main/default/files/a.csv'").out, "Removed\n");
}

TEST_F(Batch, TouchesNoFileThatWasNotAllowed) {
  const TemporaryFolder folder;
  folder.write("a", "x");
  run({"-q", "-e", "CREATE VOLUME IF NOT EXISTS files"});

  const auto outcome =
      run({"-e", "PUT '" + folder.path("a") + "' INTO '/Volumes/main/default/files/a' OVERWRITE"});

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("must not be used"));
}

}  // namespace
}  // namespace dbsql::cli
