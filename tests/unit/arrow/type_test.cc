#include "arrow/type.h"

#include "arrow/c_data.h"
#include "support/capture_error.h"

#include <gtest/gtest.h>

namespace dbsql::arrow {
namespace {

using dbsql::test::capture_error;

TEST(ParseType, ReadsArguments) {
  const DataType decimal = parse_type("d:38,-2,256");
  EXPECT_EQ(decimal.kind, TypeKind::Decimal);
  EXPECT_EQ(decimal.precision, 38);
  EXPECT_EQ(decimal.scale, -2);
  EXPECT_EQ(decimal.byte_width, 32);

  const DataType timestamp = parse_type("tsn:America/Los_Angeles");
  EXPECT_EQ(timestamp.kind, TypeKind::Timestamp);
  EXPECT_EQ(timestamp.unit, TimeUnit::Nanosecond);
  EXPECT_EQ(timestamp.timezone, "America/Los_Angeles");

  EXPECT_EQ(parse_type("tsu:").timezone, "");
  EXPECT_EQ(parse_type("w:16").byte_width, 16);
  EXPECT_EQ(parse_type("+w:3").list_size, 3);
}

TEST(ParseType, RefusesWhatItDoesNotKnow) {
  for (const char* format :
       {"",    "x",     "+",    "+ud:0", "+us:0",      "+r",  "+vl",  "vu",
        "vz",  "d:",    "d:10", "d:a,b", "d:10,2,100", "w:",  "w:-1", "w:x",
        "+w:", "+w:-1", "ts",   "tsu",   "tsx:",       "ttx", "ii",   "tdDx"}) {
    const auto error = capture_error([&] { parse_type(format); });
    EXPECT_EQ(error.kind(), ErrorKind::NotSupported) << format;
  }
  EXPECT_EQ(capture_error([] { parse_type(nullptr); }).kind(), ErrorKind::NotSupported);
}

TEST(FormatText, ReadsBackAsTheSameType) {
  const std::string decimal = decimal_format(10, 2);
  const std::string wide = decimal_format(50, 4, 256);
  const std::string timestamp = timestamp_format(TimeUnit::Microsecond, "Etc/UTC");

  EXPECT_EQ(decimal, "d:10,2");
  EXPECT_EQ(wide, "d:50,4,256");
  EXPECT_EQ(timestamp, "tsu:Etc/UTC");
}

TEST(ResolveType, NumbersDictionariesDepthFirst) {
  auto encoded = [](std::string_view name) {
    return make_schema({.format = "i",
                        .name = std::string(name),
                        .dictionary = list_schema(
                            make_schema({.format = "c", .dictionary = make_schema("u", "")}))});
  };
  const UniqueSchema schema = struct_schema(children(encoded("a"), encoded("b")));

  const TypeNode type = resolve_type(*schema);

  EXPECT_EQ(type.children[0].dictionary_id, 0);
  EXPECT_EQ(type.children[0].dictionary->children[0].dictionary_id, 1);
  EXPECT_EQ(type.children[1].dictionary_id, 2);
}

TEST(ResolveType, RefusesChildrenThatDoNotFit) {
  std::vector<UniqueSchema> bad;
  bad.push_back(make_schema("+l", "no child"));
  bad.push_back(make_schema(
      {.format = "+l", .children = children(make_schema("i", "a"), make_schema("i", "b"))}));
  bad.push_back(make_schema({.format = "i", .children = children(make_schema("i", "a"))}));
  bad.push_back(make_schema({.format = "+m", .children = children(make_schema("i", "a"))}));
  bad.push_back(make_schema(
      {.format = "+m", .children = children(struct_schema(children(make_schema("i", "key"))))}));
  bad.push_back(make_schema({.format = "u", .dictionary = make_schema("u", "")}));
  for (const UniqueSchema& schema : bad) {
    EXPECT_EQ(capture_error([&] { resolve_type(*schema); }).kind(), ErrorKind::InvalidArgument);
  }
}

TEST(SameLayout, LooksAtTypesAndNotAtNames) {
  const auto layout = [](UniqueSchema schema) { return resolve_type(*schema); };

  EXPECT_TRUE(same_layout(layout(make_schema("i", "a")), layout(make_schema("i", "b", false))));
  EXPECT_TRUE(same_layout(layout(make_schema("tsu:UTC", "a")), layout(make_schema("tsu:", "a"))));
  EXPECT_FALSE(same_layout(layout(make_schema("tsu:", "a")), layout(make_schema("tss:", "a"))));
  EXPECT_FALSE(same_layout(layout(make_schema("d:10,2", "")), layout(make_schema("d:10,3", ""))));
  EXPECT_FALSE(same_layout(layout(list_schema(make_schema("i", ""))),
                           layout(list_schema(make_schema("l", "")))));
}

TEST(SameTypes, LooksAtEverythingThatValuesAndTheirReadersDependOn) {
  const auto same = [](UniqueSchema a, UniqueSchema b) { return same_types(*a, *b); };
  const auto struct_of = [](UniqueSchema child) {
    return struct_schema(children(std::move(child)));
  };

  EXPECT_TRUE(same(struct_of(make_schema("d:10,2", "a")), struct_of(make_schema("d:10,2", "a"))));
  EXPECT_TRUE(same(struct_schema({}), struct_schema({})));
  EXPECT_FALSE(same(struct_of(make_schema("d:10,2", "a")), struct_of(make_schema("d:10,3", "a"))));
  EXPECT_FALSE(same(struct_of(make_schema("i", "a")), struct_of(make_schema("i", "b"))));
  EXPECT_FALSE(same(struct_of(make_schema("i", "a")), struct_schema({})));
  EXPECT_FALSE(same(list_schema(make_schema("i", "")), list_schema(make_schema("l", ""))));
  EXPECT_FALSE(
      same(make_schema({.format = "i", .dictionary = make_schema("u", "")}), make_schema("i", "")));
}

}  // namespace
}  // namespace dbsql::arrow
