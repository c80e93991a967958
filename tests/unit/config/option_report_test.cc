#include "config/connection_text.h"
#include "config/option_help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace dbsql::config {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

TEST(OptionReport, SaysWhereEachValueCameFrom) {
  OptionSet set = read_connection_text("token:s3cret@h:443/p?maxRows=5&foo=1");
  OptionSet lower;
  lower.set_key("catalog", "main", "profile dev of cfg");
  lower.set_key("host", "other", "profile dev of cfg");
  set.fill_from(lower);
  set.set_key("schema", "a", "DSN");
  set.set_key("schema", "b", "with_schema()", Repeat::Replace);

  const auto lines = set.report();

  EXPECT_THAT(lines, Contains("host = h  (DSN; not from profile dev of cfg)"));
  EXPECT_THAT(lines, Contains("catalog = main  (profile dev of cfg)"));
  EXPECT_THAT(lines, Contains("schema = b  (with_schema(); not from DSN)"));
  EXPECT_THAT(lines, Contains("result.max_rows_per_fetch = 5  (DSN: maxRows)"));
  EXPECT_THAT(lines, Contains("session.foo = 1  (DSN)"));
  EXPECT_THAT(lines, Contains("retry.max_attempts = 6  (default)"));
  EXPECT_THAT(lines, Contains("auth.token = ***  (DSN: user info)"));
  EXPECT_THAT(lines, Each(Not(HasSubstr("s3cret"))));
}

TEST(OptionReport, MasksHeadersAndWhatLooksLikeAToken) {
  OptionSet set;
  set.set_header("X-Key", "s3cret", "map");
  set.set_session("a", "dapi0123456789abcdef0123456789abcdef", "map");

  EXPECT_THAT(set.report(), Contains("http.header.X-Key = ***  (map)"));
  EXPECT_THAT(set.report(), Each(Not(HasSubstr("dapi0123456789abcdef"))));
}

TEST(OptionReport, MasksSessionOptionsThatAreNamedLikeSecrets) {
  OptionSet set;
  set.set_session("spark.hadoop.fs.azure.account.key.a.dfs.core.windows.net", "hunter2", "map");
  set.set_session("spark.sql.shuffle.partitions", "7", "map");

  EXPECT_THAT(set.report(), Each(Not(HasSubstr("hunter2"))));
  EXPECT_THAT(set.report(), Contains("session.spark.sql.shuffle.partitions = 7  (map)"));
}

TEST(OptionHelp, HasEveryOptionInLinesThatFitATerminal) {
  const std::string help = option_help();
  for (const Option& option : options()) EXPECT_THAT(help, HasSubstr(option.key));
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

// The page is made from the table; DBSQL_REWRITE_DOCS=1 writes it anew.
TEST(OptionPage, IsWhatTheTableSays) {
  const std::string path = DBSQL_SOURCE_FOLDER "/docs/options.md";
  if (const char* rewrite = std::getenv("DBSQL_REWRITE_DOCS"); rewrite != nullptr) {
    std::ofstream(path) << option_page();
  }
  std::ifstream file(path);
  std::ostringstream page;
  page << file.rdbuf();

  EXPECT_EQ(page.str(), option_page()) << "run this test with DBSQL_REWRITE_DOCS=1";
}

}  // namespace
}  // namespace dbsql::config
