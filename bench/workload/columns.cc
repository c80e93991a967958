#include "workload/columns.h"

#include "arrow/builder.h"

#include <array>
#include <functional>
#include <memory>

namespace dbsql::bench {

namespace {

/// SplitMix64: a good 64-bit mix of its input; the data is a pure function of row and column.
std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15U;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
  return value ^ (value >> 31);
}

std::uint64_t random_at(std::int64_t row, std::size_t column) {
  return mix(static_cast<std::uint64_t>(row) * 64 + column);
}

template <class T>
arrow::UniqueArray numbers(std::int64_t first_row, std::int64_t rows,
                           const std::function<T(std::int64_t)>& value) {
  arrow::FixedBuilder<T> builder;
  builder.reserve(rows);
  for (std::int64_t row = first_row; row < first_row + rows; ++row) builder.append(value(row));
  return builder.finish();
}

std::vector<arrow::UniqueArray> ints4(std::int64_t first_row, std::int64_t rows) {
  std::vector<arrow::UniqueArray> columns;
  columns.push_back(numbers<std::int64_t>(first_row, rows, [](std::int64_t row) { return row; }));
  columns.push_back(numbers<std::int32_t>(first_row, rows, [](std::int64_t row) {
    return static_cast<std::int32_t>(random_at(row, 1) % 100'000);
  }));
  columns.push_back(numbers<std::int32_t>(first_row, rows, [](std::int64_t row) {
    return static_cast<std::int32_t>(random_at(row, 2) >> 32);
  }));
  // Amounts with two decimals, as doubles.
  columns.push_back(numbers<double>(first_row, rows, [](std::int64_t row) {
    return static_cast<double>(random_at(row, 3) % 1'000'000) / 100.0;
  }));
  return columns;
}

constexpr std::array<std::string_view, 32> kWords = {
    "amber",  "bridge",  "canyon", "delta",   "ember",  "forest",  "granite", "harbor",
    "iris",   "juniper", "kernel", "lumen",   "meadow", "nickel",  "orchid",  "prairie",
    "quartz", "river",   "summit", "thicket", "umber",  "valley",  "willow",  "xenon",
    "yarrow", "zephyr",  "basalt", "cobalt",  "fjord",  "glacier", "lagoon",  "tundra"};

/// Two words and a number: between 15 and 27 characters.
void append_phrase(std::string& text, std::uint64_t random) {
  text += kWords[random % kWords.size()];
  text += '-';
  text += kWords[(random >> 8) % kWords.size()];
  text += '-';
  text += std::to_string((random >> 16) % 100'000'000);
}

arrow::UniqueArray phrases(std::int64_t first_row, std::int64_t rows, std::size_t column) {
  arrow::Utf8Builder builder;
  builder.reserve(rows);
  std::string text;
  for (std::int64_t row = first_row; row < first_row + rows; ++row) {
    text.clear();
    append_phrase(text, random_at(row, column));
    builder.append(text);
  }
  return builder.finish();
}

std::vector<arrow::UniqueArray> strings10(std::int64_t first_row, std::int64_t rows) {
  std::vector<arrow::UniqueArray> columns;
  for (std::size_t column = 0; column < 10; ++column)
    columns.push_back(phrases(first_row, rows, column));
  return columns;
}

std::vector<arrow::UniqueArray> decimals15(std::int64_t first_row, std::int64_t rows) {
  std::vector<arrow::UniqueArray> columns;
  for (std::size_t column = 0; column < 2; ++column) {
    columns.push_back(numbers<std::int32_t>(first_row, rows, [column](std::int64_t row) {
      return static_cast<std::int32_t>(random_at(row, column) % 100'000);
    }));
  }
  for (std::size_t column = 2; column < 17; ++column) {
    columns.push_back(numbers<arrow::DecimalWords128>(first_row, rows, [column](std::int64_t row) {
      return arrow::DecimalWords128{.low = random_at(row, column) % 10'000'000, .high = 0};
    }));
  }
  return columns;
}

}  // namespace

std::vector<ColumnSpec> columns_of(DataShape shape) {
  std::vector<ColumnSpec> columns;
  switch (shape) {
    case DataShape::Ints4:
      return {{"id", "BIGINT", "long", "l"},
              {"a", "INT", "integer", "i"},
              {"b", "INT", "integer", "i"},
              {"x", "DOUBLE", "double", "g"}};
    case DataShape::Strings10:
      for (int column = 0; column < 10; ++column)
        columns.push_back({"s" + std::to_string(column), "STRING", "string", "u"});
      return columns;
    case DataShape::Decimals15:
      columns = {{"k1", "INT", "integer", "i"}, {"k2", "INT", "integer", "i"}};
      for (int column = 0; column < 15; ++column)
        columns.push_back({"d" + std::to_string(column), "DECIMAL(7,2)", "decimal(7,2)", "d:7,2"});
      return columns;
  }
  return columns;
}

arrow::UniqueSchema schema_of(const std::vector<ColumnSpec>& columns) {
  std::vector<arrow::UniqueSchema> fields;
  for (const ColumnSpec& column : columns) {
    fields.push_back(arrow::make_schema(
        {.format = column.arrow_format,
         .name = column.name,
         .metadata = {{"Spark:DataType:SqlName", column.sql_type},
                      {"Spark:DataType:JsonType", '"' + column.json_type + '"'}}}));
  }
  return arrow::struct_schema(std::move(fields));
}

arrow::UniqueArray rows_of(DataShape shape, std::int64_t first_row, std::int64_t rows) {
  switch (shape) {
    case DataShape::Strings10:
      return arrow::make_batch(rows, strings10(first_row, rows));
    case DataShape::Decimals15:
      return arrow::make_batch(rows, decimals15(first_row, rows));
    default:
      return arrow::make_batch(rows, ints4(first_row, rows));
  }
}

}  // namespace dbsql::bench
