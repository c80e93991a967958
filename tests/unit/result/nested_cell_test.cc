#include "unit/result/bound_batch.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

// Nested columns straight from Arrow memory: their JSON text and their values
// (reference/results.md 3.6.5, 7.5).
namespace dbsql {
namespace {

using arrow::Int32Builder;
using arrow::ListBuilder;
using arrow::make_schema;
using arrow::MapBuilder;
using arrow::StructBuilder;
using arrow::Utf8Builder;

arrow::UniqueSchema list_of(const char* format) {
  return arrow::list_schema(make_schema(format, ""));
}

/// A list column whose only row has these elements.
template <class Builder, class... Values>
std::string list_text(const char* format, const Values&... values) {
  return test::one_column(list_of(format), "",
                          [&](arrow::Builder& column) {
                            auto& list = column.as<ListBuilder>();
                            (list.values<Builder>().append(values), ...);
                            list.end_list();
                          })
      .text(0);
}

// rows 94 to 97, 102
TEST(NestedText, OfElements) {
  EXPECT_EQ((list_text<arrow::Float64Builder>("g", 1.0, 2.0, 3.0)), "[1,2,3]");
  EXPECT_EQ((list_text<arrow::Float64Builder>("g", 1.1, 2.5)), "[1.1,2.5]");
  EXPECT_EQ((list_text<arrow::Float32Builder>("f", 3.14F)), "[3.14]");
  EXPECT_EQ((list_text<arrow::Float64Builder>("g", std::nan(""))), "[\"NaN\"]");
  EXPECT_EQ((list_text<arrow::Date32Builder>("tdD", 19723, 19755, 19785)),
            R"(["2024-01-01","2024-02-02","2024-03-03"])");
  EXPECT_EQ((list_text<arrow::MonthsBuilder>("tiM", 1487)), R"(["123-11"])");
  EXPECT_EQ((list_text<arrow::DurationBuilder>("tDu", 304'215'000'000)),
            R"(["3 12:30:15.000000000"])");
  EXPECT_EQ((list_text<arrow::TimestampBuilder>("tsu:+1:00", 0)), R"(["1970-01-01 01:00:00"])");
  EXPECT_EQ((list_text<Int32Builder>("i")), "[]");
}

// row 93
TEST(NestedText, DecimalsAreBareExactNumbers) {
  const auto decimals =
      test::one_column(arrow::map_schema(make_schema("d:10,2", ""), make_schema("d:38,18", "")), "",
                       [](arrow::Builder& column) {
                         auto& map = column.as<MapBuilder>();
                         map.keys<arrow::Decimal128Builder>().append({.low = 1999, .high = 0});
                         map.values<arrow::Decimal128Builder>().append({.low = 1, .high = 0});
                         map.keys<arrow::Decimal128Builder>().append(
                             {.low = static_cast<std::uint64_t>(-5), .high = -1});
                         map.values().append_null();
                         map.end_map();
                       });

  EXPECT_EQ(decimals.text(0), R"({"19.99":0.000000000000000001,"-0.05":null})");
}

// rows 98 and 99
TEST(NestedText, KeysOfMapsAreStrings) {
  const auto integers =
      test::one_column(arrow::map_schema(make_schema("i", ""), make_schema("u", "")), "",
                       [](arrow::Builder& column) {
                         auto& map = column.as<MapBuilder>();
                         map.keys<Int32Builder>().append(5);
                         map.values<Utf8Builder>().append("val \"quote\"");
                         map.keys<Int32Builder>().append(5);
                         map.values<Utf8Builder>().append("again");
                         map.end_map();
                         map.end_map();
                       });
  const auto lists = test::one_column(
      arrow::map_schema(list_of("i"), make_schema("b", "")), "", [](arrow::Builder& column) {
        auto& map = column.as<MapBuilder>();
        for (const int element : {1, 2, 3})
          map.keys<ListBuilder>().values<Int32Builder>().append(element);
        map.keys<ListBuilder>().end_list();
        map.values<arrow::BoolBuilder>().append(true);
        map.end_map();
      });

  EXPECT_EQ(integers.text(0), R"({"5":"val \"quote\"","5":"again"})");
  EXPECT_EQ(integers.text(1), "{}");
  EXPECT_EQ(lists.text(0), R"({"[1,2,3]":true})");
}

arrow::UniqueSchema person() {
  return arrow::struct_schema(arrow::children(make_schema("i", "a"),
                                              arrow::list_schema(make_schema("i", ""), "b"),
                                              make_schema("z", "d"), make_schema("u", "a")));
}

// rows 100 and 101
TEST(NestedText, OfStructsKeepsNullFieldsAndOrder) {
  const auto rows = test::one_column(person(), "", [](arrow::Builder& column) {
    auto& person = column.as<StructBuilder>();
    person.append_null();
    person.field(0).append_null();
    person.field<ListBuilder>(1).end_list();
    person.field<arrow::BinaryBuilder>(2).append(std::string_view("\x1A\xBF"));
    person.field<Utf8Builder>(3).append("x");
    person.end_row();
  });

  EXPECT_EQ(rows.text(0), "NULL");
  EXPECT_TRUE(rows.value(0).is_null());
  EXPECT_EQ(rows.text(1), R"({"a":null,"b":[],"d":"Gr8=","a":"x"})");
  EXPECT_EQ(rows.value(1).to_string(), rows.text(1));
}

TEST(NestedText, IsTheSameWhetherFromArrowOrFromAValue) {
  const auto rows =
      test::one_column(arrow::list_schema(arrow::map_schema(make_schema("u", ""), person())), "",
                       [](arrow::Builder& column) {
                         auto& list = column.as<ListBuilder>();
                         for (int row = 0; row < 5; ++row) {
                           for (int i = 0; i < row; ++i) {
                             auto& map = list.values<MapBuilder>();
                             map.keys<Utf8Builder>().append("k" + std::to_string(i));
                             auto& value = map.values<StructBuilder>();
                             value.field<Int32Builder>(0).append(row * 10 + i);
                             for (int e = 0; e < i; ++e)
                               value.field<ListBuilder>(1).values<Int32Builder>().append(e);
                             value.field<ListBuilder>(1).end_list();
                             value.field(2).append_null();
                             value.field<Utf8Builder>(3).append("\n");
                             value.end_row();
                             if (i % 2 == 0) map.end_map();
                           }
                           if (row % 2 == 0) list.values<MapBuilder>().end_map();
                           list.end_list();
                         }
                       });

  EXPECT_EQ(rows.text(2), R"([{"k0":{"a":20,"b":[],"d":null,"a":"\n"}},)"
                          R"({"k1":{"a":21,"b":[0],"d":null,"a":"\n"}}])");
  for (std::int64_t row = 0; row < 5; ++row) EXPECT_EQ(rows.value(row).to_string(), rows.text(row));
}

TEST(NestedText, FollowsOffsetsOfSlices) {
  auto schema = arrow::struct_schema(
      arrow::children(test::sql_field(person(), "p", ""), test::sql_field(list_of("i"), "l", "")));
  arrow::BatchBuilder builder(*schema);
  for (int row = 0; row < 20; ++row) {
    auto& person = builder.column<StructBuilder>(0);
    person.field<Int32Builder>(0).append(row);
    person.field<ListBuilder>(1).values<Int32Builder>().append(row);
    person.field<ListBuilder>(1).end_list();
    person.field(2).append_null();
    person.field<Utf8Builder>(3).append(std::to_string(row));
    person.end_row();
    builder.column<ListBuilder>(1).values<Int32Builder>().append(row);
    if (row % 3 == 0) {
      builder.column<ListBuilder>(1).end_list();
    } else {
      builder.column<ListBuilder>(1).values<Int32Builder>().append(-row);
      builder.column<ListBuilder>(1).end_list();
    }
  }
  const test::BoundBatch rows(std::move(schema), arrow::slice(builder.finish(), 13, 4));

  EXPECT_EQ(rows.text(0, 0), R"({"a":13,"b":[13],"d":null,"a":"13"})");
  EXPECT_EQ(rows.text(3, 0), R"({"a":16,"b":[16],"d":null,"a":"16"})");
  EXPECT_EQ(rows.text(0, 1), "[13,-13]");
  EXPECT_EQ(rows.text(2, 1), "[15]");
}

TEST(NestedText, OfFixedSizeLists) {
  arrow::SchemaParts parts{.format = "+w:2", .name = "c"};
  parts.children = arrow::children(make_schema("i", "item"));
  const auto rows = test::one_column(arrow::make_schema(std::move(parts)), "ARRAY<INT>",
                                     [](arrow::Builder& column) {
                                       auto& list = column.as<arrow::FixedSizeListBuilder>();
                                       for (int i = 0; i < 6; ++i) {
                                         list.values().as<Int32Builder>().append(i);
                                         if (i % 2 == 1) list.end_list();
                                       }
                                     });

  EXPECT_EQ(rows.text(1), "[2,3]");
  EXPECT_EQ(rows.value(2), Value(ListValue{{Value(4), Value(5)}}));
}

}  // namespace
}  // namespace dbsql
