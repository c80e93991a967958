#include "config/connection_config.h"
#include "config/dsn.h"
#include "config/environment.h"
#include "config/jdbc_url.h"
#include "config/odbc_string.h"
#include "config/option_set.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

namespace dbsql::config {
namespace {

constexpr const char* kHost = "token:dapi0123456789@h:443/sql/1.0/warehouses/abc";

Environment environment_of(std::map<std::string, std::string, std::less<>> variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TelemetryOptions from_map(const std::map<std::string, std::string>& options) {
  OptionSet set = read_dsn(kHost);
  for (const auto& [name, value] : options) set.set_known(Dialect::Canonical, name, value, "map");
  return set.build().telemetry;
}

TEST(TelemetryOptions, MeanTheSameInEveryDialect) {
  TelemetryOptions expected;
  expected.enabled = true;
  expected.batch_size = 50;
  expected.flush_interval = std::chrono::milliseconds(2500);
  expected.breaker_enabled = false;

  EXPECT_EQ(from_map({{"telemetry.enabled", "yes"},
                      {"telemetry.batch_size", "50"},
                      {"telemetry.flush_interval", "2.5s"},
                      {"telemetry.breaker", "off"}}),
            expected);
  EXPECT_EQ(from_map({{"adbc.databricks.telemetry.enabled", "true"},
                      {"adbc.databricks.telemetry.batch_size", "50"},
                      {"adbc.databricks.telemetry.flush_interval_ms", "2500"},
                      {"adbc.databricks.telemetry.circuit_breaker_enabled", "false"}}),
            expected);
  EXPECT_EQ(read_odbc_string(
                "Driver=x;Host=h;HTTPPath=/sql/1.0/warehouses/abc;AuthMech=3;UID=token;PWD=dapi1;"
                "EnableTelemetry=1;TelemetryBatchSize=50;telemetryflushinterval=2500;"
                "TelemetryCircuitBreakerEnabled=0")
                .build()
                .telemetry,
            expected);
  EXPECT_EQ(
      read_jdbc_url("jdbc:databricks://h:443;httpPath=/sql/1.0/warehouses/abc;AuthMech=3;UID=token;"
                    "PWD=dapi1;EnableTelemetry=1;TelemetryBatchSize=50;TelemetryFlushInterval=2500;"
                    "TelemetryCircuitBreakerEnabled=0")
          .build()
          .telemetry,
      expected);
}

TEST(TelemetryOptions, ComeFromTheEnvironmentHoweverAConnectorIsMade) {
  OptionSet set = read_dsn(kHost);
  resolve(set, environment_of({{"DATABRICKS_TELEMETRY_ENABLED", "true"},
                               {"DATABRICKS_TELEMETRY_FLUSH_INTERVAL_MS", "500"}}));

  const TelemetryOptions telemetry = set.build().telemetry;

  EXPECT_EQ(telemetry.enabled, true);
  EXPECT_EQ(telemetry.flush_interval, std::chrono::milliseconds(500));
}

TEST(TelemetryOptions, CountBeforeTheEnvironment) {
  OptionSet set = read_dsn(std::string(kHost) + "?enableTelemetry=false");
  resolve(set, environment_of({{"DATABRICKS_TELEMETRY_ENABLED", "true"}}));

  EXPECT_EQ(set.build().telemetry.enabled, false);
  EXPECT_EQ(set.find("telemetry.enabled")->origin, "DSN");
}

TEST(TelemetryOptions, SurviveTheWayIntoATextAndBack) {
  const ConnectionConfig config =
      parse_dsn(std::string(kHost) +
                "?enableTelemetry=false&forceEnableTelemetry=true&telemetry_batch_size=7");

  const std::string text = to_dsn(config);

  EXPECT_EQ(parse_dsn(text).telemetry, config.telemetry) << text;
}

TEST(TelemetryOptions, AreReadAgainAndAgainInSilence) {
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(parse_dsn(std::string(kHost) + "?telemetry_retry_count=5").telemetry.retry_count, 5);
}

}  // namespace
}  // namespace dbsql::config
