// What the profile costs that every statement carries: why it needs no switch (docs/profiling.md).
#include "session/statement_observers.h"

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>

namespace dbsql::bench {
namespace {

using namespace std::chrono_literals;

/// The events of a statement whose rows come with the reply to it.
void short_statement(benchmark::State& state) {
  for (auto _ : state) {
    const auto observers = std::make_shared<session::StatementObservers>(base::Clock::system());
    observe::Observer* const observer = observers.get();
    observer->on(observe::StatementSubmitted{"01f1e751-96f4-1dfb-b7da-434399e6de5d", 1ms});
    observer->on(observe::StatementReady{});
    observer->on(observe::ResultOpened{});
    observer->on(observe::ReadBegan{});
    observer->on(observe::PageReceived{.format = observe::PageReceived::Format::Arrow});
    observer->on(observe::PageDecoded{});
    observer->on(observe::RowsDelivered{1});
    observer->on(observe::ReadBegan{});
    observer->on(observe::RowsExhausted{});
    observer->on(observe::StatementEnded{});
    benchmark::DoNotOptimize(observers->profile());
  }
}
BENCHMARK(short_statement)->Name("profile/short_statement");

}  // namespace
}  // namespace dbsql::bench
