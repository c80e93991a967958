#include "support/canaries.h"
#include "tests/cli/shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

namespace dbsql::cli {
namespace {

using test::LocalWarehouse;
using test::run_shell;
using test::TemporaryFolder;
using test::unreachable_dsn;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kName = "support.json";

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0U;
}

// ---- the log

TEST(ShellLog, IsQuietByItself) {
  const auto outcome = LocalWarehouse::shared().run({"-q", "-e", "SELECT 1"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST(ShellLog, TellsWhatItDoesWhenItIsAsked) {
  const auto outcome =
      LocalWarehouse::shared().run({"-q", "--log-level", "debug", "-e", "SELECT 7"});

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err,
              ContainsRegex("debug dbsql thrift: conn=[-0-9a-f]+ submitting SELECT 7"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("submitting SELECT 7\n\n")));
}

TEST(ShellLog, GoesToAFile) {
  const TemporaryFolder folder;
  const std::string file = folder.path(kName);

  const auto outcome = LocalWarehouse::shared().run(
      {"-q", "--log-level=debug", "--log-file", file, "-e", "SELECT 7"});

  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(folder.read(kName), HasSubstr("submitting SELECT 7"));
  EXPECT_EQ(mode_of(file), 0600U);
}

TEST(ShellLog, IsSetUpByTheConnectionAsWell) {
  const TemporaryFolder folder;
  const std::string dsn = LocalWarehouse::shared().dsn();
  const std::string more = "log.level=debug&log.format=json&log.file=" + folder.path("");

  const auto outcome = run_shell({"-q", "-e", "SELECT 7", "--dsn",
                                  dsn + (dsn.find('?') == std::string::npos ? "?" : "&") + more});

  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(folder.read("dbsql.log"),
              AllOf(StartsWith("{\"time\":\""), HasSubstr("\"level\":\"debug\"")));
}

TEST(ShellLog, HasTheLevelOfTheEnvironment) {
  auto environment = LocalWarehouse::shared().environment();
  environment["DATABRICKS_LOG_LEVEL"] = "DEBUG";

  const auto outcome = run_shell({"-q", "-e", "SELECT 7"}, "", environment);

  EXPECT_THAT(outcome.err, HasSubstr("submitting SELECT 7"));
}

// reference/auth-http-config.md 8.5, S9
TEST(ShellLog, KeepsItsLevelWhereTheEnvironmentNamesNone) {
  auto environment = LocalWarehouse::shared().environment();
  environment["DATABRICKS_LOG_LEVEL"] = "loud";

  const auto outcome = run_shell({"-q", "-e", "SELECT 7"}, "", environment);

  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err,
              ContainsRegex("^[^\n]* error dbsql log: DATABRICKS_LOG_LEVEL=loud [^\n]*\n$"));
}

TEST(ShellLog, RefusesALevelThatThereIsNot) {
  const auto outcome = run_shell({"--log-level", "loud", "-e", "SELECT 1"});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("trace, debug, info, warn, error and off"));
}

TEST(ShellLog, SaysThatItsFileCannotBeWritten) {
  const auto outcome = run_shell({"--log-file", "/nowhere/at/all/x", "-e", "SELECT 1"});

  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("log.file"));
}

// ---- doctor

TEST(ShellDoctor, EndsWithZeroWhereEverythingWorks) {
  const auto outcome = LocalWarehouse::shared().run({"doctor"});

  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, StartsWith("The way to http://127.0.0.1:"));
  EXPECT_THAT(outcome.out, ContainsRegex("ok +statement +SELECT 1 was statement"));
}

TEST(ShellDoctor, EndsWithThreeAndTheCureWhereSomethingFails) {
  const auto outcome = run_shell({"doctor", "--dsn", unreachable_dsn()});

  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.out, ContainsRegex("FAILED +tcp +cannot connect"));
  EXPECT_THAT(outcome.out, HasSubstr("-> check the port"));
  EXPECT_THAT(outcome.out, ContainsRegex("skipped +auth +rests on tcp"));
}

TEST(ShellDoctor, EndsWithTwoWhereTheOptionsAreWrong) {
  const auto outcome = run_shell({"doctor", "--dsn", "databricks://token:t@h.example"});

  EXPECT_EQ(outcome.exit_code, 2) << outcome.out << outcome.err;
}

TEST(ShellDoctor, IsJsonForPrograms) {
  const auto outcome = run_shell({"doctor", "--json", "--dsn", unreachable_dsn()});

  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.out, StartsWith("{\"origin\":\"https://127.0.0.1:"));
  EXPECT_THAT(outcome.out, HasSubstr("\"healthy\":false"));
}

TEST(ShellDoctor, RunsNoSql) {
  EXPECT_EQ(run_shell({"doctor", "-e", "SELECT 1", "--dsn", unreachable_dsn()}).exit_code, 2);
  EXPECT_EQ(run_shell({"doctor", "now", "--dsn", unreachable_dsn()}).exit_code, 2);
  EXPECT_EQ(run_shell({"bundle", "--dsn", unreachable_dsn()}).exit_code, 2);
}

// ---- bundle

TEST(ShellBundle, IsOneFileForItsOwnerAlone) {
  const TemporaryFolder folder;
  const std::string file = folder.path(kName);

  const auto outcome = LocalWarehouse::shared().run({"bundle", file});

  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("wrote " + file));
  EXPECT_EQ(mode_of(file), 0600U);
  EXPECT_THAT(folder.read(kName),
              AllOf(HasSubstr("\"versions\": {\"dbsql\": "), HasSubstr("\"healthy\":true"),
                    HasSubstr("host = 127.0.0.1"), HasSubstr("session opened")));
}

TEST(ShellBundle, IsWrittenWhereNothingWorks) {
  const TemporaryFolder folder;
  const std::string file = folder.path(kName);

  const auto outcome = run_shell({"bundle", file, "--dsn", unreachable_dsn()});

  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(folder.read(kName), HasSubstr("\"healthy\":false"));
}

TEST(ShellBundle, OverwritesOnlyWhenItIsTold) {
  const TemporaryFolder folder;
  folder.write(kName, "precious");
  const std::string file = folder.path(kName);

  const auto refused = run_shell({"bundle", file, "--dsn", unreachable_dsn()});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("--force"));
  EXPECT_EQ(folder.read(kName), "precious");

  EXPECT_EQ(run_shell({"bundle", file, "--force", "--dsn", unreachable_dsn()}).exit_code, 0);
  EXPECT_THAT(folder.read(kName), StartsWith("{"));
}

TEST(ShellBundle, HasNoSecretInIt) {
  dbsql::test::Canaries canaries;
  const std::string secret = canaries.make("secret");
  const TemporaryFolder folder;
  folder.write("app.log", "password=hunter2 of /home/jane/x\n");
  const std::string file = folder.path(kName);
  const std::string dsn = "token:" + secret + "@127.0.0.1:1/p?retry.max_attempts=1";

  const auto outcome =
      run_shell({"bundle", file, "--attach", folder.path("app.log"), "--dsn", dsn});

  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(canaries.found_in(folder.read(kName)), IsEmpty());
  EXPECT_THAT(canaries.found_in(outcome.out + outcome.err), IsEmpty());
  EXPECT_THAT(folder.read(kName),
              AllOf(HasSubstr("password=***"), Not(HasSubstr("jane")), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace dbsql::cli
