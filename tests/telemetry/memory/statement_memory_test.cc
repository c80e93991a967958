#include "session/statement.h"
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
using test::allocations_of_this_thread;
using test::FakeClock;

constexpr int kStatements = 1'000;
constexpr const char* kId = "01f00000-0000-1000-8000-000000000000";

/// What a statement with three polls and four files does, hook by hook, as the driver does it.
void pass_hooks(StatementTelemetry* statement) {
  observe::Observer* const observer = statement;
  if (observer != nullptr) observer->on(observe::StatementSubmitted{kId, 1ms});
  for (int i = 1; i <= 3; ++i) {
    if (observer != nullptr)
      observer->on(observe::StatementPolled{.statement_id = kId, .polls = i, .latency = 1ms});
  }
  if (statement != nullptr) statement->ready();
  if (observer != nullptr)
    observer->on(
        PageReceived{.statement_id = kId, .format = PageReceived::Format::Links, .links = 4});
  for (int i = 0; i < 4; ++i) {
    if (observer != nullptr) observer->on(observe::ChunkReceived{.index = i, .latency = 5ms});
    if (observer != nullptr) observer->on(observe::ChunkConsumed{.index = i});
    if (statement != nullptr) statement->reading();
  }
  if (statement != nullptr) statement->exhausted();
}

TEST(TelemetryThatIsOff, AllocatesNothingInItsHooks) {
  StatementTelemetry* volatile off = nullptr;
  const auto before = allocations_of_this_thread();
  for (int i = 0; i < kStatements; ++i) pass_hooks(off);

  EXPECT_EQ(allocations_of_this_thread(), before);
}

/// A statement that has finished and notes who listens.
class NotingOperation final : public protocol::Operation {
 public:
  bool is_observed = false;

  const std::string& statement_id() const noexcept override { return id_; }
  void wait(const base::CallContext& call) override { note(call); }
  StatementState state(const base::CallContext& call) override {
    note(call);
    return StatementState::Finished;
  }
  const protocol::ResultMetadata& metadata(const base::CallContext& call) override {
    note(call);
    return metadata_;
  }
  std::optional<protocol::Page> next_page(const base::CallContext& call) override {
    note(call);
    return std::nullopt;
  }
  void ask_ahead() override {}
  std::vector<protocol::ResultLink> refresh_links(std::int64_t, const base::CallContext&) override {
    return {};
  }
  std::optional<std::int64_t> affected_rows() const noexcept override { return std::nullopt; }
  bool is_open() const noexcept override { return true; }
  void cancel(const base::CallContext& call) override { note(call); }
  void cancel_in_background() noexcept override {}
  void close() noexcept override {}

 private:
  void note(const base::CallContext& call) { is_observed |= call.observer != nullptr; }

  const std::string id_ = kId;
  protocol::ResultMetadata metadata_;
};

// Whoever has no observer makes no events: they hold copies of ids.
TEST(TelemetryThatIsOff, LeavesAStatementWithoutObserver) {
  FakeClock clock;
  const auto operation = std::make_shared<NotingOperation>();
  const auto statement =
      std::make_shared<session::Statement>(nullptr, operation, session::StatementSettings(), clock);
  EXPECT_TRUE(statement->wait({}));
  statement->state({});
  Result result = statement->open_result({});
  EXPECT_FALSE(result.next_batch());
  statement->cancel({});
  statement->close();

  EXPECT_FALSE(operation->is_observed);
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
    const auto statement = std::make_shared<StatementTelemetry>(
        connection, OperationType::ExecuteStatement, StatementType::Query);
    pass_hooks(statement.get());
  }
  const auto allocations = allocations_of_this_thread() - before;
  connection->close();

  // Its own, a copy of the id in each of five events, and now and then room for more records.
  EXPECT_LE(allocations, 6 * kStatements + kStatements / 5);
  EXPECT_GT(workspace->count(), 0U);
}

}  // namespace
}  // namespace dbsql::telemetry
