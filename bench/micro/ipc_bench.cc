// What it costs to make an Arrow batch out of the bytes of its message: per batch, whatever its
// size, and per byte for the checks of offsets and null counts.

#include "arrow/ipc_reader.h"
#include "workload/pages.h"

#include <benchmark/benchmark.h>

namespace dbsql::bench {

namespace {

void decode_batch(benchmark::State& state) {
  const auto shape = static_cast<DataShape>(state.range(0));
  const auto result =
      encode_pages({.pages = 1, .rows = state.range(1), .batches = 1, .lz4 = false, .data = shape});
  const auto message = base::Buffer::copy_of(result.pages.front().batches.front().bytes);
  const arrow::RecordBatchDecoder decoder(*schema_of(result.columns));

  for (auto _ : state) {
    auto batch = decoder.decode(message);
    benchmark::DoNotOptimize(batch->children);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(message.size()));
}

BENCHMARK(decode_batch)
    ->ArgNames({"shape", "rows"})
    ->Args({static_cast<std::int64_t>(DataShape::Ints4), 10})
    ->Args({static_cast<std::int64_t>(DataShape::Ints4), 100'000})
    ->Args({static_cast<std::int64_t>(DataShape::Strings10), 10})
    ->Args({static_cast<std::int64_t>(DataShape::Strings10), 10'000})
    ->Args({static_cast<std::int64_t>(DataShape::Decimals15), 10})
    ->Args({static_cast<std::int64_t>(DataShape::Decimals15), 10'000});

}  // namespace

}  // namespace dbsql::bench
