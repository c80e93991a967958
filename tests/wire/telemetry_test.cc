#include "support/captured_log.h"
#include "support/temporary_folder.h"
#include "warehouse/telemetry_service.h"
#include "wire/own_warehouse_test.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using warehouse::Fault;

constexpr const char* kExports = "/telemetry-ext";
constexpr const char* kOpenExports = "/telemetry-unauth";
constexpr const char* kFlags = "/api/2.0/connector-service/feature-flags/";
constexpr const char* kForced = "forceEnableTelemetry=true";
constexpr const char* kFlag =
    "databricks.partnerplatform.clientConfigsFeatureFlags.enableTelemetryForCppDriver";

/// What the driver tells about itself, to a warehouse that checks every record against the schema.
class TelemetryWireTest : public OwnWarehouseTest {
 protected:
  /// Small statements are over with their first reply, however busy the machine is: then there is
  /// nothing to free, and no record of that.
  TelemetryWireTest() { direct_results_wait_ = 20s; }

  void TearDown() override { EXPECT_THAT(server_->telemetry().problems(), IsEmpty()); }

  std::size_t sent(const char* path = kExports) const { return server_->journal().count(path); }

  std::vector<json> logs() const {
    std::vector<json> logs;
    for (const std::string& record : server_->telemetry().records())
      logs.push_back(json::parse(record)["entry"]["sql_driver_log"]);
    return logs;
  }
  /// How many records tell of each operation.
  std::map<std::string, int> operations() const {
    std::map<std::string, int> counts;
    for (const json& log : logs())
      ++counts[log["sql_operation"]["operation_detail"]["operation_type"].get<std::string>()];
    return counts;
  }
  json log(std::string_view operation) const {
    for (const json& each : logs()) {
      if (each["sql_operation"]["operation_detail"]["operation_type"] == operation) return each;
    }
    return {};
  }

  /// On, and with a file that gets a copy.
  static std::string with_file(const std::string& path) {
    return std::string(kForced) + "&telemetrySink=file:" + path;
  }
};

TEST_F(TelemetryWireTest, SendsNothingUnlessItIsTurnedOn) {
  for (const char* options : {"", "enableTelemetry=false", "telemetry_batch_size=1"}) {
    Connection connection = connect_here(options);
    connection.query("SELECT 1").close();
    capture_error([&] { connection.query("SELEC 1"); });
  }

  EXPECT_EQ(sent(), 0U);
  EXPECT_EQ(sent(kOpenExports), 0U);
  EXPECT_EQ(sent(kFlags), 0U);
}

TEST_F(TelemetryWireTest, TellsOfASessionAndItsStatements) {
  std::string session;
  std::string statement;
  {
    Connection connection = connect_here(kForced);
    session = connection.id();
    Result result = connection.query("SELECT 1");
    statement = result.statement_id();
    EXPECT_EQ(count_rows(result), 1);
  }

  EXPECT_EQ(operations(),
            (std::map<std::string, int>{
                {"CREATE_SESSION", 1}, {"EXECUTE_STATEMENT", 1}, {"DELETE_SESSION", 1}}));
  for (const json& each : logs()) EXPECT_EQ(each["session_id"], session);
  const json opened = log("CREATE_SESSION");
  EXPECT_EQ(opened["system_configuration"]["driver_name"], "databricks-sql-cpp");
  EXPECT_EQ(opened["driver_connection_params"]["http_path"], "/sql/1.0/warehouses/local");
  EXPECT_EQ(opened["driver_connection_params"]["mode"], "THRIFT");
  const json executed = log("EXECUTE_STATEMENT");
  EXPECT_EQ(executed["sql_statement_id"], statement);
  EXPECT_EQ(executed["sql_operation"]["statement_type"], "QUERY");
  EXPECT_EQ(executed["sql_operation"]["execution_result"], "INLINE_ARROW");
  EXPECT_FALSE(executed["sql_operation"].contains("chunk_details"));
  EXPECT_EQ(executed["sql_operation"]["operation_detail"].contains("n_operation_status_calls"),
            sent("GetOperationStatus") > 0);
  EXPECT_EQ(sent(kFlags), 0U);
}

TEST_F(TelemetryWireTest, AsksTheServerWhetherItWantsToKnow) {
  server_->telemetry().set_flag(kFlag, "true");
  Connection connection = connect_here("enableTelemetry=true");
  EXPECT_TRUE(eventually([&] { return sent(kFlags) == 1 && sent() > 0; }));
  connection.query("SELECT 1").close();
  connection.close();

  EXPECT_EQ(operations()["EXECUTE_STATEMENT"], 1);
}

TEST_F(TelemetryWireTest, TellsNothingWhenTheServerDoesNotWantToKnow) {
  server_->telemetry().set_flag(kFlag, "false");
  for (int i = 0; i < 5; ++i) {
    Connection connection = connect_here("enableTelemetry=true");
    EXPECT_TRUE(eventually([&] { return sent(kFlags) == 1; }));
    connection.query("SELECT 1").close();
  }

  EXPECT_EQ(sent(), 0U);
  EXPECT_EQ(sent(kFlags), 1U);
}

TEST_F(TelemetryWireTest, MeasuresTheFilesOfAResult) {
  {
    Connection connection = connect_here(kForced);
    Result result = connection.query("SELECT id, concat('row ', id) FROM range(60000)");
    EXPECT_EQ(count_rows(result), 60'000);
  }

  const json operation = log("EXECUTE_STATEMENT")["sql_operation"];
  const json& chunks = operation["chunk_details"];
  EXPECT_EQ(operation["execution_result"], "EXTERNAL_LINKS");
  EXPECT_EQ(operation["is_compressed"], true);
  EXPECT_GT(chunks["total_chunks_present"], 2);
  EXPECT_EQ(chunks["total_chunks_iterated"], chunks["total_chunks_present"]);
  EXPECT_LE(chunks["initial_chunk_latency_millis"], chunks["slowest_chunk_latency_millis"]);
  EXPECT_LE(chunks["slowest_chunk_latency_millis"], chunks["sum_chunks_download_time_millis"]);
}

TEST_F(TelemetryWireTest, CountsOnlyTheFilesThatWereRead) {
  {
    Connection connection = connect_here(kForced);
    Result result = connection.query("SELECT id, concat('row ', id) FROM range(60000)");
    auto batch = result.next_batch();
    batch->release(&*batch);
  }

  const json chunks = log("EXECUTE_STATEMENT")["sql_operation"]["chunk_details"];
  EXPECT_EQ(chunks["total_chunks_iterated"], 1);
  EXPECT_GT(chunks["total_chunks_present"], 1);
  EXPECT_EQ(operations()["EXECUTE_STATEMENT"], 1);
}

TEST_F(TelemetryWireTest, NamesAFileThatCouldNotBeHad) {
  server_->faults().add({.path = "/_storage/", .count = 0, .fault = Fault::answer(400)});
  {
    Connection connection = connect_here(kForced);
    capture_error([&] {
      Result result = connection.query("SELECT id, concat('row ', id) FROM range(60000)");
      count_rows(result);
    });
  }

  const json failed = log("EXECUTE_STATEMENT");
  EXPECT_EQ(failed["error_info"]["error_name"], "chunk_download_error");
  EXPECT_EQ(failed["sql_operation"]["chunk_id"], 0);
}

TEST_F(TelemetryWireTest, TellsOnlyTheKindOfAFailure) {
  std::string statement;
  {
    Connection connection = connect_here(kForced);
    statement = capture_error([&] { connection.query("SELEC 'MARKED'"); }).statement_id();
  }

  const json failed = log("EXECUTE_STATEMENT");
  EXPECT_NE(statement, "");
  EXPECT_EQ(failed["sql_statement_id"], statement);
  EXPECT_EQ(failed["error_info"], json({{"error_name", "syntax_error"}}));
}

/// What a pass-through of a damaged answer looks like: the frame's magic number, and nonsense.
TEST_F(TelemetryWireTest, TellsADamagedCompressionFromAFileThatDidNotCome) {
  const std::string damaged = "\x04\x22\x4D\x18" + std::string(400, '\x55');
  server_->faults().add(
      {.path = "/_storage/", .count = 0, .fault = Fault::answer(200, {}, damaged)});
  {
    Connection connection = connect_here(kForced);
    const auto error = capture_error([&] {
      Result result = connection.query("SELECT id, concat('row ', id) FROM range(60000)");
      count_rows(result);
    });
    EXPECT_EQ(error.error_class(), "CORRUPT_LZ4");
  }

  const json failed = log("EXECUTE_STATEMENT");
  EXPECT_EQ(failed["error_info"]["error_name"], "decompression_error");
  EXPECT_EQ(failed["sql_operation"]["chunk_id"], 0);
}

TEST_F(TelemetryWireTest, TellsThatAStatementWasFreed) {
  std::string statement;
  {
    Connection connection = connect_here(kForced);
    Result result = connection.query("SELECT id, concat('row ', id) FROM range(60000)");
    statement = result.statement_id();
    count_rows(result);
  }

  EXPECT_EQ(operations()["CLOSE_STATEMENT"],
            static_cast<int>(server_->journal().count("CloseOperation")));
  EXPECT_EQ(log("CLOSE_STATEMENT")["sql_statement_id"], statement);
  EXPECT_FALSE(log("CLOSE_STATEMENT").contains("error_info"));
}

TEST_F(TelemetryWireTest, TellsThatAStatementCouldNotBeFreed) {
  server_->faults().add({.method = "CloseOperation", .count = 0, .fault = Fault::answer(400)});
  std::int64_t rows = 0;
  {
    Connection connection = connect_here(kForced);
    Result result = connection.query("SELECT id, concat('row ', id) FROM range(60000)");
    rows = count_rows(result);
  }

  EXPECT_EQ(rows, 60'000);
  EXPECT_EQ(log("CLOSE_STATEMENT")["error_info"]["error_name"], "statement_closed");
  EXPECT_FALSE(log("EXECUTE_STATEMENT").contains("error_info"));
}

TEST_F(TelemetryWireTest, TellsItsOwnStatementsFromThePrograms) {
  {
    Connection connection = connect_here(kForced);
    Transaction transaction = connection.begin();
    connection.query("SELECT 1").close();
    transaction.commit();
    Transaction undone = connection.begin();
    connection.query("SELECT 2").close();
    undone.rollback();
    connection.ping();
  }

  int own = 0;
  int programs = 0;
  for (const json& each : logs()) {
    const json& detail = each["sql_operation"]["operation_detail"];
    if (detail["operation_type"] != "EXECUTE_STATEMENT") continue;
    detail.value("is_internal_call", false) ? ++own : ++programs;
  }
  EXPECT_EQ(programs, 2);
  EXPECT_GE(own, 4);  // SET AUTOCOMMIT, COMMIT, ROLLBACK, the ping
}

TEST_F(TelemetryWireTest, TellsNothingOfAStatementThatIsToBeLeftOut) {
  {
    Connection connection = connect_here(kForced);
    const ExecuteOptions silent{.telemetry = false};
    Result result = connection.query("SELECT id, concat('row ', id) FROM range(60000)", {}, silent);
    count_rows(result);
    capture_error([&] { connection.query("SELEC 1", {}, silent); });
    connection.catalogs(silent).close();
    StatementHandle handle =
        connection.submit("SELECT count(*) FROM range(20000000000)", {}, silent);
    handle.cancel();
  }

  EXPECT_EQ(operations(),
            (std::map<std::string, int>{{"CREATE_SESSION", 1}, {"DELETE_SESSION", 1}}));
}

TEST_F(TelemetryWireTest, SaysWhetherItTellsAndWhatBecameOfIt) {
  Connection connection = connect_here(kForced);
  connection.query("SELECT 1").close();
  EXPECT_EQ(connection.telemetry_stats().state, TelemetryState::On);
  EXPECT_EQ(connection.telemetry_stats().reason, "forced");
  connection.close();

  const TelemetryStats stats = connection.telemetry_stats();
  EXPECT_EQ(stats.recorded, 3U);
  EXPECT_EQ(stats.delivered, 3U);
  EXPECT_EQ(stats.dropped.total(), 0U);
  EXPECT_EQ(stats.pending, 0U);
  EXPECT_EQ(stats.requests, sent());
  EXPECT_GT(stats.bytes, 500U);
  EXPECT_EQ(stats.last_status, 200);
  EXPECT_EQ(stats.last_error, "");
  EXPECT_TRUE(stats.last_request);
  EXPECT_EQ(stats.breaker, TelemetryStats::Breaker::Closed);
  EXPECT_FALSE(stats.endpoint_suspended);
}

TEST_F(TelemetryWireTest, SaysWhyItTellsNothing) {
  server_->telemetry().set_flag(kFlag, "false");
  const std::pair<const char*, const char*> rows[] = {
      {"", "default_off"},
      {"enableTelemetry=false", "opted_out"},
      {"enableTelemetry=false&telemetrySink=file:/dev/null", "opted_out"}};
  for (const auto& [options, reason] : rows) {
    Connection connection = connect_here(options);
    const TelemetryStats stats = connection.telemetry_stats();
    EXPECT_EQ(stats.state, TelemetryState::Off) << options;
    EXPECT_EQ(stats.reason, reason) << options;
  }
  Connection asking = connect_here("enableTelemetry=true");
  EXPECT_TRUE(eventually([&] { return asking.telemetry_stats().reason == "server_off"; }));
  EXPECT_EQ(asking.telemetry_stats().state, TelemetryState::Off);
  Connection informed = connect_here("enableTelemetry=true");
  EXPECT_EQ(informed.telemetry_stats().reason, "server_off");
}

TEST_F(TelemetryWireTest, CountsWhatIsLostWhenItsEndpointRefuses) {
  server_->faults().add({.path = kExports, .count = 0, .fault = Fault::answer(404)});
  Connection connection = connect_here(kForced);
  EXPECT_TRUE(eventually([&] { return connection.telemetry_stats().dropped.refused > 0; }));
  EXPECT_EQ(connection.telemetry_stats().last_error, "refused");
  connection.close();

  const TelemetryStats stats = connection.telemetry_stats();
  EXPECT_EQ(stats.delivered, 0U);
  EXPECT_EQ(stats.dropped.total(), stats.recorded);
  EXPECT_EQ(stats.last_status, 404);
}

/// Keeps what it is shown.
struct KeepingSink final : TelemetrySink {
  void on_batch(const TelemetryBatch& batch) override {
    const std::lock_guard lock(mutex);
    bodies.emplace_back(batch.body);
    all_sent = all_sent && batch.sent;
    if (throws) throw std::runtime_error("a sink of the program's");
  }
  void on_drop(std::string_view reason, std::size_t records) override {
    const std::lock_guard lock(mutex);
    drops[std::string(reason)] += records;
  }
  std::vector<std::string> documents() {
    const std::lock_guard lock(mutex);
    std::vector<std::string> all;
    for (const std::string& body : bodies) {
      const json parsed = json::parse(body);
      for (const json& each : parsed["protoLogs"]) all.push_back(each);
    }
    return all;
  }
  std::size_t dropped(const std::string& reason) {
    const std::lock_guard lock(mutex);
    return drops[reason];
  }
  std::mutex mutex;
  std::vector<std::string> bodies;
  std::map<std::string, std::size_t> drops;
  bool all_sent = true;
  bool throws = false;
};

TEST_F(TelemetryWireTest, ShowsTheProgramWhatItSends) {
  const auto sink = std::make_shared<KeepingSink>();
  sink->throws = true;
  {
    Connection connection = Connector(ConnectorOptions::from_text(server_->dsn())
                                          .set("telemetry.forced", "true")
                                          .with_telemetry_sink(sink))
                                .connect();
    connection.query("SELECT 1").close();
  }

  EXPECT_EQ(sink->documents().size(), 3U);
  EXPECT_TRUE(sink->all_sent);
  EXPECT_THAT(sink->documents(),
              testing::UnorderedElementsAreArray(server_->telemetry().records()));
}

TEST_F(TelemetryWireTest, ShowsTheProgramWhatItWouldSend) {
  const auto sink = std::make_shared<KeepingSink>();
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "shown.ndjson").string();
  {
    Connection connection = Connector(ConnectorOptions::from_text(server_->dsn())
                                          .set("telemetry.sink", "file:" + file)
                                          .with_telemetry_sink(sink))
                                .connect();
    connection.query("SELECT 1").close();
    EXPECT_EQ(connection.telemetry_stats().reason, "default_off");
  }

  EXPECT_EQ(sink->documents().size(), 3U);
  EXPECT_FALSE(sink->all_sent);
  EXPECT_TRUE(std::ifstream(file).good());
  EXPECT_EQ(sent(), 0U);
}

TEST_F(TelemetryWireTest, ShowsWhatWasSentAlsoWhenNobodyAnswers) {
  server_->faults().add({.path = kExports, .count = 0, .fault = Fault::stall()});
  const auto sink = std::make_shared<KeepingSink>();
  Connection connection = Connector(ConnectorOptions::from_text(server_->dsn())
                                        .set("telemetry.forced", "true")
                                        .set("telemetry.close_timeout", "100ms")
                                        .with_telemetry_sink(sink))
                              .connect();
  EXPECT_TRUE(eventually([&] { return sent() == 1; }));
  connection.close();

  const TelemetryStats stats = connection.telemetry_stats();
  EXPECT_EQ(stats.dropped.no_time, stats.recorded);
  // The thread that tells the sink may be left to do so by itself.
  EXPECT_TRUE(eventually([&] { return sink->dropped("no_time") == stats.recorded; }));
  EXPECT_EQ(sink->documents().size(), stats.requests);
}

TEST_F(TelemetryWireTest, CountsPolls) {
  {
    Connection connection = connect_here(kForced);
    StatementHandle handle = connection.submit("SELECT count(*) FROM range(200000000)");
    handle.wait();
  }

  const json detail = log("EXECUTE_STATEMENT")["sql_operation"]["operation_detail"];
  EXPECT_EQ(detail["n_operation_status_calls"], server_->journal().count("GetOperationStatus"));
}

TEST_F(TelemetryWireTest, TellsOfListings) {
  {
    Connection connection = connect_here(kForced);
    connection.catalogs().close();
    connection.tables({}).close();
  }

  EXPECT_EQ(operations()["LIST_CATALOGS"], 1);
  EXPECT_EQ(operations()["LIST_TABLES"], 1);
  EXPECT_EQ(log("LIST_TABLES")["sql_operation"]["statement_type"], "METADATA");
}

TEST_F(TelemetryWireTest, TellsOfAStatementThatIsOpenWhenItsConnectionEnds) {
  Connection connection = connect_here(kForced);
  StatementHandle handle = connection.submit("SELECT count(*) FROM range(20000000000)");
  connection.close();

  EXPECT_EQ(operations()["EXECUTE_STATEMENT"], 1);
  EXPECT_EQ(log("EXECUTE_STATEMENT")["sql_statement_id"], handle.id());
}

TEST_F(TelemetryWireTest, TellsOfAResultThatOutlivesItsConnection) {
  Connection connection = connect_here(kForced);
  Result result = connection.query("SELECT 1");
  connection.close();

  EXPECT_EQ(operations()["EXECUTE_STATEMENT"], 1);
  EXPECT_EQ(log("EXECUTE_STATEMENT")["sql_statement_id"], result.statement_id());
  EXPECT_FALSE(log("EXECUTE_STATEMENT").contains("error_info"));
  result.close();
  EXPECT_EQ(operations()["EXECUTE_STATEMENT"], 1);
}

TEST_F(TelemetryWireTest, TellsOfAStatementThatWasTakenOver) {
  std::string statement;
  std::string session;
  {
    Connection silent = connect_here("");
    StatementHandle handle = silent.submit("SELECT id, concat('row ', id) FROM range(60000)");
    Connection connection = connect_here(kForced);
    session = connection.id();
    StatementHandle taken = connection.attach(handle.id());
    Result result = taken.result();
    EXPECT_EQ(count_rows(result), 60'000);
    statement = handle.id();
  }

  EXPECT_EQ(operations()["EXECUTE_STATEMENT"], 1);
  EXPECT_EQ(log("EXECUTE_STATEMENT")["sql_statement_id"], statement);
  EXPECT_EQ(log("EXECUTE_STATEMENT")["session_id"], session);
  EXPECT_EQ(log("EXECUTE_STATEMENT")["sql_operation"]["execution_result"], "EXTERNAL_LINKS");
  EXPECT_EQ(log("CLOSE_STATEMENT")["sql_statement_id"], statement);
}

/// What the server asked to wait for between the attempts is not the time of the one that
/// succeeded.
TEST_F(TelemetryWireTest, TellsHowLongTheRequestTookThatOpenedTheSession) {
  server_->faults().add(
      {.method = "OpenSession", .count = 2, .fault = Fault::answer(503, {{"Retry-After", "1"}})});
  { Connection connection = connect_here(kForced); }

  EXPECT_EQ(sent("OpenSession"), 3U);
  EXPECT_LT(log("CREATE_SESSION")["operation_latency_ms"], 2000);
}

TEST_F(TelemetryWireTest, TellsHowAFileWasMovedAndNotWhich) {
  const TemporaryFolder folder;
  const std::string local = (folder.path() / "MARKED").string();
  std::ofstream(local) << "MARKED";
  {
    Connection connection =
        connect_here(std::string(kForced) + "&staging.allowed_paths=" + folder.path().string());
    connection.execute("CREATE VOLUME vol");
    connection.execute("PUT '" + local + "' INTO '/Volumes/main/default/vol/MARKED'");
    connection.execute("GET '/Volumes/main/default/vol/MARKED' TO '" + local + ".2'");
    connection.execute("REMOVE '/Volumes/main/default/vol/MARKED'");
  }

  std::vector<std::string> moved;
  for (const json& each : logs()) {
    if (each.contains("vol_operation"))
      moved.push_back(each["vol_operation"]["volume_operation_type"]);
  }
  EXPECT_THAT(moved, testing::UnorderedElementsAre("PUT", "GET", "DELETE"));
  for (const std::string& record : server_->telemetry().records())
    EXPECT_THAT(record, Not(HasSubstr("MARKED")));
}

TEST_F(TelemetryWireTest, TellsOfAFileThatWasNotMoved) {
  const TemporaryFolder folder;
  const std::string local = (folder.path() / "MARKED").string();
  std::ofstream(local) << "MARKED";
  server_->faults().add({.path = "/_storage/", .count = 0, .fault = Fault::answer(403)});
  {
    Connection connection =
        connect_here(std::string(kForced) + "&staging.allowed_paths=" + folder.path().string());
    connection.query("CREATE VOLUME vol").close();
    capture_error(
        [&] { connection.execute("PUT '" + local + "' INTO '/Volumes/main/default/vol/a'"); });
  }

  json failed;
  for (const json& each : logs()) {
    if (each.contains("error_info")) failed = each;
  }
  EXPECT_EQ(failed["vol_operation"], json({{"volume_operation_type", "PUT"}}));
  EXPECT_EQ(failed["sql_operation"]["statement_type"], "VOLUME");
  EXPECT_EQ(failed["error_info"]["error_name"], "volume_operation_error");
}

TEST_F(TelemetryWireTest, TellsOfACancelThatNobodyWaitsFor) {
  {
    Connection connection = connect_here(kForced);
    StatementHandle handle = connection.submit("SELECT count(*) FROM range(20000000000)");
    handle.cancel();
  }

  EXPECT_EQ(operations()["EXECUTE_STATEMENT"], 1);
  EXPECT_EQ(log("EXECUTE_STATEMENT")["error_info"]["error_name"], "execute_statement_cancelled");
}

TEST_F(TelemetryWireTest, TellsOfACancelAndOfWhatItEnded) {
  {
    Connection connection = connect_here(kForced);
    StatementHandle handle = connection.submit("SELECT count(*) FROM range(20000000000)");
    std::jthread canceller([&] { handle.cancel(); });
    capture_error([&] { handle.result(); });
  }

  EXPECT_EQ(operations()["CANCEL_STATEMENT"], 1);
  EXPECT_EQ(operations()["EXECUTE_STATEMENT"], 1);
  EXPECT_EQ(log("EXECUTE_STATEMENT")["error_info"]["error_name"], "execute_statement_cancelled");
}

TEST_F(TelemetryWireTest, TellsOfATimeoutAlthoughTheCallIsOver) {
  {
    Connection connection = connect_here(kForced);
    ExecuteOptions options;
    options.timeout = 200ms;
    const Error error = capture_error(
        [&] { connection.query("SELECT count(*) FROM range(20000000000)", {}, options); });
    EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  }

  EXPECT_EQ(log("EXECUTE_STATEMENT")["error_info"]["error_name"], "timeout");
}

TEST_F(TelemetryWireTest, TellsOfAConnectionThatFailed) {
  server_->faults().add({.method = "OpenSession", .count = 0, .fault = Fault::answer(403)});

  capture_error([&] { connect_here(kForced); });

  EXPECT_EQ(log("CREATE_SESSION")["error_info"]["error_name"], "permission_error");
  EXPECT_EQ(sent(kOpenExports), 0U);
}

TEST_F(TelemetryWireTest, TellsNothingOfAConnectionThatSaidNo) {
  std::string quiet_id;
  {
    Connection telling = connect_here(kForced);
    Connection quiet = connect_here("enableTelemetry=false");
    quiet_id = quiet.id();
    quiet.query("SELECT 1").close();
    capture_error([&] { quiet.query("SELEC 1"); });
  }

  EXPECT_EQ(operations()["CREATE_SESSION"], 1);
  EXPECT_EQ(operations()["EXECUTE_STATEMENT"], 0);
  for (const json& each : logs()) EXPECT_NE(each["session_id"], quiet_id);
}

TEST_F(TelemetryWireTest, SendsManyStatementsInFewRequests) {
  constexpr int kStatements = 600;
  {
    Connection connection = connect_here(kForced);
    for (int i = 0; i < kStatements; ++i) connection.query("SELECT 1").close();
  }

  EXPECT_EQ(operations()["EXECUTE_STATEMENT"], kStatements);
  EXPECT_LE(sent(), 8U);
}

TEST_F(TelemetryWireTest, IsNotFeltWhenItsEndpointFails) {
  for (const Fault& fault : {Fault::answer(500), Fault::answer(429, {{"Retry-After", "60"}}),
                             Fault::answer(404), Fault::answer(302, {{"Location", "/login"}}),
                             Fault::answer(200, {}, "<html>"), Fault::reset_before()}) {
    server_->faults().clear();
    server_->faults().add({.path = kExports, .count = 0, .fault = fault});
    Connection connection = connect_here(kForced);
    Result result = connection.query("SELECT 1");
    EXPECT_EQ(count_rows(result), 1);
  }
}

TEST_F(TelemetryWireTest, IsNotReadOfInALogThatIsNotForIt) {
  const CapturedLog log;
  const auto throwing = std::make_shared<KeepingSink>();
  throwing->throws = true;
  for (const Fault& fault :
       {Fault::answer(500), Fault::answer(404), Fault::answer(200, {}, "<html>"),
        Fault::reset_before(), Fault::stall()}) {
    server_->faults().clear();
    server_->faults().add({.path = kExports, .count = 0, .fault = fault});
    Connection connection = Connector(ConnectorOptions::from_text(server_->dsn())
                                          .set("telemetry.forced", "true")
                                          .set("telemetry.close_timeout", "50ms")
                                          .set("telemetry.sink", "file:/nowhere/at/all")
                                          .with_telemetry_sink(throwing))
                                .connect();
    connection.query("SELECT 1").close();
    capture_error([&] { connection.query("SELEC 1"); });
  }

  int quiet = 0;
  for (const auto& [level, line] : log.lines()) {
    if (line.find("telemetry") == std::string::npos) continue;
    EXPECT_LE(level, LogLevel::Debug) << line;
    ++quiet;
  }
  EXPECT_GT(quiet, 0) << "they are there for whoever looks for them";
}

TEST_F(TelemetryWireTest, WritesDownWhatItSends) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "sent.ndjson").string();
  {
    Connection connection = connect_here(with_file(path));
    connection.query("SELECT 1").close();
  }

  std::vector<std::string> written;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const json body = json::parse(json::parse(line)["body"].get<std::string>());
    for (const json& document : body["protoLogs"]) written.push_back(document);
  }
  EXPECT_THAT(written, testing::UnorderedElementsAreArray(server_->telemetry().records()));
}

TEST_F(TelemetryWireTest, TellsNothingThatPeopleHaveWritten) {
  const TemporaryFolder folder;
  {
    Connection connection = connect_here(
        with_file((folder.path() / "MARKED.ndjson").string()) +
        "&query.tags=MARKED:MARKED&catalog=main&userAgentEntry=/home/MARKED/dapiMARKED1234567890");
    connection.execute("CREATE OR REPLACE TABLE MARKED_t (MARKED_c STRING)");
    connection.execute("INSERT INTO MARKED_t VALUES (:p)", {{"p", "MARKED"}});
    Result result = connection.query("SELECT MARKED_c, 'MARKED' FROM MARKED_t");
    count_rows(result);
    capture_error([&] { connection.query("SELECT MARKED_missing FROM MARKED_t"); });
    capture_error([&] { connection.query("SELEC MARKED"); });
    connection.tables({.table_pattern = "MARKED%"}).close();
    connection.execute("DROP TABLE MARKED_t");
  }

  EXPECT_GT(server_->telemetry().records().size(), 5U);
  for (const std::string& record : server_->telemetry().records())
    EXPECT_THAT(record, Not(HasSubstr("MARKED")));
}

}  // namespace
}  // namespace dbsql::test
