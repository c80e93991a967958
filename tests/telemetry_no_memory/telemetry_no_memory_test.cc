#include "support/fake_clock.h"
#include "telemetry/connection_telemetry.h"
#include "telemetry/statement_telemetry.h"
#include "unit/telemetry/sample_record.h"
#include "unit/telemetry/scripted_transport.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace {

/// How many allocations this thread still gets; negative = any number.
thread_local long allowed = -1;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

}  // namespace

// Not inlined: the compiler would see malloc and free where it expects the operators.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (allowed == 0) throw std::bad_alloc();
  if (allowed > 0) --allowed;
  void* const memory = std::malloc(size == 0 ? 1 : size);  // NOLINT: this is where memory is had
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}  // NOLINT: as above
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}  // NOLINT

namespace dbsql::telemetry {
namespace {

using namespace std::chrono_literals;
using test::FakeClock;

/// While it lives, the thread gets so many allocations and no more.
class Scarcity {
 public:
  explicit Scarcity(int allocations) { allowed = allocations; }
  ~Scarcity() { allowed = -1; }
  Scarcity(const Scarcity&) = delete;
  Scarcity& operator=(const Scarcity&) = delete;
};

constexpr int kMostAllocations = 60;  // more than anything here needs

struct TelemetryWithoutMemory : testing::Test {
  ConnectionSettings settings() {
    ConnectionSettings made;
    made.options.is_forced = true;
    made.destination = destination_to(server);
    made.connection_host = made.destination->host;
    made.identity = "me";
    made.facts = sample_facts();
    made.registry = &registry;
    made.flags = &flags;
    made.clock = &clock;
    return made;
  }
  static void close(ConnectionTelemetry& connection) {
    connection.on(observe::SessionClosed{"01ef-session", 3ms});
  }

  FakeClock clock;
  std::shared_ptr<ScriptedTransport> server = std::make_shared<ScriptedTransport>(response_of(200));
  Registry registry{clock};
  FeatureFlagCache flags{clock};
};

/// Everything that happens to a statement, on the thread of a program that has no memory left.
void live_through(const std::shared_ptr<ConnectionTelemetry>& connection,
                  StatementTelemetry& statement, const Error& error) {
  connection->on(observe::SessionOpened{"01ef-session", 12ms});
  statement.on(observe::StatementSubmitted{"01ef-statement", 5ms});
  statement.on(observe::StatementPolled{.statement_id = "01ef-statement", .latency = 1ms});
  statement.on(observe::StatementReady{});
  statement.on(observe::ReadBegan{});
  statement.on(observe::ChunkReceived{.index = 0, .latency = 2ms});
  statement.on(observe::ChunkConsumed{0});
  statement.on(observe::CancelAsked{1ms, &error});
  statement.on(observe::Failed{&error});
  statement.on(observe::StatementEnded{});
  statement.on(observe::StatementClosed{"01ef-statement", 1ms, true});
}

TEST_F(TelemetryWithoutMemory, SwallowsItInEveryHook) {
  const Error error({.kind = ErrorKind::SqlSyntax, .message = "no"});
  for (int allocations = 0; allocations < kMostAllocations; ++allocations) {
    const auto connection = ConnectionTelemetry::create(settings());
    ASSERT_TRUE(connection);
    const auto statement = std::make_unique<StatementTelemetry>(
        connection, OperationType::ExecuteStatement, StatementType::Query);
    {
      const Scarcity scarcity(allocations);
      live_through(connection, *statement, error);
    }
    close(*connection);
  }

  EXPECT_EQ(registry.size(), 0U);
  EXPECT_GT(server->count(), 0U);
}

TEST_F(TelemetryWithoutMemory, ClosesAllTheSame) {
  for (int allocations = 0; allocations < kMostAllocations; ++allocations) {
    const auto connection = ConnectionTelemetry::create(settings());
    ASSERT_TRUE(connection);
    connection->on(observe::SessionOpened{"01ef-session", 12ms});
    const Scarcity scarcity(allocations);
    close(*connection);
  }

  EXPECT_EQ(registry.size(), 0U);
}

TEST_F(TelemetryWithoutMemory, GoesWithoutASenderThatCannotBeStarted) {
  const SenderKey key{.host = "h", .org_id = {}, .identity = {}, .sink = {}};
  const auto destination = destination_to(server, "h");
  int started = 0;
  for (int allocations = 0; allocations < kMostAllocations; ++allocations) {
    std::shared_ptr<Sender> sender;
    {
      const Scarcity scarcity(allocations);
      sender = registry.acquire(key, 1, destination, nullptr, {}, {});
    }
    EXPECT_EQ(registry.size(), sender ? 1U : 0U) << allocations;
    if (!sender) continue;
    ++started;
    registry.release(key, 1, clock.now());
  }

  EXPECT_GT(started, 0);
  EXPECT_LT(started, kMostAllocations);
}

TEST_F(TelemetryWithoutMemory, MakesAConnectionThatTellsNothing) {
  int telling = 0;
  for (int allocations = 0; allocations < kMostAllocations; ++allocations) {
    auto own = settings();
    std::shared_ptr<ConnectionTelemetry> connection;
    {
      const Scarcity scarcity(allocations);
      connection = ConnectionTelemetry::create(std::move(own));
    }
    if (connection) ++telling;
  }

  EXPECT_GT(telling, 0);
  EXPECT_LT(telling, kMostAllocations);
  EXPECT_EQ(registry.size(), 0U);
}

}  // namespace
}  // namespace dbsql::telemetry
