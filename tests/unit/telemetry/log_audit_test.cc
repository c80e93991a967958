#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

namespace dbsql::telemetry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Lines of the module that log above debug, with the name of their file.
std::vector<std::string> loud_lines(const std::filesystem::path& folder) {
  const std::regex loud("LogLevel::(Info|Warn|Error)");
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (std::regex_search(line, loud))
        found.push_back(entry.path().filename().string() + ": " + line);
    }
  }
  return found;
}

/// Whoever does not look for it never reads of telemetry, whatever becomes of it. The one exception
/// is a variable of the environment that forbids nothing although it may have been meant to.
TEST(TelemetrySources, LogNothingAboveDebugButOneWarning) {
  const std::filesystem::path source(DBSQL_SOURCE_FOLDER);

  EXPECT_THAT(loud_lines(source / "src" / "telemetry"),
              ElementsAre(HasSubstr("telemetry_config.cc")));
}

}  // namespace
}  // namespace dbsql::telemetry
