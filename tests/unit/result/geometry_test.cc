#include "support/capture_error.h"
#include "unit/result/bound_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace dbsql {
namespace {

using testing::HasSubstr;

// reference/results.md 7.5 row 115
TEST(Geometry, OfTextHasTheNumberOfItsPrefix) {
  const std::pair<std::string_view, Geometry> cases[] = {
      {"SRID=4326;POINT(1 2)", {4326, "POINT(1 2)"}},
      {"POINT(1 2)", {0, "POINT(1 2)"}},
      {"srid=1;POINT(1 2)", {0, "POINT(1 2)"}},
      {"SRID=x;POINT(1 2)", {0, "POINT(1 2)"}},
      {"SRID=;POINT(1 2)", {0, "POINT(1 2)"}},
      {"SRID=99999999999;POINT(1 2)", {0, "POINT(1 2)"}},
      {"SRID=4326", {0, "SRID=4326"}},
      {"", {0, ""}},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(Geometry::from_text(text), expected) << text;
}

TEST(Geometry, IsWrittenAsItIsRead) {
  EXPECT_EQ((Geometry{4326, "POINT(1 2)"}).to_string(), "SRID=4326;POINT(1 2)");
  EXPECT_EQ((Geometry{0, "POINT(1 2)"}).to_string(), "POINT(1 2)");
}

auto column(std::string sql_name, std::string_view text) {
  return test::one_column(arrow::make_schema("u", ""), std::move(sql_name),
                          [&](arrow::Builder& builder) {
                            builder.as<arrow::Utf8Builder>().append(text);
                            builder.append_null();
                          });
}

TEST(GeometryColumn, GivesTextAndReferenceSystem) {
  EXPECT_EQ(column("GEOGRAPHY(4326)", "SRID=3857;POINT(1 2)").get<Geometry>(0),
            (Geometry{3857, "POINT(1 2)"}));
  EXPECT_EQ(column("GEOMETRY(4326)", "POINT(1 2)").get<Geometry>(0),
            (Geometry{4326, "POINT(1 2)"}));
  EXPECT_EQ(column("GEOMETRY(ANY)", "POINT(1 2)").get<Geometry>(0), (Geometry{0, "POINT(1 2)"}));
  EXPECT_EQ(column("GEOMETRY", "POINT(1 2)").get<Geometry>(0), (Geometry{0, "POINT(1 2)"}));
  EXPECT_EQ(column("GEOMETRY", "x").get<std::optional<Geometry>>(1), std::nullopt);
  EXPECT_EQ(column("GEOMETRY(0)", "POINT(1 2)").value(0), Value("POINT(1 2)"));
}

TEST(GeometryColumn, IsNoOtherTextColumn) {
  const auto text = column("STRING", "POINT(1 2)");

  const Error error = test::capture_error([&] { text.get<Geometry>(0); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_THAT(error.message(), HasSubstr("column 1 \"c\" (STRING) cannot be read as a geometry"));
}

}  // namespace
}  // namespace dbsql
