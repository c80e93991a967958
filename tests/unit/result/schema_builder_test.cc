#include "result/schema_builder.h"

#include <dbsql/schema.h>

#include "unit/result/bound_batch.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbsql::result {
namespace {

using protocol::ColumnDescription;
using protocol::ResultMetadata;

ResultMetadata columns(std::vector<ColumnDescription> list) {
  ResultMetadata metadata;
  metadata.columns = std::move(list);
  return metadata;
}

template <class... Fields>
arrow::UniqueSchema fields(Fields&&... list) {
  return arrow::struct_schema(arrow::children(std::forward<Fields>(list)...));
}

std::string formats_of(const ArrowSchema& schema) {
  std::string text;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    text += i == 0 ? "" : " ";
    text += schema.children[i]->format;
  }
  return text;
}

TEST(BuildSchema, TakesTheSqlNameOverTheProtocolsType) {
  const auto arrow =
      fields(test::sql_field(arrow::make_schema("u", ""), "", "VARIANT"),
             test::sql_field(arrow::make_schema("tsu:", ""), "", "TIMESTAMP_NTZ"),
             test::sql_field(arrow::make_schema("tsu:Europe/Berlin", ""), "", "TIMESTAMP"),
             test::sql_field(arrow::list_schema(arrow::make_schema("i", "")), "", "ARRAY<INT>"),
             test::sql_field(arrow::make_schema("tiM", ""), "", "INTERVAL YEAR"));

  const Schema schema = build_schema(columns({{.name = "v", .type_name = "STRING"},
                                              {.name = "n", .type_name = "TIMESTAMP"},
                                              {.name = "t", .type_name = "TIMESTAMP"},
                                              {.name = "a", .type_name = "ARRAY"},
                                              {.name = "i", .type_name = "INTERVAL_YEAR_MONTH"}}),
                                     arrow.get());

  ASSERT_EQ(schema.size(), 5U);
  EXPECT_EQ(schema[0].type, TypeId::Variant);
  EXPECT_EQ(schema[0].type_text, "VARIANT");
  EXPECT_EQ(schema[1].type, TypeId::TimestampNtz);
  EXPECT_EQ(schema[2].type, TypeId::Timestamp);
  EXPECT_EQ(schema[2].time_zone, "Europe/Berlin");
  EXPECT_EQ(schema[3].type, TypeId::Array);
  EXPECT_EQ(schema[3].type_text, "ARRAY<INT>");
  EXPECT_EQ(schema[4].type, TypeId::IntervalYearMonth);
  EXPECT_EQ(schema[4].type_text, "INTERVAL YEAR");
}

// reference/results.md 7.1 row 13
TEST(BuildSchema, FindsPrecisionAndScaleWhereverTheyAre) {
  struct Case {
    ColumnDescription description;
    std::string format;
    std::string sql_name;
    std::string expected;
  };
  const std::vector<Case> cases = {
      {{"a", "DECIMAL", 10, 2}, "d:12,3", "DECIMAL(14,4)", "DECIMAL(10,2)"},
      {{"a", "DECIMAL", {}, {}}, "d:12,3", "DECIMAL(14,4)", "DECIMAL(12,3)"},
      {{"a", "DECIMAL", {}, {}}, "d:12,3", "", "DECIMAL(12,3)"},
      {{"a", "DECIMAL", {}, {}}, "u", "DECIMAL(14,4)", "DECIMAL(14,4)"},
      {{"a", "DECIMAL", {}, {}}, "u", "", "DECIMAL(10,0)"},
      {{"a", "", {}, {}}, "d:38,38", "", "DECIMAL(38,38)"},
  };
  for (const auto& [description, format, sql_name, expected] : cases) {
    const auto arrow = fields(test::sql_field(arrow::make_schema(format, ""), "", sql_name));

    const Schema schema = build_schema(columns({description}), arrow.get());

    EXPECT_EQ(schema[0].type, TypeId::Decimal) << expected;
    EXPECT_EQ(schema[0].type_text, expected);
    EXPECT_EQ("DECIMAL(" + std::to_string(schema[0].precision.value_or(-1)) + "," +
                  std::to_string(schema[0].scale.value_or(-1)) + ")",
              expected);
  }
}

// reference/results.md 7.1 row 14
TEST(BuildSchema, KeepsColumnsOfTheSameNameApart) {
  const auto arrow = fields(test::sql_field(arrow::make_schema("i", ""), "", "INT"),
                            test::sql_field(arrow::make_schema("u", ""), "", "VARIANT"));

  const Schema schema = build_schema(
      columns({{.name = "a", .type_name = "INT"}, {.name = "a", .type_name = "STRING"}}),
      arrow.get());

  EXPECT_EQ(schema[0].type, TypeId::Int);
  EXPECT_EQ(schema[1].type, TypeId::Variant);
  EXPECT_EQ(schema.find("A"), 0U);
  EXPECT_EQ(schema.find("b"), std::nullopt);
}

// reference/results.md 1.11 and 7.1 rows 4 and 5
TEST(BuildSchema, HasTheSmallerNumberOfColumns) {
  const auto none = fields();
  const auto one = fields(arrow::make_schema("i", "x"));
  const ResultMetadata ddl = columns({{.name = "Result", .type_name = "STRING"}});
  const ResultMetadata two = columns({{.name = "a"}, {.name = "b"}});

  EXPECT_EQ(build_schema(ddl, none.get()).size(), 0U);
  EXPECT_EQ(build_schema(two, one.get()).size(), 1U);
  EXPECT_EQ(build_schema({}, one.get()).size(), 0U);
  EXPECT_EQ(build_schema({}, nullptr).size(), 0U);
  EXPECT_EQ(build_schema(two, nullptr).size(), 2U);
}

TEST(BuildSchema, TakesNamesFromTheDescriptionAndNullabilityFromArrow) {
  const auto arrow = fields(arrow::make_schema("i", "other", false));

  const Schema schema = build_schema(columns({{.name = "x", .type_name = "INT"}}), arrow.get());

  EXPECT_EQ(schema[0].name, "x");
  EXPECT_FALSE(schema[0].nullable);
}

TEST(BuildSchema, LetsTheArrowTypeDecideWhereTheTextIsNoType) {
  const auto arrow = fields(test::sql_field(arrow::make_schema("l", ""), "", "FANCY"),
                            test::sql_field(arrow::make_schema("u", ""), "", "ARRAY<INT"),
                            arrow::make_schema("tdD", ""), arrow::make_schema("ttu", ""));

  const Schema schema = build_schema(columns({{.name = "a", .type_name = "USER_DEFINED"},
                                              {.name = "b", .type_name = "ARRAY"},
                                              {.name = "c"},
                                              {.name = "d"}}),
                                     arrow.get());

  EXPECT_EQ(schema[0].type, TypeId::BigInt);
  EXPECT_EQ(schema[0].type_text, "FANCY");
  EXPECT_EQ(schema[1].type, TypeId::String);
  EXPECT_EQ(schema[2].type, TypeId::Date);
  EXPECT_EQ(schema[2].type_text, "DATE");
  EXPECT_EQ(schema[3].type, TypeId::Unknown);
}

std::string tree_of(const Column& column) {
  std::string text = column.name + ":" + column.type_text + (column.nullable ? "" : "!");
  if (!column.time_zone.empty()) text += "@" + column.time_zone;
  for (const Column& child : column.children) text += "(" + tree_of(child) + ")";
  return text;
}

TEST(BuildSchema, DescribesWhatIsNested) {
  const auto structure = arrow::struct_schema(
      arrow::children(arrow::make_schema("d:10,2", "price"),
                      arrow::map_schema(arrow::make_schema("u", "key"),
                                        arrow::make_schema("tsu:Etc/UTC", "value"), "seen")),
      "element");
  const auto arrow =
      fields(test::sql_field(arrow::list_schema(arrow::copy_schema(*structure)), "",
                             "ARRAY<STRUCT<price: DECIMAL(10,2) NOT NULL COMMENT 'x', seen: "
                             "MAP<VARCHAR(5), TIMESTAMP>>>"),
             arrow::list_schema(arrow::copy_schema(*structure)), arrow::make_schema("u", ""));

  const Schema schema = build_schema(columns({{.name = "declared", .type_name = "ARRAY"},
                                              {.name = "arrow", .type_name = "ARRAY"},
                                              {.name = "text", .type_name = "ARRAY"}}),
                                     arrow.get());

  EXPECT_EQ(tree_of(schema[0]),
            "declared:ARRAY<STRUCT<price: DECIMAL(10,2) NOT NULL COMMENT 'x', seen: "
            "MAP<VARCHAR(5), TIMESTAMP>>>(element:STRUCT<price: DECIMAL(10,2) NOT NULL COMMENT "
            "'x', seen: MAP<VARCHAR(5), TIMESTAMP>>(price:DECIMAL(10,2)!)(seen:MAP<VARCHAR(5), "
            "TIMESTAMP>(key:VARCHAR(5)!)(value:TIMESTAMP@Etc/UTC)))");
  EXPECT_EQ(schema[0].children[0].children[0].precision, 10);
  EXPECT_EQ(schema[0].children[0].children[0].scale, 2);
  EXPECT_EQ(tree_of(schema[1]),
            "arrow:ARRAY<STRUCT<price: DECIMAL(10,2), seen: MAP<STRING, TIMESTAMP>>>(element:"
            "STRUCT<price: DECIMAL(10,2), seen: MAP<STRING, TIMESTAMP>>(price:DECIMAL(10,2))(seen:"
            "MAP<STRING, TIMESTAMP>(key:STRING!)(value:TIMESTAMP@Etc/UTC)))");
  EXPECT_EQ(tree_of(schema[2]), "text:ARRAY");
}

TEST(BuildSchema, TakesTheZoneThatTheSessionWasAskedFor) {
  const auto arrow = fields(test::sql_field(arrow::make_schema("u", ""), "", "ARRAY<TIMESTAMP>"),
                            test::sql_field(arrow::make_schema("tsu:Etc/UTC", ""), "", "TIMESTAMP"),
                            test::sql_field(arrow::make_schema("u", ""), "", "TIMESTAMP_NTZ"));
  const Schema schema =
      build_schema(columns({{.name = "a"}, {.name = "b"}, {.name = "c"}}), arrow.get());

  const Schema zoned = with_time_zone(schema, "Asia/Tokyo");

  EXPECT_TRUE(lacks_time_zone(schema));
  EXPECT_FALSE(lacks_time_zone(zoned));
  EXPECT_EQ(zoned[0].children[0].time_zone, "Asia/Tokyo");
  EXPECT_EQ(zoned[1].time_zone, "Etc/UTC");
  EXPECT_EQ(zoned[2].time_zone, "");
}

TEST(BuildSchema, PublishesSqlNamesForTheProtocolsOwn) {
  const Schema schema = build_schema(columns({{.name = "a", .type_name = "NULL"},
                                              {.name = "b", .type_name = "INTERVAL_DAY_TIME"},
                                              {.name = "c", .type_name = "BIGINT_TYPE"},
                                              {.name = "d", .type_name = "LONG"},
                                              {.name = "e", .type_name = ""}}),
                                     nullptr);

  EXPECT_EQ(schema[0].type_text, "VOID");
  EXPECT_EQ(schema[1].type_text, "INTERVAL DAY TO SECOND");
  EXPECT_EQ(schema[2].type_text, "BIGINT");
  EXPECT_EQ(schema[3].type_text, "BIGINT");
  EXPECT_EQ(schema[4].type_text, "STRING");
}

const ResultMetadata& every_thrift_type() {
  static const ResultMetadata metadata = [] {
    ResultMetadata all;
    for (const char* name : {"BOOLEAN",
                             "TINYINT",
                             "SMALLINT",
                             "INT",
                             "BIGINT",
                             "FLOAT",
                             "DOUBLE",
                             "STRING",
                             "TIMESTAMP",
                             "BINARY",
                             "ARRAY",
                             "MAP",
                             "STRUCT",
                             "UNION",
                             "USER_DEFINED",
                             "DECIMAL",
                             "NULL",
                             "DATE",
                             "VARCHAR",
                             "CHAR",
                             "INTERVAL_YEAR_MONTH",
                             "INTERVAL_DAY_TIME",
                             ""})
      all.columns.push_back({.name = name, .type_name = name});
    all.columns[15].precision = 10;
    all.columns[15].scale = 2;
    return all;
  }();
  return metadata;
}

// reference/results.md 7.1 row 12
TEST(DeriveArrowSchema, OfRecordBatchesIsTextMode) {
  const auto schema = derive_arrow_schema(every_thrift_type(), PageForm::Arrow);

  EXPECT_EQ(formats_of(*schema), "b c s i l f g u u z u u u u u u u tdD u u u u u");
  EXPECT_STREQ(schema->children[3]->name, "INT");
}

TEST(DeriveArrowSchema, OfColumnPagesIsNativeWhereTheTextIsExact) {
  const auto schema = derive_arrow_schema(every_thrift_type(), PageForm::Columns);

  EXPECT_EQ(formats_of(*schema), "b c s i l f g u tsu: z u u u u u d:10,2 n tdD u u tiM tDu u");
}

TEST(DeriveArrowSchema, KeepsDecimalsOfUnknownPrecisionAsText) {
  const auto schema = derive_arrow_schema(
      columns({{.name = "a", .type_name = "DECIMAL"},
               {.name = "b", .type_name = "DECIMAL", .precision = 99, .scale = 2},
               {.name = "c", .type_name = "DECIMAL(5,1)"}}),
      PageForm::Columns);

  EXPECT_EQ(formats_of(*schema), "u u d:5,1");
}

TEST(TypeId, HasASqlName) {
  EXPECT_EQ(to_string(TypeId::BigInt), "BIGINT");
  EXPECT_EQ(to_string(TypeId::TimestampNtz), "TIMESTAMP_NTZ");
  EXPECT_EQ(to_string(TypeId::Unknown), "UNKNOWN");
  EXPECT_EQ(to_string(static_cast<TypeId>(200)), "UNKNOWN");
}

}  // namespace
}  // namespace dbsql::result
