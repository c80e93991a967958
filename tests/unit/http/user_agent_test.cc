#include "http/user_agent.h"

#include <dbsql/version.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::http {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

TEST(UserAgent, NamesDriverPlatformAndFace) {
  EXPECT_THAT(user_agent(""),
              MatchesRegex("DatabricksSqlCpp/[0-9.]+ platform/[a-z]+-[A-Za-z0-9_]+ api/cpp"));
  EXPECT_THAT(user_agent("", "odbc"), HasSubstr("api/odbc"));
  EXPECT_THAT(user_agent(""), HasSubstr(std::string(version())));
}

TEST(UserAgent, ShowsTheProgramsEntry) {  // case H30
  EXPECT_THAT(user_agent("acme+tool/1.2"), HasSubstr(" (acme+tool/1.2) "));
}

TEST(UserAgent, TakesNothingThatCouldEndTheEntryOrTheHeader) {
  const std::string text = user_agent("a(b)c\r\nX-Evil: 1\x01\x7f\xc3");

  EXPECT_THAT(text, AllOf(HasSubstr("(abcX-Evil: 1)"), Not(HasSubstr("\r")), Not(HasSubstr("\n"))));
}

TEST(UserAgent, CutsALongEntry) { EXPECT_LT(user_agent(std::string(5000, 'x')).size(), 400u); }

TEST(UserAgent, ShowsNoParenthesesForABlankEntry) {
  EXPECT_THAT(user_agent("  ()\t"), Not(HasSubstr("(")));
}

TEST(UserAgent, HidesWhatLooksLikeAToken) {  // case H31
  for (const char* entry : {"dapi123", "dkea1", "DSKEA2", "dsapi3", "dose4"}) {
    EXPECT_THAT(user_agent(entry), AllOf(HasSubstr("(redacted)"), Not(HasSubstr(entry)))) << entry;
  }
}

std::string agent_with(std::map<std::string, std::string, std::less<>> values) {
  return user_agent("", "cpp", [&](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  });
}

TEST(UserAgent, NamesTheProgramThatDrivesThisOne) {  // case H32
  EXPECT_THAT(agent_with({{"CLAUDECODE", "1"}}), EndsWith(" agent/claude-code"));
  EXPECT_THAT(agent_with({{"GEMINI_CLI", "yes"}}), EndsWith(" agent/gemini-cli"));
}

TEST(UserAgent, NamesNobodyWhenNobodyOrMoreThanOneDrivesThisOne) {  // case H32
  EXPECT_THAT(agent_with({}), EndsWith(" api/cpp"));
  EXPECT_THAT(agent_with({{"CLAUDECODE", ""}}), EndsWith(" api/cpp"));
  EXPECT_THAT(agent_with({{"CLAUDECODE", "1"}, {"CURSOR_AGENT", "1"}}), EndsWith(" api/cpp"));
  EXPECT_THAT(agent_with({{"CLAUDECODE", ""}, {"CURSOR_AGENT", "1"}}), EndsWith(" agent/cursor"));
}

TEST(UserAgent, DoesNotLookForOtherProgramsWhenToldNotTo) {
  EXPECT_THAT(agent_with({{"CLAUDECODE", "1"}, {"DATABRICKS_DISABLE_AGENT_DETECTION", "1"}}),
              EndsWith(" api/cpp"));
}

}  // namespace
}  // namespace dbsql::http
