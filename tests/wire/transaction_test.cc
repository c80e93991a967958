#include <dbsql/log.h>

#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <atomic>

namespace dbsql::test {
namespace {

// Transactions on the wire (reference/auth-http-config.md 7, cases 8.6).

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using warehouse::Fault;
using Texts = std::vector<std::string>;

class TransactionTest : public WireTest {
 protected:
  static constexpr const char* kQuick = "retry.wait_min=1ms&retry.wait_max=5ms";

  void SetUp() override {
    WireTest::SetUp();
    for (const char* table : {"tx_a", "tx_b"}) {
      warehouse().scalar_text(std::string("CREATE TABLE IF NOT EXISTS ") + table + " (x INT)");
      warehouse().scalar_text(std::string("DELETE FROM ") + table);
    }
    warehouse().journal().clear();
  }

  /// The statements that were sent, in order.
  static Texts sent() {
    Texts texts;
    for (const auto& entry : warehouse().journal().entries()) {
      if (entry.thrift_method == "ExecuteStatement") texts.push_back(entry.statement);
    }
    return texts;
  }
  static std::int64_t rows_in(const char* table = "tx_a") {
    return warehouse().scalar(std::string("SELECT count(*) FROM ") + table);
  }
  static ErrorKind kind_of(const std::function<void()>& action) {
    return capture_error(action).kind();
  }
};

constexpr const char* kInsert = "INSERT INTO tx_a VALUES (1)";

TEST_F(TransactionTest, ShowsItsChangesToOthersWhenItIsCommitted) {
  Connection connection = connect();
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  EXPECT_EQ(rows_in(), 0);
  EXPECT_TRUE(transaction.is_open());

  transaction.commit();

  EXPECT_EQ(rows_in(), 1);
  EXPECT_FALSE(transaction.is_open());
  EXPECT_THAT(sent(), ElementsAre("SET AUTOCOMMIT = FALSE", kInsert, "COMMIT"));
  EXPECT_TRUE(connection.autocommit());
  connection.query("SELECT x FROM tx_a");
  EXPECT_THAT(sent(), ElementsAre("SET AUTOCOMMIT = FALSE", kInsert, "COMMIT",
                                  "SET AUTOCOMMIT = TRUE", "SELECT x FROM tx_a"));
}

TEST_F(TransactionTest, LeavesNothingWhenItIsRolledBack) {
  Connection connection = connect();
  Transaction transaction = connection.begin();
  connection.execute(kInsert);

  transaction.rollback();
  transaction.rollback();  // forgiven

  EXPECT_EQ(rows_in(), 0);
  EXPECT_THAT(sent(), ElementsAre("SET AUTOCOMMIT = FALSE", kInsert, "ROLLBACK"));
  EXPECT_EQ(kind_of([&] { transaction.commit(); }), ErrorKind::InvalidState);
}

TEST_F(TransactionTest, NeedsNoSettingBetweenTwo) {
  Connection connection = connect();
  for (int i = 0; i < 2; ++i) {
    Transaction transaction = connection.begin();
    connection.execute(kInsert);
    transaction.commit();
  }
  EXPECT_THAT(sent(), ElementsAre("SET AUTOCOMMIT = FALSE", kInsert, "COMMIT", kInsert, "COMMIT"));
}

TEST_F(TransactionTest, IsOneAlsoInASessionThatAnotherCallHasReplaced) {
  Connection connection = connect(std::string(kQuick) + "&connection.recovery=true");
  {
    Transaction transaction = connection.begin();
    connection.execute(kInsert);
    transaction.commit();
  }
  warehouse().thrift().end_sessions();
  connection.tables().close();  // finds that out

  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  EXPECT_EQ(rows_in(), 1) << "not before it is committed";
  transaction.rollback();

  EXPECT_EQ(rows_in(), 1);
  connection.execute(kInsert);
  EXPECT_EQ(rows_in(), 2) << "autocommit is on again";
}

TEST_F(TransactionTest, IsNotNested) {
  Connection connection = connect();
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  const auto before = sent().size();

  const Error error = capture_error([&] { connection.begin(); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidState);
  EXPECT_THAT(error.message(), HasSubstr("already in progress"));
  EXPECT_EQ(kind_of([&] { connection.execute("BEGIN TRANSACTION"); }), ErrorKind::InvalidState);
  EXPECT_EQ(sent().size(), before);
  transaction.commit();
  EXPECT_EQ(rows_in(), 1);
}

TEST_F(TransactionTest, HasNothingToCommitBeforeItsFirstStatement) {
  Connection connection = connect();
  connection.set_autocommit(false);
  connection.commit();
  connection.rollback();
  EXPECT_THAT(sent(), ElementsAre("SET AUTOCOMMIT = FALSE"));
}

TEST_F(TransactionTest, CannotBeEndedWhileAutocommitIsOn) {
  Connection connection = connect();
  EXPECT_EQ(kind_of([&] { connection.commit(); }), ErrorKind::InvalidState);
  EXPECT_EQ(kind_of([&] { connection.rollback(); }), ErrorKind::InvalidState);
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(TransactionTest, IsCommittedBySwitchingAutocommitOn) {
  Connection connection = connect();
  connection.set_autocommit(false);
  connection.execute(kInsert);

  connection.set_autocommit(true);

  EXPECT_EQ(rows_in(), 1);
  EXPECT_THAT(sent(),
              ElementsAre("SET AUTOCOMMIT = FALSE", kInsert, "COMMIT", "SET AUTOCOMMIT = TRUE"));
}

TEST_F(TransactionTest, TakesOnlyARollbackAfterAFailure) {
  Connection connection = connect();
  connection.set_autocommit(false);
  connection.execute(kInsert);
  EXPECT_EQ(kind_of([&] { connection.query("SELECT * FROM nowhere"); }), ErrorKind::NotFound);
  const auto before = sent().size();

  EXPECT_EQ(kind_of([&] { connection.query("SELECT 1"); }), ErrorKind::TransactionState);
  EXPECT_EQ(kind_of([&] { connection.commit(); }), ErrorKind::TransactionState);
  EXPECT_EQ(kind_of([&] { connection.set_autocommit(true); }), ErrorKind::TransactionState);
  EXPECT_EQ(sent().size(), before) << "nothing is sent that the server would refuse";

  connection.rollback();
  connection.execute(kInsert);
  connection.commit();
  EXPECT_EQ(rows_in(), 1);
}

TEST_F(TransactionTest, NeverSendsACommitTwice) {
  for (const Fault& fault : {Fault::reset_after(), Fault::answer(502), Fault::truncate_body(5)}) {
    SetUp();
    Connection connection = connect(kQuick);
    Transaction transaction = connection.begin();
    connection.execute(kInsert);
    warehouse().faults().once("ExecuteStatement", fault);

    const Error error = capture_error([&] { transaction.commit(); });

    EXPECT_EQ(error.kind(), ErrorKind::TransactionUnknown) << to_string(fault.kind);
    EXPECT_EQ(error.sqlstate(), "08007");
    EXPECT_TRUE(error.outcome_unknown());
    EXPECT_TRUE(error.connection_dead());
    EXPECT_FALSE(connection.is_open());
    EXPECT_EQ(kind_of([&] { connection.query("SELECT 1"); }), ErrorKind::InvalidState);
    EXPECT_EQ(requests("ExecuteStatement"), 3U) << "SET, INSERT, COMMIT";
  }
}

TEST_F(TransactionTest, IsUnknownWhenARepeatedCommitFindsNoneOpen) {
  for (const Fault& fault : {Fault::answer_after(503), Fault::answer_after(429)}) {
    SetUp();
    Connection connection = connect(kQuick);
    Transaction transaction = connection.begin();
    connection.execute(kInsert);
    warehouse().faults().once("ExecuteStatement", fault);

    const Error error = capture_error([&] { transaction.commit(); });

    EXPECT_EQ(error.kind(), ErrorKind::TransactionUnknown) << fault.status;
    EXPECT_TRUE(error.outcome_unknown());
    EXPECT_FALSE(connection.is_open());
    EXPECT_EQ(requests("ExecuteStatement"), 4U) << "SET, INSERT, COMMIT, COMMIT";
    EXPECT_EQ(rows_in(), 1);
  }
}

TEST_F(TransactionTest, IsUnknownWhenNoAnswerToItsCommitIsTheServersOwn) {
  struct Case {
    const char* options;
    std::vector<Fault> faults;
  };
  const std::vector<Case> cases{
      {"retry.max_attempts=1", {Fault::answer_after(503)}},
      {"retry.max_attempts=1", {Fault::answer_after(429)}},
      {"retry.max_attempts=3",
       {Fault::answer_after(503), Fault::answer_after(503), Fault::answer_after(503)}},
      {"retry.max_attempts=3", {Fault::answer_after(503), Fault::answer(404)}},
      {"retry.max_attempts=3", {Fault::answer_after(503), Fault::answer(403)}},
      {"retry.max_attempts=3", {Fault::answer_after(503), Fault::reset_before()}},
      {"retry.dangerous_codes=502", {Fault::answer_after(502)}},
  };
  for (const auto& [options, faults] : cases) {
    for (const bool as_text : {false, true}) {
      SetUp();
      Connection connection = connect(std::string(kQuick) + "&" + options);
      Transaction transaction = connection.begin();
      connection.execute(kInsert);
      for (const Fault& fault : faults) warehouse().faults().once("ExecuteStatement", fault);

      const Error error = capture_error(
          [&] { as_text ? (void)connection.execute("commit") : transaction.commit(); });

      const auto name = testing::Message() << options << ", " << faults.front().status << ", "
                                           << faults.back().status << (as_text ? ", text" : "");
      EXPECT_EQ(error.kind(), ErrorKind::TransactionUnknown) << name << ": " << error.message();
      EXPECT_TRUE(error.outcome_unknown()) << name;
      EXPECT_FALSE(error.retryable()) << name;
      EXPECT_FALSE(connection.is_open()) << name;
      EXPECT_EQ(kind_of([&] { transaction.rollback(); }), ErrorKind::InvalidState) << name;
      EXPECT_EQ(rows_in(), 1) << name;
    }
  }
}

TEST_F(TransactionTest, IsUnknownWhenTheTimeIsUpBeforeACommitIsSentAgain) {
  Connection connection = connect("retry.wait_min=60s");
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  warehouse().faults().once("ExecuteStatement", Fault::answer_after(503));

  const Error error = capture_error([&] { transaction.commit({.timeout = 2s, .stop = {}}); });

  EXPECT_EQ(error.kind(), ErrorKind::TransactionUnknown);
  EXPECT_EQ(rows_in(), 1);
}

TEST_F(TransactionTest, IsCommittedByASecondCommitWhenTheFirstNeverArrived) {
  Connection connection = connect(kQuick);
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  warehouse().faults().once("ExecuteStatement", Fault::answer(503));

  transaction.commit();

  EXPECT_EQ(rows_in(), 1);
}

TEST_F(TransactionTest, IsInConflictAlsoWhenOnlyTheSecondCommitArrives) {
  Connection connection = connect(kQuick);
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  warehouse().scalar_text("INSERT INTO tx_a VALUES (7)");
  warehouse().faults().once("ExecuteStatement", Fault::answer(503));

  const Error error = capture_error([&] { transaction.commit(); });

  EXPECT_EQ(error.kind(), ErrorKind::TransactionConflict);
  EXPECT_FALSE(error.outcome_unknown());
  transaction.rollback();
  EXPECT_EQ(rows_in(), 1);
}

TEST_F(TransactionTest, IsAsSafeWhenItIsCommittedByAText) {
  for (const Fault& fault : {Fault::reset_after(), Fault::answer_after(503)}) {
    for (const bool is_submitted : {false, true}) {
      SetUp();
      Connection connection = connect(kQuick);
      connection.set_autocommit(false);
      connection.execute(kInsert);
      warehouse().faults().once("ExecuteStatement", fault);

      const Error error = capture_error([&] {
        is_submitted ? (void)connection.submit("COMMIT").wait()
                     : (void)connection.execute("COMMIT");
      });

      EXPECT_EQ(error.kind(), ErrorKind::TransactionUnknown) << to_string(fault.kind);
      EXPECT_EQ(error.sqlstate(), "08007");
      EXPECT_TRUE(error.connection_dead());
      EXPECT_FALSE(connection.is_open());
      EXPECT_TRUE(eventually([] { return rows_in() == 1; })) << "a submitted one goes on meanwhile";
    }
  }
}

TEST_F(TransactionTest, IsNotCancelledWhenTheTimeOfATextThatCommitsItIsUp) {
  Connection connection = connect(kQuick);
  connection.set_autocommit(false);
  connection.execute(kInsert);
  warehouse().faults().once("ExecuteStatement", Fault{.delay = 1500ms});

  const Error error = capture_error([&] { connection.execute("COMMIT", {}, {.timeout = 500ms}); });

  EXPECT_EQ(error.kind(), ErrorKind::TransactionUnknown);
  EXPECT_TRUE(eventually([] { return rows_in() == 1; }));
  EXPECT_EQ(requests("CancelOperation"), 0U);
}

TEST_F(TransactionTest, ClosesResultsAlsoWhenATextEndsIt) {
  Connection connection = connect("maxRows=10&cloudfetch.enabled=false");
  connection.set_autocommit(false);
  Result result = connection.query("SELECT id FROM range(1000)");
  skip_batch(result);
  connection.execute("COMMIT");
  EXPECT_EQ(kind_of([&] {
              while (skip_batch(result)) {
              }
            }),
            ErrorKind::StatementClosed);
}

TEST_F(TransactionTest, AsksForAutocommitWhenATextRollsBackWhatNobodyKnows) {
  Connection connection = connect(kQuick);
  // The answer to SET AUTOCOMMIT = FALSE is lost, and it was not carried out.
  warehouse().faults().once("ExecuteStatement", Fault::answer(502));
  capture_error([&] { connection.set_autocommit(false); });
  warehouse().journal().clear();

  connection.execute("ROLLBACK");

  EXPECT_THAT(sent(), ElementsAre("ROLLBACK", "SET AUTOCOMMIT"));
  EXPECT_TRUE(connection.autocommit());
  EXPECT_EQ(kind_of([&] { connection.rollback(); }), ErrorKind::InvalidState);

  // It is lost, and it was carried out.
  warehouse().faults().once("ExecuteStatement", Fault::reset_after());
  capture_error([&] { connection.set_autocommit(false); });
  connection.submit("ROLLBACK").wait();

  EXPECT_FALSE(connection.autocommit());
  connection.execute(kInsert);
  connection.rollback();
  EXPECT_EQ(rows_in(), 0);
}

TEST_F(TransactionTest, IsNotBelievedIdleWhenTheAnswerToItsFirstStatementMayBeLost) {
  Connection connection = connect(std::string(kQuick) + "&retry.max_attempts=1");
  connection.set_autocommit(false);
  warehouse().faults().once("ExecuteStatement", Fault::answer_after(503));
  EXPECT_EQ(kind_of([&] { connection.execute(kInsert); }), ErrorKind::Unavailable);

  EXPECT_EQ(kind_of([&] { connection.commit(); }), ErrorKind::TransactionState);

  connection.rollback();
  connection.execute(kInsert);
  connection.commit();
  EXPECT_EQ(rows_in(), 1);
}

TEST_F(TransactionTest, IsNeverAppliedTwiceInAThousandLostCommits) {
  constexpr int kRuns = 1'000;
  for (const Fault& fault : {Fault::answer_after(503), Fault::reset_after()}) {
    SetUp();
    for (int run = 1; run <= kRuns; ++run) {
      Connection connection = connect(kQuick);
      warehouse().faults().clear();
      warehouse().faults().add(
          {.method = "ExecuteStatement", .skip = 2, .count = 1, .fault = fault});  // the COMMIT
      const Error error = capture_error(
          [&] { connection.run_in_transaction([&] { connection.execute(kInsert); }); });
      ASSERT_EQ(error.kind(), ErrorKind::TransactionUnknown) << to_string(fault.kind) << run;
      ASSERT_TRUE(error.outcome_unknown());
      if (run % 100 == 0) {
        ASSERT_EQ(rows_in(), run);
      }
    }
    EXPECT_EQ(rows_in(), kRuns);
  }
}

TEST_F(TransactionTest, IsUnknownWhenItsDeadlinePassesDuringTheCommitWhichGoesOn) {
  Connection connection = connect(kQuick);
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  warehouse().faults().once("ExecuteStatement", Fault{.delay = 1500ms});

  const Error error = capture_error([&] { transaction.commit({.timeout = 500ms, .stop = {}}); });

  EXPECT_EQ(error.kind(), ErrorKind::TransactionUnknown);
  EXPECT_TRUE(eventually([] { return rows_in() == 1; })) << "it was not cancelled";
  EXPECT_EQ(requests("CancelOperation"), 0U);
}

TEST_F(TransactionTest, ConflictsWithAnotherThatWroteTheSameTable) {
  Connection first = connect();
  Connection second = connect();
  Transaction a = first.begin();
  Transaction b = second.begin();
  first.execute(kInsert);
  second.execute(kInsert);
  a.commit();

  const Error error = capture_error([&] { b.commit(); });

  EXPECT_EQ(error.kind(), ErrorKind::TransactionConflict);
  EXPECT_EQ(error.error_class(), "DELTA_CONCURRENT_APPEND");
  EXPECT_EQ(kind_of([&] { second.query("SELECT 1"); }), ErrorKind::TransactionState);
  b.rollback();
  second.query("SELECT 1");
  EXPECT_EQ(rows_in(), 1);
}

TEST_F(TransactionTest, RunsAgainAfterAConflict) {
  Connection connection = connect();
  int runs = 0;

  connection.run_in_transaction([&] {
    connection.execute(kInsert);
    if (++runs == 1) warehouse().scalar_text("INSERT INTO tx_a VALUES (7)");
  });

  EXPECT_EQ(runs, 2);
  EXPECT_EQ(rows_in(), 2);
  EXPECT_TRUE(connection.autocommit());
}

TEST_F(TransactionTest, GivesUpAfterSoManyConflictsAndRollsBackWhatTheWorkThrows) {
  Connection connection = connect();
  int runs = 0;
  const auto in_conflict = [&] {
    connection.execute(kInsert);
    warehouse().scalar_text("INSERT INTO tx_a VALUES (7)");
    ++runs;
  };
  EXPECT_EQ(kind_of([&] { connection.run_in_transaction(in_conflict, 2); }),
            ErrorKind::TransactionConflict);
  EXPECT_EQ(runs, 2);
  EXPECT_THROW(connection.run_in_transaction([&] {
    connection.execute(kInsert);
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(rows_in(), 2) << "those of the others";
}

TEST_F(TransactionTest, HasOneIsolationLevelAndIsNeverReadOnly) {
  Connection connection = connect();
  for (const IsolationLevel level : {IsolationLevel::Serializable, IsolationLevel::ReadCommitted,
                                     IsolationLevel::ReadUncommitted})
    EXPECT_EQ(kind_of([&] { connection.begin({.isolation = level}); }), ErrorKind::NotSupported);
  EXPECT_EQ(kind_of([&] { connection.begin({.read_only = true}); }), ErrorKind::NotSupported);
  EXPECT_THAT(sent(), IsEmpty());
  for (const IsolationLevel level :
       {IsolationLevel::Default, IsolationLevel::Snapshot, IsolationLevel::RepeatableRead})
    connection.begin({.isolation = level}).commit();
}

TEST_F(TransactionTest, AsksTheServerForAutocommitWhenToldTo) {
  Connection connection = connect("transactions.autocommit_source=server");
  EXPECT_TRUE(connection.autocommit());
  connection.set_autocommit(false);
  EXPECT_FALSE(connection.autocommit());
  EXPECT_THAT(sent(), ElementsAre("SET AUTOCOMMIT", "SET AUTOCOMMIT = FALSE", "SET AUTOCOMMIT"));
}

TEST_F(TransactionTest, IsFollowedThroughStatementsOfTheUsersOwn) {
  Connection connection = connect();
  connection.execute("set autocommit = off");
  EXPECT_FALSE(connection.autocommit());
  connection.execute(kInsert);
  connection.execute(" /*c*/ commit");
  EXPECT_EQ(rows_in(), 1);
  connection.commit();  // nothing is open: nothing is sent
  EXPECT_EQ(sent().back(), " /*c*/ commit");
  connection.execute("SET AUTOCOMMIT = TRUE");
  connection.execute("BEGIN TRANSACTION");
  connection.execute(kInsert);
  connection.rollback();
  EXPECT_EQ(rows_in(), 1);
  EXPECT_TRUE(connection.autocommit());
}

TEST_F(TransactionTest, LeavesMetadataToASideSession) {
  Connection connection = connect();
  Transaction transaction = connection.begin();
  connection.execute(kInsert);

  Result tables = connection.tables({.table_pattern = "tx\\_a"});
  EXPECT_EQ(tables.rows().begin() != tables.rows().end(), true);
  EXPECT_EQ(requests("OpenSession"), 2U);
  connection.catalogs();
  EXPECT_EQ(requests("OpenSession"), 2U) << "one is enough";

  transaction.commit();
  EXPECT_EQ(rows_in(), 1);
  connection.close();
  EXPECT_EQ(requests("CloseSession"), 2U);
}

TEST_F(TransactionTest, RefusesMetadataInsideWithoutASideSessionAndGoesOn) {
  Connection connection = connect("transactions.metadata_side_session=false");
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  EXPECT_EQ(kind_of([&] { connection.tables(); }), ErrorKind::NotSupported);
  EXPECT_EQ(requests("GetTables"), 0U);
  transaction.commit();
  EXPECT_EQ(rows_in(), 1);
}

TEST_F(TransactionTest, IsAbortedByWhatCannotBePartOfIt) {
  Connection connection = connect();
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  EXPECT_EQ(kind_of([&] { connection.execute("CREATE TABLE tx_new (x INT)"); }),
            ErrorKind::NotSupported);
  EXPECT_EQ(kind_of([&] { transaction.commit(); }), ErrorKind::TransactionState);
  transaction.rollback();
  EXPECT_EQ(rows_in(), 0);
}

TEST_F(TransactionTest, CanBeIgnoredWithAWarning) {
  Texts warnings;
  set_log_sink([&](const LogRecord& record) {
    if (record.level == LogLevel::Warn) warnings.emplace_back(record.message);
  });
  Connection connection = connect("transactions.mode=ignore");
  connection.set_autocommit(false);
  connection.execute(kInsert);
  connection.rollback();
  Transaction transaction = connection.begin();
  connection.execute(kInsert);
  transaction.rollback();
  set_log_sink({});

  EXPECT_EQ(rows_in(), 2);
  EXPECT_TRUE(connection.autocommit());
  EXPECT_THAT(sent(), ElementsAre(kInsert, kInsert));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("transactions.mode=ignore")));
}

TEST_F(TransactionTest, IsNotLeftToTheNextUserOfAPoolWhenItWasToBeIgnored) {
  for (const char* text : {"SET AUTOCOMMIT = FALSE", "BEGIN TRANSACTION"}) {
    SetUp();
    const std::string dsn = warehouse().dsn();
    ConnectionPool pool(Connector::from_dsn(dsn + (dsn.find('?') == std::string::npos ? "?" : "&") +
                                            "transactions.mode=ignore"),
                        {.max_open = 1});
    pool.acquire()->execute(text);

    pool.acquire()->execute(kInsert);

    EXPECT_EQ(rows_in(), 1) << text;
  }
}

TEST_F(TransactionTest, IsRolledBackWhenItIsDropped) {
  Connection connection = connect();
  {
    const Transaction transaction = connection.begin();
    connection.execute(kInsert);
  }
  EXPECT_EQ(sent().back(), "ROLLBACK");
  EXPECT_THROW(
      {
        const Transaction transaction = connection.begin();
        connection.execute(kInsert);
        throw std::runtime_error("unwinding");
      },
      std::runtime_error);
  EXPECT_EQ(sent().back(), "ROLLBACK");
  EXPECT_EQ(rows_in(), 0);
}

TEST_F(TransactionTest, IsUsedByOneThreadAfterTheOther) {
  Connection connection = connect();
  connection.set_autocommit(false);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 5; ++k) connection.execute(kInsert);
    });
  }
  for (std::thread& thread : threads) thread.join();
  connection.commit();
  EXPECT_EQ(rows_in(), 20);
}

TEST_F(TransactionTest, WaitsForAStatementThatWasSubmittedInside) {
  Connection connection = connect();
  Transaction transaction = connection.begin();
  StatementHandle handle = connection.submit(kInsert);
  transaction.commit();
  EXPECT_EQ(rows_in(), 1);

  Transaction next = connection.begin();
  StatementHandle failing = connection.submit("SELECT * FROM nowhere");
  EXPECT_EQ(kind_of([&] { connection.execute(kInsert); }), ErrorKind::TransactionState);
  next.rollback();
}

TEST_F(TransactionTest, KeepsWhatASubmittedStatementHasDoneWhenItsResultIsClosed) {
  Connection connection = connect();
  Transaction transaction = connection.begin();
  StatementHandle handle = connection.submit(kInsert);
  { const Result result = handle.result(); }
  transaction.commit();
  EXPECT_EQ(rows_in(), 1);

  Transaction next = connection.begin();
  {
    StatementHandle gone = connection.submit(kInsert);
    gone.wait();
  }
  next.commit();
  EXPECT_EQ(rows_in(), 2);
}

TEST_F(TransactionTest, WaitsForAStatementWhoseHandleHasLetItGo) {
  Connection connection = connect();
  Transaction transaction = connection.begin();
  connection.submit("INSERT INTO tx_a SELECT count(*) FROM range(1000000)").detach();
  transaction.commit();
  EXPECT_EQ(rows_in(), 1);
}

TEST_F(TransactionTest, BeginsThoughOthersKeepTheConnectionBusy) {
  Connection connection = connect();
  std::atomic<bool> has_begun = false;
  std::atomic<int> statements = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!has_begun) {
        connection.query("SELECT 1").close();
        ++statements;
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return statements > 20; }));

  // In its turn only the statements before it are waited for.
  EXPECT_NO_THROW({
    Transaction transaction = connection.begin({.limits = {.timeout = 20s, .stop = {}}});
    has_begun = true;
    transaction.rollback();
  });

  has_begun = true;
}

TEST_F(TransactionTest, IsRolledBackWhenTheConnectionIsClosed) {
  Connection connection = connect();
  connection.set_autocommit(false);
  connection.execute(kInsert);
  connection.close();
  EXPECT_EQ(sent().back(), "ROLLBACK");
  EXPECT_EQ(rows_in(), 0);
}

TEST_F(TransactionTest, DoesNotHoldUpCloseWhenTheServerIsSilent) {
  Connection connection = connect();
  connection.set_autocommit(false);
  connection.execute(kInsert);
  warehouse().faults().add({.method = "*", .count = 0, .fault = Fault::stall()});
  connection.close();  // ends by itself: the test would hang
  EXPECT_FALSE(connection.is_open());
}

TEST_F(TransactionTest, AllowsWriteSkewOverTwoTables) {
  Connection first = connect();
  Connection second = connect();
  Transaction a = first.begin();
  Transaction b = second.begin();
  first.query("SELECT count(*) FROM tx_b");
  second.query("SELECT count(*) FROM tx_a");
  first.execute(kInsert);
  second.execute("INSERT INTO tx_b VALUES (1)");
  a.commit();
  b.commit();
  EXPECT_EQ(rows_in("tx_a"), 1);
  EXPECT_EQ(rows_in("tx_b"), 1);
}

TEST_F(TransactionTest, ClosesResultsThatAreStillRead) {
  Connection connection = connect("maxRows=10&cloudfetch.enabled=false");
  Transaction transaction = connection.begin();
  Result result = connection.query("SELECT id FROM range(1000)");
  skip_batch(result);
  transaction.commit();
  EXPECT_EQ(kind_of([&] {
              while (skip_batch(result)) {
              }
            }),
            ErrorKind::StatementClosed);
}

TEST_F(TransactionTest, IsRefusedByAServerThatHasNone) {
  warehouse::ServerOptions options;
  options.service.flavor = warehouse::Flavor::DatabricksOld;
  options.service.max_protocol = warehouse::traits_of(options.service.flavor).default_protocol;
  const auto old = start(std::move(options));
  Connection connection = connect_to(*old);

  const Error error = capture_error([&] { connection.begin(); });

  EXPECT_EQ(error.kind(), ErrorKind::NotSupported);
  EXPECT_THAT(error.message(), HasSubstr("transactions.mode=ignore"));
  EXPECT_TRUE(connection.autocommit());
  connection.query("SELECT 1");
}

}  // namespace
}  // namespace dbsql::test
