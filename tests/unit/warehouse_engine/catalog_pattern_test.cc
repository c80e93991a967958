#include "warehouse/catalog_pattern.h"

#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse {
namespace {

bool like(std::string_view pattern, std::string_view name) {
  return NamePattern::like(pattern).matches(name);
}
bool glob(std::string_view pattern, std::string_view name) {
  return NamePattern::glob(pattern).matches(name);
}

TEST(LikePattern, MatchesRunsAndSingleCharacters) {
  EXPECT_TRUE(like("%", ""));
  EXPECT_TRUE(like("abc%", "abcdef"));
  EXPECT_TRUE(like("%c%e%", "abcdef"));
  EXPECT_TRUE(like("abc_", "abcd"));
  EXPECT_FALSE(like("abc_", "abcde"));
  EXPECT_FALSE(like("abc", "abcd"));
  EXPECT_TRUE(like("_", "\u00e9")) << "one character, two bytes";
}

TEST(LikePattern, TakesABackslashForAnEscape) {
  EXPECT_TRUE(like(R"(abc\_def)", "abc_def"));
  EXPECT_FALSE(like(R"(abc\_def)", "abcXdef"));
  EXPECT_TRUE(like(R"(100\%)", "100%"));
  EXPECT_FALSE(like(R"(100\%)", "100x"));
  EXPECT_TRUE(like(R"(a\\b)", R"(a\b)"));
  EXPECT_TRUE(like("a\\", "a\\")) << "a lone one at the end is itself";
}

TEST(LikePattern, GivesOtherCharactersNoMeaning) {
  EXPECT_FALSE(like("a.b", "axb"));
  EXPECT_FALSE(like("a*", "abc"));
  EXPECT_FALSE(like("a|b", "a"));
  EXPECT_TRUE(like("o'brien", "o'brien"));
}

TEST(LikePattern, IgnoresCase) { EXPECT_TRUE(like("FLIGHT%", "flights")); }

TEST(LikePattern, MatchesNothingWhenEmpty) {
  EXPECT_FALSE(like("", "a"));
  EXPECT_TRUE(like("", ""));
}

TEST(GlobPattern, MatchesRunsCharactersAndAlternatives) {
  EXPECT_TRUE(glob("f*", "flights"));
  EXPECT_TRUE(glob("a* | f*", "flights"));
  EXPECT_FALSE(glob("a*|b*", "flights"));
  EXPECT_TRUE(glob("fl.ghts", "flights"));
  EXPECT_FALSE(glob("f%", "flights"));
}

TEST(ExactPattern, GivesNoCharacterAMeaning) {
  EXPECT_TRUE(NamePattern::exact("My_Cat%").matches("my_cat%"));
  EXPECT_FALSE(NamePattern::exact("my_cat").matches("myXcat"));
}

TEST(LikePattern, IsQuickOnHostilePatterns) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "%a";
  EXPECT_FALSE(like(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace dbsql::warehouse
