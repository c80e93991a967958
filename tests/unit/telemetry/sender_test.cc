#include "telemetry/sender.h"

#include "support/fake_clock.h"
#include "unit/telemetry/sample_record.h"
#include "unit/telemetry/scripted_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::telemetry {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::FakeClock;

Operation operation_of(OperationType type = OperationType::ExecuteStatement,
                       ErrorCategory error = ErrorCategory::None) {
  Operation operation;
  operation.type = type;
  operation.error = error;
  return operation;
}

std::vector<std::string> documents_in(const http::Request& request) {
  std::vector<std::string> documents;
  const json body = json::parse(request.body.text());
  for (const json& each : body["protoLogs"]) documents.push_back(each.get<std::string>());
  return documents;
}

std::set<std::string> event_ids_in(const http::Request& request) {
  std::set<std::string> ids;
  for (const std::string& document : documents_in(request))
    ids.insert(json::parse(document)["frontend_log_event_id"].get<std::string>());
  return ids;
}

/// A sender whose steps are the test's.
struct TelemetrySender : testing::Test {
  explicit TelemetrySender(SenderOptions options = {.batch_size = 3, .jitter = 1}) {
    make(options);
  }

  void make(SenderOptions options) {
    sender = std::make_shared<Sender>(
        options, Exporter(destination_to(server), health, clock), nullptr, [this] { ++wakes; },
        clock);
    outbox = std::make_shared<Outbox>(sample_facts());
    sender->attach(outbox);
  }
  void record(int count, ErrorCategory error = ErrorCategory::None) {
    for (int i = 0; i < count; ++i)
      outbox->append(operation_of(OperationType::ExecuteStatement, error), false);
  }
  std::size_t documents() const {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < server->count(); ++i)
      sum += documents_in(server->request(i)).size();
    return sum;
  }
  void expect_balance() const {
    const SenderStats stats = sender->stats();
    EXPECT_EQ(stats.recorded,
              stats.delivered + stats.dropped() + stats.not_counted + stats.pending);
  }

  FakeClock clock;
  std::shared_ptr<ScriptedTransport> server = std::make_shared<ScriptedTransport>(response_of(200));
  std::shared_ptr<EndpointHealth> health =
      std::make_shared<EndpointHealth>(BreakerOptions{.minimum_calls = 10}, clock);
  std::atomic<int> wakes = 0;
  std::shared_ptr<Sender> sender;
  std::shared_ptr<Outbox> outbox;
};

TEST_F(TelemetrySender, SendsABatchWhenEnoughRecordsAreThere) {
  record(2);
  sender->step();
  EXPECT_EQ(server->count(), 0U);
  record(1);
  sender->step();

  ASSERT_EQ(server->count(), 1U);
  EXPECT_EQ(documents_in(server->request(0)).size(), 3U);
  EXPECT_EQ(sender->stats().pending, 0U);
  EXPECT_GT(wakes, 0);
}

TEST_F(TelemetrySender, SendsNothingWhenThereIsNothing) {
  clock.advance(1h);
  sender->step();

  EXPECT_EQ(server->count(), 0U);
}

TEST_F(TelemetrySender, SendsWhatIsThereWhenTheIntervalIsOver) {
  record(1);
  const auto next = sender->step();
  EXPECT_EQ(next, clock.now() + 30s);

  clock.advance(30s);
  sender->step();

  EXPECT_EQ(server->count(), 1U);
}

TEST_F(TelemetrySender, SpreadsFirstFlushesOverTheInterval) {
  std::set<std::int64_t> firsts;
  for (int i = 0; i < 100; ++i) {
    make({.flush_interval = 100s});
    const auto wait = sender->step() - clock.now();
    EXPECT_LE(wait, 100s);
    firsts.insert(wait / 10s);
  }

  EXPECT_GE(firsts.size(), 5U);
}

TEST_F(TelemetrySender, SendsAnUrgentRecordAtOnceAndTheNextOnesTogether) {
  outbox->append(operation_of(OperationType::CreateSession), true);
  sender->step();
  EXPECT_EQ(server->count(), 1U);

  outbox->append(operation_of(OperationType::DeleteSession), true);
  const auto next = sender->step();
  EXPECT_EQ(server->count(), 1U);
  EXPECT_EQ(next, clock.now() + 250ms);
  outbox->append(operation_of(OperationType::CreateSession), true);
  clock.advance(250ms);
  sender->step();

  EXPECT_EQ(server->count(), 2U);
  EXPECT_EQ(documents_in(server->request(1)).size(), 2U);
}

TEST_F(TelemetrySender, WakesItsThreadOnceForMany) {
  make({.batch_size = 200, .jitter = 1});
  wakes = 0;

  record(1'000);

  EXPECT_EQ(wakes, 1);
}

TEST_F(TelemetrySender, SendsAThousandStatementsInFewRequests) {
  make({.batch_size = 200, .jitter = 1});
  for (int i = 0; i < 1'000; ++i) {
    record(1);
    if (i % 50 == 0) sender->step();
  }
  clock.advance(30s);
  sender->step();

  EXPECT_LE(server->count(), 8U);
  EXPECT_EQ(documents(), 1'000U);
}

TEST_F(TelemetrySender, NeverSendsMoreThanABatchOrAMebibyte) {
  auto facts = sample_facts();
  facts->system.process_name = std::string(300, '"');
  facts->parameters.query_tags = std::string(500, '\x01');
  facts->user_agent = std::string(500, '\x02');
  make({.batch_size = 1'000, .jitter = 1});
  outbox = std::make_shared<Outbox>(facts);
  sender->attach(outbox);
  for (int i = 0; i < 500; ++i) outbox->append(operation_of(OperationType::CreateSession), false);
  clock.advance(30s);
  sender->step();

  EXPECT_GT(server->count(), 1U);
  EXPECT_EQ(documents(), 500U);
  for (std::size_t i = 0; i < server->count(); ++i)
    EXPECT_LE(server->request(i).body.size(), Sender::kMostBodyBytes + 4096);
}

TEST_F(TelemetrySender, HasAtMostEightRequestsUnderWay) {
  server->hold();
  record(27);
  sender->step();
  EXPECT_EQ(server->count(), 8U);
  EXPECT_EQ(sender->stats().in_flight, 8U);

  server->let_go();
  sender->step();

  EXPECT_EQ(server->count(), 9U);
}

TEST_F(TelemetrySender, TriesAgainWithALaterFlushAndTheSameIds) {
  server->answer_with(response_of(503));
  server->answer_with(response_of(503));
  record(3);
  sender->step();
  EXPECT_EQ(server->count(), 1U);  // no hammering
  for (int i = 0; i < 3; ++i) {
    clock.advance(30s);
    sender->step();
  }

  ASSERT_EQ(server->count(), 3U);
  EXPECT_EQ(event_ids_in(server->request(0)), event_ids_in(server->request(2)));
  EXPECT_EQ(sender->stats().delivered, 3U);
  expect_balance();
}

TEST_F(TelemetrySender, GivesUpAfterItsRetries) {
  server->always_answer_with(response_of(503));
  record(3);
  for (int i = 0; i < 6; ++i) {
    sender->step();
    clock.advance(30s);
  }

  EXPECT_EQ(server->count(), 4U);
  EXPECT_EQ(sender->stats().dropped(), 3U);
  EXPECT_EQ(sender->stats().pending, 0U);
  expect_balance();
}

TEST_F(TelemetrySender, DropsWhatIsRefusedAtOnce) {
  server->always_answer_with(response_of(400));
  record(3);
  sender->step();
  clock.advance(30s);
  sender->step();

  EXPECT_EQ(server->count(), 1U);
  EXPECT_EQ(sender->stats().dropped(), 3U);
  EXPECT_EQ(sender->stats().last_status, 400);
}

TEST_F(TelemetrySender, KeepsRecordsWhileTheBreakerIsOpenAndDeliversThemLater) {
  make({.batch_size = 1, .retry_count = 100, .jitter = 1});
  server->always_answer_with(response_of(500));
  record(1);
  for (int i = 0; i < 20; ++i) {
    sender->step();
    clock.advance(30s);
  }
  EXPECT_EQ(health->breaker().state(), CircuitBreaker::State::Open);
  const std::size_t tried = server->count();
  EXPECT_LT(tried, 20U);

  server->always_answer_with(response_of(200, R"({"numProtoSuccess":1})"));
  record(5);
  for (int i = 0; i < 10; ++i) {
    clock.advance(60s);
    sender->step();
  }

  EXPECT_EQ(health->breaker().state(), CircuitBreaker::State::Closed);
  EXPECT_EQ(sender->stats().delivered, 6U);
  expect_balance();
}

TEST_F(TelemetrySender, StaysWithinItsMemoryAndKeepsFailures) {
  server->always_answer_with(http::Failure{.kind = ErrorKind::Network});
  make({.batch_size = 200, .jitter = 1});
  record(100, ErrorCategory::Syntax);
  sender->step();
  constexpr int kRounds = 1'000;
  for (int i = 0; i < kRounds; ++i) {
    record(100);
    if (i % 5 == 0) sender->step();
  }
  sender->step();

  const SenderStats stats = sender->stats();
  EXPECT_LE(stats.pending, Sender::kMostRecords);
  EXPECT_EQ(stats.recorded, 100U + kRounds * 100U);
  expect_balance();
  server->always_answer_with(response_of(200));
  sender->step();
  clock.advance(1h);
  sender->step();
  std::size_t failures = 0;
  for (std::size_t i = 0; i < server->count(); ++i) {
    if (server->request(i).body.text().find("syntax_error") != std::string_view::npos) ++failures;
  }
  EXPECT_GT(failures, 0U);
}

/// Every place is taken: eight requests without an answer, and the queue full.
TEST_F(TelemetrySender, DropsOneRecordMoreThanThereIsRoomForAndStillEnds) {
  make({.batch_size = 100, .jitter = 1});
  server->hold();
  constexpr int kInFlight = 100 * static_cast<int>(Sender::kMostInFlight);
  const auto fill = [&](int records) {
    for (int left = records; left > 0; left -= 100) {
      record(std::min(left, 100));
      sender->step();
    }
  };
  fill(kInFlight + static_cast<int>(Sender::kMostRecords));
  EXPECT_EQ(sender->stats().in_flight, Sender::kMostInFlight);
  EXPECT_EQ(sender->stats().pending, Sender::kMostRecords);
  EXPECT_EQ(sender->stats().dropped(), 0U);
  fill(1);
  EXPECT_EQ(sender->stats().lost_by(Loss::NoRoom), 1U);
  EXPECT_EQ(sender->stats().evicted, 1U);

  sender->close(clock.now());
  sender->step();

  EXPECT_EQ(sender->stats().in_flight, 0U);
  EXPECT_EQ(sender->stats().lost_by(Loss::NoTime), kInFlight + Sender::kMostRecords);
  expect_balance();
  server->let_go();
}

TEST_F(TelemetrySender, TellsItsSinkWhyRecordsAreLost) {
  std::map<std::string, std::size_t> told;
  std::size_t shown = 0;
  const auto sink = std::make_shared<CallbackSink>(
      [&](const ExportedBatch& batch) { shown += batch.records; },
      [&](std::string_view reason, std::size_t records) { told[std::string(reason)] += records; });
  sender = std::make_shared<Sender>(
      SenderOptions{.batch_size = 3, .jitter = 1}, Exporter(destination_to(server), health, clock),
      sink, [] {}, clock);
  outbox = std::make_shared<Outbox>(sample_facts());
  sender->attach(outbox);
  server->answer_with(response_of(404));
  record(3);
  sender->step();
  server->hold();
  record(3);
  sender->step();
  record(1);
  sender->close(clock.now());
  sender->step();

  EXPECT_EQ(told["refused"], 3U);
  EXPECT_EQ(told["no_time"], 3U);
  EXPECT_EQ(shown, 6U) << "what was sent is shown, answered or not";
  server->let_go();
}

TEST_F(TelemetrySender, CountsWhatTheServerDidNot) {
  server->answer_with(response_of(200, R"({"numProtoSuccess":1})"));
  server->answer_with(response_of(200, "<html>"));
  record(3);
  sender->step();
  record(3);
  sender->step();

  EXPECT_EQ(sender->stats().not_counted, 2U);
  EXPECT_EQ(sender->stats().bad_responses, 1U + 0U);
  EXPECT_EQ(server->count(), 2U);
  expect_balance();
}

TEST_F(TelemetrySender, KnowsWhoseRecordItIs) {
  auto facts = sample_facts();
  facts->user_agent = "other/1";
  const auto other = std::make_shared<Outbox>(facts);
  other->set_session(WireId("other-session"));
  sender->attach(other);
  outbox->set_session(WireId("my-session"));
  outbox->append(operation_of(), false);
  other->append(operation_of(), true);
  sender->step();

  std::set<std::pair<std::string, std::string>> seen;
  for (const std::string& document : documents_in(server->request(0))) {
    const json record = json::parse(document);
    seen.emplace(record["context"]["client_context"]["user_agent"],
                 record["entry"]["sql_driver_log"]["session_id"]);
  }
  EXPECT_THAT(seen,
              testing::UnorderedElementsAre(testing::Pair("DatabricksSqlCpp/0.1.0", "my-session"),
                                            testing::Pair("other/1", "other-session")));
}

TEST_F(TelemetrySender, TakesTheLastRecordsOfAConnectionAlong) {
  record(2);
  sender->detach(outbox);
  record(1);  // too late
  clock.advance(30s);
  sender->step();

  EXPECT_EQ(documents(), 2U);
}

TEST_F(TelemetrySender, LosesNothingOfManyThreads) {
  make({.batch_size = 200, .jitter = 1});
  constexpr int kThreads = 128;
  constexpr int kEach = 50;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        const auto own = std::make_shared<Outbox>(sample_facts());
        sender->attach(own);
        for (int j = 0; j < kEach; ++j) own->append(operation_of(), false);
        sender->detach(own);
      });
    }
    for (int i = 0; i < 20; ++i) sender->step();
  }
  clock.advance(30s);
  sender->step();

  const SenderStats stats = sender->stats();
  EXPECT_EQ(stats.recorded, static_cast<std::uint64_t>(kThreads * kEach));
  EXPECT_EQ(documents() + stats.dropped(), stats.recorded);
  expect_balance();
}

TEST(TelemetryOutbox, IsBoundedWhileNobodyCollects) {
  Outbox outbox(sample_facts());
  for (int i = 0; i < 1'000; ++i) outbox.append(operation_of(), false);
  Outbox::Collected collected;

  outbox.collect(collected);

  EXPECT_EQ(collected.operations.size(), Outbox::kCapacityWhilePending);
  EXPECT_EQ(collected.dropped, 1'000U - Outbox::kCapacityWhilePending);
}

TEST(TelemetryOutbox, GivesUpFailuresLast) {
  Outbox outbox(sample_facts());
  for (int i = 0; i < 256; ++i)
    outbox.append(operation_of(OperationType::ExecuteStatement, ErrorCategory::Auth), false);
  for (int i = 0; i < 256; ++i) outbox.append(operation_of(), false);
  Outbox::Collected collected;

  outbox.collect(collected);

  for (const Operation& each : collected.operations) EXPECT_EQ(each.error, ErrorCategory::Auth);
}

TEST(TelemetryOutbox, TakesNothingOnceClosed) {
  Outbox outbox(sample_facts());
  outbox.append(operation_of(), false);
  outbox.close();
  outbox.append(operation_of(), false);
  Outbox::Collected collected;

  outbox.collect(collected);

  EXPECT_TRUE(collected.operations.empty());
}

}  // namespace
}  // namespace dbsql::telemetry
