#include "tests/cli/shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>

namespace dbsql::cli {
namespace {

using namespace std::chrono_literals;
using test::Program;
using test::run_shell;
using test::TemporaryFolder;
using test::unreachable_dsn;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Shell, PrintsItsHelpAndVersion) {
  const auto help = run_shell({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("usage: dbsql"));
  EXPECT_EQ(help.err, "");

  const auto version = run_shell({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, StartsWith("dbsql "));
}

TEST(Shell, EndsWithTwoForWrongUsage) {
  const auto outcome = run_shell({"--fromat", "csv"});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("did you mean --format?"));
}

TEST(Shell, EndsWithTwoWithoutADsn) {
  const auto outcome = run_shell({"-e", "SELECT 1"});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("DBSQL_DSN"));
}

TEST(Shell, PrintsTheOptionsOfConnections) {
  const auto outcome = run_shell({"--help-options"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("retry.max_attempts  (number, 1 to 100; default 6)"));
}

TEST(Shell, ShowsWhereItsOptionsComeFrom) {
  const TemporaryFolder folder;
  folder.write(".databrickscfg", "[dev]\nhost = h.example\ntoken = s3cret\n");
  const test::Environment home{{"HOME", folder.path("")}};

  const auto profile = run_shell({"--profile", "dev", "--show-options"}, "", home);
  EXPECT_EQ(profile.exit_code, 0) << profile.err;
  EXPECT_THAT(profile.out, HasSubstr("host = h.example  (profile dev of "));
  EXPECT_THAT(profile.out, HasSubstr("auth.token = ***"));
  EXPECT_THAT(profile.out, Not(HasSubstr("s3cret")));

  const auto odbc = run_shell({"--show-options", "--dsn", "Host=h;PWD=s3cret"});
  EXPECT_THAT(odbc.out, HasSubstr("host = h  (ODBC string"));
}

TEST(Shell, ExplainsHowItAuthenticates) {
  const TemporaryFolder folder;
  folder.write(".databrickscfg",
               "[robot]\nhost = h.example\nclient_id = id\nclient_secret = s3cret\n"
               "warehouse_id = w\n");
  const test::Environment home{{"HOME", folder.path("")}};

  const auto outcome = run_shell({"auth", "explain", "--profile", "robot"}, "", home);

  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, StartsWith("Authentication for https://h.example\n"));
  EXPECT_THAT(outcome.out, ContainsRegex("used +oauth-m2m +it is configured"));
  EXPECT_THAT(outcome.out, ContainsRegex("pat +auth.token is not set"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("s3cret")));
}

TEST(Shell, ExplainsWhyNoWayToAuthenticateWorks) {
  const auto outcome = run_shell(
      {"auth", "explain", "--dsn", "databricks://h.example?warehouse_id=w&auth.type=unified"}, "",
      {{"PATH", "/nowhere"}});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.out,
              ContainsRegex("passed over +databricks-cli +.*databricks is not installed"));
  EXPECT_THAT(outcome.out, ContainsRegex("passed over +pat +auth.token is not set"));
  EXPECT_THAT(outcome.out, EndsWith("\nThis fails: no credentials are given: no method of "
                                    "authentication works here\n"));
}

TEST(Shell, ExplainsToWhoeverAsksInTheRightWords) {
  EXPECT_THAT(run_shell({"auth"}).err, HasSubstr("auth explain"));
  EXPECT_THAT(run_shell({"auth", "login"}).err, HasSubstr("auth explain"));
  EXPECT_THAT(run_shell({"auth", "explain", "-e", "SELECT 1"}).err, HasSubstr("runs no SQL"));
  EXPECT_EQ(run_shell({"auth", "explain"}).exit_code, 2) << "where to connect?";
}

TEST(Shell, NeverRepeatsAConnectionThatStandsInTheWrongPlace) {
  for (const char* argument :
       {"token:s3cret@h:443/p", "Host=h;PWD=s3cret", "-dsn=token:s3cret@h:443",
        "--dns=token:s3cret@h:443/p", "--token:s3cret@h"}) {
    const auto outcome = run_shell({argument});
    EXPECT_EQ(outcome.exit_code, 2) << argument;
    EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("s3cret"))) << argument;
  }
}

TEST(Shell, TakesTheEnvironmentOfDatabricks) {
  const auto outcome = run_shell({"--show-options"}, "", {{"DATABRICKS_HOST", "h.example"}});

  EXPECT_THAT(outcome.out, HasSubstr("host = h.example  (environment variable DATABRICKS_HOST)"));
}

TEST(Shell, EndsWithTwoForABadDsnWithoutShowingTheToken) {
  const auto outcome =
      run_shell({"--dsn", "token:dapi-secret@host-without-port", "-e", "SELECT 1"});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("port"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("dapi-secret")));
}

TEST(Shell, EndsWithTwoForAScriptThatIsNotThere) {
  const auto outcome = run_shell({"--dsn", unreachable_dsn(), "-f", "/nonexistent.sql"});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_EQ(outcome.err, "error: cannot read /nonexistent.sql: No such file or directory\n");
}

TEST(Shell, EndsWithThreeWhenNobodyAnswers) {
  const auto outcome = run_shell({"--dsn", unreachable_dsn(), "-e", "SELECT 1"});

  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, StartsWith("error: "));
  EXPECT_THAT(outcome.err, HasSubstr("SQLSTATE 08"));
}

TEST(Shell, LeavesAnEarlierOutputFileAloneWhenItCannotConnect) {
  const TemporaryFolder folder;
  folder.write("a.csv", "earlier");

  const auto outcome =
      run_shell({"--dsn", unreachable_dsn(), "-o", folder.path("a.csv"), "-e", "SELECT 1"});

  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(folder.read("a.csv"), "earlier");
  EXPECT_EQ(folder.file_count(), 1U);
}

TEST(Shell, DoesNotConnectForNoStatements) {
  EXPECT_EQ(run_shell({"--dsn", unreachable_dsn()}, " -- nothing\n ;").exit_code, 0);
}

TEST(Shell, StopsWaitingForInputWhenInterrupted) {
  Program shell(DBSQL_SHELL, {"--dsn", unreachable_dsn(), "-f", "-"});
  ASSERT_TRUE(shell.await_handler(SIGINT));
  shell.signal(SIGINT);

  const auto outcome = shell.wait_with_input_open();

  EXPECT_EQ(outcome.exit_code, 4);
  EXPECT_EQ(outcome.err, "error: interrupted\n");
}

TEST(Shell, HidesTheTokenFromTheProcessList) {
  Program shell(DBSQL_SHELL, {"--dsn", unreachable_dsn(), "-f", "-"});
  ASSERT_TRUE(shell.await_handler(SIGINT));

  EXPECT_THAT(shell.command_line(), Not(HasSubstr("token")));
  EXPECT_THAT(shell.command_line(), HasSubstr("***"));
}

}  // namespace
}  // namespace dbsql::cli
