// What decompressing one batch costs, and what the memory it goes to has to do with it: fresh pages
// can cost as much as the decoding itself (reference/performance.md 2.2).

#include "arrow/lz4_frame.h"
#include "workload/pages.h"

#include <benchmark/benchmark.h>
#include <lz4frame.h>
#include <sys/mman.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace dbsql::bench {

namespace {

struct Body {
  std::string bytes;
  std::size_t decoded_size = 0;
};

/// One batch of the given shape, in one frame.
const Body& body_of(DataShape shape, std::int64_t rows) {
  static std::vector<std::pair<std::pair<DataShape, std::int64_t>, Body>> made;
  for (const auto& [key, body] : made)
    if (key == std::pair(shape, rows)) return body;
  const auto result =
      encode_pages({.pages = 1, .rows = rows, .batches = 1, .lz4 = true, .data = shape});
  const EncodedPage& page = result.pages.front();
  made.push_back({{shape, rows}, {page.batches.front().bytes, page.arrow_bytes}});
  return made.back().second;
}

Body body_for(const benchmark::State& state) {
  return body_of(static_cast<DataShape>(state.range(0)), state.range(1));
}

void count(benchmark::State& state, std::size_t size) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}

/// The driver's decoder with a hint of the true size, as after the first batch of a result.
void driver_with_hint(benchmark::State& state) {
  const Body body = body_for(state);
  for (auto _ : state) {
    auto decoded =
        arrow::decompress_lz4_frames(std::as_bytes(std::span(body.bytes)), body.decoded_size);
    benchmark::DoNotOptimize(decoded.data());
  }
  count(state, body.decoded_size);
}

/// Without a hint, as for the first batch.
void driver_without_hint(benchmark::State& state) {
  const Body body = body_for(state);
  for (auto _ : state) {
    auto decoded = arrow::decompress_lz4_frames(std::as_bytes(std::span(body.bytes)));
    benchmark::DoNotOptimize(decoded.data());
  }
  count(state, body.decoded_size);
}

/// With a hint of a batch that was one row smaller, as batches of one result differ.
void driver_with_short_hint(benchmark::State& state) {
  const Body body = body_for(state);
  for (auto _ : state) {
    auto decoded =
        arrow::decompress_lz4_frames(std::as_bytes(std::span(body.bytes)), body.decoded_size - 64);
    benchmark::DoNotOptimize(decoded.data());
  }
  count(state, body.decoded_size);
}

void decode_into(const Body& body, char* target, std::size_t capacity) {
  LZ4F_dctx* context = nullptr;
  LZ4F_createDecompressionContext(&context, LZ4F_VERSION);
  LZ4F_decompressOptions_t options{};
  options.stableDst = 1;
  std::size_t input = body.bytes.size();
  LZ4F_decompress(context, target, &capacity, body.bytes.data(), &input, &options);
  LZ4F_freeDecompressionContext(context);
}

/// The library's own frame reader into memory that is used again and again.
void library_reused_memory(benchmark::State& state) {
  const Body body = body_for(state);
  std::vector<char> target(body.decoded_size);
  for (auto _ : state) {
    decode_into(body, target.data(), target.size());
    benchmark::DoNotOptimize(target.data());
  }
  count(state, body.decoded_size);
}

/// The same into memory that the kernel has to supply each time.
void library_fresh_memory(benchmark::State& state) {
  const Body body = body_for(state);
  for (auto _ : state) {
    void* target = ::mmap(nullptr, body.decoded_size, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    decode_into(body, static_cast<char*>(target), body.decoded_size);
    benchmark::DoNotOptimize(target);
    ::munmap(target, body.decoded_size);
  }
  count(state, body.decoded_size);
}

void shapes(benchmark::internal::Benchmark* benchmark) {
  for (const auto shape : {DataShape::Ints4, DataShape::Strings10, DataShape::Decimals15}) {
    const std::int64_t rows = shape == DataShape::Ints4 ? 100'000 : 10'000;
    benchmark->Args({static_cast<std::int64_t>(shape), rows});
    benchmark->Args({static_cast<std::int64_t>(shape), rows / 64});
  }
  benchmark->ArgNames({"shape", "rows"});
}

BENCHMARK(driver_with_hint)->Apply(shapes);
BENCHMARK(driver_without_hint)->Apply(shapes);
BENCHMARK(driver_with_short_hint)->Apply(shapes);
BENCHMARK(library_reused_memory)->Apply(shapes);
BENCHMARK(library_fresh_memory)->Apply(shapes);

}  // namespace

}  // namespace dbsql::bench
