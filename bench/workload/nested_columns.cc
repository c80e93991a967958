#include "workload/nested_columns.h"

#include "arrow/builder.h"
#include "workload/random.h"

#include <memory>
#include <string>
#include <utility>

namespace dbsql::bench {

namespace {

arrow::UniqueArray lists(std::int64_t first_row, std::int64_t rows) {
  auto values = std::make_unique<arrow::Int32Builder>();
  arrow::Int32Builder& numbers = *values;
  arrow::ListBuilder list(std::move(values));
  for (std::int64_t row = first_row; row < first_row + rows; ++row) {
    const std::uint64_t random = random_at(row, 0);
    for (std::uint64_t i = 0; i < random % 8; ++i)
      numbers.append(static_cast<std::int32_t>((random >> (8 + 4 * i)) % 10'000));
    list.end_list();
  }
  return list.finish();
}

arrow::UniqueArray maps(std::int64_t first_row, std::int64_t rows) {
  arrow::MapBuilder map(std::make_unique<arrow::Utf8Builder>(),
                        std::make_unique<arrow::Utf8Builder>());
  auto& keys = map.keys<arrow::Utf8Builder>();
  auto& values = map.values<arrow::Utf8Builder>();
  std::string text;
  for (std::int64_t row = first_row; row < first_row + rows; ++row) {
    const std::uint64_t random = random_at(row, 1);
    for (std::uint64_t i = 0; i <= random % 3; ++i) {
      text = std::to_string(i) + '-';  // keys of one map differ
      append_word(text, random >> (2 + 5 * i));
      keys.append(text);
      text.clear();
      append_phrase(text, mix(random + i));
      values.append(text);
    }
    map.end_map();
  }
  return map.finish();
}

arrow::UniqueArray structs(std::int64_t first_row, std::int64_t rows) {
  std::vector<std::unique_ptr<arrow::Builder>> fields;
  fields.push_back(std::make_unique<arrow::Int32Builder>());
  fields.push_back(std::make_unique<arrow::Int64Builder>());
  fields.push_back(std::make_unique<arrow::Float64Builder>());
  fields.push_back(std::make_unique<arrow::Utf8Builder>());
  fields.push_back(std::make_unique<arrow::Int32Builder>());
  arrow::StructBuilder builder(std::move(fields));
  auto& a = builder.field<arrow::Int32Builder>(0);
  auto& b = builder.field<arrow::Int64Builder>(1);
  auto& x = builder.field<arrow::Float64Builder>(2);
  auto& s = builder.field<arrow::Utf8Builder>(3);
  auto& c = builder.field<arrow::Int32Builder>(4);
  std::string text;
  for (std::int64_t row = first_row; row < first_row + rows; ++row) {
    const std::uint64_t random = random_at(row, 2);
    a.append(static_cast<std::int32_t>(random % 100'000));
    b.append(row);
    x.append(static_cast<double>((random >> 20) % 1'000'000) / 100.0);
    text.clear();
    append_phrase(text, random);
    s.append(text);
    c.append(static_cast<std::int32_t>(random >> 40));
    builder.end_row();
  }
  return builder.finish();
}

}  // namespace

std::vector<ColumnSpec> nested3_columns() {
  const ColumnSpec entries{.name = "entries",
                           .arrow_format = "+s",
                           .children = {{.name = "key", .arrow_format = "u", .nullable = false},
                                        {.name = "value", .arrow_format = "u"}},
                           .nullable = false};
  return {{.name = "list",
           .sql_type = "ARRAY<INT>",
           .json_type = R"({"type":"array","elementType":"integer","containsNull":true})",
           .arrow_format = "+l",
           .children = {{.name = "element", .arrow_format = "i"}}},
          {.name = "map",
           .sql_type = "MAP<STRING, STRING>",
           .json_type =
               R"({"type":"map","keyType":"string","valueType":"string","valueContainsNull":true})",
           .arrow_format = "+m",
           .children = {entries}},
          {.name = "fields",
           .sql_type = "STRUCT<a: INT, b: BIGINT, x: DOUBLE, s: STRING, c: INT>",
           .json_type = R"({"type":"struct","fields":[)"
                        R"({"name":"a","type":"integer","nullable":true,"metadata":{}},)"
                        R"({"name":"b","type":"long","nullable":true,"metadata":{}},)"
                        R"({"name":"x","type":"double","nullable":true,"metadata":{}},)"
                        R"({"name":"s","type":"string","nullable":true,"metadata":{}},)"
                        R"({"name":"c","type":"integer","nullable":true,"metadata":{}}]})",
           .arrow_format = "+s",
           .children = {{.name = "a", .arrow_format = "i"},
                        {.name = "b", .arrow_format = "l"},
                        {.name = "x", .arrow_format = "g"},
                        {.name = "s", .arrow_format = "u"},
                        {.name = "c", .arrow_format = "i"}}}};
}

std::vector<arrow::UniqueArray> nested3(std::int64_t first_row, std::int64_t rows) {
  std::vector<arrow::UniqueArray> columns;
  columns.push_back(lists(first_row, rows));
  columns.push_back(maps(first_row, rows));
  columns.push_back(structs(first_row, rows));
  return columns;
}

}  // namespace dbsql::bench
