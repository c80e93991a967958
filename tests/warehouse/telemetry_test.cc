#include "tests/warehouse/http_client.h"
#include "tests/warehouse/server_test.h"
#include "warehouse/telemetry_schema.h"

#include <nlohmann/json.hpp>

namespace dbsql::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using warehouse::problem_of_record;

/// A record that fits, with every object in it.
json good_record() {
  return {
      {"workspace_id", 1234},
      {"frontend_log_event_id", "0f6c2f0e-8f1e-4b0a-9f55-0c5f3d1f2a11"},
      {"context",
       {{"client_context",
         {{"timestamp_millis", 1767225599871}, {"user_agent", "dbsql-cpp/0.1.0"}}}}},
      {"entry",
       {{"sql_driver_log",
         {{"session_id", "01ef"},
          {"sql_statement_id", "01f0"},
          {"system_configuration", {{"driver_name", "databricks-sql-cpp"}, {"os_arch", "x86_64"}}},
          {"driver_connection_params",
           {{"mode", "THRIFT"},
            {"auth_mech", "PAT"},
            {"host_info", {{"host_url", "localhost"}, {"port", 443}}}}},
          {"auth_type", "pat"},
          {"vol_operation", {{"volume_operation_type", "PUT"}}},
          {"sql_operation",
           {{"statement_type", "QUERY"},
            {"execution_result", "EXTERNAL_LINKS"},
            {"is_compressed", true},
            {"chunk_details", {{"total_chunks_present", 4}, {"total_chunks_iterated", 4}}},
            {"result_latency", {{"result_set_ready_latency_millis", 5}}},
            {"operation_detail",
             {{"operation_type", "EXECUTE_STATEMENT"}, {"n_operation_status_calls", 3}}}}},
          {"error_info", {{"error_name", "timeout"}}},
          {"operation_latency_ms", 0}}}}},
  };
}

json& log_of(json& record) { return record["entry"]["sql_driver_log"]; }

TEST(TelemetrySchema, TakesARecordThatFits) {
  EXPECT_EQ(problem_of_record(good_record().dump()), std::nullopt);
}

TEST(TelemetrySchema, NamesTheFieldThatDoesNotFit) {
  struct Change {
    const char* problem;
    std::function<void(json&)> apply;
  };
  const Change changes[] = {
      {"entry.sql_driver_log.sql_text is no field", [](json& r) { log_of(r)["sql_text"] = "x"; }},
      {"driver_connection_params.jwt_key_file is no field",
       [](json& r) { log_of(r)["driver_connection_params"]["jwt_key_file"] = "/k"; }},
      {"error_info.error_message is no field",
       [](json& r) { log_of(r)["error_info"]["error_message"] = "no"; }},
      {"operation_latency_ms is missing", [](json& r) { log_of(r).erase("operation_latency_ms"); }},
      {"operation_latency_ms must be a whole number",
       [](json& r) { log_of(r)["operation_latency_ms"] = -1; }},
      {"operation_latency_ms must be a whole number",
       [](json& r) { log_of(r)["operation_latency_ms"] = "5"; }},
      {"operation_latency_ms must be a whole number",
       [](json& r) { log_of(r)["operation_latency_ms"] = 1.5; }},
      {"workspace_id must be a whole number",
       [](json& r) { r["workspace_id"] = std::uint64_t{1} << 63; }},
      {"total_chunks_present must be a whole number",
       [](json& r) {
         log_of(r)["sql_operation"]["chunk_details"]["total_chunks_present"] = 1LL << 31;
       }},
      {"is_compressed must be true or false",
       [](json& r) { log_of(r)["sql_operation"]["is_compressed"] = 1; }},
      {"operation_type must be TYPE_UNSPECIFIED CREATE_SESSION",
       [](json& r) { log_of(r)["sql_operation"]["operation_detail"]["operation_type"] = "FETCH"; }},
      {"session_id must be text", [](json& r) { log_of(r)["session_id"] = ""; }},
      {"session_id must be text", [](json& r) { log_of(r)["session_id"] = nullptr; }},
      {"system_configuration must be an object",
       [](json& r) { log_of(r)["system_configuration"] = json::array(); }},
      {"frontend_log_event_id must be a random UUID",
       [](json& r) { r["frontend_log_event_id"] = "0f6c2f0e-8f1e-1b0a-9f55-0c5f3d1f2a11"; }},
      {"context is missing", [](json& r) { r.erase("context"); }},
      {"context.client_context.user_agent is missing",
       [](json& r) { r["context"]["client_context"].erase("user_agent"); }},
  };
  for (const Change& change : changes) {
    json record = good_record();
    change.apply(record);
    EXPECT_THAT(problem_of_record(record.dump()).value_or(""), HasSubstr(change.problem));
  }
  for (const char* text : {"", "[]", "7", "{\"entry\":", "\xFF"})
    EXPECT_EQ(problem_of_record(text), "the record is no JSON object") << text;
}

/// The telemetry endpoints over HTTP.
class WarehouseTelemetry : public ServerTest {
 protected:
  static constexpr const char* kFlags = "/api/2.0/connector-service/feature-flags/CPP/0.1.0";
  static const HttpClient::Headers& authorized() {
    static const HttpClient::Headers headers{{"Authorization", "Bearer t"},
                                             {"Content-Type", "application/json"}};
    return headers;
  }

  static json upload(const std::vector<json>& records) {
    json logs = json::array();
    for (const json& record : records) logs.push_back(record.dump());
    return {{"uploadTime", 1767225600123}, {"items", json::array()}, {"protoLogs", logs}};
  }
  HttpResult post(const std::string& body, const HttpClient::Headers& headers = authorized(),
                  const char* path = "/telemetry-ext") {
    return HttpClient(server->port()).send("POST", path, body, headers);
  }
  HttpResult get(const char* path) {
    return HttpClient(server->port()).send("GET", path, {}, authorized());
  }
};

TEST_F(WarehouseTelemetry, TellsTheFlagsAndHowLongTheyHold) {
  auto options = quick_options();
  options.telemetry.flags = {{"a.b", "true"}};
  options.telemetry.flag_life = 300s;
  start(std::move(options));
  server->telemetry().set_flag("c", "no");

  EXPECT_EQ(
      json::parse(get(kFlags).body),
      json::parse(
          R"({"flags":[{"name":"a.b","value":"true"},{"name":"c","value":"no"}],"ttl_seconds":300})"));
  EXPECT_EQ(get("/api/2.0/connector-service/feature-flags/CPP").status, 404);
  EXPECT_EQ(HttpClient(server->port()).send("GET", kFlags).status, 401);
}

TEST_F(WarehouseTelemetry, KeepsRecordsThatFitAndNamesTheOthers) {
  start();
  json bad = good_record();
  log_of(bad)["user"] = "me";

  const auto reply = post(upload({good_record(), bad, good_record()}).dump());

  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(json::parse(reply.body),
            json::parse(R"({"errors":["entry.sql_driver_log.user is no field of the record"],
                            "numSuccess":0,"numProtoSuccess":2,"numRealtimeSuccess":0})"));
  EXPECT_EQ(server->telemetry().records().size(), 2U);
  EXPECT_EQ(json::parse(server->telemetry().records().front()), good_record());
  const json kept = json::parse(get("/_local/telemetry").body);
  EXPECT_EQ(kept["taken"], 2);
  EXPECT_EQ(kept["refused"], 1);
  EXPECT_EQ(kept["records"][1], good_record());
}

TEST_F(WarehouseTelemetry, RefusesUploadsInAnotherForm) {
  start();
  const json good = upload({good_record()});
  const auto changed = [&](const char* key, const json& value) {
    json body = good;
    body[key] = value;
    return body.dump();
  };

  for (const std::string& body :
       {std::string("{"), std::string("[]"), changed("uploadTime", 0), changed("uploadTime", "now"),
        changed("items", {1}), changed("protoLogs", json::array()),
        changed("protoLogs", json::array({good_record()})), changed("more", 1)})
    EXPECT_EQ(post(body).status, 400) << body;
  EXPECT_EQ(
      post(good.dump(), {{"Authorization", "Bearer t"}, {"Content-Type", "text/plain"}}).status,
      400);
  EXPECT_EQ(server->telemetry().counts().taken, 0U);
  EXPECT_EQ(server->telemetry().counts().refused, 9U);
}

TEST_F(WarehouseTelemetry, WantsCredentialsAtOnePathAndNoneAtTheOther) {
  start();
  const std::string body = upload({good_record()}).dump();
  const HttpClient::Headers open{{"Content-Type", "application/json"}};

  EXPECT_EQ(post(body, open).status, 401);
  EXPECT_EQ(post(body, open, "/telemetry-unauth").status, 200);
  EXPECT_EQ(post(body, authorized(), "/telemetry-unauth").status, 400);
  EXPECT_EQ(get("/telemetry-ext").status, 405);
}

TEST_F(WarehouseTelemetry, FaultsBefallItLikeEverythingElse) {
  start();
  server->faults().add_script(
      R"({"path": "/telemetry-ext", "method": "POST", "status": 429, "headers": {"Retry-After": "7"}})");
  const std::string body = upload({good_record()}).dump();

  EXPECT_EQ(post(body).status, 429);
  EXPECT_EQ(post(body).status, 200);
  EXPECT_EQ(server->journal().count("/telemetry-ext"), 2U);
}

TEST_F(WarehouseTelemetry, HandsRecordsToWhoeverPrintsThem) {
  std::vector<std::string> printed;
  auto options = quick_options();
  options.telemetry.on_record = [&](std::string_view record) { printed.emplace_back(record); };
  start(std::move(options));

  post(upload({good_record()}).dump());

  EXPECT_EQ(printed, std::vector<std::string>{good_record().dump()});
}

}  // namespace
}  // namespace dbsql::test
