#include "tests/cli/shell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace dbsql::cli {
namespace {

using namespace std::chrono_literals;
using test::LocalWarehouse;
using test::TemporaryFolder;
using test::TerminalProgram;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCtrlC = "\x03";
constexpr const char* kCtrlD = "\x04";
constexpr const char* kPrompt = "dbsql> ";
constexpr const char* kLongStatement =
    "SELECT count(*) FROM range(1000000) AS a CROSS JOIN range(1000000) AS b "
    "WHERE a.id % 7 = b.id % 5;\r";

/// A shell at its first prompt.
class Terminal : public ::testing::Test {
 protected:
  void start(const std::string& dsn = LocalWarehouse::shared().dsn()) {
    shell_.emplace(DBSQL_SHELL, std::vector<std::string>{},
                   test::Environment{{"DBSQL_DSN", dsn}, {"XDG_STATE_HOME", state_.path("")}});
    ASSERT_TRUE(expect(kPrompt));
  }

  ::testing::AssertionResult expect(const std::string& text) {
    if (shell_->expect(text)) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "not on the screen: " << text << "\n"
                                         << shell_->screen();
  }
  void type(const std::string& keys) const { shell_->send(keys); }

  TemporaryFolder state_;
  std::optional<TerminalProgram> shell_;
};

TEST_F(Terminal, RunsStatementsOfSeveralLinesAndLeavesOnControlD) {
  start();

  type("SELECT 'one' AS a,\r");
  EXPECT_TRUE(expect("   -> "));
  type("  'two;' AS b;\r");

  EXPECT_TRUE(expect(" a   | b"));
  EXPECT_TRUE(expect(" one | two;"));
  EXPECT_TRUE(expect("(1 row)"));
  EXPECT_TRUE(expect(kPrompt));
  type(kCtrlD);
  EXPECT_EQ(shell_->wait(), 0);
}

TEST_F(Terminal, RunsSeveralStatementsOfOneLine) {
  start();

  type("SELECT 'first' AS a; SELECT 'second' AS b;\r");

  EXPECT_TRUE(expect(" first"));
  EXPECT_TRUE(expect(" second"));
}

TEST_F(Terminal, CancelsAStatementOnControlCAndGoesOn) {
  start();
  type("CREATE TEMPORARY VIEW kept AS SELECT 'still here' AS answer;\r");
  EXPECT_TRUE(expect("OK"));
  EXPECT_TRUE(expect(kPrompt));

  type(kLongStatement);
  EXPECT_TRUE(expect("Running"));
  const auto started = std::chrono::steady_clock::now();
  type(kCtrlC);
  EXPECT_TRUE(expect("error: "));
  EXPECT_TRUE(expect("HY008"));
  EXPECT_TRUE(expect(kPrompt));
  EXPECT_LT(std::chrono::steady_clock::now() - started, 5s);

  type("SELECT answer FROM kept;\r");
  EXPECT_TRUE(expect(" still here"));
  EXPECT_THAT(shell_->screen(), Not(HasSubstr("Connected again")));
}

TEST_F(Terminal, DropsTheTypedLinesOnControlC) {
  start();

  type("SELECT 'never run',\r");
  EXPECT_TRUE(expect("   -> "));
  type("'nor this");
  type(kCtrlC);
  EXPECT_TRUE(expect("^C"));
  EXPECT_TRUE(expect(kPrompt));

  type("SELECT 'after' AS a;\r");
  EXPECT_TRUE(expect(" after\n"));
}

TEST_F(Terminal, ListsTablesAndColumns) {
  start();

  type("\\d\r");
  EXPECT_TRUE(expect("tableName"));
  EXPECT_TRUE(expect("flights"));
  EXPECT_TRUE(expect(kPrompt));

  type("\\d flights;\r");
  EXPECT_TRUE(expect("col_name"));
  EXPECT_TRUE(expect("origin"));
}

TEST_F(Terminal, ObeysItsCommands) {
  const TemporaryFolder folder;
  start();

  type("\\?\r");
  EXPECT_TRUE(expect("\\timing [on|full|off]"));
  type("\\format csv\r");
  type("\\null -\r");
  type("SELECT 1 AS a, NULL AS b;\r");
  EXPECT_TRUE(expect("a,b\n1,-\n"));
  type("\\telemetry\r");
  EXPECT_TRUE(expect("telemetry: off (default_off)"));
  type("\\timing\r");
  EXPECT_TRUE(expect("Timing is on."));
  type("SELECT 2;\r");
  EXPECT_TRUE(expect("Time: "));
  type("\\timing full\r");
  EXPECT_TRUE(expect("Timing is full."));
  type("SELECT 3;\r");
  EXPECT_TRUE(expect("  execute "));
  EXPECT_TRUE(expect("1 row in 1 batch"));
  type("\\o " + folder.path("a.csv") + "\r");
  type("SELECT 'in the file' AS a;\r");
  EXPECT_TRUE(expect("Time: "));
  type("\\o\r");
  type("\\fromat json\r");
  EXPECT_TRUE(expect("did you mean \\format?"));
  type("\\q\r");
  EXPECT_EQ(shell_->wait(), 0);
  EXPECT_EQ(folder.read("a.csv"), "a\nin the file\n");
}

TEST_F(Terminal, GoesOnAfterAFailedStatement) {
  start();

  type("SELECT * FROM no_such_table;\r");
  EXPECT_TRUE(expect("SQLSTATE 42P01"));
  EXPECT_TRUE(expect(kPrompt));
  type("SELECT 'fine' AS a;\r");
  EXPECT_TRUE(expect(" fine"));
}

TEST_F(Terminal, KeepsAHistoryWithoutWhatBeginsWithASpace) {
  start();
  type("SELECT 'kept'\r AS a;\r");
  EXPECT_TRUE(expect("(1 row)"));
  EXPECT_TRUE(expect(kPrompt));
  type(" SELECT 'secret' AS a;\r");
  EXPECT_TRUE(expect("(1 row)"));
  EXPECT_TRUE(expect(kPrompt));
  type("\\q\r");
  EXPECT_EQ(shell_->wait(), 0);
  EXPECT_EQ(state_.read("dbsql/history"), "SELECT 'kept'  AS a;\n\\q\n");

  start();
  constexpr const char* kUp = "\x1b[A";
  type(std::string(kUp) + kUp + "\r");
  EXPECT_TRUE(expect("SELECT 'kept'  AS a;"));
  EXPECT_TRUE(expect(" kept\n"));
}

TEST_F(Terminal, TakesCharactersOfSeveralBytes) {
  start();

  type("SELECT 'Zürich 東京' AS stadt;\r");

  EXPECT_TRUE(expect("\n-------------\n"));
  EXPECT_TRUE(expect(" Zürich 東京"));
}

TEST_F(Terminal, ShowsHowALongStatementIsDoingAndErasesIt) {
  start();

  type(kLongStatement);
  EXPECT_TRUE(expect("Running  0.6 s  (Ctrl-C cancels)"));
  type(kCtrlC);
  EXPECT_TRUE(expect("error: "));
}

TEST_F(Terminal, RefusesArrowOnTheScreen) {
  start();

  type("\\format arrow\r");
  type("SELECT 1;\r");

  EXPECT_TRUE(expect("arrow output is no text"));
}

TEST_F(Terminal, ConnectsAgainAfterTheConnectionWasLost) {
  std::string port;
  {
    LocalWarehouse first;
    const std::size_t colon = first.dsn().rfind(':');
    port = first.dsn().substr(colon + 1, first.dsn().find('/', colon) - colon - 1);
    start(first.impatient_dsn());
    first.kill();
  }
  type("SELECT 1;\r");
  EXPECT_TRUE(expect("error: "));
  EXPECT_TRUE(expect(kPrompt));

  // Somebody answers again, but does not know the session.
  const LocalWarehouse second({"--port", port});
  type("SELECT 2;\r");
  EXPECT_TRUE(expect("The session is lost"));
  EXPECT_TRUE(expect(kPrompt));
  type("SELECT 'back' AS a;\r");

  EXPECT_TRUE(expect("Connected again"));
  EXPECT_TRUE(expect(" back"));
}

}  // namespace
}  // namespace dbsql::cli
