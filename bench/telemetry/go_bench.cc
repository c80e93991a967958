// The workloads of the Go driver's telemetry/benchmark_test.go, as far as our parts allow the same
// (reference/telemetry.md 6.2): bench/telemetry/run prints both side by side.

#include "http/curl_transport.h"
#include "telemetry/allocations.h"
#include "telemetry/statement_telemetry.h"
#include "telemetry/taking_server.h"
#include "telemetry/wire_format.h"
#include "telemetry/workspace.h"

#include <benchmark/benchmark.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::bench {
namespace {

using namespace std::chrono_literals;
using telemetry::CircuitBreaker;
using telemetry::OperationType;
using telemetry::StatementTelemetry;
using telemetry::StatementType;

/// Before and after a statement, with an id that is formatted each time. Go's never ends its
/// statements, and so keeps all of them; ours writes each one down.
void tell_of(const std::shared_ptr<telemetry::ConnectionTelemetry>& connection, int number) {
  const std::string id = "stmt-" + std::to_string(number);
  StatementTelemetry statement(connection, OperationType::ExecuteStatement, StatementType::Query);
  statement.on(observe::StatementSubmitted{id, 0ms});
  statement.on(observe::StatementReady{});
}

void interceptor_enabled(benchmark::State& state) {
  const Workspace workspace(1000);
  const auto connection = workspace.connect();
  int number = 0;
  {
    const AllocationCount allocations(state);
    for (auto _ : state) tell_of(connection, number++);
  }
  connection->close();
}

void interceptor_disabled(benchmark::State& state) {
  const std::shared_ptr<telemetry::ConnectionTelemetry> off;
  int number = 0;
  const AllocationCount allocations(state);
  for (auto _ : state) {
    std::string id = "stmt-" + std::to_string(number++);
    benchmark::DoNotOptimize(id);
    if (off) tell_of(off, number);
  }
}

void record_metric(benchmark::State& state) {
  const Workspace workspace(10'000);
  const auto connection = workspace.connect();
  telemetry::Operation operation;
  operation.type = OperationType::ExecuteStatement;
  operation.statement_id = telemetry::WireId("bench-stmt");
  operation.latency_ms = 10;
  {
    const AllocationCount allocations(state);
    for (auto _ : state) connection->record(operation);
  }
  connection->close();
}

/// Ten records as JSON to a server in this process, and its answer.
void export_ten(benchmark::State& state) {
  const TakingServer server;
  const auto destination = destination_to(std::make_shared<http::CurlTransport>(), server.url());
  const auto health = std::make_shared<telemetry::EndpointHealth>(telemetry::BreakerOptions());
  const telemetry::Exporter exporter(destination, health);
  telemetry::Record record;
  record.operation.type = OperationType::ExecuteStatement;
  record.operation.session_id = telemetry::WireId("bench-session");
  record.event_id = "0f6c2f0e-8f1e-4b0a-9f55-0c5f3d1f2a11";
  record.connection = usual_facts();
  const AllocationCount allocations(state);
  for (auto _ : state) {
    std::vector<std::string> documents;
    for (int i = 0; i < 10; ++i) {
      record.operation.latency_ms = i;
      documents.push_back(to_json(record));
    }
    std::promise<telemetry::ExportResult> answer;
    exporter.send(telemetry::export_body(documents, std::chrono::system_clock::now()),
                  documents.size(), exporter.admit().value(), telemetry::Exporter::kLimit,
                  [&](const telemetry::ExportResult& result) { answer.set_value(result); });
    if (answer.get_future().get().status != 200) return state.SkipWithError("no answer");
  }
}

/// A holder comes and goes. Without another one the sender is made and ended each time, as in Go.
void share_sender(benchmark::State& state, bool has_other_holder) {
  static telemetry::Registry registry;
  static const auto destination = destination_to(std::make_shared<TakingTransport>());
  const telemetry::SenderKey key{.host = "h.example.com"};
  const auto acquire = [&](telemetry::Registry::Token token) {
    return registry.acquire(key, token, destination, nullptr, {.flush_interval = 10min}, {});
  };
  const auto other = registry.new_token();
  if (has_other_holder) acquire(other);
  {
    const AllocationCount allocations(state);
    for (auto _ : state) {
      const auto token = registry.new_token();
      benchmark::DoNotOptimize(acquire(token));
      registry.release(key, token, base::Clock::system().now() + 2s);
    }
  }
  if (has_other_holder) registry.release(key, other, base::Clock::system().now() + 2s);
}

void breaker(benchmark::State& state) {
  CircuitBreaker closed;
  const AllocationCount allocations(state);
  for (auto _ : state) benchmark::DoNotOptimize(closed.run([] { return true; }));
}

void breaker_open(benchmark::State& state) {
  CircuitBreaker open;
  for (int i = 0; i < 20; ++i) open.run([] { return false; });
  const AllocationCount allocations(state);
  for (auto _ : state) benchmark::DoNotOptimize(open.run([] { return true; }));
}

/// A hundred threads, each with fifty statements on a connection of its own.
void load(benchmark::State& state) {
  for (auto _ : state) {
    const Workspace workspace;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 100; ++i) {
      threads.emplace_back([&] {
        const auto connection = workspace.connect();
        for (int j = 0; j < 50; ++j) tell_of(connection, j);
        connection->close();
      });
    }
  }
}

// Under the names that Go prints.
BENCHMARK(interceptor_enabled)->Name("go/Interceptor_Overhead_Enabled");
BENCHMARK(interceptor_disabled)->Name("go/Interceptor_Overhead_Disabled");
BENCHMARK(record_metric)->Name("go/Aggregator_RecordMetric");
BENCHMARK(record_metric)->Name("go/Aggregator_RecordMetric")->Threads(4)->Threads(16);
BENCHMARK(export_ten)->Name("go/Exporter_Export")->UseRealTime();
BENCHMARK_CAPTURE(share_sender, comes_and_goes, false)
    ->Name("go/ConcurrentConnections_PerHostSharing")
    ->Threads(2)
    ->UseRealTime();
BENCHMARK_CAPTURE(share_sender, is_held, true)
    ->Name("go/ConcurrentConnections_PerHostSharing/held")
    ->Threads(2)
    ->UseRealTime();
BENCHMARK(breaker)->Name("go/CircuitBreaker_Execute");
BENCHMARK(breaker_open)->Name("go/CircuitBreaker_Execute/open");
BENCHMARK(load)->Name("go/LoadTesting_ConcurrentConnections")->UseRealTime();

}  // namespace
}  // namespace dbsql::bench
