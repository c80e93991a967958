#include "cli/report.h"

#include "cli/exit_code.h"
#include "cli/progress_line.h"

#include <gtest/gtest.h>

namespace dbsql::cli {
namespace {

using namespace std::chrono_literals;

TEST(Report, IsOneReadableBlock) {
  const Error error({.kind = ErrorKind::NotFound,
                     .message = "table flightz does not exist",
                     .sqlstate = "42P01",
                     .error_class = "TABLE_OR_VIEW_NOT_FOUND",
                     .statement_id = "01ef-5c3d"});
  const ScriptStatement statement{{"SELECT * FROM flightz", 12}, "nightly.sql"};

  EXPECT_EQ(describe(error, &statement),
            "error: table flightz does not exist\n"
            "  SQLSTATE 42P01 (TABLE_OR_VIEW_NOT_FOUND), statement 01ef-5c3d\n"
            "  in nightly.sql, line 12\n");
}

TEST(Report, TellsWhatToDoNext) {
  const Error error({.kind = ErrorKind::RateLimited,
                     .message = "too many requests",
                     .sqlstate = "HY000",
                     .attempts = 5,
                     .outcome_unknown = true,
                     .retry_after = 30s});

  EXPECT_EQ(describe(error, nullptr),
            "error: too many requests\n"
            "  SQLSTATE HY000, 5 attempts\n"
            "  The warehouse may have run the statement: look before you run it again.\n"
            "  Try again in 30 s.\n");
}

TEST(Report, DoesNotWarnOfRepeatingWhatOnlyReads) {
  const Error error({.kind = ErrorKind::Cancelled,
                     .message = "cancelled",
                     .sqlstate = "HY008",
                     .outcome_unknown = true});
  const ScriptStatement reading{{"SELECT 1", 1}, ""};
  const ScriptStatement writing{{"INSERT INTO t SELECT 1", 1}, ""};

  EXPECT_EQ(describe(error, &reading), "error: cancelled\n  SQLSTATE HY008\n");
  EXPECT_EQ(describe(error, &writing),
            "error: cancelled\n  SQLSTATE HY008\n"
            "  The warehouse may have run the statement: look before you run it again.\n");
}

TEST(Report, SetsFurtherLinesIn) {
  EXPECT_EQ(describe("line 1:\r\n  ^^^\n"), "error: line 1:\n    ^^^\n");
}

TEST(Report, LetsAServerNotActOnTheTerminal) {
  const Error error({.message = "\x1b[2Jgone", .sqlstate = "42601", .error_class = "\x1b[2J"});

  EXPECT_EQ(describe(error, nullptr), "error: [2Jgone\n  SQLSTATE 42601 (\\x1b[2J)\n");
  EXPECT_EQ(describe("\x1b[2Jgone"), "error: \\x1b[2Jgone\n");
}

TEST(ExitCodeOf, Connecting) {
  const auto code = [](ErrorKind kind) {
    return exit_code_of_connect(Error({.kind = kind, .message = "m"}));
  };

  EXPECT_EQ(code(ErrorKind::Configuration), ExitCode::Usage);
  EXPECT_EQ(code(ErrorKind::Network), ExitCode::Connect);
  EXPECT_EQ(code(ErrorKind::Tls), ExitCode::Connect);
  EXPECT_EQ(code(ErrorKind::Unauthenticated), ExitCode::Connect);
  EXPECT_EQ(code(ErrorKind::PermissionDenied), ExitCode::Connect);
  EXPECT_EQ(code(ErrorKind::Timeout), ExitCode::Stopped);
  EXPECT_EQ(code(ErrorKind::Cancelled), ExitCode::Stopped);
}

TEST(ExitCodeOf, Statements) {
  const auto code = [](ErrorKind kind) {
    return exit_code_of_statement(Error({.kind = kind, .message = "m"}));
  };

  EXPECT_EQ(code(ErrorKind::SqlSyntax), ExitCode::Failed);
  EXPECT_EQ(code(ErrorKind::PermissionDenied), ExitCode::Failed);
  EXPECT_EQ(code(ErrorKind::CorruptResult), ExitCode::Failed);
  EXPECT_EQ(code(ErrorKind::Network), ExitCode::Connect);
  EXPECT_EQ(code(ErrorKind::Unauthenticated), ExitCode::Connect);
  EXPECT_EQ(code(ErrorKind::Timeout), ExitCode::Stopped);
  EXPECT_EQ(code(ErrorKind::Cancelled), ExitCode::Stopped);
}

TEST(ProgressText, TellsElapsedStateAndRows) {
  EXPECT_EQ(progress_text({ProgressView::Phase::Running, 3210ms, 0}, 80),
            "Running  3.2 s  (Ctrl-C cancels)");
  EXPECT_EQ(progress_text({ProgressView::Phase::Fetching, 75s, 1'240'000}, 80),
            "Fetching  1 min 15 s  1,240,000 rows  (Ctrl-C cancels)");
  EXPECT_EQ(progress_text({ProgressView::Phase::Uploading, 1s, 0, 1'234'567, 9'000'000}, 80),
            "Uploading  1.0 s  1,234,567 of 9,000,000 bytes  (Ctrl-C cancels)");
  EXPECT_EQ(progress_text({ProgressView::Phase::Downloading, 1s, 0, 1'234'567, 0}, 80),
            "Downloading  1.0 s  1,234,567 bytes  (Ctrl-C cancels)");
  EXPECT_EQ(progress_text({ProgressView::Phase::Waiting, 600ms, 0}, 20), "Waiting for the ware");
}

}  // namespace
}  // namespace dbsql::cli
