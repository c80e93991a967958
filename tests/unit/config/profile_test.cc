#include "config/environment.h"
#include "config/profile_file.h"
#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace dbsql::config {
namespace {

using test::capture_error;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

OptionSet profile(std::string_view text, std::string_view name = {}) {
  return profile_options(text, "cfg", name);
}

TEST(Profile, GivesItsOptions) {
  const auto set = profile(
      "; a comment\r\n[DEFAULT]\nhost = https://a.example/\n[dev]\nhost=https://b.example\n"
      "token: dapi2\nwarehouse_id = abc\njobs-api-version = 2.1\n",
      "dev");

  const auto config = set.build();
  EXPECT_EQ(config.host, "b.example");
  EXPECT_EQ(config.token, "dapi2");
  EXPECT_EQ(config.http_path, "/sql/1.0/warehouses/abc");
}

TEST(Profile, TellsCommentsFromTokens) {  // case C38
  EXPECT_EQ(profile("token = dapi#1 # note").value("auth.token"), "dapi#1");
  EXPECT_EQ(profile("token = \"dapi #1\" # note").value("auth.token"), "dapi #1");
  EXPECT_EQ(profile("token = # note").value("auth.token"), "");
}

TEST(Profile, UsesTheOneThatTheSettingsName) {  // case C41
  const auto set =
      profile("[DEFAULT]\nhost = a\n[__settings__]\ndefault_profile = dev\n[dev]\nhost = b\n");

  EXPECT_EQ(set.value("host"), "b");
  EXPECT_THAT(capture_error([] { profile("[__settings__]\nx = 1", "__settings__"); }).message(),
              HasSubstr("not a profile"));
}

TEST(Profile, SaysWhichOneIsMissing) {  // case C36
  EXPECT_THAT(capture_error([] { profile("[prod]\nhost = h", "dev"); }).message(),
              AllOf(HasSubstr("dev"), HasSubstr("cfg")));
  EXPECT_THAT(capture_error([] { read_profile("/nonexistent/cfg", "dev"); }).message(),
              AllOf(HasSubstr("dev"), HasSubstr("/nonexistent/cfg")));
}

TEST(Profile, NeedsNoDefault) {  // case C37
  EXPECT_FALSE(profile("[prod]\nhost = h\n").has("host"));
  EXPECT_FALSE(read_profile("/nonexistent/cfg", "").has("host"));
}

TEST(Profile, InheritsWhatItLeavesOut) {
  const auto set = profile("[DEFAULT]\nhost = h\ncatalog = main\n[dev]\ntoken = x\n", "dev");

  EXPECT_EQ(set.value("host"), "h");
  EXPECT_EQ(set.value("catalog"), "main");
}

// A token must not reach a host that it is not for.
TEST(Profile, InheritsNeitherCredentialsNorWarehouseForAHostOfItsOwn) {
  const auto set = profile(
      "[DEFAULT]\nhost = a\ntoken = dapi1\nwarehouse_id = w\ncatalog = main\n[dev]\nhost = b\n",
      "dev");

  EXPECT_FALSE(set.has("auth.token"));
  EXPECT_FALSE(set.has("warehouse_id"));
  EXPECT_EQ(set.value("catalog"), "main");
}

TEST(Profile, DoesNotMixCredentials) {
  const auto set = profile(
      "[DEFAULT]\nhost = a\ntoken = dapi1\n[dev]\nclient_id = i\nclient_secret = s\n", "dev");

  EXPECT_FALSE(set.has("auth.token"));
  EXPECT_EQ(set.value("auth.client_id"), "i");
}

TEST(Profile, NamesTheLineThatIsWrongAndNotItsText) {
  const auto message = capture_error([] { profile("[a]\nhost = h\ns3cret\n"); }).message();

  EXPECT_THAT(message, AllOf(HasSubstr("cfg: line 3"), Not(HasSubstr("s3cret"))));
  EXPECT_THAT(capture_error([] { profile("[a"); }).message(), HasSubstr("line 1"));
}

class Resolved : public testing::Test {
 protected:
  Resolved() {
    std::filesystem::create_directories(home_);
    variables_["HOME"] = home_;
  }
  ~Resolved() override { std::filesystem::remove_all(home_); }

  void write_profiles(std::string_view text) { std::ofstream(home_ + "/.databrickscfg") << text; }

  Environment environment() {
    return [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables_.find(std::string(name));
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
  }

  OptionSet resolved(std::initializer_list<std::pair<const char*, const char*>> given) {
    OptionSet set;
    for (const auto& [key, value] : given) set.set_known(Dialect::Canonical, key, value, "map");
    resolve(set, environment());
    return set;
  }

  std::string home_ =
      testing::TempDir() + "dbsql-" + testing::UnitTest::GetInstance()->current_test_info()->name();
  std::map<std::string, std::string> variables_;
};

TEST_F(Resolved, ReadsNothingThatWasNotAskedFor) {
  variables_["DATABRICKS_HOST"] = "env.example";
  write_profiles("[DEFAULT]\nhost = file.example\n");

  EXPECT_FALSE(resolved({{"catalog", "main"}}).has("host"));
}

TEST_F(Resolved, PrefersTheEnvironmentToTheFile) {
  variables_["DATABRICKS_HOST"] = "env.example";
  variables_["DATABRICKS_CONFIG_PROFILE"] = "dev";
  write_profiles("[dev]\nhost = file.example\ntoken = dapi1\nwarehouse_id = abc\n");

  const auto set = resolved({{"auth.type", "unified"}});

  EXPECT_EQ(set.value("host"), "env.example");
  EXPECT_EQ(set.value("auth.token"), "dapi1");
  EXPECT_EQ(set.build().auth_type, AuthType::Token);
  EXPECT_THAT(set.find("host")->hidden, testing::ElementsAre(HasSubstr("profile dev of ")));
}

TEST_F(Resolved, LeavesTheFileAloneWhenThereIsSomethingToConnectWith) {
  variables_["DATABRICKS_TOKEN"] = "dapi1";
  write_profiles("[DEFAULT]\nhost = file.example\n");

  EXPECT_FALSE(resolved({{"auth.type", "unified"}}).has("host"));
}

TEST_F(Resolved, UsesTheFileWhenNothingElseIsThere) {
  write_profiles("[DEFAULT]\nhost = file.example\n");

  EXPECT_EQ(resolved({{"auth.type", "unified"}}).value("host"), "file.example");
}

TEST_F(Resolved, LeavesTheIdOfAWorkloadIdentityToTheChain) {
  variables_ = {
      {"DATABRICKS_HOST", "h"}, {"DATABRICKS_WAREHOUSE_ID", "w"}, {"DATABRICKS_CLIENT_ID", "i"}};

  const auto config = resolved({{"auth.type", "unified"}}).build();
  EXPECT_EQ(config.auth_type, AuthType::Unified);
  EXPECT_EQ(config.auth.client_id, "i");

  variables_["DATABRICKS_CLIENT_SECRET"] = "s";
  EXPECT_EQ(resolved({{"auth.type", "unified"}}).build().auth_type, AuthType::OauthM2m);
}

TEST_F(Resolved, RefusesTwoWaysToAuthenticate) {  // case C39
  variables_ = {{"DATABRICKS_HOST", "h"},
                {"DATABRICKS_WAREHOUSE_ID", "w"},
                {"DATABRICKS_TOKEN", "dapi1"},
                {"DATABRICKS_CLIENT_ID", "i"},
                {"DATABRICKS_CLIENT_SECRET", "s"}};

  const auto set = resolved({{"auth.type", "unified"}});
  EXPECT_THAT(capture_error([&] { set.build(); }).message(),
              AllOf(HasSubstr("pat and oauth-m2m"), Not(HasSubstr("dapi1"))));

  variables_["DATABRICKS_AUTH_TYPE"] = "pat";
  EXPECT_EQ(resolved({{"auth.type", "unified"}}).build().auth_type, AuthType::Token);
}

TEST_F(Resolved, KeepsWhatIsGivenAndFillsTheRest) {  // case C40
  write_profiles("[dev]\nhost = file.example\ntoken = dapi1\nwarehouse_id = abc\n");

  const auto config =
      resolved({{"host", "mine.example"}, {"profile", "dev"}, {"http_path", "/p"}}).build();

  EXPECT_EQ(config.host, "mine.example");
  EXPECT_EQ(config.token, "dapi1");
  EXPECT_EQ(config.http_path, "/p");
}

TEST_F(Resolved, LeavesTheMethodOpenWhenNothingSaysIt) {
  write_profiles("[dev]\nhost = file.example\nwarehouse_id = abc\n");

  EXPECT_EQ(resolved({{"profile", "dev"}}).build().auth_type, AuthType::Unified);
}

TEST_F(Resolved, FindsTheFileWhereItIsSaidToBe) {
  std::ofstream(home_ + "/other.cfg") << "[dev]\nhost = other.example\n";
  variables_["DATABRICKS_CONFIG_FILE"] = "~/other.cfg";

  EXPECT_EQ(resolved({{"profile", "dev"}}).value("host"), "other.example");
  EXPECT_EQ(from_profile("dev", "", environment()).value("host"), "other.example");
}

TEST_F(Resolved, HidesNothingWhenItIsDoneTwice) {
  write_profiles("[dev]\nhost = file.example\n");
  OptionSet set = resolved({{"profile", "dev"}});

  resolve(set, environment());

  EXPECT_THAT(set.find("host")->hidden, testing::IsEmpty());
}

TEST_F(Resolved, NamesTheVariableThatIsWrong) {
  variables_["DATABRICKS_CONFIG_PROFILE"] = "";
  variables_["ARM_USE_MSI"] = "perhaps";

  EXPECT_THAT(capture_error([&] { read_environment(environment()); }).message(),
              HasSubstr("ARM_USE_MSI"));
}

}  // namespace
}  // namespace dbsql::config
