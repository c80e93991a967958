#include "workload/columns.h"

#include "arrow/builder.h"
#include "workload/nested_columns.h"
#include "workload/random.h"

#include <functional>
#include <memory>

namespace dbsql::bench {

namespace {

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

/// As ints4, but every twentieth `a` and every second `b` is NULL.
std::vector<arrow::UniqueArray> nulls4(std::int64_t first_row, std::int64_t rows) {
  std::vector<arrow::UniqueArray> columns = ints4(first_row, rows);
  for (const std::size_t column : {1, 2}) {
    const auto* values = static_cast<const std::int32_t*>(columns[column]->buffers[1]);
    const std::uint64_t one_in = column == 1 ? 20 : 2;
    arrow::Int32Builder builder;
    for (std::int64_t i = 0; i < rows; ++i)
      random_at(first_row + i, 8 + column) % one_in == 0 ? builder.append_null()
                                                         : builder.append(values[i]);
    columns[column] = builder.finish();
  }
  return columns;
}

arrow::UniqueSchema field_of(const ColumnSpec& column) {
  arrow::SchemaParts field{
      .format = column.arrow_format, .name = column.name, .nullable = column.nullable};
  for (const ColumnSpec& child : column.children) field.children.push_back(field_of(child));
  if (!column.sql_type.empty()) {
    const bool is_word = !column.json_type.starts_with('{');
    field.metadata = {
        {"Spark:DataType:SqlName", column.sql_type},
        {"Spark:DataType:JsonType", is_word ? '"' + column.json_type + '"' : column.json_type}};
  }
  return arrow::make_schema(std::move(field));
}

}  // namespace

std::vector<ColumnSpec> columns_of(DataShape shape) {
  std::vector<ColumnSpec> columns;
  switch (shape) {
    case DataShape::Ints4:
    case DataShape::Nulls4:
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
    case DataShape::Nested3:
      return nested3_columns();
  }
  return columns;
}

arrow::UniqueSchema schema_of(const std::vector<ColumnSpec>& columns) {
  std::vector<arrow::UniqueSchema> fields;
  for (const ColumnSpec& column : columns) fields.push_back(field_of(column));
  return arrow::struct_schema(std::move(fields));
}

arrow::UniqueArray rows_of(DataShape shape, std::int64_t first_row, std::int64_t rows) {
  switch (shape) {
    case DataShape::Strings10:
      return arrow::make_batch(rows, strings10(first_row, rows));
    case DataShape::Decimals15:
      return arrow::make_batch(rows, decimals15(first_row, rows));
    case DataShape::Nested3:
      return arrow::make_batch(rows, nested3(first_row, rows));
    case DataShape::Nulls4:
      return arrow::make_batch(rows, nulls4(first_row, rows));
    default:
      return arrow::make_batch(rows, ints4(first_row, rows));
  }
}

}  // namespace dbsql::bench
