#include "client/workloads.h"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>

namespace dbsql::bench {

namespace {

Checksum look_at(const ArrowArray& batch, const ArrowSchema& schema, bool every_value) {
  return every_value ? checksum(batch, schema) : touch(batch, schema);
}

/// The numbers of `DECIMAL(p, s)` in the workloads fit in 64 bits.
std::uint64_t cell_sum_of(const Decimal& value) { return value.low(); }
template <class T>
std::uint64_t cell_sum_of(const T& value) {
  return cell_sum(value);
}

template <class T>
std::uint64_t cell_sum_of(const std::optional<T>& value) {
  return value ? cell_sum(*value) : 0;
}

template <class... Columns>
Checksum sum_rows(Result result) {
  Checksum sum;
  for (const auto& row : result.rows<Columns...>()) {
    ++sum.rows;
    sum.cells += std::apply([](const auto&... cells) { return (cell_sum_of(cells) + ...); }, row);
  }
  return sum;
}

template <class T, std::size_t>
using Repeat = T;

template <std::size_t... Index>
Checksum sum_text_rows(Result result, std::index_sequence<Index...>) {
  return sum_rows<Repeat<std::string_view, Index>...>(std::move(result));
}

template <std::size_t... Index>
Checksum sum_decimal_rows(Result result, std::index_sequence<Index...>) {
  return sum_rows<std::int32_t, std::int32_t, Repeat<Decimal, Index>...>(std::move(result));
}

std::uint64_t sum_value(const Value& value) {
  return std::visit(
      [](const auto& held) -> std::uint64_t {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return cell_sum(std::string_view(held));
        } else if constexpr (std::is_same_v<T, Decimal>) {
          return cell_sum_of(held);
        } else if constexpr (std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::int64_t> ||
                             std::is_same_v<T, double>) {
          return cell_sum(held);
        } else if constexpr (std::is_same_v<T, std::monostate>) {
          return 0;  // NULL
        } else {
          throw std::runtime_error("a cell of a type that no workload has");
        }
      },
      value.variant());
}

}  // namespace

Checksum read_batches(Connection& connection, const std::string& statement, bool every_value) {
  Result result = connection.query(statement);
  ArrowSchema schema = result.arrow_schema();
  Checksum sum;
  while (auto batch = result.next_batch()) {
    sum += look_at(*batch, schema, every_value);
    batch->release(&*batch);
  }
  schema.release(&schema);
  return sum;
}

Checksum read_stream(Connection& connection, const std::string& statement, bool every_value) {
  ArrowArrayStream stream = connection.query(statement).arrow_stream();
  ArrowSchema schema{};
  if (stream.get_schema(&stream, &schema) != 0) throw std::runtime_error("no schema");
  Checksum sum;
  while (true) {
    ArrowArray batch{};
    if (stream.get_next(&stream, &batch) != 0)
      throw std::runtime_error(stream.get_last_error(&stream));
    if (batch.release == nullptr) break;
    sum += look_at(batch, schema, every_value);
    batch.release(&batch);
  }
  schema.release(&schema);
  stream.release(&stream);
  return sum;
}

Checksum read_typed_rows(Connection& connection, const std::string& statement, DataShape shape) {
  Result result = connection.query(statement);
  switch (shape) {
    case DataShape::Strings10:
      return sum_text_rows(std::move(result), std::make_index_sequence<10>{});
    case DataShape::Decimals15:
      return sum_decimal_rows(std::move(result), std::make_index_sequence<15>{});
    case DataShape::Nulls4:
      return sum_rows<std::int64_t, std::optional<std::int32_t>, std::optional<std::int32_t>,
                      double>(std::move(result));
    case DataShape::Nested3:
      throw std::invalid_argument("nested values are not read as rows here");
    case DataShape::Ints4:
      break;
  }
  return sum_rows<std::int64_t, std::int32_t, std::int32_t, double>(std::move(result));
}

Checksum read_values(Connection& connection, const std::string& statement) {
  Result result = connection.query(statement);
  const std::size_t columns = result.column_count();
  Checksum sum;
  for (const RowRef row : result.rows()) {
    ++sum.rows;
    for (std::size_t column = 0; column < columns; ++column) sum.cells += sum_value(row[column]);
  }
  return sum;
}

Checksum read_slowly(Connection& connection, const std::string& statement, double bytes_per_row,
                     double bytes_per_s) {
  using Clock = std::chrono::steady_clock;
  Result result = connection.query(statement);
  ArrowSchema schema = result.arrow_schema();
  Checksum sum;
  const Clock::time_point begin = Clock::now();
  while (auto batch = result.next_batch()) {
    sum += checksum(*batch, schema);
    batch->release(&*batch);
    const std::chrono::duration<double> due(static_cast<double>(sum.rows) * bytes_per_row /
                                            bytes_per_s);
    std::this_thread::sleep_until(begin + std::chrono::duration_cast<Clock::duration>(due));
  }
  schema.release(&schema);
  return sum;
}

std::uint64_t read_first_batch(Connection& connection, const std::string& statement) {
  Result result = connection.query(statement);
  auto batch = result.next_batch();
  if (!batch) throw std::runtime_error("the result has no batch");
  const auto rows = static_cast<std::uint64_t>(batch->length);
  batch->release(&*batch);
  return rows;
}

void select_one(Connection& connection) {
  Result result = connection.query(kSelectOne);
  for (const auto& [value] : result.rows<std::int32_t>())
    if (value != 1) throw std::runtime_error("SELECT 1 gave another number");
}

}  // namespace dbsql::bench
