#include "tests/warehouse/server_test.h"

#include <nlohmann/json.hpp>

#include <cerrno>

namespace dbsql::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using warehouse::Fault;

class Faults : public ServerTest {
 protected:
  HttpResult send_execute(ThriftClient& client, const std::string& sql) {
    return client.post(thrift_call("ExecuteStatement", 1, client.usual_request(sql)));
  }
  std::string last_fault() { return server->journal().entries().back().fault; }
};

TEST_F(Faults, DelayAReply) {
  ThriftClient client = connect();
  server->faults().once("ExecuteStatement", Fault::delayed(80ms));
  const auto started = std::chrono::steady_clock::now();

  const auto result = send_execute(client, "rows 1");

  EXPECT_EQ(result.status, 200);
  EXPECT_GE(std::chrono::steady_clock::now() - started, 80ms);
  EXPECT_EQ(last_fault(), "delay");
}

TEST_F(Faults, AnswerInPlaceOfTheEngine) {
  ThriftClient client = connect();
  server->faults().once("ExecuteStatement",
                        Fault::answer(503, {{"Retry-After", "7"}}, "warming up"));

  const auto result = send_execute(client, "rows 1");

  EXPECT_EQ(result.status, 503);
  EXPECT_EQ(result.header("retry-after"), "7");
  EXPECT_EQ(result.body, "warming up");
  EXPECT_EQ(result.header("server"), "databricks");
  EXPECT_THAT(script->statements(), IsEmpty());
  EXPECT_EQ(server->journal().entries().back().status, 503);
  EXPECT_EQ(send_execute(client, "rows 1").status, 200) << "once only";
}

TEST_F(Faults, AnswerInPlaceOfTheReplyAfterTheEngineRan) {
  ThriftClient client = connect();
  server->faults().add_script(
      R"({"method":"ExecuteStatement","status_after":503,"headers":{"Retry-After":"7"},"body":"lost"})");

  const auto result = send_execute(client, "dml 1");

  EXPECT_EQ(result.status, 503);
  EXPECT_EQ(result.header("retry-after"), "7");
  EXPECT_EQ(result.body, "lost");
  EXPECT_THAT(script->statements(), SizeIs(1));
  EXPECT_EQ(last_fault(), "status_after");
}

TEST_F(Faults, ResetTheConnectionBeforeTheEngineRan) {
  ThriftClient client = connect();
  server->faults().once("ExecuteStatement", Fault::reset_before());

  const auto result = send_execute(client, "rows 1");

  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.error, ECONNRESET);
  EXPECT_THAT(script->statements(), IsEmpty());
}

TEST_F(Faults, ResetTheConnectionAfterTheEngineRan) {
  ThriftClient client = connect();
  server->faults().once("ExecuteStatement", Fault::reset_after());

  const auto result = send_execute(client, "dml 1");

  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.error, ECONNRESET);
  EXPECT_THAT(script->statements(), SizeIs(1));
  EXPECT_EQ(server->journal().entries().back().status, 0);
  EXPECT_EQ(last_fault(), "reset_after");
}

TEST_F(Faults, TakeARequestAndNeverAnswer) {
  ThriftClient client = connect();
  server->faults().once("ExecuteStatement", Fault::stall());
  client.http().set_timeout(60ms);

  const auto result = send_execute(client, "rows 1");

  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.error, EAGAIN);
  EXPECT_TRUE(client.http().is_open());
  EXPECT_THAT(script->statements(), IsEmpty());
}

TEST_F(Faults, CarryOutARequestAndNeverAnswer) {
  ThriftClient client = connect();
  server->faults().once("ExecuteStatement", Fault::stall_after());
  client.http().set_timeout(200ms);

  const auto result = send_execute(client, "dml 1");

  EXPECT_EQ(result.error, EAGAIN);
  EXPECT_THAT(script->statements(), SizeIs(1));
}

TEST_F(Faults, CutABodyShortOfItsDeclaredLength) {
  ThriftClient client = connect();
  server->faults().once("ExecuteStatement", Fault::truncate_body(100));

  const auto result = send_execute(client, "rows 50");

  EXPECT_EQ(result.status, 200);
  EXPECT_GT(result.declared_length, 500U);
  EXPECT_EQ(result.body.size(), 100U);
  EXPECT_TRUE(result.ended);
  EXPECT_EQ(server->journal().entries().back().response_bytes, 100U);
}

TEST_F(Faults, StallInTheMiddleOfABody) {
  ThriftClient client = connect();
  server->faults().once("ExecuteStatement", Fault::stall_body(100));
  client.http().set_timeout(200ms);

  const auto result = send_execute(client, "rows 50");

  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(result.body.size(), 100U);
  EXPECT_EQ(result.error, EAGAIN);
}

TEST_F(Faults, ResetTheConnectionInTheMiddleOfABody) {
  ThriftClient client = connect();
  server->faults().once("ExecuteStatement", Fault::reset_body(100));

  const auto result = send_execute(client, "rows 50");

  EXPECT_LE(result.body.size(), 100U);
  EXPECT_EQ(result.error, ECONNRESET);
}

TEST_F(Faults, MayCombineADelayWithAnyOther) {
  ThriftClient client = connect();
  Fault fault = Fault::reset_before();
  fault.delay = 30ms;
  server->faults().once("ExecuteStatement", fault);
  const auto started = std::chrono::steady_clock::now();

  const auto result = send_execute(client, "rows 1");

  EXPECT_EQ(result.error, ECONNRESET);
  EXPECT_GE(std::chrono::steady_clock::now() - started, 30ms);
}

TEST_F(Faults, HitTheRequestsTheirRuleNames) {
  ThriftClient client = connect();
  server->faults().add({.path = "/sql/1.0/warehouses/",
                        .method = "FetchResults",
                        .skip = 1,
                        .count = 2,
                        .fault = Fault::answer(500)});
  const auto handle = client.execute(client.usual_request("rows 100 10", 10)).operationHandle;
  tcli::TFetchResultsReq request;
  request.operationHandle = handle;
  request.maxRows = 10;

  std::vector<int> statuses;
  for (int i = 0; i < 5; ++i) {
    statuses.push_back(client.post(thrift_call("FetchResults", 1, request)).status);
  }

  EXPECT_THAT(statuses, testing::ElementsAre(200, 500, 500, 200, 200));
}

TEST_F(Faults, WithoutACountHitEveryRequest) {
  start();
  server->faults().add({.path = {}, .count = 0, .fault = Fault::answer(429)});
  HttpClient client(server->port());

  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.send("POST", kWarehousePath).status, 429);
  server->faults().clear();
  EXPECT_EQ(client.send("POST", kWarehousePath).status, 401);
}

TEST_F(Faults, ComeAsAScriptOverHttp) {
  ThriftClient client = connect();
  HttpClient control(server->port());

  const auto added = control.send("POST", "/_local/faults", R"([
      {"method": "ExecuteStatement", "status": 503, "headers": {"Retry-After": "1"}, "body": "later"},
      {"method": "FetchResults", "skip": 2, "count": 0, "delay_ms": 5, "truncate_body": 10}])");
  const auto result = send_execute(client, "rows 1");
  const auto listed = nlohmann::json::parse(control.send("GET", "/_local/faults").body);

  EXPECT_EQ(added.status, 200);
  EXPECT_EQ(result.status, 503);
  EXPECT_EQ(result.body, "later");
  EXPECT_EQ(listed.at(0).at("hit"), 1);
  EXPECT_EQ(listed.at(1).at("truncate_body"), 10);
  EXPECT_EQ(listed.at(1).at("delay_ms"), 5);
  EXPECT_EQ(control.send("DELETE", "/_local/faults").body, "[]");
  EXPECT_EQ(send_execute(client, "rows 1").status, 200);
}

TEST_F(Faults, InAWrongScriptAreAllRefused) {
  start();
  HttpClient control(server->port());
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"nonsense", "not JSON"},
      {"[1]", "must be a JSON object"},
      {R"({"method": "X"})", "needs an action"},
      {R"({"statsu": 503})", "statsu"},
      {R"({"status": 99})", "between 200 and 599"},
      {R"({"status": 503, "stall": true})", "cannot be combined"},
      {R"({"stall": false})", "must be true"},
      {R"({"body": "x", "stall": true})", "belong to"},
      {R"({"count": -1, "stall": true})", "whole number"},
      {R"({"status": 200, "headers": {"a": "b\r\nc: d"}})", "line breaks"},
      {R"([{"status": 503}, {"oops": 1}])", "oops"}};

  for (const auto& [script_text, reason] : wrong) {
    const auto result = control.send("POST", "/_local/faults", script_text);
    EXPECT_EQ(result.status, 400) << script_text;
    EXPECT_THAT(result.body, HasSubstr(reason)) << script_text;
  }
  EXPECT_EQ(control.send("GET", "/_local/faults").body, "[]");
}

}  // namespace
}  // namespace dbsql::test
