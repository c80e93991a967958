#include "support/scoped_environment.h"
#include "support/scripted_server.h"
#include "wire/own_warehouse_test.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace dbsql::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using warehouse::Fault;

constexpr const char* kTrace = "0af7651916cd43dd8448eb211c80319c";
constexpr const char* kCaller = "b7ad6b7169203331";
constexpr const char* kManyRows = "SELECT id, concat('row ', id) FROM range(60000)";

ExecuteOptions traced(std::string_view flags = "01") {
  ExecuteOptions options;
  options.trace_parent = "00-" + std::string(kTrace) + "-" + kCaller + "-" + std::string(flags);
  options.trace_state = "vendor=value";
  return options;
}

ConnectOptions traced_connect(std::string_view flags = "01") {
  ConnectOptions options;
  options.trace_parent = traced(flags).trace_parent;
  options.trace_state = traced(flags).trace_state;
  return options;
}

std::string attribute(const json& span, std::string_view key) {
  for (const json& each : span["attributes"]) {
    if (each["key"] == key) return each["value"].begin()->get<std::string>();
  }
  return {};
}

/// What the driver tells a collector of the program's own, which the test plays.
class TracingWireTest : public OwnWarehouseTest {
 protected:
  /// Of a connection whose spans go to this collector.
  static std::string to(const ScriptedServer& collector, std::string_view more = {}) {
    const std::string port = collector.url("").substr(std::string("http://127.0.0.1:").size());
    return "otel.endpoint=http%3A%2F%2F127.0.0.1%3A" + port + std::string(more);
  }
  static std::vector<json> spans(const ScriptedServer& collector) {
    std::vector<json> spans;
    for (const ReceivedRequest& request : collector.requests()) {
      if (request.target() != "POST /v1/traces") continue;
      const json body = json::parse(request.body);
      for (const json& span : body["resourceSpans"][0]["scopeSpans"][0]["spans"])
        spans.push_back(span);
    }
    return spans;
  }
  static std::map<std::string, int> names(const std::vector<json>& spans) {
    std::map<std::string, int> names;
    for (const json& span : spans) ++names[span["name"].get<std::string>()];
    return names;
  }
  static json named(const std::vector<json>& spans, std::string_view name) {
    for (const json& span : spans) {
      if (span["name"] == name) return span;
    }
    return {};
  }
  static std::string everything(const ScriptedServer& collector) {
    std::string all;
    for (const ReceivedRequest& request : collector.requests()) all += request.head + request.body;
    return all;
  }
  /// Values of that header in requests of that kind, each once.
  std::set<std::string> headers_of(std::string_view method, std::string_view name) const {
    std::set<std::string> values;
    for (const auto& entry : server_->journal().entries()) {
      if (entry.thrift_method != method && !(method == "/" && entry.thrift_method.empty()))
        continue;
      values.insert(std::string(warehouse::find_header(entry.headers, name)));
    }
    return values;
  }

  ScriptedServer collector_{ScriptedServer::always(ScriptedServer::reply("{}"))};
};

TEST_F(TracingWireTest, SendsNothingUnlessItIsTurnedOn) {
  const ScopedEnvironment endpoint({{"OTEL_EXPORTER_OTLP_ENDPOINT", collector_.url("")}});
  for (const std::string& options :
       {std::string(), std::string("otel.service_name=shop&otel.sql_text=true"),
        to(collector_, "&otel.enabled=false"), std::string("forceEnableTelemetry=true")}) {
    Connection connection = connect_here(options);
    connection.query("SELECT 1").close();
  }

  EXPECT_EQ(collector_.connection_count(), 0);
  EXPECT_THAT(headers_of("ExecuteStatement", "traceparent"), ElementsAre(""));
}

TEST_F(TracingWireTest, TellsOfAConnectionAndItsStatements) {
  std::string session;
  std::string statement;
  {
    Connection connection = connect_here(to(collector_, "&otel.service_name=shop"));
    session = connection.id();
    Result result = connection.query(kManyRows);
    statement = result.statement_id();
    EXPECT_EQ(count_rows(result), 60'000);
  }

  const auto all = spans(collector_);
  const json connect = named(all, "db.connect");
  const json query = named(all, "db.query");
  const json close = named(all, "db.close");
  EXPECT_EQ(attribute(connect, "databricks.session.id"), session);
  EXPECT_EQ(attribute(query, "databricks.statement.id"), statement);
  EXPECT_EQ(attribute(query, "db.system.name"), "databricks");
  EXPECT_EQ(attribute(query, "db.operation.name"), "SELECT");
  EXPECT_EQ(attribute(query, "db.response.returned_rows"), "60000");
  EXPECT_EQ(attribute(query, "server.address"), "127.0.0.1");
  EXPECT_EQ(attribute(query, "db.query.text"), "");
  EXPECT_EQ(close["links"][0]["spanId"], connect["spanId"]);
  std::set<json> traces;
  for (const json& root : {connect, query, close}) {
    EXPECT_FALSE(root.contains("parentSpanId")) << root;
    traces.insert(root["traceId"]);
  }
  EXPECT_EQ(traces.size(), 3U);
  for (const json& span : all) EXPECT_FALSE(span.contains("status")) << span;
  EXPECT_THAT(everything(collector_), HasSubstr("shop"));
}

TEST_F(TracingWireTest, TellsOfPagesAndFilesBelowTheirStatement) {
  {
    Connection connection = connect_here(to(collector_));
    Result result = connection.query(kManyRows);
    count_rows(result);
  }

  const auto all = spans(collector_);
  const json query = named(all, "db.query");
  auto counts = names(all);
  EXPECT_EQ(static_cast<std::size_t>(counts["db.cloudfetch.chunk"]),
            server_->journal().count("/_storage/"));
  EXPECT_EQ(static_cast<std::size_t>(counts["db.fetch"]), server_->journal().count("FetchResults"));
  for (const json& span : all) {
    const std::string name = span["name"];
    if (name != "db.fetch" && name != "db.cloudfetch.chunk") continue;
    EXPECT_EQ(span["parentSpanId"], query["spanId"]);
    EXPECT_EQ(span["traceId"], query["traceId"]);
    EXPECT_GE(std::stoull(span["startTimeUnixNano"].get<std::string>()),
              std::stoull(query["startTimeUnixNano"].get<std::string>()));
    EXPECT_LE(std::stoull(span["endTimeUnixNano"].get<std::string>()),
              std::stoull(query["endTimeUnixNano"].get<std::string>()));
  }
}

TEST_F(TracingWireTest, TellsThatAStatementFailedAndNotWhatWasWrong) {
  Error error = capture_error([&] {
    Connection connection = connect_here(to(collector_));
    connection.query("SELECT * FROM secret_table_of_ours");
  });

  const json query = named(spans(collector_), "db.query");
  EXPECT_EQ(query["status"], json::parse(R"({"code":2})"));
  EXPECT_EQ(attribute(query, "error.type"), to_string(error.kind()));
  EXPECT_EQ(attribute(query, "db.response.status_code"), error.sqlstate());
  EXPECT_THAT(everything(collector_), Not(HasSubstr("secret_table")));
}

TEST_F(TracingWireTest, TellsThatAStatementWasCancelled) {
  {
    Connection connection = connect_here(to(collector_));
    StatementHandle statement =
        connection.submit("SELECT sum(a.id * b.id) FROM range(100000000) a, range(1000000) b");
    statement.cancel();
  }

  EXPECT_EQ(attribute(named(spans(collector_), "db.query"), "error.type"), "Cancelled");
}

TEST_F(TracingWireTest, TellsThatAConnectionCouldNotBeOpened) {
  server_->faults().once("OpenSession", Fault::answer(403));
  const Error error = capture_error([&] { connect_here(to(collector_)); });

  const auto all = spans(collector_);
  EXPECT_EQ(names(all), (std::map<std::string, int>{{"db.connect", 1}}));
  EXPECT_EQ(attribute(all[0], "error.type"), to_string(error.kind()));
}

TEST_F(TracingWireTest, TellsOfListingsAndRepeatedRequests) {
  server_->faults().once("ExecuteStatement", Fault::answer(429, {{"Retry-After", "0"}}));
  {
    Connection connection = connect_here(to(collector_));
    connection.query("SELECT 1").close();
    connection.catalogs().close();
  }

  const auto all = spans(collector_);
  std::map<std::string, std::string> retries;
  for (const json& span : all) {
    if (span["name"] == "db.query")
      retries[attribute(span, "db.operation.name")] = attribute(span, "databricks.retries");
  }
  EXPECT_EQ(retries, (std::map<std::string, std::string>{{"SELECT", "1"}, {"LIST_CATALOGS", ""}}));
}

TEST_F(TracingWireTest, ReportsFigures) {
  {
    Connection connection = connect_here(to(collector_));
    Result result = connection.query(kManyRows);
    count_rows(result);
  }

  json list;
  for (const ReceivedRequest& request : collector_.requests()) {
    if (request.target() == "POST /v1/metrics")
      list = json::parse(request.body)["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
  }
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0]["name"], "db.client.operation.duration");
  EXPECT_EQ(list[0]["histogram"]["dataPoints"][0]["count"], "1");
  EXPECT_EQ(list[1]["histogram"]["dataPoints"][0]["count"],
            std::to_string(server_->journal().count("/_storage/")));
}

TEST_F(TracingWireTest, ContinuesTheTraceOfTheCaller) {
  {
    Connection connection = connect_here(to(collector_));
    Result result = connection.query(kManyRows, {}, traced());
    count_rows(result);
  }

  const json query = named(spans(collector_), "db.query");
  EXPECT_EQ(query["traceId"], kTrace);
  EXPECT_EQ(query["parentSpanId"], kCaller);
  EXPECT_EQ(query["traceState"], "vendor=value");
  const std::string parent =
      "00-" + std::string(kTrace) + "-" + query["spanId"].get<std::string>() + "-01";
  for (const char* method : {"ExecuteStatement", "CloseOperation"}) {
    EXPECT_THAT(headers_of(method, "traceparent"), ElementsAre(parent)) << method;
    EXPECT_THAT(headers_of(method, "tracestate"), ElementsAre("vendor=value")) << method;
  }
}

TEST_F(TracingWireTest, OpensAConnectionInTheTraceOfTheCaller) {
  connect_here(to(collector_), traced_connect()).close();

  const auto all = spans(collector_);
  const json connect = named(all, "db.connect");
  EXPECT_EQ(connect["traceId"], kTrace);
  EXPECT_EQ(connect["parentSpanId"], kCaller);
  EXPECT_THAT(headers_of("OpenSession", "traceparent"),
              ElementsAre("00-" + std::string(kTrace) + "-" + connect["spanId"].get<std::string>() +
                          "-01"));
  EXPECT_NE(named(all, "db.close")["traceId"], kTrace);
  EXPECT_EQ(named(all, "db.close")["links"][0]["spanId"], connect["spanId"]);
}

TEST_F(TracingWireTest, TellsOfASessionThatTakesThePlaceOfAnotherOneInATraceOfItsOwn) {
  {
    ConnectOptions options = traced_connect();
    options.recovery = true;
    Connection connection = connect_here(to(collector_), options);
    server_->thrift().end_sessions();
    connection.query("SELECT 1").close();
  }

  const auto all = spans(collector_);
  EXPECT_EQ(names(all)["db.connect"], 2);
  std::set<json> traces;
  std::set<json> places;
  for (const json& span : all) {
    if (span["name"] != "db.connect") continue;
    traces.insert(span["traceId"]);
    places.insert(span["spanId"]);
  }
  EXPECT_EQ(traces.size(), 2U);
  EXPECT_EQ(places.size(), 2U);
  EXPECT_TRUE(traces.contains(json(kTrace)));
}

TEST_F(TracingWireTest, PassesTheTraceOfTheCallerOnWhereAConnectionIsOpenedWithoutACollector) {
  connect_here("", traced_connect()).close();

  EXPECT_THAT(headers_of("OpenSession", "traceparent"), ElementsAre(traced().trace_parent));
  EXPECT_THAT(headers_of("OpenSession", "tracestate"), ElementsAre("vendor=value"));
  EXPECT_EQ(collector_.connection_count(), 0);
}

TEST_F(TracingWireTest, SendsNoSpanOfAConnectionThatIsOpenedInATraceThatIsNotSampled) {
  connect_here(to(collector_), traced_connect("00")).close();

  const auto all = spans(collector_);
  EXPECT_EQ(names(all), (std::map<std::string, int>{{"db.close", 1}}));
  EXPECT_FALSE(all[0].contains("links"));
}

TEST_F(TracingWireTest, PassesTheTraceOfTheCallerOnWithoutACollector) {
  {
    Connection connection = connect_here("");
    StatementHandle statement = connection.submit("SELECT id FROM range(10)", {}, traced());
    Result result = statement.result();
    count_rows(result);
    connection.catalogs(traced()).close();
    Result files = connection.query(kManyRows, {}, traced());
    count_rows(files);
  }

  for (const char* method : {"ExecuteStatement", "GetOperationStatus", "GetCatalogs",
                             "FetchResults", "CloseOperation"}) {
    const auto parents = headers_of(method, "traceparent");
    EXPECT_THAT(parents, testing::AnyOf(IsEmpty(), ElementsAre(traced().trace_parent))) << method;
  }
  EXPECT_THAT(headers_of("ExecuteStatement", "traceparent"), ElementsAre(traced().trace_parent));
  EXPECT_THAT(headers_of("ExecuteStatement", "tracestate"), ElementsAre("vendor=value"));
  EXPECT_THAT(headers_of("OpenSession", "traceparent"), ElementsAre(""));
  EXPECT_THAT(headers_of("/", "traceparent"), ElementsAre("")) << "storage, for instance";
  EXPECT_EQ(collector_.connection_count(), 0);
}

TEST_F(TracingWireTest, RefusesATraceThatIsNoneBeforeItAsksTheServer) {
  Connection connection = connect_here("");
  ExecuteOptions options;
  options.trace_parent = "00-evil\r\nX-Evil: 1";

  EXPECT_EQ(capture_error([&] { connection.query("SELECT 1", {}, options); }).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(server_->journal().count("ExecuteStatement"), 0U);

  ConnectOptions connect;
  connect.trace_parent = options.trace_parent;
  EXPECT_EQ(capture_error([&] { connect_here("", connect); }).kind(), ErrorKind::InvalidArgument);
  EXPECT_EQ(server_->journal().count("OpenSession"), 1U);
}

TEST_F(TracingWireTest, SendsNoSpansOfATraceThatIsNotSampled) {
  {
    Connection connection = connect_here(to(collector_));
    connection.query("SELECT 1", {}, traced("00")).close();
  }

  const auto all = spans(collector_);
  EXPECT_EQ(names(all), (std::map<std::string, int>{{"db.connect", 1}, {"db.close", 1}}));
  for (const std::string& parent : headers_of("ExecuteStatement", "traceparent"))
    EXPECT_TRUE(parent.ends_with("-00"));
}

TEST_F(TracingWireTest, TellsNothingOfWhatStatementsAreAbout) {
  const auto run = [&](std::string_view more) {
    Connection connection = connect_here(to(collector_, more));
    connection.execute("CREATE OR REPLACE TABLE mark_table AS SELECT 'mark_value' AS mark_column");
    Result result =
        connection.query("SELECT * FROM mark_table WHERE mark_column <> :p",
                         {{"p", "mark_parameter"}}, {.query_tags = {{"mark_tag", "x"}}});
    count_rows(result);
    capture_error([&] { connection.query("SELECT mark_missing FROM mark_table"); });
  };
  run("");
  const std::string silent = everything(collector_);
  run("&otel.sql_text=true");

  EXPECT_THAT(silent, Not(HasSubstr("mark_")));
  EXPECT_THAT(silent, Not(HasSubstr("Bearer")));
  EXPECT_THAT(silent, Not(HasSubstr("dapi")));
  const std::string all = everything(collector_);
  EXPECT_THAT(all, HasSubstr("SELECT * FROM mark_table"));
  EXPECT_THAT(all, Not(HasSubstr("mark_parameter")));
  EXPECT_THAT(all, Not(HasSubstr("mark_tag")));
}

TEST_F(TracingWireTest, SendsItsOwnHeadersAndNoneOfTheWorkspace) {
  {
    Connection connection =
        connect_here(to(collector_, "&otel.headers=x-key%3Dmine&http.header.X-Ours=workspace"));
    connection.query("SELECT 1").close();
  }

  ASSERT_FALSE(collector_.requests().empty());
  for (const ReceivedRequest& request : collector_.requests()) {
    EXPECT_EQ(request.header("x-key"), "mine");
    EXPECT_EQ(request.header("authorization"), "");
    EXPECT_EQ(request.header("x-ours"), "");
  }
}

TEST_F(TracingWireTest, IsIndependentOfTelemetry) {
  {
    Connection connection = connect_here(to(collector_, "&enableTelemetry=false"));
    connection.query("SELECT 1").close();
  }

  EXPECT_EQ(names(spans(collector_))["db.query"], 1);
  EXPECT_EQ(server_->journal().count("/telemetry"), 0U);
  EXPECT_EQ(server_->journal().count("/api/2.0/connector-service"), 0U);
}

TEST_F(TracingWireTest, GoesOnWhateverTheCollectorAnswers) {
  for (const std::string& reply :
       {ScriptedServer::reply("", 500), ScriptedServer::reply("", 429, "Retry-After: 3600\r\n"),
        ScriptedServer::reply("<html>", 200), ScriptedServer::reply("", 302, "Location: /x\r\n"),
        std::string("garbage\r\n\r\n")}) {
    const ScriptedServer collector(ScriptedServer::always(reply));
    Connection connection = connect_here(to(collector));
    Result result = connection.query("SELECT id FROM range(10)");
    EXPECT_EQ(count_rows(result), 10);
  }
}

TEST_F(TracingWireTest, ClosesWithinTwoSecondsWhenTheCollectorHangs) {
  const ScriptedServer collector([](ScriptedServer::Connection& connection) {
    connection.read_request();
    connection.wait_for_close();
  });
  const auto took = [&] {
    std::optional<Connection> connection = connect_here(to(collector));
    connection->query("SELECT 1").close();
    const auto began = std::chrono::steady_clock::now();
    connection.reset();
    return std::chrono::steady_clock::now() - began;
  };

  EXPECT_LT(took(), 10s);  // two seconds, on a machine that is not too busy
  // Once was enough: nobody waits for it again.
  EXPECT_LT(took(), 2s);
}

TEST_F(TracingWireTest, GoesOnWithoutACollector) {
  std::string options;
  {
    const ScriptedServer gone(ScriptedServer::always(ScriptedServer::reply("{}")));
    options = to(gone);
  }
  Connection connection = connect_here(options);
  for (int i = 0; i < 20; ++i) connection.query("SELECT 1").close();

  EXPECT_TRUE(connection.is_open());
}

TEST_F(TracingWireTest, ResultsMayOutliveTheirConnection) {
  {
    std::optional<Connection> connection = connect_here(to(collector_));
    Result result = connection->query(kManyRows);
    connection.reset();
    EXPECT_EQ(count_rows(result), 60'000);
  }

  EXPECT_EQ(attribute(named(spans(collector_), "db.query"), "db.response.returned_rows"), "60000");
}

}  // namespace
}  // namespace dbsql::test
