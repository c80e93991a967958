// What a cell costs when a program reads rows: the reason why other languages lose two orders of
// magnitude (reference/performance.md 3.2 f; targets 14 and 15). Batches are in memory already.

#include <dbsql/row.h>

#include "result/row_cursor.h"
#include "result/schema_builder.h"
#include "workload/checksum.h"
#include "workload/columns.h"

#include <benchmark/benchmark.h>

#include <optional>
#include <tuple>
#include <utility>
#include <variant>

namespace dbsql {

namespace detail {

/// The library gets the next batch from the server here; this program has one batch.
bool load_next_batch(Cursor& cursor) {
  const auto rows = std::exchange(*static_cast<std::int64_t*>(cursor.source), 0);
  cursor.row = 0;
  cursor.row_count = rows;
  return rows > 0;
}

}  // namespace detail

namespace bench {

namespace {

constexpr std::int64_t kRows = 100'000;

/// One batch with its columns resolved, and cursors over it.
class Table {
 public:
  explicit Table(DataShape shape)
      : arrow_schema_(schema_of(columns_of(shape))), batch_(rows_of(shape, 0, kRows)) {
    protocol::ResultMetadata metadata;
    for (const ColumnSpec& column : columns_of(shape))
      metadata.columns.push_back({column.name, {}});
    schema_ = result::build_schema(metadata, arrow_schema_.get());
    result::bind_columns(*arrow_schema_, *batch_, schema_, refs_);
  }

  detail::Cursor cursor() {
    rows_left_ = kRows;
    return {.columns = refs_, .schema = &schema_, .source = &rows_left_};
  }
  std::int64_t cells() const { return kRows * static_cast<std::int64_t>(schema_.size()); }

 private:
  arrow::UniqueSchema arrow_schema_;
  arrow::UniqueArray batch_;
  Schema schema_;
  std::vector<detail::ColumnRef> refs_;
  std::int64_t rows_left_ = 0;
};

template <class T>
std::uint64_t sum_of(const T& value) {
  return cell_sum(value);
}
template <class T>
std::uint64_t sum_of(const std::optional<T>& value) {
  return value ? cell_sum(*value) : 0;
}
std::uint64_t sum_of(const Decimal& value) { return value.low(); }
std::uint64_t sum_of(const std::string& value) { return cell_sum(std::string_view(value)); }

void report(benchmark::State& state, const Table& table) {
  state.SetItemsProcessed(state.iterations() * table.cells());
}

template <class... Columns>
void typed_rows(benchmark::State& state, DataShape shape) {
  Table table(shape);
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (const auto& row : TypedRows<Columns...>(table.cursor()))
      sum += std::apply([](const auto&... cells) { return (sum_of(cells) + ...); }, row);
    benchmark::DoNotOptimize(sum);
  }
  report(state, table);
}

/// Cells by position: `row.get<T>(i)`.
void get_ints4(benchmark::State& state) {
  Table table(DataShape::Ints4);
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (const RowRef row : Rows(table.cursor()))
      sum += sum_of(row.get<std::int64_t>(0)) + sum_of(row.get<std::int32_t>(1)) +
             sum_of(row.get<std::int32_t>(2)) + sum_of(row.get<double>(3));
    benchmark::DoNotOptimize(sum);
  }
  report(state, table);
}

void get_strings10(benchmark::State& state) {
  Table table(DataShape::Strings10);
  for (auto _ : state) {
    std::uint64_t sum = 0;
    for (const RowRef row : Rows(table.cursor()))
      for (std::size_t column = 0; column < 10; ++column)
        sum += sum_of(row.get<std::string_view>(column));
    benchmark::DoNotOptimize(sum);
  }
  report(state, table);
}

/// Every cell as a `Value`, for programs that learn the columns at run time.
void value_rows(benchmark::State& state, DataShape shape) {
  Table table(shape);
  for (auto _ : state) {
    std::size_t sum = 0;
    for (const RowRef row : Rows(table.cursor()))
      for (std::size_t column = 0; column < row.size(); ++column)
        sum += row[column].variant().index();
    benchmark::DoNotOptimize(sum);
  }
  report(state, table);
}

/// Every cell as text at the end of one reused string, as the shell does.
void text_rows(benchmark::State& state, DataShape shape) {
  Table table(shape);
  std::string text;
  for (auto _ : state) {
    for (const RowRef row : Rows(table.cursor())) {
      text.clear();
      for (std::size_t column = 0; column < row.size(); ++column) row.append_text(text, column);
      benchmark::DoNotOptimize(text.data());
    }
  }
  report(state, table);
}

/// The floor: a loop over the columns' memory.
void column_spans(benchmark::State& state) {
  const auto batch = rows_of(DataShape::Ints4, 0, kRows);
  const auto schema = schema_of(columns_of(DataShape::Ints4));
  for (auto _ : state) benchmark::DoNotOptimize(checksum(*batch, *schema));
  state.SetItemsProcessed(state.iterations() * kRows * 4);
}

template <class T, std::size_t>
using Repeat = T;

template <class T, std::size_t... Index>
void text_columns(benchmark::State& state, std::index_sequence<Index...>) {
  typed_rows<Repeat<T, Index>...>(state, DataShape::Strings10);
}

template <std::size_t... Index>
void decimal_columns(benchmark::State& state, std::index_sequence<Index...>) {
  typed_rows<std::int32_t, std::int32_t, Repeat<Decimal, Index>...>(state, DataShape::Decimals15);
}

void typed_ints4(benchmark::State& state) {
  typed_rows<std::int64_t, std::int32_t, std::int32_t, double>(state, DataShape::Ints4);
}
void typed_nulls4(benchmark::State& state) {
  typed_rows<std::int64_t, std::optional<std::int32_t>, std::optional<std::int32_t>, double>(
      state, DataShape::Nulls4);
}
void typed_strings10_views(benchmark::State& state) {
  text_columns<std::string_view>(state, std::make_index_sequence<10>{});
}
void typed_strings10_owned(benchmark::State& state) {
  text_columns<std::string>(state, std::make_index_sequence<10>{});
}
void typed_decimals15(benchmark::State& state) {
  decimal_columns(state, std::make_index_sequence<15>{});
}

BENCHMARK(column_spans);
BENCHMARK(typed_ints4);
BENCHMARK(typed_nulls4);
BENCHMARK(get_ints4);
BENCHMARK(get_strings10);
BENCHMARK(typed_strings10_views);
BENCHMARK(typed_strings10_owned);
BENCHMARK(typed_decimals15);
BENCHMARK_CAPTURE(value_rows, ints4, DataShape::Ints4);
BENCHMARK_CAPTURE(value_rows, strings10, DataShape::Strings10);
BENCHMARK_CAPTURE(value_rows, decimals15, DataShape::Decimals15);
BENCHMARK_CAPTURE(text_rows, ints4, DataShape::Ints4);
BENCHMARK_CAPTURE(text_rows, strings10, DataShape::Strings10);
BENCHMARK_CAPTURE(text_rows, decimals15, DataShape::Decimals15);

}  // namespace

}  // namespace bench

}  // namespace dbsql
