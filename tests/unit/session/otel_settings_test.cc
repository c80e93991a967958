#include "session/otel_settings.h"

#include "config/connection_text.h"
#include "session/operation_name.h"
#include "support/capture_error.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

namespace dbsql::session {
namespace {

using test::capture_error;

using Variables = std::map<std::string, std::string, std::less<>>;

std::optional<otel::ExporterSettings> settings(config::OtelOptions options,
                                               Variables variables = {}) {
  config::ConnectionConfig config;
  config.host = "h.example.com";
  config.token = "dapi-secret";
  config.otel = std::move(options);
  return otel_settings_of(
      config,
      [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end()) return std::nullopt;
        return found->second;
      });
}

const Variables kStandard = {{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example.com/otlp/"},
                             {"OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b, x-other=2"},
                             {"OTEL_SERVICE_NAME", "shop"}};

TEST(OtelSettings, AreNoneUnlessAnOptionSaysSo) {
  EXPECT_FALSE(settings({}));
  EXPECT_FALSE(settings({}, kStandard)) << "the environment alone does not switch it on";
  EXPECT_FALSE(settings({.enabled = false, .endpoint = "http://localhost:4318"}));
}

TEST(OtelSettings, TakeTheStandardVariablesOnceSwitchedOn) {
  const auto on = settings({.enabled = true}, kStandard);

  ASSERT_TRUE(on);
  EXPECT_EQ(on->endpoint, "https://collector.example.com/otlp");
  EXPECT_EQ(http::find_header(on->headers, "x-key"), "a b");
  EXPECT_EQ(http::find_header(on->headers, "x-other"), "2");
  EXPECT_EQ(on->service_name, "shop");
}

TEST(OtelSettings, PreferTheOptions) {
  const auto on = settings(
      {.endpoint = "http://127.0.0.1:4318", .headers = "x-key=mine", .service_name = "own"},
      kStandard);

  ASSERT_TRUE(on);
  EXPECT_EQ(on->endpoint, "http://127.0.0.1:4318");
  EXPECT_EQ(http::find_header(on->headers, "x-key"), "mine");
  EXPECT_EQ(on->service_name, "own");
}

TEST(OtelSettings, GoToThisMachineAndUnderTheProgramsNameByThemselves) {
  const auto on = settings({.enabled = true});

  ASSERT_TRUE(on);
  EXPECT_EQ(on->endpoint, "http://localhost:4318");
  EXPECT_NE(on->service_name.find("unit_session_test"), std::string::npos);
}

TEST(OtelSettings, CanBeForbiddenForAWholeMachine) {
  EXPECT_FALSE(settings({.enabled = true}, {{"OTEL_SDK_DISABLED", "true"}}));
}

TEST(OtelSettings, RefuseWhatCannotBeUsedAndNeverShowASecret) {
  for (const char* endpoint :
       {"localhost:4318", "ftp://x", "http://user:secret@x", "http://x?key=secret"}) {
    const Error error = capture_error([&] { settings({.endpoint = endpoint}); });
    EXPECT_EQ(error.kind(), ErrorKind::Configuration) << endpoint;
    EXPECT_EQ(error.message().find("secret"), std::string::npos);
  }
  for (const char* headers : {"secret", "a b=secret", "x=secret%0d%0aEvil: 1", "x=secret%4"}) {
    const Error error = capture_error([&] { settings({.enabled = true, .headers = headers}); });
    EXPECT_EQ(error.kind(), ErrorKind::Configuration) << headers;
    EXPECT_EQ(std::string(error.message()).find("secret"), std::string::npos) << headers;
  }
}

TEST(OperationName, IsTheFirstWordOrNothingOfTheStatement) {
  EXPECT_EQ(operation_name_of("select 1"), "SELECT");
  EXPECT_EQ(operation_name_of("  -- a remark\n ( (SELECT 1)"), "SELECT");
  EXPECT_EQ(operation_name_of("Merge INTO t"), "MERGE");
  EXPECT_EQ(operation_name_of("secret_procedure()"), "OTHER");
  EXPECT_EQ(operation_name_of(""), "OTHER");
  EXPECT_EQ(operation_name_of("'text'"), "OTHER");
}

}  // namespace
}  // namespace dbsql::session
