#include "cli/sql_splitter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace dbsql::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> texts_of(SqlSplitter& splitter) {
  std::vector<std::string> texts;
  while (auto statement = splitter.next()) texts.push_back(statement->text);
  while (auto statement = splitter.finish()) texts.push_back(statement->text);
  return texts;
}

/// The statements of a text, which must not depend on how it is cut into pieces.
std::vector<std::string> split(std::string_view text) {
  SqlSplitter whole;
  whole.feed(text);
  std::vector<std::string> expected = texts_of(whole);

  SqlSplitter by_byte;
  std::vector<std::string> found;
  for (const char c : text) {
    by_byte.feed({&c, 1});
    while (auto statement = by_byte.next()) found.push_back(statement->text);
  }
  for (std::string& last : texts_of(by_byte)) found.push_back(std::move(last));
  EXPECT_EQ(found, expected) << "fed byte by byte: " << text;
  return expected;
}

TEST(SqlSplitter, EndsStatementsAtSemicolonsAndAtTheEnd) {
  EXPECT_THAT(split("SELECT 1;SELECT 2; \n SELECT 3"),
              ElementsAre("SELECT 1", "SELECT 2", "SELECT 3"));
}

TEST(SqlSplitter, FindsNoStatementInEmptyTextSpaceAndComments) {
  EXPECT_THAT(split(""), IsEmpty());
  EXPECT_THAT(split(" \n\t;; ;"), IsEmpty());
  EXPECT_THAT(split("-- nothing; here"), IsEmpty());
  EXPECT_THAT(split("/* nothing; here */ ; -- or; here\n;"), IsEmpty());
}

TEST(SqlSplitter, LeavesSemicolonsInStringsAlone) {
  EXPECT_THAT(split("SELECT 'a;b';SELECT \"c;d\""), ElementsAre("SELECT 'a;b'", "SELECT \"c;d\""));
  EXPECT_THAT(split("SELECT 'it''s;';SELECT 2"), ElementsAre("SELECT 'it''s;'", "SELECT 2"));
  EXPECT_THAT(split("SELECT \"a\"\";b\";SELECT 2"), ElementsAre("SELECT \"a\"\";b\"", "SELECT 2"));
}

TEST(SqlSplitter, FollowsBackslashEscapesInStrings) {
  EXPECT_THAT(split(R"(SELECT 'a\';b';SELECT 2)"), ElementsAre(R"(SELECT 'a\';b')", "SELECT 2"));
  EXPECT_THAT(split(R"(SELECT 'a\\';SELECT 2)"), ElementsAre(R"(SELECT 'a\\')", "SELECT 2"));
  EXPECT_THAT(split(R"(SELECT "\";";SELECT 2)"), ElementsAre(R"(SELECT "\";")", "SELECT 2"));
}

TEST(SqlSplitter, TakesBackslashesInRawStringsAsTheyAre) {
  EXPECT_THAT(split(R"(SELECT r'\';SELECT 2)"), ElementsAre(R"(SELECT r'\')", "SELECT 2"));
  EXPECT_THAT(split(R"(SELECT R"C:\";SELECT 2)"), ElementsAre(R"(SELECT R"C:\")", "SELECT 2"));
}

TEST(SqlSplitter, TakesAnRAtTheEndOfAWordForNoRawString) {
  EXPECT_THAT(split(R"(SELECT char'\';';SELECT 2)"),
              ElementsAre(R"(SELECT char'\';')", "SELECT 2"));
}

TEST(SqlSplitter, LeavesSemicolonsInBackticksAlone) {
  EXPECT_THAT(split("SELECT `a;b`, `c``;d`;SELECT 2"),
              ElementsAre("SELECT `a;b`, `c``;d`", "SELECT 2"));
  EXPECT_THAT(split("SELECT `a\\`;SELECT 2"), ElementsAre("SELECT `a\\`", "SELECT 2"));
}

TEST(SqlSplitter, LeavesSemicolonsInCommentsAlone) {
  EXPECT_THAT(split("SELECT 1 -- one; two\n+ 1;SELECT 2"),
              ElementsAre("SELECT 1 -- one; two\n+ 1", "SELECT 2"));
  EXPECT_THAT(split("SELECT /* a;b */ 1;SELECT 2"), ElementsAre("SELECT /* a;b */ 1", "SELECT 2"));
}

TEST(SqlSplitter, NestsBlockComments) {
  EXPECT_THAT(split("SELECT /* a /* b; */ c; */ 1;SELECT 2"),
              ElementsAre("SELECT /* a /* b; */ c; */ 1", "SELECT 2"));
  EXPECT_THAT(split("/*/ ; */ SELECT 1;"), ElementsAre("/*/ ; */ SELECT 1"));
}

TEST(SqlSplitter, CarriesALineCommentOnBehindABackslash) {
  EXPECT_THAT(split("SELECT 1 -- a \\\n b;\n;SELECT 2"),
              ElementsAre("SELECT 1 -- a \\\n b;", "SELECT 2"));
}

TEST(SqlSplitter, KeepsCommentsInFrontOfAStatementWithIt) {
  EXPECT_THAT(split("/* job 7 */ SELECT 1; -- next\nSELECT 2"),
              ElementsAre("/* job 7 */ SELECT 1", "-- next\nSELECT 2"));
}

TEST(SqlSplitter, SeesQuotesInCommentsAndCommentsInQuotesForWhatTheyAre) {
  EXPECT_THAT(split("SELECT 1 -- it's\n;SELECT '--' , '/*';SELECT 3"),
              ElementsAre("SELECT 1 -- it's", "SELECT '--' , '/*'", "SELECT 3"));
}

TEST(SqlSplitter, TakesMinusAndSlashAsOperators) {
  EXPECT_THAT(split("SELECT 1 - -2 / 3;SELECT 4-"), ElementsAre("SELECT 1 - -2 / 3", "SELECT 4-"));
}

TEST(SqlSplitter, LeavesDollarQuotedBodiesAlone) {
  EXPECT_THAT(split("CREATE FUNCTION f() AS $$ a; b $ ; $$;SELECT 2"),
              ElementsAre("CREATE FUNCTION f() AS $$ a; b $ ; $$", "SELECT 2"));
  EXPECT_THAT(split("AS $py$ x = '$$;' $py$;SELECT 2"),
              ElementsAre("AS $py$ x = '$$;' $py$", "SELECT 2"));
}

TEST(SqlSplitter, TakesASingleDollarForNoBody) {
  EXPECT_THAT(split("SELECT ${x}; SELECT $y; SELECT a$b$c"),
              ElementsAre("SELECT ${x}", "SELECT $y", "SELECT a$b$c"));
}

TEST(SqlSplitter, GivesTheRestOfAnUnfinishedStringToTheServer) {
  EXPECT_THAT(split("SELECT 1; SELECT 'open; "), ElementsAre("SELECT 1", "SELECT 'open;"));
}

TEST(SqlSplitter, KeepsMultiByteCharacters) {
  EXPECT_THAT(split("SELECT 'Zürich; 東京'; SELECT '🛫'"),
              ElementsAre("SELECT 'Zürich; 東京'", "SELECT '🛫'"));
}

TEST(SqlSplitter, CountsTheLinesOfFirstWords) {
  SqlSplitter splitter;
  splitter.feed("SELECT\n1;\n\n-- comment\nSELECT 'a\nb';SELECT 3");

  EXPECT_EQ(splitter.next()->line, 1);
  EXPECT_EQ(splitter.next()->line, 5);
  EXPECT_EQ(splitter.finish()->line, 6);
}

TEST(SqlSplitter, StartsAgainAtLineOneAfterTheEnd) {
  SqlSplitter splitter;
  splitter.feed("SELECT 1\n\n");
  splitter.finish();
  splitter.feed("SELECT 2");

  EXPECT_EQ(splitter.finish()->line, 1);
}

TEST(SqlSplitter, TellsWhetherSomethingIsWaiting) {
  SqlSplitter splitter;
  EXPECT_TRUE(splitter.is_empty());

  splitter.feed("SELECT 1;\n");
  EXPECT_FALSE(splitter.is_empty());
  splitter.next();
  splitter.next();
  EXPECT_TRUE(splitter.is_empty());

  splitter.feed("/* open\n");
  splitter.next();
  EXPECT_FALSE(splitter.is_empty());
  splitter.clear();
  EXPECT_TRUE(splitter.is_empty());
}

TEST(SqlSplitter, HandsOutManyStatementsOfALongText) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "INSERT INTO t VALUES (" + std::to_string(i) + ");\n";
  SqlSplitter splitter;
  int count = 0;
  std::string last;
  for (std::size_t at = 0; at < text.size(); at += 4096) {
    splitter.feed(std::string_view(text).substr(at, 4096));
    while (auto statement = splitter.next()) {
      ++count;
      last = statement->text;
    }
  }

  EXPECT_EQ(count, 20'000);
  EXPECT_EQ(last, "INSERT INTO t VALUES (19999)");
}

TEST(OnlyReads, LooksAtTheFirstWordBehindComments) {
  for (const char* sql : {"SELECT 1", "select(1)", " -- INSERT\n/* a /* b */ c */ show tables",
                          "VALUES (1)", "DESC t", "/**/ EXPLAIN DELETE FROM t"}) {
    EXPECT_TRUE(only_reads(sql)) << sql;
  }
  for (const char* sql : {"", "INSERT INTO t SELECT 1", "WITH a AS (SELECT 1) INSERT INTO t FROM a",
                          "/* SELECT */ DELETE FROM t", "SELECTED", "-- SELECT", "/* SELECT"}) {
    EXPECT_FALSE(only_reads(sql)) << sql;
  }
}

TEST(OnOneLine, JoinsLinesBetweenWords) {
  EXPECT_EQ(on_one_line("SELECT 1,\n  'a b'\nFROM t;"), "SELECT 1,   'a b' FROM t;");
  EXPECT_EQ(on_one_line("SELECT '--';"), "SELECT '--';");
}

TEST(OnOneLine, RefusesWhereALineEndMeansSomething) {
  EXPECT_EQ(on_one_line("SELECT 'a\nb'"), std::nullopt);
  EXPECT_EQ(on_one_line("SELECT 1 -- one\n, 2"), std::nullopt);
  EXPECT_EQ(on_one_line("SELECT '\\'' \n, 2"), std::nullopt);
  EXPECT_EQ(on_one_line("AS $$\nx\n$$"), std::nullopt);
}

}  // namespace
}  // namespace dbsql::cli
