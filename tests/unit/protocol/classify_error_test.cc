#include "protocol/classify_error.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace dbsql::protocol {
namespace {

TEST(ClassifyError, GivesEverySqlstateItsKind) {
  const std::vector<std::pair<std::string, ErrorKind>> cases{
      {"42501", ErrorKind::PermissionDenied}, {"42P01", ErrorKind::NotFound},
      {"42703", ErrorKind::NotFound},         {"42P07", ErrorKind::AlreadyExists},
      {"42601", ErrorKind::SqlSyntax},        {"42K09", ErrorKind::SqlSyntax},
      {"22012", ErrorKind::SqlData},          {"22003", ErrorKind::SqlData},
      {"23505", ErrorKind::SqlConstraint},    {"0A000", ErrorKind::NotSupported},
      {"25000", ErrorKind::TransactionState}, {"40001", ErrorKind::TransactionConflict},
      {"XX000", ErrorKind::SqlOther},         {"", ErrorKind::SqlOther}};
  for (const auto& [state, kind] : cases) EXPECT_EQ(classify_sqlstate(state), kind) << state;
}

TEST(ClassifyError, ReadsStateAndClassFromTheServersText) {
  const ErrorFields fields = classify({.message = "[PARSE_SYNTAX_ERROR] Syntax error at or near "
                                                  "'SELEC'. SQLSTATE: 42601 (line 1, pos 0)\n\n"
                                                  "== SQL ==\nSELEC 1\n^^^\n"});

  EXPECT_EQ(fields.sqlstate, "42601");
  EXPECT_EQ(fields.error_class, "PARSE_SYNTAX_ERROR");
  EXPECT_EQ(fields.kind, ErrorKind::SqlSyntax);
  EXPECT_EQ(
      fields.message,
      "[PARSE_SYNTAX_ERROR] Syntax error at or near 'SELEC'. SQLSTATE: 42601 (line 1, pos 0)");
}

TEST(ClassifyError, FindsTheMessageInTheTechnicalTextOfOpenSourceServers) {
  const ErrorFields fields = classify(
      {.sqlstate = "42P01",
       .message =
           "org.apache.hive.service.cli.HiveSQLException: Error running query: "
           "[TABLE_OR_VIEW_NOT_FOUND] org.apache.spark.sql.catalyst.ExtendedAnalysisException:"
           " [TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found. SQLSTATE: 42P01\n"
           "\tat org.apache.spark.A.b(A.scala:1)\n\tat java.lang.Thread.run(Thread.java:2)"});

  EXPECT_EQ(fields.message,
            "[TABLE_OR_VIEW_NOT_FOUND] The table `t` cannot be found. SQLSTATE: 42P01");
  EXPECT_EQ(fields.error_class, "TABLE_OR_VIEW_NOT_FOUND");
  EXPECT_EQ(fields.kind, ErrorKind::NotFound);
}

TEST(ClassifyError, KeepsMessagesThatOnlyLookLikeTheirs) {
  for (const std::string message :
       {"java.lang.NullPointerException", "Cannot cast 1.5: not an Error: really",
        "[DIVIDE_BY_ZERO] Division by zero.", "Error: in a.b", "Error running query:"}) {
    EXPECT_EQ(classify({.message = message}).message, message);
  }
}

TEST(ClassifyError, RecognisesASessionThatIsGone) {
  const ErrorFields fields =
      classify({.sqlstate = "08000", .message = "Invalid SessionHandle: SessionHandle [01ef]"});

  EXPECT_EQ(fields.kind, ErrorKind::SessionExpired);
  EXPECT_TRUE(fields.connection_dead);
}

TEST(ClassifyError, RecognisesAStatementThatIsGone) {
  const ErrorFields fields =
      classify({.sqlstate = "08000", .message = "Invalid OperationHandle: OperationHandle [...]"});

  EXPECT_EQ(fields.kind, ErrorKind::StatementClosed);
  EXPECT_FALSE(fields.connection_dead);
}

TEST(ClassifyError, TellsAStatementThatTheWarehouseFailedFromOneThatFailed) {
  const ErrorFields stopped =
      classify({.message = "Error running query: The SQL warehouse 0123456789abcdef was stopped."});
  EXPECT_EQ(stopped.kind, ErrorKind::Unavailable);
  EXPECT_FALSE(stopped.connection_dead);

  const ErrorFields deleted = classify({.message = "SQL warehouse 0123456789abcdef was deleted"});
  EXPECT_EQ(deleted.kind, ErrorKind::Configuration);
  EXPECT_TRUE(deleted.connection_dead);
}

TEST(ClassifyError, TakesNoErrorOfSqlForTheEndOfItsConnection) {
  struct Case {
    std::string state;
    std::string message;
    ErrorKind kind;
  };
  const std::vector<Case> cases{
      {"",
       "Error while reading file dbfs:/user/hive/warehouse/t/part-0.parquet. File does not exist",
       ErrorKind::SqlOther},
      {"58030", "[FAILED_READ_FILE.NO_HINT] Error while reading s3://warehouse/x: it was deleted",
       ErrorKind::SqlOther},
      {"HY000", "org.apache.spark.SparkException: the endpoint of the model is starting",
       ErrorKind::SqlOther},
      {"P0001", "[USER_RAISED_EXCEPTION] SQL warehouse 0123456789abcdef was deleted",
       ErrorKind::SqlOther},
      {"", "no rows in cluster 7: the job was stopped", ErrorKind::SqlOther},
      {"P0001", "[USER_RAISED_EXCEPTION] Invalid SessionHandle: SessionHandle [01ef]",
       ErrorKind::SqlOther},
      {"42601",
       "[PARSE_SYNTAX_ERROR] Syntax error. SQLSTATE: 42601\n\n== SQL ==\nSELEC 'Invalid "
       "SessionHandle', 'Invalid OperationHandle'",
       ErrorKind::SqlSyntax},
      {"P0001", "[USER_RAISED_EXCEPTION] Invalid OperationHandle", ErrorKind::SqlOther},
  };
  for (const Case& c : cases) {
    const ErrorFields fields = classify({.sqlstate = c.state, .message = c.message});
    EXPECT_EQ(fields.kind, c.kind) << c.message;
    EXPECT_FALSE(fields.connection_dead) << c.message;
    EXPECT_EQ(fields.sqlstate, c.state) << c.message;
  }
}

TEST(ClassifyError, TakesNoStateFromTextThatOnlyLooksLikeOne) {
  EXPECT_EQ(sqlstate_in("SQLSTATE: 4260"), "");
  EXPECT_EQ(sqlstate_in("SQLSTATE: 42a01"), "");
  EXPECT_EQ(error_class_in("[not a class] x"), "");
  EXPECT_EQ(error_class_in("no brackets"), "");
}

}  // namespace
}  // namespace dbsql::protocol
