#include "telemetry/connection_telemetry.h"

#include "support/fake_clock.h"
#include "telemetry/statement_telemetry.h"
#include "unit/telemetry/sample_record.h"
#include "unit/telemetry/scripted_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace dbsql::telemetry {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::FakeClock;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;
using Reason = Decision::Reason;
using State = Decision::State;

/// Answers about flags and takes exports, as a workspace does.
struct Workspace {
  std::shared_ptr<ScriptedTransport> transport =
      std::make_shared<ScriptedTransport>(response_of(200));

  static http::Response flag(bool on) {
    const std::string name =
        "databricks.partnerplatform.clientConfigsFeatureFlags.enableTelemetryForCppDriver";
    return response_of(200, R"({"flags":[{"name":")" + name + R"(","value":")" +
                                (on ? "true" : "false") + R"("}]})");
  }

  std::vector<http::Request> requests(std::string_view path) const {
    std::vector<http::Request> found;
    for (std::size_t i = 0; i < transport->count(); ++i) {
      if (transport->request(i).url.find(path) != std::string::npos)
        found.push_back(transport->request(i));
    }
    return found;
  }
  /// The `sql_driver_log` of every record that arrived.
  std::vector<json> logs() const {
    std::vector<json> logs;
    for (const http::Request& request : requests("/telemetry-ext")) {
      const json body = json::parse(request.body.text());
      for (const json& document : body["protoLogs"])
        logs.push_back(json::parse(document.get<std::string>())["entry"]["sql_driver_log"]);
    }
    return logs;
  }
  /// The first one that tells of such an operation. Records may overtake each other on their way.
  json log(std::string_view operation) const {
    for (const json& each : logs()) {
      if (each["sql_operation"]["operation_detail"]["operation_type"] == operation) return each;
    }
    return {};
  }
  std::vector<std::string> operations() const {
    std::vector<std::string> types;
    for (const json& log : logs())
      types.push_back(log["sql_operation"]["operation_detail"]["operation_type"]);
    return types;
  }
};

struct TelemetryOfAConnection : testing::Test {
  ConnectionSettings settings() {
    ConnectionSettings made;
    made.destination = destination_to(workspace.transport);
    made.connection_host = made.destination->host;
    made.identity = "me";
    made.facts = sample_facts();
    made.registry = &registry;
    made.flags = &flags;
    made.clock = &clock;
    return made;
  }
  ConnectionSettings forced() {
    auto made = settings();
    made.options.is_forced = true;
    return made;
  }
  ConnectionSettings opted_in() {
    auto made = settings();
    made.options.enabled = true;
    return made;
  }
  static void open(ConnectionTelemetry& connection, std::string id = "01ef-session") {
    connection.on(observe::SessionOpened{std::move(id), 12ms});
  }
  static void close(ConnectionTelemetry& connection, bool failed = false,
                    std::string id = "01ef-session") {
    connection.on(observe::SessionClosed{std::move(id), 3ms, failed});
  }
  std::shared_ptr<StatementTelemetry> statement(
      const std::shared_ptr<ConnectionTelemetry>& connection) {
    return std::make_shared<StatementTelemetry>(connection, OperationType::ExecuteStatement,
                                                StatementType::Query);
  }
  /// The record of one statement that `act` happens to.
  template <class Act>
  json record_of(Act&& act) {
    const auto connection = ConnectionTelemetry::create(forced());
    open(*connection);
    {
      const auto made = statement(connection);
      act(*made);
    }
    close(*connection);
    return workspace.log("EXECUTE_STATEMENT");
  }

  FakeClock clock;
  Workspace workspace;
  Registry registry{clock};
  FeatureFlagCache flags{clock};
};

TEST_F(TelemetryOfAConnection, TellsOfItsSessionAndItsStatements) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection);
  statement(connection)->on(observe::StatementSubmitted{"01ef-statement", 5ms});
  close(*connection);

  EXPECT_THAT(workspace.operations(),
              UnorderedElementsAre("CREATE_SESSION", "EXECUTE_STATEMENT", "DELETE_SESSION"));
  EXPECT_EQ(workspace.log("CREATE_SESSION")["operation_latency_ms"], 12);
  EXPECT_TRUE(workspace.log("CREATE_SESSION").contains("driver_connection_params"));
  EXPECT_EQ(workspace.log("EXECUTE_STATEMENT")["sql_statement_id"], "01ef-statement");
  EXPECT_EQ(workspace.log("DELETE_SESSION")["operation_latency_ms"], 3);
  for (const json& log : workspace.logs()) EXPECT_EQ(log["session_id"], "01ef-session");
  EXPECT_EQ(registry.size(), 0U);
}

TEST_F(TelemetryOfAConnection, IsNotThereWhenItMayTellNothing) {
  auto off = settings();
  off.options.enabled = false;
  auto stopped = forced();
  stopped.kill_switch = true;

  EXPECT_EQ(ConnectionTelemetry::create(off), nullptr);
  EXPECT_EQ(ConnectionTelemetry::create(stopped), nullptr);
  EXPECT_EQ(ConnectionTelemetry::create(settings()), nullptr);  // nothing was said
  EXPECT_EQ(ConnectionTelemetry::decision_of(off).reason, Reason::OptedOut);
  EXPECT_EQ(workspace.transport->count(), 0U);
}

TEST_F(TelemetryOfAConnection, LeavesItToTheServerWhenItIsToldTo) {
  for (const bool on : {true, false}) {
    FeatureFlagCache fresh(clock);
    auto lax = settings();
    lax.options.requires_opt_in = false;
    lax.flags = &fresh;
    workspace.transport->answer_with(Workspace::flag(on));
    const auto connection = ConnectionTelemetry::create(lax);
    open(*connection);
    EXPECT_EQ(connection->decision().state, on ? State::On : State::Off);
    close(*connection);
  }
}

TEST_F(TelemetryOfAConnection, AsksTheServerOnlyWhenThereIsASession) {
  workspace.transport->answer_with(Workspace::flag(true));
  const auto connection = ConnectionTelemetry::create(opted_in());
  EXPECT_EQ(connection->decision().state, State::Pending);
  EXPECT_EQ(workspace.transport->count(), 0U);

  open(*connection);
  close(*connection);

  EXPECT_EQ(connection->decision(), (Decision{State::On, Reason::ServerOn}));
  EXPECT_THAT(workspace.operations(), UnorderedElementsAre("CREATE_SESSION", "DELETE_SESSION"));
}

TEST_F(TelemetryOfAConnection, KeepsItsRecordsUntilTheServerHasSaidYes) {
  workspace.transport->hold();
  const auto connection = ConnectionTelemetry::create(opted_in());
  open(*connection);
  statement(connection)->finish();
  EXPECT_THAT(workspace.operations(), IsEmpty());

  workspace.transport->hold(false);
  workspace.transport->let_go(Workspace::flag(true));
  close(*connection);

  EXPECT_THAT(workspace.operations(),
              UnorderedElementsAre("CREATE_SESSION", "EXECUTE_STATEMENT", "DELETE_SESSION"));
}

TEST_F(TelemetryOfAConnection, ForgetsItsRecordsWhenTheServerSaysNo) {
  for (const http::Reply& no :
       {http::Reply(Workspace::flag(false)), http::Reply(response_of(500)),
        http::Reply(response_of(404)), http::Reply(http::Failure{.kind = ErrorKind::Network})}) {
    FeatureFlagCache fresh(clock);
    auto asking = opted_in();
    asking.flags = &fresh;
    workspace.transport->answer_with(no);
    const auto connection = ConnectionTelemetry::create(asking);
    open(*connection);
    statement(connection)->finish();
    EXPECT_EQ(connection->decision().state, State::Off);
    close(*connection);
  }

  EXPECT_THAT(workspace.operations(), IsEmpty());
  EXPECT_EQ(registry.size(), 0U);
}

TEST_F(TelemetryOfAConnection, TellsNothingWhenItEndsBeforeTheServerHasSaid) {
  workspace.transport->hold();
  auto connection = ConnectionTelemetry::create(opted_in());
  open(*connection);
  close(*connection);
  connection.reset();

  workspace.transport->let_go(Workspace::flag(true));

  EXPECT_THAT(workspace.operations(), IsEmpty());
}

TEST_F(TelemetryOfAConnection, AsksAgainWhenTheServersNoIsOld) {
  const auto live_once = [&] {
    const auto connection = ConnectionTelemetry::create(opted_in());
    if (!connection) return false;
    open(*connection);
    close(*connection);
    return true;
  };
  workspace.transport->answer_with(Workspace::flag(false));
  live_once();
  EXPECT_FALSE(live_once()) << "what the server has said holds for a while";
  workspace.transport->answer_with(Workspace::flag(true));
  clock.advance(1h);

  live_once();  // by what was known; the answer to its question is for the next one
  EXPECT_TRUE(live_once());

  EXPECT_EQ(workspace.requests("feature-flags").size(), 2U);
  EXPECT_THAT(workspace.operations(), UnorderedElementsAre("CREATE_SESSION", "DELETE_SESSION"));
}

TEST_F(TelemetryOfAConnection, ShowsItsSinkWhatItHasWhenItEndsBeforeTheServerHasSaid) {
  workspace.transport->hold();
  std::size_t shown = 0;
  bool is_sent = false;
  auto asking = opted_in();
  asking.sink = std::make_shared<CallbackSink>([&](const ExportedBatch& batch) {
    shown += batch.records;
    is_sent = is_sent || batch.is_sent;
  });
  auto connection = ConnectionTelemetry::create(asking);
  open(*connection);
  statement(connection)->finish();
  close(*connection);
  connection.reset();

  workspace.transport->let_go(Workspace::flag(true));

  EXPECT_EQ(shown, 3U);
  EXPECT_FALSE(is_sent);
  EXPECT_THAT(workspace.operations(), IsEmpty());
}

TEST_F(TelemetryOfAConnection, ForcesItselfOnWithoutAskingTheServer) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection);
  close(*connection);

  EXPECT_THAT(workspace.requests("feature-flags"), IsEmpty());
  EXPECT_EQ(connection->decision().reason, Reason::Forced);
}

TEST_F(TelemetryOfAConnection, KnowsWithoutAskingWhatAnotherOneWasTold) {
  workspace.transport->answer_with(Workspace::flag(true));
  const auto first = ConnectionTelemetry::create(opted_in());
  open(*first);
  const auto second = ConnectionTelemetry::create(opted_in());

  EXPECT_EQ(second->decision().state, State::On);
  EXPECT_EQ(workspace.requests("feature-flags").size(), 1U);
  close(*first);
  close(*second);
}

TEST_F(TelemetryOfAConnection, TellsNothingOfAConnectionThatSaidNoThroughOneThatSaidYes) {
  auto no = settings();
  no.options.enabled = false;
  for (const bool no_is_first : {true, false}) {
    const auto silent = no_is_first ? ConnectionTelemetry::create(no) : nullptr;
    const auto telling = ConnectionTelemetry::create(forced());
    const auto also_silent = ConnectionTelemetry::create(no);
    EXPECT_EQ(silent, nullptr);
    EXPECT_EQ(also_silent, nullptr);
    open(*telling, "telling");
    close(*telling);
  }

  for (const json& log : workspace.logs()) EXPECT_EQ(log["session_id"], "telling");
}

TEST_F(TelemetryOfAConnection, TellsOfAFailedConnectionOnlyWhenItMay) {
  const auto pending = ConnectionTelemetry::create(opted_in());
  pending->session_failed(ErrorCategory::Auth, 4ms);
  pending->close();
  EXPECT_EQ(workspace.transport->count(), 0U);

  const auto on = ConnectionTelemetry::create(forced());
  on->session_failed(ErrorCategory::Auth, 4ms);
  on->close();

  const auto logs = workspace.logs();
  ASSERT_EQ(logs.size(), 1U);
  EXPECT_EQ(logs[0]["error_info"]["error_name"], "auth_error");
  EXPECT_FALSE(logs[0].contains("session_id"));
}

TEST_F(TelemetryOfAConnection, SaysThatItsSessionDidNotEndWell) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection);
  close(*connection, true);

  EXPECT_EQ(workspace.log("DELETE_SESSION")["error_info"]["error_name"], "session_closed");
}

TEST_F(TelemetryOfAConnection, GoesNowhereNearAForeignHost) {
  for (const char* host : {"127.0.0.1", "169.254.169.254", "u@h.example.com", "h.example.com/x"}) {
    auto unsafe = forced();
    auto destination = destination_to(workspace.transport);
    destination->host = host;
    unsafe.destination = destination;
    unsafe.connection_host = "adb-1.azuredatabricks.net";

    EXPECT_EQ(ConnectionTelemetry::create(unsafe), nullptr) << host;
    EXPECT_EQ(ConnectionTelemetry::decision_of(unsafe).reason, Reason::UnsafeHost) << host;
  }
}

TEST_F(TelemetryOfAConnection, WritesToItsSinkAloneWhenItIsOff) {
  std::vector<std::string> bodies;
  auto off = settings();
  off.options.enabled = false;
  off.sink = std::make_shared<CallbackSink>(
      [&](const ExportedBatch& batch) { bodies.emplace_back(batch.body); });
  const auto connection = ConnectionTelemetry::create(off);
  open(*connection);
  close(*connection);

  ASSERT_FALSE(bodies.empty());
  EXPECT_THAT(bodies.front(), HasSubstr("CREATE_SESSION"));
  EXPECT_EQ(workspace.transport->count(), 0U);
}

TEST_F(TelemetryOfAConnection, CanBeClosedFromSeveralThreads) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 5; ++i) threads.emplace_back([&] { connection->close(); });
  }
  connection->record({});

  EXPECT_EQ(registry.size(), 0U);
  EXPECT_THAT(workspace.operations(), UnorderedElementsAre("CREATE_SESSION"));
}

TEST_F(TelemetryOfAConnection, DeliversNothingTwiceAndLosesNothingOfManyConnections) {
  constexpr int kThreads = 64;
  constexpr int kStatements = 20;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        const auto connection = ConnectionTelemetry::create(forced());
        open(*connection, "s" + std::to_string(i));
        for (int j = 0; j < kStatements; ++j) statement(connection)->finish();
        close(*connection, false, "s" + std::to_string(i));
      });
    }
  }

  EXPECT_EQ(workspace.logs().size(), static_cast<std::size_t>(kThreads * (kStatements + 2)));
  EXPECT_EQ(registry.size(), 0U);
}

TEST_F(TelemetryOfAConnection, GoesOnWithTheSessionThatTookThePlaceOfAnother) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection, "first");
  open(*connection, "second");
  close(*connection, true, "first");
  statement(connection)->finish();
  close(*connection, false, "second");

  EXPECT_THAT(workspace.operations(), UnorderedElementsAre("CREATE_SESSION", "CREATE_SESSION",
                                                           "EXECUTE_STATEMENT", "DELETE_SESSION"));
  EXPECT_EQ(workspace.log("EXECUTE_STATEMENT")["session_id"], "second");
  EXPECT_EQ(workspace.log("DELETE_SESSION")["session_id"], "second");
}

TEST_F(TelemetryOfAConnection, TellsOfAStatementInTheSessionThatItRanIn) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection, "first");
  workspace.transport->await(1);
  const auto before = statement(connection);
  before->on(observe::StatementSubmitted{"01ef-before", 5ms});
  const auto over = statement(connection);
  over->on(observe::StatementSubmitted{"01ef-over", 5ms});
  over->finish();
  open(*connection, "second");
  close(*connection, true, "first");
  before->on(observe::StatementClosed{"01ef-before", 1ms, false});
  before->finish();
  close(*connection, false, "second");

  int told = 0;
  for (const json& each : workspace.logs()) {
    if (!each.contains("sql_statement_id")) continue;
    EXPECT_EQ(each["session_id"], "first") << each;
    ++told;
  }
  EXPECT_EQ(told, 3);
}

/// As when what statements had made of the session cannot be restored.
TEST_F(TelemetryOfAConnection, GoesOnWhenASessionCouldNotTakeThePlaceOfAnother) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection, "first");
  open(*connection, "useless");
  close(*connection, false, "useless");
  statement(connection)->finish();
  open(*connection, "third");
  close(*connection, true, "first");
  close(*connection, false, "third");

  std::map<std::string, std::vector<std::string>> told;
  for (const json& each : workspace.logs())
    told[each["session_id"]].push_back(each["sql_operation"]["operation_detail"]["operation_type"]);
  EXPECT_THAT(told["first"], UnorderedElementsAre("CREATE_SESSION", "EXECUTE_STATEMENT"));
  EXPECT_THAT(told["useless"], UnorderedElementsAre("CREATE_SESSION", "DELETE_SESSION"));
  EXPECT_THAT(told["third"], UnorderedElementsAre("CREATE_SESSION", "DELETE_SESSION"));
  EXPECT_EQ(registry.size(), 0U);
}

TEST_F(TelemetryOfAConnection, CountsWhatIsToldWhenItIsClosed) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection);
  const auto late = statement(connection);
  close(*connection);

  late->finish();

  EXPECT_EQ(connection->stats()->recorded, 3U);
  EXPECT_EQ(connection->stats()->delivered, 2U);
  EXPECT_EQ(connection->stats()->lost_by(Loss::NoTime), 1U);
}

/// Runs in a child of this process, which has none of its threads. \return whether all went well
bool leaves_alone_what_its_parent_made(ConnectionTelemetry& connection,
                                       const Workspace& workspace) {
  const std::size_t before = workspace.transport->count();
  for (int i = 0; i < 1'000; ++i) connection.record({});
  connection.on(observe::SessionClosed{"01ef-session", 3ms, false});
  connection.close();
  return workspace.transport->count() == before;
}

TEST_F(TelemetryOfAConnection, IsLeftAloneInAChildOfItsProcess) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection);
  workspace.transport->await(1);

  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // rather than hang for ever
    _exit(leaves_alone_what_its_parent_made(*connection, workspace) ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  statement(connection)->finish();
  close(*connection);

  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_THAT(workspace.operations(),
              UnorderedElementsAre("CREATE_SESSION", "EXECUTE_STATEMENT", "DELETE_SESSION"));
}

/// What a statement has to tell is in the statement alone, so that nothing has to be cleared away
/// however many are open, for however long; what is bounded is what waits to be sent.
TEST_F(TelemetryOfAConnection, KeepsTheFailuresOfStatementsThatStayOpenForHours) {
  constexpr std::size_t kStatements = 5'001;
  workspace.transport->hold();
  const auto connection = ConnectionTelemetry::create(opted_in());
  open(*connection);
  std::vector<std::shared_ptr<StatementTelemetry>> statements;
  for (std::size_t i = 0; i < kStatements; ++i) statements.push_back(statement(connection));
  const Error error({.kind = ErrorKind::SqlSyntax, .message = "MARKED"});
  statements.front()->on(observe::Failed{&error});

  clock.advance(2h);
  statements.clear();
  workspace.transport->hold(false);
  workspace.transport->let_go(Workspace::flag(true));
  close(*connection);

  const SenderStats stats = *connection->stats();
  EXPECT_EQ(stats.recorded, kStatements + 2);
  EXPECT_EQ(stats.delivered + stats.dropped(), stats.recorded);
  EXPECT_LE(stats.evicted, stats.dropped());
  EXPECT_GT(stats.evicted, 4'000U);
  int failures = 0;
  for (const json& each : workspace.logs()) failures += each.contains("error_info") ? 1 : 0;
  EXPECT_EQ(failures, 1);
}

/// Hooks get nothing of the caller's that could end early: neither its deadline nor its stop token.
TEST_F(TelemetryOfAConnection, TellsOfACallThatWasCancelledWithoutBeingCancelledItself) {
  const json record = record_of([&](StatementTelemetry& statement) {
    const Error error({.kind = ErrorKind::Cancelled, .message = "MARKED"});
    statement.on(observe::StatementSubmitted{"01ef-statement", 5ms});
    statement.on(observe::CancelAsked{1ms, nullptr});
    statement.on(observe::Failed{&error});
    statement.on(observe::StatementEnded{});
  });

  EXPECT_EQ(record["error_info"]["error_name"], "execute_statement_cancelled");
  EXPECT_EQ(workspace.operations().size(), 4U);  // with the session's, and the cancel's own
}

TEST_F(TelemetryOfAConnection, TellsThatAStatementWasFreedOrNot) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection);
  const auto freed = statement(connection);
  freed->on(observe::StatementSubmitted{"01ef-freed", 5ms});
  freed->on(observe::StatementClosed{"01ef-freed", 7ms, /*failed=*/false});
  const auto kept = std::make_shared<StatementTelemetry>(
      connection, OperationType::ExecuteStatement, StatementType::Sql, /*is_internal=*/true);
  kept->on(observe::StatementSubmitted{"01ef-kept", 5ms});
  kept->on(observe::StatementClosed{"01ef-kept", 7ms, /*failed=*/true});
  close(*connection);

  std::map<std::string, json> closes;
  for (const json& each : workspace.logs()) {
    if (each["sql_operation"]["operation_detail"]["operation_type"] == "CLOSE_STATEMENT")
      closes[each["sql_statement_id"]] = each;
  }
  ASSERT_EQ(closes.size(), 2U);
  EXPECT_EQ(closes["01ef-freed"]["operation_latency_ms"], 7);
  EXPECT_FALSE(closes["01ef-freed"].contains("error_info"));
  EXPECT_EQ(closes["01ef-kept"]["error_info"]["error_name"], "statement_closed");
  EXPECT_EQ(closes["01ef-kept"]["sql_operation"]["operation_detail"]["is_internal_call"], true);
}

TEST_F(TelemetryOfAConnection, TellsOfAFailureThatIsHeardOfAfterTheStatementWasFreed) {
  const json record = record_of([&](StatementTelemetry& statement) {
    const Error error({.kind = ErrorKind::SqlSyntax, .message = "MARKED"});
    statement.on(observe::StatementSubmitted{"01ef-statement", 5ms});
    statement.on(observe::StatementClosed{"01ef-statement", 1ms, /*failed=*/false});
    statement.on(observe::Failed{&error});
    statement.on(observe::StatementEnded{});
  });

  EXPECT_EQ(record["error_info"]["error_name"], "syntax_error");
}

/// The server may give an id and a failure in one reply.
TEST_F(TelemetryOfAConnection, NamesAStatementThatFailedAtOnce) {
  const json record = record_of([&](StatementTelemetry& statement) {
    const Error error({.kind = ErrorKind::SqlSyntax, .message = "no", .statement_id = "01ef-bad"});
    statement.on(observe::Failed{&error});
    statement.on(observe::StatementEnded{});
  });
  EXPECT_EQ(record["sql_statement_id"], "01ef-bad");
}

TEST_F(TelemetryOfAConnection, NamesAStatementThatIsOnlyKnownWhenItIsFreed) {
  const json record = record_of([&](StatementTelemetry& statement) {
    statement.on(observe::StatementClosed{"01ef-freed", 1ms, /*failed=*/false});
    statement.on(observe::StatementEnded{});
  });
  EXPECT_EQ(record["sql_statement_id"], "01ef-freed");
  EXPECT_EQ(workspace.log("CLOSE_STATEMENT")["sql_statement_id"], "01ef-freed");
}

TEST_F(TelemetryOfAConnection, TellsOfACancelledStatementThatNobodyReads) {
  const json record = record_of([&](StatementTelemetry& statement) {
    statement.on(observe::StatementSubmitted{"01ef-statement", 5ms});
    statement.on(observe::CancelAsked{1ms, nullptr});
    statement.on(observe::StatementEnded{});
  });
  EXPECT_EQ(record["error_info"]["error_name"], "execute_statement_cancelled");
}

TEST_F(TelemetryOfAConnection, TellsOfNoCancellingThatTheServerRefused) {
  const json record = record_of([&](StatementTelemetry& statement) {
    const Error refusal({.kind = ErrorKind::Network, .message = "no"});
    statement.on(observe::CancelAsked{1ms, &refusal});
    statement.on(observe::RowsExhausted{});
  });
  EXPECT_FALSE(record.contains("error_info"));
}

TEST_F(TelemetryOfAConnection, KeepsItsCountsWhenItIsClosed) {
  const auto connection = ConnectionTelemetry::create(forced());
  EXPECT_EQ(connection->stats()->recorded, 0U);
  open(*connection);
  close(*connection);

  EXPECT_EQ(connection->stats()->delivered, 2U);
  EXPECT_EQ(connection->stats()->breaker, CircuitBreaker::State::Closed);
}

TEST_F(TelemetryOfAConnection, TellsHowLongAStatementTookWithoutItsReader) {
  const json log = record_of([&](StatementTelemetry& statement) {
    clock.advance(10ms);
    statement.ready();
    statement.reading();
    clock.advance(200ms);
    statement.exhausted();
  });

  EXPECT_EQ(log["operation_latency_ms"], 10);
  EXPECT_EQ(log["sql_operation"]["result_latency"]["result_set_consumption_latency_millis"], 200);
}

TEST_F(TelemetryOfAConnection, CountsPollsAndTheirTime) {
  using Polled = observe::StatementPolled;
  const json log = record_of([&](StatementTelemetry& statement) {
    for (int i = 1; i <= 3; ++i)
      statement.on(Polled{"01ef", Polled::State::Running, i, 100ms * i, 7ms});
  });

  const json& detail = log["sql_operation"]["operation_detail"];
  EXPECT_EQ(detail["n_operation_status_calls"], 3);
  EXPECT_EQ(detail["operation_status_latency_millis"], 21);
}

TEST_F(TelemetryOfAConnection, MeasuresTheFilesOfAResult) {
  using Page = observe::PageReceived;
  const json log = record_of([&](StatementTelemetry& statement) {
    statement.on(Page{"01ef", 0, 0, Page::Format::Links, true, 4});
    // They come in any order; the first one is the first of the result.
    statement.on(observe::ChunkReceived{2, 140ms, 1000, 0});
    statement.on(observe::ChunkReceived{0, 81ms, 1000, 1});
    statement.on(observe::ChunkReceived{1, 0ms, 1000, 0});
    statement.on(observe::ChunkConsumed{0});
  });

  const json& operation = log["sql_operation"];
  EXPECT_EQ(operation["execution_result"], "EXTERNAL_LINKS");
  EXPECT_EQ(operation["is_compressed"], true);
  EXPECT_EQ(operation["retry_count"], 1);
  EXPECT_EQ(operation["chunk_details"], json({{"total_chunks_present", 4},
                                              {"total_chunks_iterated", 1},
                                              {"initial_chunk_latency_millis", 81},
                                              {"slowest_chunk_latency_millis", 140},
                                              {"sum_chunks_download_time_millis", 221}}));
}

/// The reader asks for rows before anybody knows how they come.
TEST_F(TelemetryOfAConnection, TellsWhenTheFirstFileOfAResultWasThere) {
  using Page = observe::PageReceived;
  const json log = record_of([&](StatementTelemetry& statement) {
    clock.advance(10ms);
    statement.on(observe::StatementReady{});
    statement.on(observe::ReadBegan{});
    statement.on(Page{"01ef", 0, 0, Page::Format::Links, true, 2});
    clock.advance(30ms);
    statement.on(observe::ChunkReceived{1, 20ms, 1000, 0});
    clock.advance(60ms);
    statement.on(observe::ChunkReceived{0, 50ms, 1000, 0});
    clock.advance(100ms);
    statement.on(observe::ChunkConsumed{0});
    statement.on(observe::RowsExhausted{});
  });

  const json& latency = log["sql_operation"]["result_latency"];
  EXPECT_EQ(log["operation_latency_ms"], 10);
  EXPECT_EQ(latency["result_set_ready_latency_millis"], 100);
  EXPECT_EQ(latency["result_set_consumption_latency_millis"], 190);
}

TEST_F(TelemetryOfAConnection, TellsThatAnInlineResultWasThereWithItsExecution) {
  using Page = observe::PageReceived;
  const json log = record_of([&](StatementTelemetry& statement) {
    clock.advance(10ms);
    statement.on(observe::StatementReady{});
    clock.advance(500ms);  // of the program's own
    statement.on(observe::ReadBegan{});
    statement.on(Page{"01ef", 0, 100, Page::Format::Arrow, false, 0});
    statement.on(observe::RowsExhausted{});
  });

  EXPECT_EQ(log["sql_operation"]["result_latency"]["result_set_ready_latency_millis"], 10);
}

TEST_F(TelemetryOfAConnection, TellsNoFilesOfAnInlineResult) {
  using Page = observe::PageReceived;
  const json log = record_of([&](StatementTelemetry& statement) {
    statement.on(Page{"01ef", 0, 100, Page::Format::Arrow, false, 0});
  });

  EXPECT_EQ(log["sql_operation"]["execution_result"], "INLINE_ARROW");
  EXPECT_FALSE(log["sql_operation"].contains("chunk_details"));
}

TEST_F(TelemetryOfAConnection, NamesTheFileThatCouldNotBeHad) {
  const json log = record_of([&](StatementTelemetry& statement) {
    statement.on(observe::ChunkFailed{2, ErrorKind::Network, false, 4});
    statement.failed(ErrorCategory::Connection);
  });

  EXPECT_EQ(log["error_info"]["error_name"], "chunk_download_error");
  EXPECT_EQ(log["sql_operation"]["chunk_id"], 2);
  EXPECT_EQ(log["sql_operation"]["retry_count"], 4);
}

TEST_F(TelemetryOfAConnection, TellsOnlyTheKindOfAFailure) {
  const json log = record_of([&](StatementTelemetry& statement) {
    statement.failed(
        Error({.kind = ErrorKind::SqlSyntax, .message = "near MARK", .statement_id = "01ef"}));
  });

  EXPECT_EQ(log["error_info"], json({{"error_name", "syntax_error"}}));
  EXPECT_THAT(log.dump(), Not(HasSubstr("MARK")));
}

TEST_F(TelemetryOfAConnection, SendsAtOnceWhatRepeatingCannotMend) {
  // Who is first decides when a sender flushes by itself; otherwise that is left to chance.
  const auto made = forced();
  const SenderKey key{.host = made.destination->host,
                      .org_id = made.destination->org_id,
                      .identity = made.identity,
                      .sink = {}};
  const auto token = registry.new_token();
  registry.acquire(key, token, made.destination, nullptr, {.flush_interval = 30s, .jitter = 1}, {});
  const auto connection = ConnectionTelemetry::create(made);
  open(*connection);
  workspace.transport->await(1);
  clock.advance(1s);
  statement(connection)->failed(ErrorCategory::Timeout);
  EXPECT_EQ(workspace.transport->count(), 1U);

  statement(connection)->failed(ErrorCategory::Syntax);
  workspace.transport->await(2);

  EXPECT_THAT(workspace.operations(),
              UnorderedElementsAre("CREATE_SESSION", "EXECUTE_STATEMENT", "EXECUTE_STATEMENT"));
  close(*connection);
  registry.release(key, token, clock.now());
}

TEST_F(TelemetryOfAConnection, TellsOfEachCancelAndOnceOfItsStatement) {
  const auto connection = ConnectionTelemetry::create(forced());
  open(*connection);
  {
    const auto made = statement(connection);
    made->cancelled(5ms, ErrorCategory::None);
    made->cancelled(6ms, ErrorCategory::Connection);
    made->failed(ErrorCategory::Cancelled);
    made->finish();
    made->exhausted();
  }
  close(*connection);

  EXPECT_THAT(workspace.operations(),
              UnorderedElementsAre("CREATE_SESSION", "CANCEL_STATEMENT", "CANCEL_STATEMENT",
                                   "EXECUTE_STATEMENT", "DELETE_SESSION"));
  EXPECT_EQ(workspace.log("EXECUTE_STATEMENT")["error_info"]["error_name"],
            "execute_statement_cancelled");
}

TEST_F(TelemetryOfAConnection, TellsOfAMovedFileWithoutItsName) {
  const json log = record_of([&](StatementTelemetry& statement) {
    clock.advance(10ms);
    statement.on(observe::StatementReady{});
    clock.advance(1500ms);
    statement.on(observe::StagingTransferred{"01ef", "PUT", 100, 1450ms});
    clock.advance(20ms);
  });

  EXPECT_EQ(log["vol_operation"], json({{"volume_operation_type", "PUT"}}));
  EXPECT_EQ(log["sql_operation"]["statement_type"], "VOLUME");
  EXPECT_EQ(log["operation_latency_ms"], 1450) << "of the transfer alone";
}

TEST_F(TelemetryOfAConnection, TellsOfAFileThatWasNotMoved) {
  const Error error({.kind = ErrorKind::PermissionDenied, .message = "no"});
  const json log = record_of([&](StatementTelemetry& statement) {
    statement.on(observe::StatementReady{});
    statement.on(observe::StagingFailed{"GET", error.kind(), 70ms});
    statement.on(observe::Failed{&error});
  });

  EXPECT_EQ(log["vol_operation"], json({{"volume_operation_type", "GET"}}));
  EXPECT_EQ(log["sql_operation"]["statement_type"], "VOLUME");
  EXPECT_EQ(log["operation_latency_ms"], 70);
  EXPECT_EQ(log["error_info"]["error_name"], "volume_operation_error");
}

TEST_F(TelemetryOfAConnection, HearsOfOneStatementFromManyThreads) {
  const json log = record_of([&](StatementTelemetry& statement) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&statement, i] {
        for (int j = 0; j < 100; ++j) {
          statement.on(observe::ChunkReceived{i * 100 + j, 1ms, 10, 0});
          statement.on(observe::ChunkConsumed{i * 100 + j});
        }
      });
    }
  });

  EXPECT_EQ(log["sql_operation"]["chunk_details"]["total_chunks_iterated"], 800);
  EXPECT_EQ(log["sql_operation"]["chunk_details"]["sum_chunks_download_time_millis"], 800);
}

}  // namespace
}  // namespace dbsql::telemetry
