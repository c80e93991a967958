#include "support/fake_clock.h"
#include "telemetry/connection_telemetry.h"
#include "telemetry/memory/counted_memory.h"
#include "telemetry/sender.h"
#include "unit/telemetry/sample_record.h"
#include "unit/telemetry/scripted_transport.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace dbsql::telemetry {
namespace {

using namespace std::chrono_literals;
using test::FakeClock;
using test::live_bytes;

constexpr std::int64_t kMiB = 1 << 20;

/// An endpoint that does one thing for ever and remembers nothing of it.
class DeadEndpoint final : public http::Transport {
 public:
  enum class How : std::uint8_t { Refuses, Fails, IsSilent };

  explicit DeadEndpoint(How how) : how_(how) {}

  http::Reply send(const http::Request&, const base::CallContext&) override {
    return http::Failure{.kind = ErrorKind::Internal, .message = "telemetry never waits"};
  }
  void send_in_background(const http::Request&, std::chrono::milliseconds,
                          Completion on_completion) override {
    ++requests;
    switch (how_) {
      case How::Refuses:
        return on_completion(http::Failure{.kind = ErrorKind::Network});
      case How::Fails:
        return on_completion(response_of(503, "busy", {{"Retry-After", "1"}}));
      case How::IsSilent:
        waiting_.push_back(std::move(on_completion));
    }
  }

  std::size_t requests = 0;

 private:
  const How how_;
  std::vector<Completion> waiting_;
};

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kRecords = 100'000;  // each takes ten times as long there
#else
constexpr std::uint64_t kRecords = 1'000'000;
#endif

struct DeadEndpoints : testing::TestWithParam<DeadEndpoint::How> {
  void SetUp() override {
    const auto health = std::make_shared<EndpointHealth>(BreakerOptions{}, clock);
    sender = std::make_shared<Sender>(
        SenderOptions{}, Exporter(destination_to(endpoint), health, clock), nullptr, [] {}, clock);
    outbox = std::make_shared<Outbox>(sample_facts());
    sender->attach(outbox);
  }

  /// Records, some of them failures, collected as they would be in time. \return the most bytes
  std::int64_t record(std::uint64_t count) {
    constexpr std::uint64_t kCollected = 500;
    Operation operation;
    operation.type = OperationType::ExecuteStatement;
    operation.statement_id = WireId("01f00000-0000-1000-8000-000000000000");
    std::int64_t most = 0;
    for (std::uint64_t i = 1; i <= count; ++i) {
      operation.error = i % 10 == 0 ? ErrorCategory::Syntax : ErrorCategory::None;
      outbox->append(operation, false);
      if (i % kCollected != 0) continue;
      clock.advance(50ms);
      sender->step();
      most = std::max(most, live_bytes() - before);
    }
    return most;
  }

  const std::int64_t before = live_bytes();
  FakeClock clock;
  std::shared_ptr<DeadEndpoint> endpoint = std::make_shared<DeadEndpoint>(GetParam());
  std::shared_ptr<Sender> sender;
  std::shared_ptr<Outbox> outbox;
};

TEST_P(DeadEndpoints, LeaveMemoryFlatOverAMillionRecords) {
  constexpr std::uint64_t kFirst = 50'000;  // all queues are full by then
  const std::int64_t most_at_first = record(kFirst);
  const std::int64_t most = record(kRecords - kFirst);
  const SenderStats running = sender->stats();
  sender->close(clock.now());
  const SenderStats stats = sender->stats();

  EXPECT_LE(running.pending, Sender::kMostRecords);
  EXPECT_LE(running.in_flight, Sender::kMostInFlight);
  EXPECT_EQ(stats.recorded, kRecords);
  EXPECT_EQ(stats.delivered, 0U);
  EXPECT_EQ(stats.dropped(), kRecords);
  EXPECT_EQ(stats.requests, endpoint->requests);
  EXPECT_LT(stats.requests, kRecords / 200);  // it is not flooded either
  EXPECT_LE(most, static_cast<std::int64_t>(Sender::kMostBytes) + 8 * kMiB);
  EXPECT_LE(most, most_at_first + most_at_first / 4);
}

std::string name_of(const testing::TestParamInfo<DeadEndpoint::How>& endpoint) {
  constexpr std::array<const char*, 3> kNames = {"Refuses", "Fails", "IsSilent"};
  return kNames[static_cast<std::size_t>(endpoint.param)];
}

INSTANTIATE_TEST_SUITE_P(Telemetry, DeadEndpoints,
                         testing::Values(DeadEndpoint::How::Refuses, DeadEndpoint::How::Fails,
                                         DeadEndpoint::How::IsSilent),
                         name_of);

TEST(TelemetryMemory, IsGivenBackByConnectionsThatEnd) {
  FakeClock clock;
  Registry registry(clock);
  FeatureFlagCache flags(clock);
  const auto refusing = std::make_shared<DeadEndpoint>(DeadEndpoint::How::Refuses);
  const auto facts = sample_facts();
  const auto connect = [&](int number) {
    ConnectionSettings settings;
    (number % 2 == 0 ? settings.options.is_forced : settings.options.enabled.emplace()) = true;
    settings.destination =
        destination_to(refusing, "h" + std::to_string(number % 50) + ".example.com");
    settings.connection_host = settings.destination->host;
    settings.identity = std::to_string(number);
    settings.facts = facts;
    settings.registry = &registry;
    settings.flags = &flags;
    settings.clock = &clock;
    const auto connection = ConnectionTelemetry::create(std::move(settings));
    if (!connection) return;  // the server is known not to answer
    connection->on(observe::SessionOpened{"01ef-session", 1ms});
    connection->record({.type = OperationType::ExecuteStatement});
    connection->on(observe::SessionClosed{"01ef-session", 1ms});
  };
  for (int i = 0; i < 200; ++i) connect(i);  // what is known of fifty hosts stays
  const std::int64_t before = live_bytes();
  for (int i = 0; i < 2'000; ++i) connect(i);

  EXPECT_EQ(registry.size(), 0U);
  EXPECT_LE(live_bytes() - before, 16'384);
}

}  // namespace
}  // namespace dbsql::telemetry
