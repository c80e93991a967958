// What telemetry costs the thread that runs a statement. A statement is told of in events; the
// profile of the statement, which is always kept, hears them too, and is measured by itself.

#include "base/clock.h"
#include "observe/profile_recorder.h"
#include "session/statement_observers.h"
#include "telemetry/allocations.h"
#include "telemetry/statement_telemetry.h"
#include "telemetry/wire_format.h"
#include "telemetry/workspace.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

namespace dbsql::bench {
namespace {

using namespace std::chrono_literals;
using observe::PageReceived;
using session::StatementObservers;
using telemetry::OperationType;
using telemetry::StatementTelemetry;
using telemetry::StatementType;

constexpr const char* kId = "01f00000-0000-1000-8000-000000000000";

/// A query with its rows in the first reply.
struct SmallQuery {
  static constexpr int kHooks = 8;
  static void tell(observe::Observer& observer) {
    observer.on(observe::StatementSubmitted{kId, 1ms});
    observer.on(observe::StatementReady{});
    observer.on(observe::ResultOpened{});
    observer.on(PageReceived{.statement_id = kId, .format = PageReceived::Format::Arrow});
    observer.on(observe::ReadBegan{});
    observer.on(observe::RowsDelivered{1});
    observer.on(observe::RowsExhausted{});
    observer.on(observe::StatementEnded{});
  }
};

/// One that is polled three times and comes as four files.
struct LargeQuery {
  static constexpr int kHooks = 25;
  static void tell(observe::Observer& observer) {
    observer.on(observe::StatementSubmitted{kId, 1ms});
    for (int i = 1; i <= 3; ++i)
      observer.on(observe::StatementPolled{.statement_id = kId, .polls = i, .latency = 1ms});
    observer.on(observe::StatementReady{});
    observer.on(observe::ResultOpened{});
    observer.on(
        PageReceived{.statement_id = kId, .format = PageReceived::Format::Links, .links = 4});
    for (int i = 0; i < 4; ++i) {
      observer.on(observe::ReadBegan{});
      observer.on(observe::ChunkReceived{.index = i, .latency = 5ms});
      observer.on(observe::ChunkConsumed{.index = i});
      observer.on(observe::RowsDelivered{1'000});
    }
    observer.on(observe::RowsExhausted{});
    observer.on(observe::StatementEnded{});
  }
};

void count_hooks(benchmark::State& state, int hooks) {
  state.counters["hooks"] = static_cast<double>(hooks);
}

/// Listens to the statement without telemetry being anywhere near: what off is compared with.
template <class Query>
void profile_alone(benchmark::State& state) {
  base::Clock& clock = base::Clock::system();
  count_hooks(state, Query::kHooks);
  const AllocationCount allocations(state);
  for (auto _ : state) {
    observe::ProfileRecorder profile(clock);
    Query::tell(profile);
    benchmark::ClobberMemory();
  }
}

template <class Query>
void off(benchmark::State& state) {
  base::Clock& clock = base::Clock::system();
  count_hooks(state, Query::kHooks);
  const AllocationCount allocations(state);
  for (auto _ : state) {
    StatementObservers observers(clock);
    Query::tell(observers);
    benchmark::ClobberMemory();
  }
}

/// All hooks of telemetry, and nothing else.
template <class Query>
void on(benchmark::State& state) {
  const Workspace workspace;
  const auto connection = workspace.connect();
  count_hooks(state, Query::kHooks);
  {
    const AllocationCount allocations(state);
    for (auto _ : state) {
      const auto statement = std::make_shared<StatementTelemetry>(
          connection, OperationType::ExecuteStatement, StatementType::Query);
      Query::tell(*statement);
    }
  }
  connection->close();
}

/// The branch that a hook is where telemetry is off.
class Branches {
 public:
  void on() const noexcept {
    if (observer_ != nullptr) observer_->on(observe::StatementEnded{});
  }

 private:
  observe::Observer* volatile observer_ = nullptr;
};

void one_branch(benchmark::State& state) {
  const Branches hook;
  const AllocationCount allocations(state);
  for (auto _ : state) hook.on();
}

telemetry::Operation usual_operation() {
  telemetry::Operation operation;
  operation.type = OperationType::ExecuteStatement;
  operation.statement_type = StatementType::Query;
  operation.statement_id = telemetry::WireId(kId);
  operation.latency_ms = 10;
  return operation;
}

/// A record of each thread's own connection, all with one sender.
void record(benchmark::State& state) {
  static const Workspace workspace;
  const auto connection = workspace.connect();
  const telemetry::Operation operation = usual_operation();
  {
    const AllocationCount allocations(state);
    for (auto _ : state) connection->record(operation);
  }
  connection->close();
}

/// What the telemetry thread does with a batch: JSON of 200 records.
void body(benchmark::State& state) {
  constexpr std::size_t kRecords = 200;
  telemetry::Record record;
  record.operation = usual_operation();
  record.operation.session_id = telemetry::WireId("01ef-session");
  record.event_id = "0f6c2f0e-8f1e-4b0a-9f55-0c5f3d1f2a11";
  record.connection = usual_facts();
  std::size_t bytes = 0;
  for (auto _ : state) {
    std::vector<std::string> documents;
    for (std::size_t i = 0; i < kRecords; ++i) documents.push_back(to_json(record));
    bytes = telemetry::export_body(documents, std::chrono::system_clock::now()).size();
  }
  state.counters["bytes_per_record"] = static_cast<double>(bytes) / kRecords;
}

BENCHMARK(one_branch)->Name("hooks/branch");
BENCHMARK_TEMPLATE(profile_alone, SmallQuery)->Name("hooks/small/profile");
BENCHMARK_TEMPLATE(off, SmallQuery)->Name("hooks/small/off");
BENCHMARK_TEMPLATE(on, SmallQuery)->Name("hooks/small/on");
BENCHMARK_TEMPLATE(profile_alone, LargeQuery)->Name("hooks/large/profile");
BENCHMARK_TEMPLATE(off, LargeQuery)->Name("hooks/large/off");
BENCHMARK_TEMPLATE(on, LargeQuery)->Name("hooks/large/on");
BENCHMARK(record)->Name("hooks/record")->Threads(1)->Threads(64);
BENCHMARK(body)->Name("hooks/body");

}  // namespace
}  // namespace dbsql::bench
