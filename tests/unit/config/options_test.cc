#include "config/options.h"

#include "base/text.h"
#include "support/capture_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace dbsql::config {
namespace {

using test::capture_error;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(OptionTable, NamesEveryOptionOnceAndExplainsIt) {
  std::set<std::string> names;
  for (const Option& option : options()) {
    EXPECT_TRUE(names.insert(std::string(option.key)).second) << option.key;
    EXPECT_EQ(base::to_lower(option.key), option.key);
    EXPECT_FALSE(option.help.empty()) << option.key;
    EXPECT_NE(option.store, nullptr) << option.key;
    for (const auto name : base::split(option.go_names, ' ')) {
      if (name.empty() || name == option.key) continue;
      EXPECT_TRUE(names.insert(std::string(name)).second) << name;
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

TEST(OptionTable, FindsCanonicalNamesInAnyCaseAndGoNamesInTheirOwn) {
  EXPECT_EQ(find_option("Retry.Max_Attempts")->key, "retry.max_attempts");
  EXPECT_EQ(find_go_option("maxRows")->key, "result.max_rows_per_fetch");
  EXPECT_EQ(find_go_option("clientID"), find_go_option("clientId"));
  EXPECT_EQ(find_go_option("maxrows"), nullptr);
  EXPECT_EQ(find_go_option(""), nullptr);
  EXPECT_EQ(find_option("maxRows"), nullptr);
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
