#include "support/temporary_folder.h"
#include "tests/cli/shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbsql::cli {
namespace {

using test::LocalWarehouse;
using test::run_shell;
using test::unreachable_dsn;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDsn = "token:dapi0123456789abcdef@h.example:443/sql/1.0/warehouses/w";

TEST(ShellTelemetry, ShowsWhatWouldBeToldToWhomAndWhy) {
  const auto outcome = run_shell(
      {"telemetry", "show", "--dsn", std::string(kDsn) + "?http.header.X-Mine=s3cret-of-mine"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("telemetry is off (default_off)"));
  EXPECT_THAT(outcome.out, HasSubstr("POST https://h.example:443/telemetry-ext"));
  EXPECT_THAT(outcome.out, HasSubstr("telemetry.batch_size = 200  (default)"));
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("Authorization: ***"), HasSubstr("X-Mine: ***")));
  EXPECT_THAT(outcome.out, AllOf(Not(HasSubstr("dapi0123")), Not(HasSubstr("s3cret-of-mine"))));
  EXPECT_THAT(outcome.out, HasSubstr(R"("items":[],"protoLogs":[)"));
  for (const char* operation : {"CREATE_SESSION", "EXECUTE_STATEMENT", "DELETE_SESSION"})
    EXPECT_THAT(outcome.out, HasSubstr(operation));
  EXPECT_THAT(outcome.out, HasSubstr("entry.sql_driver_log.error_info.error_name"));
}

TEST(ShellTelemetry, SaysWhereEachDecisionComesFrom) {
  const std::string dsn = kDsn;
  const auto forced = run_shell({"telemetry", "show", "--dsn", dsn + "?forceEnableTelemetry=true"});
  const auto asked = run_shell({"telemetry", "show", "--dsn", dsn + "?enableTelemetry=true"});
  const auto killed = run_shell({"telemetry", "show", "--dsn", dsn + "?forceEnableTelemetry=true"},
                                "", {{"DO_NOT_TRACK", "1"}});

  EXPECT_THAT(forced.out, HasSubstr("telemetry is on (forced): telemetry.forced=true"));
  EXPECT_THAT(forced.out, ContainsRegex("telemetry.forced = true  \\(.*DSN"));
  EXPECT_THAT(asked.out, HasSubstr("telemetry is pending (server_not_asked)"));
  EXPECT_THAT(asked.out, HasSubstr("enableTelemetryForCppDriver"));
  EXPECT_THAT(killed.out, HasSubstr("telemetry is off (kill_switch)"));
}

/// Nobody answers there, and nothing is missed.
TEST(ShellTelemetry, ShowsItWithoutARequest) {
  const auto outcome =
      run_shell({"telemetry", "show", "--dsn", unreachable_dsn() + "&forceEnableTelemetry=true"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST(ShellTelemetry, ShowsWhatAStatementWouldTellAndSendsNothing) {
  const test::TemporaryFolder folder;
  const LocalWarehouse& warehouse = LocalWarehouse::shared();
  const auto outcome = run_shell({"telemetry", "show", "--run", "SELECT 'MARKED' FROM range(3)",
                                  "--dsn", warehouse.dsn() + "?forceEnableTelemetry=true"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out, HasSubstr("it has sent nothing"));
  EXPECT_THAT(outcome.out, HasSubstr("EXECUTE_STATEMENT"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("MARKED")));
}

TEST(ShellTelemetry, ShowsWhatAStatementThatFailsWouldTell) {
  const auto outcome =
      LocalWarehouse::shared().run({"telemetry", "show", "--run", "SELEC 'MARKED'"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("the statement failed"));
  EXPECT_THAT(outcome.out, HasSubstr("syntax_error"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("MARKED")));
}

TEST(ShellTelemetry, PrintsEveryFactThatCanBeTold) {
  const auto outcome = run_shell({"telemetry", "schema"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("entry.sql_driver_log.operation_latency_ms\n"));
  EXPECT_THAT(outcome.out, HasSubstr("\n  error.type, word of a list: "));
}

TEST(ShellTelemetry, TellsWhetherRecordsArrive) {
  const LocalWarehouse& warehouse = LocalWarehouse::shared();
  const auto off = warehouse.run({"telemetry", "status"});
  const auto on =
      run_shell({"telemetry", "status", "--dsn", warehouse.dsn() + "?forceEnableTelemetry=true"});

  EXPECT_EQ(off.exit_code, 0);
  EXPECT_THAT(off.out, HasSubstr("telemetry: off (default_off)\n"));
  EXPECT_THAT(off.out, HasSubstr("requests: 0,"));
  EXPECT_EQ(on.exit_code, 0);
  EXPECT_THAT(on.out, HasSubstr("telemetry: on (forced)\n"));
  EXPECT_THAT(on.out, HasSubstr("delivered: 2\n"));
  EXPECT_THAT(on.out, HasSubstr("last answer: HTTP 200\n"));
}

TEST(ShellTelemetry, RefusesWhatMakesNoCommand) {
  EXPECT_THAT(run_shell({"telemetry"}).err, HasSubstr("show, schema or status"));
  EXPECT_THAT(run_shell({"telemetry", "on"}).err, HasSubstr("show, schema or status"));
  EXPECT_THAT(run_shell({"telemetry", "show", "-e", "SELECT 1"}).err, HasSubstr("runs no SQL"));
  EXPECT_THAT(run_shell({"--run", "SELECT 1"}).err, HasSubstr("telemetry show"));
  EXPECT_EQ(run_shell({"telemetry", "show"}).exit_code, 2) << "where to connect?";
}

}  // namespace
}  // namespace dbsql::cli
