#include "telemetry/tags_page.h"

#include "telemetry/tags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace dbsql::telemetry {
namespace {

constexpr std::string_view kBegin = "<!-- fields: from src/telemetry/tags.cc -->\n";
constexpr std::string_view kEnd = "\n<!-- end of fields -->";

std::string read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The tables are made from the allow-list; DBSQL_REWRITE_DOCS=1 writes them anew.
TEST(TelemetryPage, ListsWhatTheTableAllows) {
  const std::string path = DBSQL_SOURCE_FOLDER "/docs/telemetry.md";
  std::string page = read(path);
  const auto begin = page.find(kBegin);
  const auto end = page.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const auto at = begin + kBegin.size();
  if (std::getenv("DBSQL_REWRITE_DOCS") != nullptr) {
    std::ofstream(path) << page.substr(0, at) << tags_page() << page.substr(end);
    page = read(path);
  }

  EXPECT_EQ(page.substr(at, page.find(kEnd) - at), tags_page())
      << "run this test with DBSQL_REWRITE_DOCS=1";
}

TEST(TelemetryPage, LeavesNoFactOut) {
  for (const TagRow& row : tags())
    EXPECT_THAT(tags_page(), testing::HasSubstr("| " + std::string(row.name) + " |")) << row.name;
}

}  // namespace
}  // namespace dbsql::telemetry
