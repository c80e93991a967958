#include "session/statement_observers.h"
#include "support/fake_clock.h"
#include "telemetry/connection_telemetry.h"
#include "telemetry/memory/counted_memory.h"
#include "telemetry/statement_telemetry.h"
#include "unit/telemetry/sample_record.h"
#include "unit/telemetry/scripted_transport.h"

#include <gtest/gtest.h>

namespace dbsql::telemetry {
namespace {

using namespace std::chrono_literals;
using observe::PageReceived;
using session::StatementObservers;
using test::allocations_of_this_thread;
using test::FakeClock;

constexpr int kStatements = 1'000;

/// What the driver tells of a statement with three polls, four files and their rows.
void tell_of_statement(observe::Observer& observer) {
  constexpr const char* kId = "01f00000-0000-1000-8000-000000000000";
  observer.on(observe::StatementSubmitted{kId, 1ms});
  for (int i = 1; i <= 3; ++i)
    observer.on(observe::StatementPolled{.statement_id = kId, .polls = i, .latency = 1ms});
  observer.on(observe::StatementReady{});
  observer.on(observe::ResultOpened{});
  observer.on(PageReceived{.statement_id = kId, .format = PageReceived::Format::Links, .links = 4});
  for (int i = 0; i < 4; ++i) {
    observer.on(observe::ReadBegan{});
    observer.on(observe::ChunkReceived{.index = i, .latency = 5ms});
    observer.on(observe::ChunkConsumed{.index = i});
    observer.on(observe::RowsDelivered{1'000});
  }
  observer.on(observe::RowsExhausted{});
  observer.on(observe::StatementEnded{});
}

TEST(TelemetryThatIsOff, AllocatesNothingInItsHooks) {
  FakeClock clock;
  const auto before = allocations_of_this_thread();
  for (int i = 0; i < kStatements; ++i) {
    StatementObservers observers(clock);
    tell_of_statement(observers);
  }

  EXPECT_EQ(allocations_of_this_thread(), before);
}

TEST(TelemetryThatIsOn, AllocatesOneObjectForAStatement) {
  FakeClock clock;
  Registry registry(clock);
  FeatureFlagCache flags(clock);
  const auto workspace = std::make_shared<ScriptedTransport>(response_of(200));
  ConnectionSettings settings;
  settings.options.is_forced = true;
  settings.destination = destination_to(workspace);
  settings.connection_host = settings.destination->host;
  settings.facts = sample_facts();
  settings.registry = &registry;
  settings.flags = &flags;
  settings.clock = &clock;
  const auto connection = ConnectionTelemetry::create(std::move(settings));
  connection->on(observe::SessionOpened{"01ef-session", 1ms});
  const auto before = allocations_of_this_thread();
  for (int i = 0; i < kStatements; ++i) {
    StatementObservers observers(
        clock, std::make_shared<StatementTelemetry>(connection, OperationType::ExecuteStatement,
                                                    StatementType::Query));
    tell_of_statement(observers);
  }
  const auto allocations = allocations_of_this_thread() - before;
  connection->close();

  EXPECT_LE(allocations, kStatements + kStatements / 5);  // now and then room for more records
  EXPECT_GT(workspace->count(), 0U);
}

}  // namespace
}  // namespace dbsql::telemetry
