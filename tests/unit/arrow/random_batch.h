#pragma once

#include "arrow/builder.h"
#include "arrow/c_data.h"
#include "arrow/type.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace dbsql::arrow::test {

using Random = std::mt19937_64;

/// Random numbers that are the same in every run of one test and different between tests.
inline Random seeded_random() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const std::string name = std::string(test->test_suite_name()) + "." + test->name();
  std::seed_seq seed(name.begin(), name.end());
  return Random(seed);
}

/// One column of every type that the reader knows, plain and nested.
inline UniqueSchema every_type() {
  std::vector<UniqueSchema> fields;
  for (const char* format : {"n",
                             "b",
                             "c",
                             "C",
                             "s",
                             "S",
                             "i",
                             "I",
                             "l",
                             "L",
                             "e",
                             "f",
                             "g",
                             "z",
                             "Z",
                             "u",
                             "U",
                             "w:7",
                             "tdD",
                             "tdm",
                             "tts",
                             "ttm",
                             "ttu",
                             "ttn",
                             "tsu:",
                             "tss:",
                             "tsm:UTC",
                             "tsn:UTC",
                             "tDs",
                             "tDm",
                             "tDu",
                             "tDn",
                             "tiM",
                             "tiD",
                             "tin",
                             "d:10,2",
                             "d:38,18",
                             "d:50,4,256",
                             "d:7,2,32",
                             "d:15,3,64",
                             "tsu:America/Los_Angeles"}) {
    fields.push_back(make_schema(format, std::string("plain ") + format));
  }
  fields.push_back(list_schema(make_schema("i", ""), "list"));
  fields.push_back(make_schema(
      {.format = "+L", .name = "large list", .children = children(make_schema("u", "element"))}));
  fields.push_back(make_schema(
      {.format = "+w:3", .name = "fixed list", .children = children(make_schema("b", "element"))}));
  fields.push_back(map_schema(make_schema("u", ""), make_schema("d:10,2", ""), "map"));
  fields.push_back(struct_schema(children(make_schema("l", "x"), make_schema("u", "y"),
                                          list_schema(make_schema("n", ""), "z")),
                                 "struct"));
  fields.push_back(list_schema(
      struct_schema(
          children(map_schema(make_schema("i", ""), list_schema(make_schema("g", "")), "deep map"),
                   make_schema("b", "flag"))),
      "deep list"));
  fields.push_back(struct_schema({}, "empty struct"));
  return struct_schema(std::move(fields), "", /*nullable=*/false);
}

inline void append_random(Builder& builder, const TypeNode& type, std::int64_t rows,
                          Random& random);

inline std::string random_bytes(Random& random, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + random() % 26);
  return text;
}

template <class T>
bool append_number(Builder& builder, Random& random) {
  auto* concrete = dynamic_cast<FixedBuilder<T>*>(&builder);
  if (concrete == nullptr) return false;
  if constexpr (std::is_floating_point_v<T>) {
    concrete->append(static_cast<T>(random() % 100000) / T{7});
  } else if constexpr (std::is_integral_v<T>) {
    concrete->append(static_cast<T>(random()));
  } else {
    T value{};
    const std::uint64_t noise = random();
    std::memcpy(static_cast<void*>(&value), &noise, sizeof noise);
    concrete->append(value);
  }
  return true;
}

inline void append_random_fixed(Builder& builder, Random& random) {
  const bool done =
      append_number<std::int8_t>(builder, random) || append_number<std::uint8_t>(builder, random) ||
      append_number<std::int16_t>(builder, random) ||
      append_number<std::uint16_t>(builder, random) ||
      append_number<std::int32_t>(builder, random) ||
      append_number<std::uint32_t>(builder, random) ||
      append_number<std::int64_t>(builder, random) ||
      append_number<std::uint64_t>(builder, random) || append_number<float>(builder, random) ||
      append_number<double>(builder, random) || append_number<DecimalWords128>(builder, random) ||
      append_number<DayTime>(builder, random) || append_number<MonthDayNano>(builder, random) ||
      append_number<std::array<std::uint64_t, 4>>(builder, random);
  if (!done) builder.as<FixedSizeBinaryBuilder>().append(random_bytes(random, 7));
}

inline void append_random_value(Builder& builder, const TypeNode& type, Random& random) {
  const auto few = static_cast<std::int64_t>(random() % 4);
  switch (type.layout) {
    case Layout::Null:
      return builder.append_null();
    case Layout::Bits:
      return builder.as<BoolBuilder>().append(random() % 2 == 0);
    case Layout::Fixed:
      return append_random_fixed(builder, random);
    case Layout::Bytes32:
      return builder.as<BytesBuilder>().append(random_bytes(random, random() % 20));
    case Layout::Bytes64:
      return builder.as<LargeBytesBuilder>().append(random_bytes(random, random() % 20));
    case Layout::List64:
      append_random(builder.as<LargeListBuilder>().values(), type.children[0], few, random);
      return builder.as<LargeListBuilder>().end_list();
    case Layout::FixedList:
      append_random(builder.as<FixedSizeListBuilder>().values(), type.children[0],
                    type.type.list_size, random);
      return builder.as<FixedSizeListBuilder>().end_list();
    case Layout::Struct:
      for (std::size_t i = 0; i < type.children.size(); ++i) {
        append_random(builder.as<StructBuilder>().field(i), type.children[i], 1, random);
      }
      return builder.as<StructBuilder>().end_row();
    case Layout::List32:
      break;
  }
  if (auto* map = dynamic_cast<MapBuilder*>(&builder)) {
    const auto& entries = type.children[0].children;
    for (std::int64_t i = 0; i < few; ++i) {
      append_random_value(map->keys(), entries[0], random);
      append_random(map->values(), entries[1], 1, random);
    }
    return map->end_map();
  }
  append_random(builder.as<ListBuilder>().values(), type.children[0], few, random);
  builder.as<ListBuilder>().end_list();
}

/// Adds values of any type, about one in four of them null.
inline void append_random(Builder& builder, const TypeNode& type, std::int64_t rows,
                          Random& random) {
  for (std::int64_t i = 0; i < rows; ++i) {
    if (random() % 4 == 0) {
      builder.append_null();
    } else {
      append_random_value(builder, type, random);
    }
  }
}

inline UniqueArray random_batch(const ArrowSchema& schema, std::int64_t rows, Random& random) {
  const TypeNode type = resolve_type(schema);
  BatchBuilder batch(schema);
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    append_random(batch.column(i), type.children[i], rows, random);
  }
  return batch.finish();
}

struct Encoded {
  UniqueSchema schema;
  UniqueArray batch;
};

/// One dictionary-encoded column of text; negative indices are nulls.
inline Encoded dictionary_batch(const std::vector<std::int32_t>& indices,
                                const std::vector<std::string>& values) {
  Utf8Builder value_builder;
  for (const std::string& value : values) value_builder.append(value);
  Int32Builder index_builder;
  for (const std::int32_t index : indices) {
    index < 0 ? index_builder.append_null() : index_builder.append(index);
  }
  UniqueArray column = index_builder.finish();
  std::vector<UniqueArray> columns;
  columns.push_back(make_array({.length = column->length,
                                .null_count = column->null_count,
                                .n_buffers = 2,
                                .buffers = {column->buffers[0], column->buffers[1]},
                                .owners = {std::make_shared<UniqueArray>(std::move(column))},
                                .dictionary = value_builder.finish()}));
  UniqueSchema field =
      make_schema({.format = "i", .name = "color", .dictionary = make_schema("u", "")});
  return {struct_schema(children(std::move(field)), "", false),
          make_batch(static_cast<std::int64_t>(indices.size()), std::move(columns))};
}

}  // namespace dbsql::arrow::test
