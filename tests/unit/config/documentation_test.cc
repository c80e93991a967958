#include "config/connection_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace dbsql::config {
namespace {

/// The lines of a page's code blocks that are connections, their placeholders filled in.
std::vector<std::string> connections_of(const std::filesystem::path& page) {
  std::ifstream file(page);
  std::vector<std::string> found;
  bool is_code = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      is_code = !is_code;
      continue;
    }
    static const std::regex form("(token:|databricks://|jdbc:databricks:|Host=).*");
    if (!is_code || !std::regex_match(line, form)) continue;
    line = std::regex_replace(line, std::regex("<[^>]*>"), "x");
    found.push_back(std::regex_replace(line, std::regex("\\.\\.\\.|…"), "x"));
  }
  return found;
}

TEST(Documentation, ShowsConnectionsThatCanBeCopied) {
  std::size_t count = 0;
  for (const auto& page :
       std::filesystem::directory_iterator(std::string(DBSQL_SOURCE_FOLDER) + "/docs")) {
    if (page.path().extension() != ".md") continue;
    for (const std::string& text : connections_of(page.path())) {
      ++count;
      EXPECT_NO_THROW(read_connection_text(text).build()) << page.path().filename() << ": " << text;
    }
  }
  EXPECT_GT(count, 20U);
}

}  // namespace
}  // namespace dbsql::config
