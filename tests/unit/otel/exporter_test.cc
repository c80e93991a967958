#include "otel/exporter.h"

#include "support/fake_clock.h"
#include "unit/telemetry/scripted_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::otel {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using telemetry::response_of;
using telemetry::ScriptedTransport;
using test::FakeClock;

Span span_named(std::string_view name) {
  Span span;
  span.name = name;
  span.context.trace_id = new_trace_id();
  span.context.span_id = new_span_id();
  return span;
}

std::size_t spans_in(const http::Request& request) {
  return json::parse(request.body.text())["resourceSpans"][0]["scopeSpans"][0]["spans"].size();
}

/// A collector, and a clock that the test moves.
class ExporterTest : public testing::Test {
 protected:
  void make(ExporterSettings settings = {}) {
    settings.endpoint = "http://collector:4318";
    settings.headers = {{"x-key", "mine"}};
    settings.service_name = "shop";
    settings.transport = collector;
    settings.clock = &clock;
    if (!with_metrics) settings.metric_interval = 0ms;
    exporter = std::make_unique<Exporter>(std::move(settings));
  }
  /// Moves the clock step by step until the worker has done what the test waits for.
  bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds step = 0ms) {
    for (int i = 0; i < 5'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(1ms);
      if (step.count() > 0 && i % 5 == 4) clock.advance(step);
    }
    return false;
  }

  FakeClock clock;
  std::shared_ptr<ScriptedTransport> collector =
      std::make_shared<ScriptedTransport>(response_of(200, "{}"));
  bool with_metrics = false;
  std::unique_ptr<Exporter> exporter;
};

TEST_F(ExporterTest, SendsWhatIsThereAfterTheInterval) {
  make({.flush_interval = 5s});
  exporter->add(span_named("a"));
  exporter->add(span_named("b"));
  clock.await_waiters(1);
  EXPECT_EQ(collector->count(), 0U);

  ASSERT_TRUE(eventually([&] { return collector->count() == 1; }, 1s));

  const http::Request request = collector->request(0);
  EXPECT_EQ(request.url, "http://collector:4318/v1/traces");
  EXPECT_EQ(http::find_header(request.headers, "x-key"), "mine");
  EXPECT_EQ(http::find_header(request.headers, "content-type"), "application/json");
  EXPECT_TRUE(http::find_header(request.headers, "authorization").empty());
  EXPECT_EQ(spans_in(request), 2U);
}

TEST_F(ExporterTest, SendsAFullBatchAtOnce) {
  make();
  for (std::size_t i = 0; i < Exporter::kBatchSize; ++i) exporter->add(span_named("a"));

  ASSERT_TRUE(eventually([&] { return collector->count() == 1; }));
  EXPECT_EQ(spans_in(collector->request(0)), Exporter::kBatchSize);
}

TEST_F(ExporterTest, DropsAndCountsWhatFindsNoRoom) {
  make({.queue_size = 3});
  for (int i = 0; i < 10; ++i) exporter->add(span_named("a"));

  EXPECT_EQ(exporter->stats().dropped, 7U);
  EXPECT_EQ(exporter->stats().waiting, 3U);
}

TEST_F(ExporterTest, DeliversWhatIsLeftWhenItGoes) {
  make();
  exporter->add(span_named("a"));

  exporter.reset();

  ASSERT_EQ(collector->count(), 1U);
  EXPECT_EQ(spans_in(collector->request(0)), 1U);
}

TEST_F(ExporterTest, WaitsTwoSecondsForACollectorThatHangsAndNoLonger) {
  collector->hold();
  make();
  exporter->add(span_named("a"));
  std::jthread closing([&] { exporter.reset(); });
  clock.await_waiters(2);  // the worker, and whoever closes
  collector->await(1);
  clock.advance(Exporter::kCloseLimit);
  closing.join();  // the clock stands still: it has waited no longer

  collector->let_go(response_of(200));  // it comes too late, and does no harm
}

TEST_F(ExporterTest, RepeatsAfterAFailureWithGrowingPauses) {
  collector->always_answer_with(response_of(503));
  make({.flush_interval = 100ms});
  exporter->add(span_named("a"));

  ASSERT_TRUE(eventually([&] { return exporter->stats().dropped == 1; }, 1s));

  EXPECT_EQ(collector->count(), static_cast<std::size_t>(Exporter::kMostAttempts));
  EXPECT_EQ(collector->request(0).body.text(), collector->request(1).body.text());
}

TEST_F(ExporterTest, ComesBackWhenTheCollectorDoes) {
  collector->answer_with(http::Failure{.message = "nobody is there"});
  collector->answer_with(response_of(500, "<html>"));
  make({.flush_interval = 100ms});
  exporter->add(span_named("a"));

  ASSERT_TRUE(eventually([&] { return exporter->stats().sent == 1; }, 1s));
  EXPECT_EQ(exporter->stats().dropped, 0U);
}

TEST_F(ExporterTest, HonoursHowLongTheCollectorWantsToBeLeftAlone) {
  collector->answer_with(response_of(429, "", {{"Retry-After", "20"}}));
  make({.flush_interval = 100ms});
  exporter->add(span_named("a"));
  ASSERT_TRUE(eventually([&] { return collector->count() == 1; }, 100ms));
  const auto refused = clock.now();

  ASSERT_TRUE(eventually([&] { return collector->count() == 2; }, 1s));
  EXPECT_GE(clock.now() - refused, 19s);
}

TEST_F(ExporterTest, DoesNotRepeatWhatTheCollectorWillNeverTake) {
  collector->answer_with(response_of(400, "garbage"));
  make({.flush_interval = 100ms});
  exporter->add(span_named("a"));

  ASSERT_TRUE(eventually([&] { return exporter->stats().dropped == 1; }, 1s));
  EXPECT_EQ(collector->count(), 1U);
}

TEST_F(ExporterTest, ReportsFiguresOnceAMinuteAndAtTheEnd) {
  with_metrics = true;
  make();
  exporter->metrics().operation_ended("SELECT", std::nullopt, 3ms);
  ASSERT_TRUE(eventually([&] { return collector->count() == 1; }, 10s));
  EXPECT_EQ(collector->request(0).url, "http://collector:4318/v1/metrics");

  exporter.reset();

  EXPECT_EQ(collector->request(collector->count() - 1).url, "http://collector:4318/v1/metrics");
}

TEST_F(ExporterTest, SendsSpansToACollectorThatTakesNoFigures) {
  with_metrics = true;
  collector->answer_with(response_of(404));
  make();
  ASSERT_TRUE(eventually([&] { return collector->count() == 1; }, 10s));
  EXPECT_EQ(collector->request(0).url, "http://collector:4318/v1/metrics");
  exporter->add(span_named("a"));

  exporter.reset();

  ASSERT_EQ(collector->count(), 2U);
  EXPECT_EQ(collector->request(1).url, "http://collector:4318/v1/traces");
}

TEST_F(ExporterTest, TakesSpansOfManyThreads) {
  make({.queue_size = 100'000});
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 1000; ++j) exporter->add(span_named("a"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  exporter.reset();

  std::size_t spans = 0;
  for (std::size_t i = 0; i < collector->count(); ++i) spans += spans_in(collector->request(i));
  EXPECT_EQ(spans, 4000U);
}

}  // namespace
}  // namespace dbsql::otel
