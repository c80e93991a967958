#include "result/type_text.h"

#include "result/type_table.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace dbsql::result {
namespace {

std::string read(std::string_view text) {
  const auto type = parse_type_text(text);
  return type ? type_text_of(*type) : "STRING (not understood)";
}

TEST(TypeText, ReadsEveryTypeOfTheTable) {
  for (int i = 0; i < static_cast<int>(TypeId::Unknown); ++i) {
    const TypeRow& row = row_of(static_cast<TypeId>(i));
    const auto type = parse_type_text(row.sql_name);
    ASSERT_TRUE(type) << row.sql_name;
    EXPECT_EQ(type->id, row.id) << row.sql_name;
  }
}

TEST(TypeText, ReadsTheNamesOfBothProtocols) {
  const std::vector<std::pair<std::string_view, TypeId>> cases = {
      {"LONG", TypeId::BigInt},
      {"SHORT", TypeId::SmallInt},
      {"BYTE", TypeId::TinyInt},
      {"NULL", TypeId::Void},
      {"BIGINT_TYPE", TypeId::BigInt},
      {"INTERVAL_DAY_TIME", TypeId::IntervalDayTime},
      {"integer", TypeId::Int},
      {"INTERVAL_YEAR_MONTH_TYPE", TypeId::IntervalYearMonth},
      {"timestamp_ltz", TypeId::Timestamp}};
  for (const auto& [name, id] : cases) {
    const auto type = parse_type_text(name);
    ASSERT_TRUE(type) << name;
    EXPECT_EQ(type->id, id) << name;
  }
}

// reference/results.md 7.5 row 111
TEST(TypeText, CopesWithSpacesQuotesAndModifiers) {
  const std::vector<std::pair<std::string_view, std::string>> cases = {
      {"MAP< STRING , BIGINT >", "MAP<STRING, BIGINT>"},
      {"STRUCT<id:INT NOT NULL,name:STRING COMMENT 'a,b>c'>",
       "STRUCT<id: INT NOT NULL, name: STRING>"},
      {"STRUCT<n:STRING COLLATE utf8_binary>", "STRUCT<n: STRING>"},
      {"STRUCT<amt:DECIMAL(10,2) NOT NULL>", "STRUCT<amt: DECIMAL(10,2) NOT NULL>"},
      {"STRUCT<a: INT COMMENT 'it''s \\' \"' NOT NULL COLLATE x, b: DATE>",
       "STRUCT<a: INT NOT NULL, b: DATE>"},
      {"array < struct < `a b`:map<string,array<int>>, `q``r`: date > >",
       "ARRAY<STRUCT<`a b`: MAP<STRING, ARRAY<INT>>, `q``r`: DATE>>"},
      {"STRUCT<int: INT, array: ARRAY<INT>, not: BOOLEAN>",
       "STRUCT<int: INT, array: ARRAY<INT>, not: BOOLEAN>"},
      {"STRUCT<>", "STRUCT"},
      {"DECIMAL( 38 , 18 )", "DECIMAL(38,18)"},
      {"DECIMAL(5)", "DECIMAL(5,0)"},
      {"VARCHAR(10)", "VARCHAR"},
      {"GEOGRAPHY(4326)", "GEOGRAPHY"},
      {"geometry(ANY)", "GEOMETRY"},
      {"STRING COLLATE UTF8_LCASE", "STRING"},
      {"interval  year", "INTERVAL YEAR TO MONTH"},
      {"INTERVAL MONTH", "INTERVAL YEAR TO MONTH"},
      {"INTERVAL HOUR TO SECOND", "INTERVAL DAY TO SECOND"},
      {"ARRAY<INTERVAL DAY TO MINUTE>", "ARRAY<INTERVAL DAY TO SECOND>"},
      {"\tINT\n", "INT"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(read(text), expected) << text;
}

// reference/results.md 7.5 row 112
TEST(TypeText, KeepsTheWordsOfEachNestedType) {
  const auto type = parse_type_text(
      "STRUCT< a : INTERVAL DAY  NOT NULL, b: VARCHAR(5) COMMENT 'x', c:GEOMETRY(0) >");

  ASSERT_TRUE(type);
  EXPECT_EQ(type->children[0].text, "INTERVAL DAY");
  EXPECT_FALSE(type->children[0].nullable);
  EXPECT_EQ(type->children[1].text, "VARCHAR(5)");
  EXPECT_EQ(type->children[2].text, "GEOMETRY(0)");
}

TEST(TypeText, WhatIsNoTypeIsRefusedWithoutAnError) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "ARRAY<";
  for (const std::string& text : {std::string(),
                                  std::string("ARRAY<INT"),
                                  std::string("ARRAY<INT>>"),
                                  std::string("garbage"),
                                  std::string("INTERVAL"),
                                  std::string("INTERVAL DAY TO YEAR"),
                                  std::string("INTERVAL DAY TO"),
                                  std::string("DECIMAL(10,"),
                                  std::string("DECIMAL(10,11)"),
                                  std::string("DECIMAL(39,0)"),
                                  std::string("DECIMAL(a,b)"),
                                  std::string("MAP<INT>"),
                                  std::string("MAP<INT,INT,INT>"),
                                  std::string("ARRAY<INT,INT>"),
                                  std::string("STRUCT<a>"),
                                  std::string("STRUCT<a:INT,>"),
                                  std::string("STRUCT<`a:INT>"),
                                  std::string("STRUCT<a:INT COMMENT 'x>"),
                                  std::string("STRUCT<a:INT NOT>"),
                                  std::string("INT<INT>"),
                                  std::string("INT INT"),
                                  std::string("UNKNOWN"),
                                  std::string("<>"),
                                  std::string("STRUCT<``:INT>"),
                                  deep})
    EXPECT_EQ(read(text), "STRING (not understood)") << text.substr(0, 40);
}

TEST(TypeText, ReadsBackItsOwnText) {
  for (const std::string_view text :
       {"STRUCT<a: ARRAY<MAP<STRING, DECIMAL(10,2)>>, `b c`: STRUCT<d: VOID NOT NULL>>",
        "MAP<INTERVAL YEAR TO MONTH, ARRAY<TIMESTAMP_NTZ>>", "ARRAY<VARIANT>"})
    EXPECT_EQ(read(text), text);
}

}  // namespace
}  // namespace dbsql::result
