#include "telemetry/wire_format.h"

#include "telemetry/redaction.h"
#include "unit/telemetry/sample_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::telemetry {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

Record execute_record() {
  Record record = sample_record(OperationType::ExecuteStatement);
  Operation& operation = record.operation;
  operation.statement_type = StatementType::Query;
  operation.format = ResultFormat::ExternalLinks;
  operation.is_compressed = true;
  operation.statement_id = WireId("01ef-statement");
  operation.latency_ms = 412;
  operation.polls = 3;
  operation.poll_ms = 57;
  operation.chunks =
      ChunkDetails{.present = 4, .iterated = 4, .initial_ms = 81, .slowest_ms = 140, .sum_ms = 402};
  return record;
}

json log_of(const Record& record) {
  return json::parse(to_json(record))["entry"]["sql_driver_log"];
}

TEST(TelemetryWire, WritesARecordByteForByte) {  // reference/telemetry.md 3.1
  Record record = execute_record();
  auto facts = sample_facts();
  facts->workspace_id.reset();
  record.connection = facts;

  EXPECT_EQ(to_json(record),
            R"({"frontend_log_event_id":"0f6c2f0e-8f1e-4b0a-9f55-0c5f3d1f2a11",)"
            R"("context":{"client_context":{"timestamp_millis":1767225599871,)"
            R"("user_agent":"DatabricksSqlCpp/0.1.0"}},)"
            R"("entry":{"sql_driver_log":{"session_id":"01ef-session",)"
            R"("sql_statement_id":"01ef-statement",)"
            R"("sql_operation":{"statement_type":"QUERY","execution_result":"EXTERNAL_LINKS",)"
            R"("is_compressed":true,)"
            R"("chunk_details":{"total_chunks_present":4,"total_chunks_iterated":4,)"
            R"("initial_chunk_latency_millis":81,"slowest_chunk_latency_millis":140,)"
            R"("sum_chunks_download_time_millis":402},)"
            R"("operation_detail":{"operation_type":"EXECUTE_STATEMENT",)"
            R"("n_operation_status_calls":3,"operation_status_latency_millis":57}},)"
            R"("operation_latency_ms":412}}})");
}

TEST(TelemetryWire, HasEveryFactOfAFullRecordInItsPlace) {
  Record record = execute_record();
  record.operation.latency_ms = 123;
  record.operation.polls = 4;
  record.operation.chunks->present = 7;
  record.operation.failed_chunk = 2;
  record.operation.retries = 1;
  record.operation.ready_ms = 10;
  record.operation.consumption_ms = 20;
  record.operation.error = ErrorCategory::ChunkDownload;

  const json document = json::parse(to_json(record));
  const json& log = document["entry"]["sql_driver_log"];
  const json& operation = log["sql_operation"];

  EXPECT_EQ(document["workspace_id"], 7);
  EXPECT_EQ(log["session_id"], "01ef-session");
  EXPECT_EQ(log["sql_statement_id"], "01ef-statement");
  EXPECT_EQ(log["operation_latency_ms"], 123);
  EXPECT_EQ(log["error_info"], json({{"error_name", "chunk_download_error"}}));
  EXPECT_EQ(operation["chunk_details"]["total_chunks_present"], 7);
  EXPECT_EQ(operation["chunk_id"], 2);
  EXPECT_EQ(operation["retry_count"], 1);
  EXPECT_EQ(operation["result_latency"]["result_set_ready_latency_millis"], 10);
  EXPECT_EQ(operation["result_latency"]["result_set_consumption_latency_millis"], 20);
  EXPECT_EQ(operation["operation_detail"]["n_operation_status_calls"], 4);
}

TEST(TelemetryWire, WritesALatencyOfZero) {
  Record record = sample_record(OperationType::CloseStatement);

  EXPECT_THAT(to_json(record), HasSubstr(R"("operation_latency_ms":0)"));
}

TEST(TelemetryWire, WritesBothCountsOfChunks) {
  Record record = execute_record();
  record.operation.chunks->present = 32;
  record.operation.chunks->iterated = 32;

  const json chunks = log_of(record)["sql_operation"]["chunk_details"];

  EXPECT_EQ(chunks["total_chunks_present"], 32);
  EXPECT_EQ(chunks["total_chunks_iterated"], 32);
}

TEST(TelemetryWire, LeavesOutWhatThereWasNot) {
  Record record = execute_record();
  record.operation.chunks.reset();
  record.operation.polls = 0;

  const json log = log_of(record);

  EXPECT_FALSE(log["sql_operation"].contains("chunk_details"));
  EXPECT_FALSE(log["sql_operation"]["operation_detail"].contains("n_operation_status_calls"));
  EXPECT_FALSE(log.contains("error_info"));
}

TEST(TelemetryWire, DescribesTheConnectionOnlyWhereItWasOpened) {
  const json opened = log_of(sample_record(OperationType::CreateSession));
  const json executed = log_of(execute_record());

  EXPECT_EQ(opened["system_configuration"].size(), 12U);
  EXPECT_EQ(opened["driver_connection_params"]["auth_mech"], "PAT");
  EXPECT_EQ(opened["auth_type"], "pat");
  for (const char* name : {"system_configuration", "driver_connection_params", "auth_type"})
    EXPECT_FALSE(executed.contains(name)) << name;
}

TEST(TelemetryWire, TellsOfAMovedFileOnlyHowItWasMoved) {
  Record record = execute_record();
  record.operation.volume = VolumeOperation::Put;
  record.operation.statement_type = StatementType::Volume;

  EXPECT_EQ(log_of(record)["vol_operation"], json({{"volume_operation_type", "PUT"}}));
}

TEST(TelemetryWire, TellsNextToNothingWithoutAuthentication) {
  Record record = sample_record(OperationType::CreateSession);
  record.is_authenticated = false;
  record.operation.error = ErrorCategory::Auth;

  const json document = json::parse(to_json(record));
  const json& log = document["entry"]["sql_driver_log"];

  EXPECT_FALSE(document.contains("workspace_id"));
  EXPECT_EQ(log["error_info"]["error_name"], "auth_error");
  EXPECT_EQ(log["sql_operation"]["operation_detail"]["operation_type"], "CREATE_SESSION");
  EXPECT_EQ(log.size(), 2U) << log;
}

TEST(TelemetryWire, HasOneRandomIdForEachRecord) {
  constexpr int kThreads = 16;
  constexpr std::size_t kEach = 6'250;
  std::vector<std::vector<std::string>> made(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& ids : made) {
      threads.emplace_back([&ids] {
        for (std::size_t i = 0; i < kEach; ++i) ids.push_back(random_event_id());
      });
    }
  }
  std::set<std::string> all;
  for (const auto& ids : made) all.insert(ids.begin(), ids.end());

  EXPECT_EQ(all.size(), kThreads * kEach);
  EXPECT_THAT(*all.begin(),
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
}

TEST(TelemetryWire, WritesNoWordThatTheServerDoesNotKnow) {
  Record record = execute_record();
  record.operation.type = static_cast<OperationType>(200);
  record.operation.format = static_cast<ResultFormat>(200);

  const std::string text = to_json(record);

  EXPECT_THAT(text, Not(HasSubstr("operation_type")));
  EXPECT_THAT(text, Not(HasSubstr("execution_result")));
}

TEST(TelemetryWire, StaysValidWhateverIsInAText) {
  auto facts = sample_facts();
  facts->user_agent =
      "a\"b\\c\n\x01 \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80 \xFF\xC0\x80\xED\xA0\x80";
  const std::vector<std::string> documents = {
      to_json(sample_record(OperationType::CreateSession, facts))};

  const json body = json::parse(export_body(documents, {}));
  const json inner = json::parse(body["protoLogs"][0].get<std::string>());

  const std::string agent = inner["context"]["client_context"]["user_agent"];
  EXPECT_THAT(agent, testing::StartsWith("a\"b\\c\n\x01 \xC3\xA4 \xE2\x82\xAC \xF0\x9F\x98\x80 "));
  EXPECT_THAT(agent, testing::EndsWith("\xEF\xBF\xBD"));
}

TEST(TelemetryWire, KeepsNumbersInTheirRange) {
  Record record = execute_record();
  record.operation.latency_ms = -5;
  record.operation.poll_ms = std::numeric_limits<std::int64_t>::max();
  record.operation.chunks->initial_ms = std::numeric_limits<std::int64_t>::min();

  const json log = log_of(record);

  EXPECT_EQ(log["operation_latency_ms"], 0);
  EXPECT_EQ(log["sql_operation"]["operation_detail"]["operation_status_latency_millis"],
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(log["sql_operation"]["chunk_details"]["initial_chunk_latency_millis"], 0);
}

TEST(TelemetryWire, TellsTheSocketTimeoutInSeconds) {
  auto facts = sample_facts();
  facts->parameters.socket_timeout = 900'000ms;
  const auto told = [&] {
    return log_of(sample_record(OperationType::CreateSession,
                                facts))["driver_connection_params"]["socket_timeout"];
  };

  EXPECT_EQ(told(), 900);
  facts->parameters.socket_timeout = 1'499ms;
  EXPECT_EQ(told(), 1);
}

TEST(TelemetryWire, DropsAnIdThatIsNone) {
  Record record = execute_record();
  record.operation.session_id = WireId("x'; DROP TABLE t");
  record.operation.statement_id = WireId(std::string(129, 'a'));

  const json log = log_of(record);

  EXPECT_FALSE(log.contains("session_id"));
  EXPECT_FALSE(log.contains("sql_statement_id"));
  EXPECT_EQ(WireId(std::string(128, 'a')).view().size(), 128U);
}

TEST(TelemetryWire, WrapsDocumentsAsStrings) {
  const std::vector<std::string> documents = {R"({"a":"b"})", "{}"};

  const std::string body =
      export_body(documents, std::chrono::system_clock::time_point(1767225600123ms));

  EXPECT_EQ(body, R"({"uploadTime":1767225600123,"items":[],"protoLogs":["{\"a\":\"b\"}","{}"]})");
  EXPECT_GE(size_in_body(documents[0]), std::string_view(R"("{\"a\":\"b\"}",)").size());
}

/// Every key path of a document, with dots.
void collect(const json& at, const std::string& prefix, std::set<std::string>& paths) {
  for (const auto& [name, value] : at.items()) {
    const std::string path = prefix.empty() ? name : prefix + "." + name;
    if (value.is_object()) {
      collect(value, path, paths);
    } else {
      paths.insert(path);
    }
  }
}

TEST(TelemetryWire, HasNothingButWhatTheTableAllows) {
  std::set<std::string> allowed;
  for (const TagRow& row : tags()) allowed.insert(std::string(row.path));
  std::set<std::string> found;
  for (int type = 0; type <= static_cast<int>(OperationType::ListCrossReferences); ++type) {
    Record record = execute_record();
    record.operation.type = static_cast<OperationType>(type);
    record.operation.error = ErrorCategory::Syntax;
    collect(json::parse(to_json(record)), {}, found);
  }

  EXPECT_TRUE(std::ranges::includes(allowed, found));
  EXPECT_FALSE(found.empty());
}

}  // namespace
}  // namespace dbsql::telemetry
