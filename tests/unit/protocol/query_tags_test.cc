#include "protocol/query_tags.h"

#include <dbsql/error.h>

#include "support/capture_error.h"

#include <gtest/gtest.h>

namespace dbsql::protocol {
namespace {

TEST(QueryTags, AreWrittenInTheServersForm) {
  EXPECT_EQ(encode_query_tags({{"team", "engineering"}}), "team:engineering");
  EXPECT_EQ(encode_query_tags({{"url", "http://host"}}), R"(url:http\://host)");
  EXPECT_EQ(encode_query_tags({{"k", R"(a:b,c\d)"}}), R"(k:a\:b\,c\\d)");
  EXPECT_EQ(encode_query_tags({{R"(a\b)", "value"}}), R"(a\\b:value)");
  EXPECT_EQ(encode_query_tags({{"key1", "value1"}, {"key2", std::nullopt}, {"key3", "value3"}}),
            "key1:value1,key2,key3:value3");
  EXPECT_EQ(encode_query_tags({{"k", ""}}), "k:");
  EXPECT_EQ(encode_query_tags({}), "");
}

TEST(QueryTags, RefuseKeysThatNoServerCouldTellApart) {
  for (const char* key : {"key:name", "a,b", ""})
    EXPECT_EQ(test::capture_error([&] {
                encode_query_tags({{key, "v"}});
              }).kind(),
              ErrorKind::InvalidArgument)
        << key;
}

TEST(QueryTags, AreReadAsPeopleWriteThem) {
  EXPECT_EQ(parse_query_tags(R"(data:a\,b,team:eng)"),
            (QueryTags{{"data", "a,b"}, {"team", "eng"}}));
  EXPECT_EQ(parse_query_tags("exp"), (QueryTags{{"exp", std::nullopt}}));
  EXPECT_EQ(parse_query_tags("  team:eng , env:prod  "),
            (QueryTags{{"team", "eng"}, {"env", "prod"}}));
  EXPECT_EQ(parse_query_tags("a,,b"), (QueryTags{{"a", std::nullopt}, {"b", std::nullopt}}));
  EXPECT_EQ(parse_query_tags("k:"), (QueryTags{{"k", ""}}));
  EXPECT_EQ(parse_query_tags("url:http://host"), (QueryTags{{"url", "http://host"}}));
  EXPECT_EQ(parse_query_tags(""), QueryTags{});
  EXPECT_EQ(parse_query_tags("a\\"), (QueryTags{{"a\\", std::nullopt}}));
}

TEST(QueryTags, SurviveBeingWrittenAndRead) {
  const QueryTags tags{{"team", "a:b,c\\d"}, {"k\\", ""}, {"flag", std::nullopt}};

  EXPECT_EQ(parse_query_tags(encode_query_tags(tags)), tags);
}

}  // namespace
}  // namespace dbsql::protocol
