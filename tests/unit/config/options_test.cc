#include "config/options.h"

#include "base/text.h"
#include "config/option_names.h"
#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace dbsql::config {
namespace {

using test::capture_error;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr Dialect kDialects[] = {Dialect::Canonical, Dialect::Go,      Dialect::Jdbc,
                                 Dialect::Odbc,      Dialect::Profile, Dialect::Environment};

TEST(OptionTable, NamesEveryOptionOnceAndExplainsIt) {
  std::set<std::string> keys;
  for (const Option& option : options()) {
    EXPECT_TRUE(keys.insert(std::string(option.key)).second) << option.key;
    EXPECT_EQ(base::to_lower(option.key), option.key);
    EXPECT_FALSE(option.help.empty()) << option.key;
    EXPECT_NE(option.store, nullptr) << option.key;
  }
}

TEST(OptionTable, HasNoNameTwiceInADialect) {
  for (const Dialect dialect : kDialects) {
    std::map<std::string, std::string_view> names;
    for (const Option& option : options()) {
      if (dialect != Dialect::Environment) names.emplace(option.key, option.key);
      for (const OptionName& name : names_in(dialect, option)) {
        const std::string text = dialect == Dialect::Go || dialect == Dialect::Environment
                                     ? std::string(name.name)
                                     : base::to_lower(name.name);
        const auto [known, is_new] = names.emplace(text, option.key);
        EXPECT_TRUE(is_new || known->second == option.key) << text;
      }
    }
  }
}

// What a switch of another driver stands for must be a value of the option.
TEST(OptionTable, HasSwitchesThatStandForValues) {
  for (const Dialect dialect : kDialects) {
    for (const Option& option : options()) {
      for (const OptionName& name : names_in(dialect, option)) {
        if (!name.is_switch) continue;
        EXPECT_FALSE(name.when_on.empty() && name.when_off.empty()) << name.name;
        if (!name.when_on.empty()) parse_value(option, name.name, name.when_on);
        if (!name.when_off.empty()) parse_value(option, name.name, name.when_off);
      }
    }
  }
}

// The help text must not lie: what it calls the default is the default.
TEST(OptionTable, StatesTheDefaultsOfTheConfiguration) {
  const ConnectionConfig defaults;
  for (const Option& option : options()) {
    if (option.text == nullptr) continue;
    EXPECT_EQ(option.text(defaults), option.fallback) << option.key;
  }
}

TEST(OptionTable, ReadsBackTheTextOfEachOption) {
  const ConnectionConfig defaults;
  for (const Option& option : options()) {
    if (option.text == nullptr || option.fallback.empty()) continue;
    ConnectionConfig config;
    option.store(config, parse_value(option, option.key, option.fallback));
    EXPECT_EQ(config, defaults) << option.key;
  }
}

const Option* go_option(std::string_view name) {
  const auto found = find_name(Dialect::Go, name);
  return found ? found->option : nullptr;
}

TEST(OptionTable, FindsCanonicalNamesInAnyCaseAndGoNamesInTheirOwn) {
  EXPECT_EQ(find_option("Retry.Max_Attempts")->key, "retry.max_attempts");
  EXPECT_EQ(go_option("maxRows")->key, "result.max_rows_per_fetch");
  EXPECT_EQ(go_option("clientID"), go_option("clientId"));
  EXPECT_EQ(go_option("maxrows"), nullptr);
  EXPECT_EQ(go_option(""), nullptr);
  EXPECT_EQ(find_option("maxRows"), nullptr);
}

TEST(OptionTable, FindsTheNamesOfEachDialect) {
  const auto key = [](Dialect dialect, std::string_view name) {
    const auto found = find_name(dialect, name);
    return found ? found->option->key : "none";
  };

  EXPECT_EQ(key(Dialect::Canonical, "Access_Token"), "auth.token");
  EXPECT_EQ(key(Dialect::Canonical, "databricks.http_path"), "http_path");
  EXPECT_EQ(key(Dialect::Jdbc, "oauth2secret"), "auth.client_secret");
  EXPECT_EQ(key(Dialect::Odbc, "AUTH_CLIENT_SECRET"), "auth.client_secret");
  EXPECT_EQ(key(Dialect::Odbc, "accessToken"), "none");
  EXPECT_EQ(key(Dialect::Profile, "workspace_id"), "org_id");
  EXPECT_EQ(key(Dialect::Environment, "DATABRICKS_TOKEN"), "auth.token");
  EXPECT_EQ(key(Dialect::Environment, "databricks_token"), "none");
  EXPECT_EQ(key(Dialect::Environment, "catalog"), "none");
}

TEST(OptionTable, ReadsBareNumbersInTheUnitOfTheirName) {  // rule 5
  const auto milliseconds = [](std::string_view name, std::string_view text) {
    const auto found = find_name(Dialect::Canonical, name);
    return parse_value(*found->option, name, *canonical_value(*found, text)).number;
  };

  EXPECT_EQ(milliseconds("retry.wait_min", "5"), 5000);
  EXPECT_EQ(milliseconds("retryDelayMin", "5"), 5);
  EXPECT_EQ(milliseconds("retryDelayMin", "5s"), 5000);
}

TEST(OptionTable, KnowsTheNamesOfSecretsHoweverTheyAreSpelled) {
  for (const char* name : {"accessToken", "ACCESS_TOKEN", "auth-client-secret", "pwd",
                           "OAuth2Secret", "Auth_RefreshToken", "arm_client_secret"}) {
    EXPECT_TRUE(is_name_of_secret(name)) << name;
  }
  EXPECT_FALSE(is_name_of_secret("ansi_mode"));
}

TEST(OptionValue, NamesOptionValueAndRangeInAnError) {
  const Option& option = *find_option("retry.max_attempts");

  for (const char* text : {"0", "-1", "101", "9999999999999999999"}) {
    const Error error = capture_error([&] { parse_value(option, "retry.max_attempts", text); });
    EXPECT_EQ(error.kind(), ErrorKind::Configuration);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("retry.max_attempts"), HasSubstr(text))) << text;
  }
  EXPECT_EQ(parse_value(option, "x", "1").number, 1);
}

TEST(OptionValue, ListsTheWordsOfAChoice) {
  const Option& option = *find_option("tls.verify");

  EXPECT_EQ(parse_value(option, "tls.verify", "FULL").text, "full");
  const Error error = capture_error([&] { parse_value(option, "tls.verify", "sometimes"); });
  EXPECT_THAT(error.message(), HasSubstr("full ca none"));
}

TEST(OptionValue, NeverShowsASecret) {
  Option option = *find_option("retry.max_attempts");
  option.secret = true;

  const Error error = capture_error([&] { parse_value(option, "x", "hidden-value"); });

  EXPECT_THAT(error.message(), Not(HasSubstr("hidden-value")));
}

ConnectionConfig valid() {
  ConnectionConfig config;
  config.host = "ws.example";
  config.http_path = "/sql/1.0/warehouses/abc";
  config.token = "dapi1";
  return config;
}

std::string message_of(ConnectionConfig config) {
  return capture_error([&] { complete(config); }).message();
}

TEST(CompleteConfiguration, PutsThePathIntoItsUsualForm) {
  for (const char* path : {"sql/p", "/sql/p", "/sql/p/", "  /sql/p// "}) {
    ConnectionConfig config = valid();
    config.http_path = path;
    complete(config);
    EXPECT_EQ(config.http_path, "/sql/p") << path;
  }
}

TEST(CompleteConfiguration, KeepsTheQueryOfThePath) {
  ConnectionConfig config = valid();
  config.http_path = "/sql/p?o=42";
  complete(config);
  EXPECT_EQ(config.http_path, "/sql/p?o=42");
}

TEST(CompleteConfiguration, RefusesTokensThatAreNone) {  // case C34
  for (const std::string& token :
       {std::string("  "), std::string("null"), std::string("Undefined"),
        std::string("abc\r\nX: y"), std::string("a\0b", 3), std::string("a b")}) {
    ConnectionConfig config = valid();
    config.token = token;
    const std::string message = message_of(config);
    EXPECT_THAT(message, HasSubstr("token"));
    EXPECT_THAT(message, Not(HasSubstr("X: y")));
  }
}

TEST(CompleteConfiguration, RefusesToSendNothingToARealServer) {
  ConnectionConfig config = valid();
  config.token.clear();

  EXPECT_THAT(message_of(config), HasSubstr("no credentials"));
  config.auth_type = AuthType::None;
  EXPECT_THAT(message_of(config), HasSubstr("this machine"));
}

TEST(CompleteConfiguration, NeedsNoTokenForThisMachine) {
  ConnectionConfig config = valid();
  config.token.clear();
  config.host = "127.0.0.1";

  complete(config);

  EXPECT_EQ(config.auth_type, AuthType::None);
}

TEST(CompleteConfiguration, RefusesPlainHttpToOtherMachines) {
  ConnectionConfig config = valid();
  config.scheme = "http";

  EXPECT_THAT(message_of(config), HasSubstr("plain http"));
}

TEST(CompleteConfiguration, RefusesWaitsInTheWrongOrder) {
  ConnectionConfig config = valid();
  config.retry.wait_min = config.retry.wait_max + std::chrono::milliseconds(1);

  EXPECT_THAT(message_of(config), HasSubstr("retry.wait_min"));
}

}  // namespace
}  // namespace dbsql::config
