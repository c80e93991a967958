#include "otel/otlp_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <string>

namespace dbsql::otel {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

Span sample_span() {
  Span span;
  span.name = "db.query";
  span.context = *parse_trace_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  span.start = std::chrono::system_clock::time_point(1'750'000'000s);
  span.duration = 1'500us;
  return span;
}

TEST(OtlpJson, HasTheFormOfTheProtocol) {
  Span span = sample_span();
  span.attributes = {{"db.system.name", "databricks"}, {"server.port", std::int64_t{443}}};
  const json body = json::parse(traces_body("shop", std::array{span}));

  const json& resource = body["resourceSpans"][0]["resource"]["attributes"];
  EXPECT_EQ(resource[0], json::parse(R"({"key":"service.name","value":{"stringValue":"shop"}})"));
  const json& out = body["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(out["traceId"], "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(out["spanId"], "b7ad6b7169203331");
  EXPECT_EQ(out["kind"], 3);
  EXPECT_EQ(out["startTimeUnixNano"], "1750000000000000000");
  EXPECT_EQ(out["endTimeUnixNano"], "1750000000001500000");
  EXPECT_EQ(out["attributes"], json::parse(R"([
      {"key":"db.system.name","value":{"stringValue":"databricks"}},
      {"key":"server.port","value":{"intValue":"443"}}])"));
  for (const char* absent : {"parentSpanId", "status", "links", "traceState"})
    EXPECT_FALSE(out.contains(absent)) << absent;
}

TEST(OtlpJson, TellsParentLinkStateAndError) {
  Span span = sample_span();
  span.parent = SpanId{1, 2, 3, 4, 5, 6, 7, 8};
  span.link = span.context;
  span.context.state = "a=1";
  span.error = ErrorKind::RateLimited;
  const json body = json::parse(traces_body("shop", std::array{span}));

  const json& out = body["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
  EXPECT_EQ(out["parentSpanId"], "0102030405060708");
  EXPECT_EQ(out["traceState"], "a=1");
  EXPECT_EQ(out["links"][0]["spanId"], "b7ad6b7169203331");
  EXPECT_EQ(out["status"], json::parse(R"({"code":2})"));
  EXPECT_EQ(out["attributes"],
            json::parse(R"([{"key":"error.type","value":{"stringValue":"RateLimited"}}])"));
}

TEST(OtlpJson, MakesTextOfAnythingThatIsNoUtf8) {
  Span span = sample_span();
  span.attributes = {{"db.query.text", std::string("SELECT '\xC3")}};

  EXPECT_TRUE(json::accept(traces_body("shop", std::array{span})));
}

TEST(OtlpJson, ReportsFigures) {
  Metrics metrics;
  metrics.operation_ended("SELECT", std::nullopt, 20ms);
  metrics.operation_ended("SELECT", std::nullopt, 3s);
  metrics.operation_ended("SELECT", ErrorKind::Timeout, 20s);
  metrics.chunk_received(7ms, 2);
  metrics.request_repeated();
  const auto since = std::chrono::system_clock::time_point(1'750'000'000s);
  const json body = json::parse(metrics_body("shop", metrics.snapshot(),
                                             {.server_address = "h.example.com",
                                              .since = since,
                                              .now = since + 1min,
                                              .dropped_spans = 4}));

  const json& list = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"];
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0]["name"], "db.client.operation.duration");
  EXPECT_EQ(list[0]["unit"], "s");
  EXPECT_EQ(list[0]["histogram"]["aggregationTemporality"], 2);
  const json& points = list[0]["histogram"]["dataPoints"];
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0]["count"], "2");
  EXPECT_EQ(points[0]["bucketCounts"], json::parse(R"(["0","0","0","1","0","0","0","1","0","0"])"));
  EXPECT_DOUBLE_EQ(points[0]["sum"].get<double>(), 3.02);
  EXPECT_EQ(points[0]["explicitBounds"].size() + 1, points[0]["bucketCounts"].size());
  EXPECT_EQ(points[0]["startTimeUnixNano"], "1750000000000000000");
  EXPECT_EQ(points[0]["timeUnixNano"], "1750000060000000000");
  EXPECT_EQ(points[1]["attributes"].back(),
            json::parse(R"({"key":"error.type","value":{"stringValue":"Timeout"}})"));
  EXPECT_EQ(list[1]["name"], "databricks.cloudfetch.chunk.duration");
  EXPECT_EQ(list[2]["name"], "databricks.request.retries");
  EXPECT_EQ(list[2]["sum"]["dataPoints"][0]["asInt"], "3");
  EXPECT_EQ(list[3]["name"], "databricks.otel.dropped_spans");
  EXPECT_EQ(list[3]["sum"]["dataPoints"][0]["asInt"], "4");
}

TEST(Histogram, CountsABoundWithWhatIsBelowIt) {
  Histogram histogram;
  histogram.record(1ms);
  histogram.record(1'000'001ns);
  histogram.record(1h);
  histogram.record(-1s);  // clocks are not always kind

  EXPECT_EQ(histogram.counts[0], 2U);
  EXPECT_EQ(histogram.counts[1], 1U);
  EXPECT_EQ(histogram.counts.back(), 1U);
  EXPECT_EQ(histogram.count, 4U);
  EXPECT_EQ(histogram.minimum, 0);
  EXPECT_EQ(histogram.maximum, 3600);
}

}  // namespace
}  // namespace dbsql::otel
