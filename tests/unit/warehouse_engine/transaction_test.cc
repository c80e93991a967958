#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse::test {
namespace {

// Transactions as servers have them (reference/auth-http-config.md 7.1).

constexpr const char* kRollbackFirst = "MULTI_STATEMENT_TRANSACTION_ROLLBACK_REQUIRED_AFTER_ABORT";

class EngineTransactions : public EngineTest {
 protected:
  void SetUp() override {
    run("CREATE TABLE t (x INT)");
    run("CREATE TABLE u (x INT)");
  }
  std::string seen_elsewhere(const char* table = "t") {
    return only_row(*new_session({.schema = schema()}),
                    std::string("SELECT count(*) FROM ") + table);
  }
  static void run_in(EngineSession& session, const char* sql) {
    rows_text(*session.execute(sql, {}, 0, {}));
  }
  static EngineError error_in(EngineSession& session, const char* sql) {
    return engine_error([&] { run_in(session, sql); });
  }
};

TEST_F(EngineTransactions, BeginWithTheFirstStatementWhileAutocommitIsOff) {
  run("SET AUTOCOMMIT = FALSE");
  EXPECT_EQ(row("SET AUTOCOMMIT"), "false");
  run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(seen_elsewhere(), "0");
  run("COMMIT");
  EXPECT_EQ(seen_elsewhere(), "1");
  run("INSERT INTO t VALUES (2)");
  run("ROLLBACK");
  EXPECT_EQ(row("SELECT count(*) FROM t"), "1");
  run("ROLLBACK");
  run("SET AUTOCOMMIT = TRUE");
  EXPECT_EQ(row("SET AUTOCOMMIT"), "true");
}

TEST_F(EngineTransactions, BeginExplicitlyWhileAutocommitIsOn) {
  run("BEGIN TRANSACTION");
  run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(error_of("BEGIN").sqlstate, "25000");
  run("ROLLBACK");
  EXPECT_EQ(row("SELECT count(*) FROM t"), "0");
  run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(seen_elsewhere(), "1") << "autocommit is back";
  run("SET AUTOCOMMIT = FALSE");
  EXPECT_EQ(error_of("BEGIN").sqlstate, "25000");
}

TEST_F(EngineTransactions, RefuseACommitOfNothingAndForgiveARollback) {
  EXPECT_EQ(error_of("COMMIT").error_class, "MULTI_STATEMENT_TRANSACTION_NO_ACTIVE_TRANSACTION");
  run("ROLLBACK");
  run("SET AUTOCOMMIT = FALSE");
  EXPECT_EQ(error_of("COMMIT").sqlstate, "25000");
  row("SELECT 1");
  run("COMMIT");  // reads begin a transaction, too
}

TEST_F(EngineTransactions, RefuseToChangeAutocommitInside) {
  run("SET AUTOCOMMIT = FALSE");
  run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(error_of("SET AUTOCOMMIT = TRUE").error_class,
            "AUTOCOMMIT_SET_DURING_ACTIVE_TRANSACTION");
  EXPECT_EQ(error_of("SET AUTOCOMMIT = FALSE").sqlstate, "25000");
  run("COMMIT");
  EXPECT_EQ(seen_elsewhere(), "1");
}

TEST_F(EngineTransactions, TakeOnlyARollbackAfterAFailure) {
  run("SET AUTOCOMMIT = FALSE");
  run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(error_of("SELECT * FROM nowhere").error_class, "TABLE_OR_VIEW_NOT_FOUND");
  EXPECT_EQ(error_of("SELECT 1").error_class, kRollbackFirst);
  EXPECT_EQ(error_of("COMMIT").error_class, kRollbackFirst);
  run("ROLLBACK");
  EXPECT_EQ(row("SELECT count(*) FROM t"), "0");
}

TEST_F(EngineTransactions, TakeOnlyARollbackAfterRowsThatFailed) {
  run("SET AUTOCOMMIT = FALSE");
  run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(error_of("SELECT 1 / 0").error_class, "DIVIDE_BY_ZERO");
  EXPECT_EQ(error_of("SELECT 1").error_class, kRollbackFirst);
  run("ROLLBACK");
}

TEST_F(EngineTransactions, AreAbortedByWhatDoesNotBelongIntoThem) {
  for (const char* sql : {"CREATE TABLE v (x INT)", "DROP TABLE u", "SHOW TABLES", "SHOW SCHEMAS",
                          "DESCRIBE TABLE EXTENDED t", "CREATE SCHEMA nothing"}) {
    run("BEGIN");
    EXPECT_EQ(error_of(sql).error_class, "TRANSACTION_NOT_SUPPORTED.COMMAND") << sql;
    EXPECT_EQ(error_of("SELECT 1").error_class, kRollbackFirst) << sql;
    run("ROLLBACK");
  }
  run("BEGIN");
  for (const char* sql : {"DESCRIBE TABLE t", "SHOW COLUMNS IN t", "DESCRIBE QUERY SELECT 1",
                          "UPDATE t SET x = 2", "DELETE FROM t", "SET TIMEZONE = 'UTC'"})
    run(sql);
  run("COMMIT");
}

TEST_F(EngineTransactions, BearTheRefusalOfMetadataCalls) {
  run("BEGIN");
  run("INSERT INTO t VALUES (1)");
  EXPECT_THAT(engine_error([&] { session().tables({}); }).message,
              testing::HasSubstr("multi-statement transactions"));
  run("COMMIT");
  EXPECT_EQ(seen_elsewhere(), "1");
}

TEST_F(EngineTransactions, ConflictWhenBothWriteOneTable) {
  const auto other = new_session({.schema = schema()});
  run("BEGIN");
  run("INSERT INTO t VALUES (1)");
  run_in(*other, "BEGIN");
  run_in(*other, "INSERT INTO t VALUES (2)");
  run("COMMIT");
  const auto error = error_in(*other, "COMMIT");
  EXPECT_EQ(error.error_class, "DELTA_CONCURRENT_APPEND");
  EXPECT_EQ(error.sqlstate, "2D521");
  EXPECT_EQ(error_in(*other, "SELECT 1").error_class, kRollbackFirst);
  run_in(*other, "ROLLBACK");
  EXPECT_EQ(seen_elsewhere(), "1");
}

TEST_F(EngineTransactions, ConflictWithAStatementOutsideOfThem) {
  run("BEGIN");
  run("INSERT INTO t VALUES (1)");
  run_in(*new_session({.schema = schema()}), "INSERT INTO t VALUES (2)");
  EXPECT_EQ(error_of("COMMIT").error_class, "DELTA_CONCURRENT_APPEND");
  run("ROLLBACK");
  EXPECT_EQ(seen_elsewhere(), "1");
}

TEST_F(EngineTransactions, AllowWriteSkewOverTwoTables) {
  const auto other = new_session({.schema = schema()});
  run("BEGIN");
  run_in(*other, "BEGIN");
  EXPECT_EQ(row("SELECT count(*) FROM u"), "0");
  EXPECT_EQ(only_row(*other, "SELECT count(*) FROM t"), "0");
  run("INSERT INTO t VALUES (1)");
  run_in(*other, "INSERT INTO u VALUES (1)");
  run("COMMIT");
  run_in(*other, "COMMIT");
  EXPECT_EQ(seen_elsewhere("t"), "1");
  EXPECT_EQ(seen_elsewhere("u"), "1");
}

TEST_F(EngineTransactions, EndWithTheirSession) {
  {
    const auto other = new_session({.schema = schema()});
    run_in(*other, "BEGIN");
    run_in(*other, "INSERT INTO t VALUES (1)");
  }
  EXPECT_EQ(seen_elsewhere(), "0");
}

TEST_F(EngineTransactions, AreUnknownToServersOfOld) {
  const auto old = new_session({.schema = schema(), .transactions = false});
  EXPECT_EQ(error_in(*old, "SET AUTOCOMMIT = FALSE").error_class, "CONFIG_NOT_AVAILABLE");
  EXPECT_EQ(error_in(*old, "BEGIN TRANSACTION").error_class, "PARSE_SYNTAX_ERROR");
  run_in(*old, "INSERT INTO t VALUES (1)");
  EXPECT_EQ(seen_elsewhere(), "1");
}

}  // namespace
}  // namespace dbsql::warehouse::test
