#include <dbsql/quote.h>

#include <gtest/gtest.h>

#include <string>

namespace dbsql {
namespace {

TEST(Quote, EscapesWhatWouldEndALiteral) {
  EXPECT_EQ(quote_string("it's"), R"('it\'s')");
  EXPECT_EQ(quote_string(R"(a\)"), R"('a\\')");
  EXPECT_EQ(quote_string(R"(\' OR 1=1 --)"), R"('\\\' OR 1=1 --')");
  EXPECT_EQ(quote_string(""), "''");
  EXPECT_EQ(quote_string(std::string("a\0b", 3)), R"('a\u0000b')");
}

TEST(Quote, DoublesBackticksInIdentifiers) {
  EXPECT_EQ(quote_identifier("plain"), "`plain`");
  EXPECT_EQ(quote_identifier("odd`name"), "`odd``name`");
}

}  // namespace
}  // namespace dbsql
