#include "warehouse/sql_token.h"

#include "unit/warehouse_engine/engine_fixture.h"

namespace dbsql::warehouse {
namespace {

using test::engine_error;
using testing::ElementsAre;

std::vector<std::string> texts(std::string_view sql) {
  std::vector<std::string> list;
  for (const auto& token : tokenize(sql)) {
    if (token.kind != TokenKind::End) list.emplace_back(token.text);
  }
  return list;
}

std::string only_string(std::string_view sql) { return string_value(tokenize(sql).at(0)); }

TEST(SqlTokenizer, SplitsWordsNumbersAndOperators) {
  EXPECT_THAT(texts("SELECT a1,-2.5e+3 FROM t WHERE x<=>y AND z==1"),
              ElementsAre("SELECT", "a1", ",", "-", "2.5e+3", "FROM", "t", "WHERE", "x", "<=>", "y",
                          "AND", "z", "==", "1"));
}

TEST(SqlTokenizer, DropsCommentsEvenNestedOnes) {
  EXPECT_THAT(texts("a -- ' ? :x\n/* one /* two */ ` */ b --end"), ElementsAre("a", "b"));
}

TEST(SqlTokenizer, TakesAMinusThatIsNoCommentForAnOperator) {
  EXPECT_THAT(texts("1 - -2"), ElementsAre("1", "-", "-", "2"));
}

TEST(SqlTokenizer, KeepsMarkersInsideStringsAndIdentifiers) {
  EXPECT_THAT(texts("'? :a' \"? :b\" `? :c` ?"), ElementsAre("'? :a'", "\"? :b\"", "`? :c`", "?"));
}

TEST(SqlTokenizer, TellsMarkersFromCastsPathsAndTimes) {
  const auto tokens = tokenize("x::int, :p, v:field, ? ,(:q), a ? :r");
  std::vector<std::string> markers;
  for (const auto& token : tokens) {
    if (token.kind == TokenKind::Parameter) markers.emplace_back(token.text);
  }
  EXPECT_THAT(markers, ElementsAre(":p", "?", ":q", "?", ":r"));
}

TEST(SqlTokenizer, ReadsDoubledQuotesAndBackslashesInsideStrings) {
  EXPECT_THAT(texts(R"('it''s' 'a\'b' "say ""hi""" 'end\\')"),
              ElementsAre("'it''s'", R"('a\'b')", R"("say ""hi""")", R"('end\\')"));
  EXPECT_EQ(only_string("'it''s'"), "it's");
  EXPECT_EQ(only_string(R"('a\'b')"), "a'b");
  EXPECT_EQ(only_string(R"("say ""hi""")"), R"(say "hi")");
}

TEST(SqlTokenizer, DecodesEscapes) {
  EXPECT_EQ(only_string(R"('\n\t\r\b\\\"')"), "\n\t\r\b\\\"");
  EXPECT_EQ(only_string(R"('\101\u00e9\U0001F600')"), "A\u00e9\U0001F600");
  EXPECT_EQ(only_string(R"('a\0b')"), std::string("a\0b", 3));
  EXPECT_EQ(only_string(R"('100\% \_ \x')"), R"(100\% \_ x)");
}

TEST(SqlTokenizer, LeavesRawStringsAlone) {
  EXPECT_EQ(only_string(R"(r'\n\d+')"), R"(\n\d+)");
  EXPECT_EQ(only_string(R"(R"C:\new")"), R"(C:\new)");
}

TEST(SqlTokenizer, ReadsBinaryLiterals) {
  EXPECT_EQ(binary_value(tokenize("X'1aFF'").at(0)), "\x1a\xff");
  EXPECT_EQ(binary_value(tokenize("x'F'").at(0)), "\x0f");
  EXPECT_EQ(binary_value(tokenize("x''").at(0)), "");
  EXPECT_EQ(binary_value(tokenize("x'0g'").at(0)), std::nullopt);
}

TEST(SqlTokenizer, UnquotesIdentifiers) {
  EXPECT_EQ(identifier_value(tokenize("`a ``b`").at(0)), "a `b");
  EXPECT_EQ(identifier_value(tokenize("caf\u00e9_1").at(0)), "caf\u00e9_1");
}

TEST(SqlTokenizer, DoesNotTakeADotBetweenNamesForAFraction) {
  EXPECT_THAT(texts("t.1a .5 a.b"), ElementsAre("t", ".", "1a", ".5", "a", ".", "b"));
}

TEST(SqlTokenizer, ClosesTwoNestedTypesWithTwoTokens) {
  EXPECT_THAT(texts("ARRAY<ARRAY<INT>>"), ElementsAre("ARRAY", "<", "ARRAY", "<", "INT", ">", ">"));
}

TEST(SqlTokenizer, RefusesWhatIsNotClosed) {
  EXPECT_EQ(engine_error([] { tokenize("SELECT 'abc"); }).error_class, "PARSE_SYNTAX_ERROR");
  EXPECT_EQ(engine_error([] { tokenize(R"(SELECT 'abc\')"); }).sqlstate, "42601");
  EXPECT_EQ(engine_error([] { tokenize("SELECT `abc"); }).sqlstate, "42601");
  EXPECT_EQ(engine_error([] { tokenize("SELECT 1 /* /* */"); }).error_class,
            "UNCLOSED_BRACKETED_COMMENT");
}

TEST(SqlTokenizer, SurvivesEveryPrefixOfATrickyStatement) {
  const std::string_view sql =
      R"sql(SELECT r'a\', X'0', `q``, 1e, :, ?::, '\u12', "\)" /*/**/*/ --)sql";
  for (std::size_t size = 0; size <= sql.size(); ++size) {
    try {
      for (const auto& token : tokenize(sql.substr(0, size))) {
        if (token.kind == TokenKind::String) string_value(token);
        if (token.kind == TokenKind::Binary) binary_value(token);
      }
    } catch (const EngineError& error) {
      EXPECT_EQ(error.sqlstate, "42601");
    }
  }
}

}  // namespace
}  // namespace dbsql::warehouse
