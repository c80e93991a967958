// What a column-based page costs, the form in which old servers send rows, beside the least that
// must be done with it: swapping the bytes of every value once (reference/performance.md 3.2 c).

#include "result/columnar.h"
#include "result/schema_builder.h"

#include <benchmark/benchmark.h>

#include <cstring>
#include <string>

namespace dbsql::bench {

namespace {

constexpr std::int64_t kRows = 100'000;
using Kind = protocol::WireColumn::Kind;

struct ColumnPage {
  std::string values;
  protocol::ResultMetadata metadata;
  protocol::ColumnarRows rows;
};

void finish(ColumnPage& page, Kind kind, const char* type_name) {
  page.metadata.columns.push_back({.name = "c", .type_name = type_name});
  page.rows.columns.push_back(
      {.kind = kind, .count = kRows, .values = std::as_bytes(std::span(page.values)), .nulls = {}});
}

void decode_page(benchmark::State& state, const ColumnPage& page) {
  const auto arrow_schema = result::derive_arrow_schema(page.metadata, result::PageForm::Columns);
  const Schema schema = result::build_schema(page.metadata, arrow_schema.get());
  for (auto _ : state) {
    auto batch = result::to_record_batch(page.rows, *arrow_schema, schema);
    benchmark::DoNotOptimize(batch->children);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(page.values.size()));
}

void numbers(benchmark::State& state, Kind kind, const char* type_name, std::size_t width) {
  ColumnPage page;
  for (std::size_t i = 0; i < static_cast<std::size_t>(kRows) * width; ++i)
    page.values += static_cast<char>(i * 7);
  finish(page, kind, type_name);
  decode_page(state, page);
}

void texts(benchmark::State& state, std::size_t length) {
  ColumnPage page;
  const std::string value(length, 'x');
  for (std::int64_t row = 0; row < kRows; ++row) {
    for (int shift = 24; shift >= 0; shift -= 8)
      page.values += static_cast<char>((length >> shift) & 0xFF);
    page.values += value;
  }
  finish(page, Kind::String, "STRING");
  decode_page(state, page);
}

/// The floor: one pass that reads, swaps and writes.
void byte_swap(benchmark::State& state) {
  std::vector<std::uint64_t> from(kRows, 0x0102030405060708U);
  std::vector<std::uint64_t> to(kRows);
  for (auto _ : state) {
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = __builtin_bswap64(from[i]);
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  state.SetBytesProcessed(state.iterations() * kRows * 8);
}

BENCHMARK(byte_swap);
BENCHMARK_CAPTURE(numbers, int, Kind::Int32, "INT", 4);
BENCHMARK_CAPTURE(numbers, bigint, Kind::Int64, "BIGINT", 8);
BENCHMARK_CAPTURE(numbers, double, Kind::Double, "DOUBLE", 8);
BENCHMARK_CAPTURE(texts, string_16, 16);
BENCHMARK_CAPTURE(texts, string_256, 256);

}  // namespace

}  // namespace dbsql::bench
