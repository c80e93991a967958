#include "telemetry/telemetry_config.h"

#include "support/captured_log.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

namespace dbsql::telemetry {
namespace {

using config::TelemetryOptions;
using Reason = Decision::Reason;
using State = Decision::State;

TelemetryOptions options_of(std::optional<bool> enabled, bool forced = false,
                            bool requires_opt_in = false) {
  TelemetryOptions options;
  options.enabled = enabled;
  options.is_forced = forced;
  options.requires_opt_in = requires_opt_in;
  return options;
}

base::EnvironmentLookup environment_of(std::map<std::string, std::string, std::less<>> variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

TEST(TelemetryDecision, IsOffByDefault) {
  const TelemetryOptions defaults;

  EXPECT_FALSE(defaults.enabled.has_value());
  EXPECT_FALSE(defaults.is_forced);
  EXPECT_EQ(defaults.batch_size, 200);
  EXPECT_EQ(defaults.flush_interval, std::chrono::seconds(30));
  EXPECT_TRUE(defaults.breaker_enabled);
  for (const ServerFlag flag :
       {ServerFlag::Unknown, ServerFlag::On, ServerFlag::Off, ServerFlag::Unreachable}) {
    EXPECT_EQ(decide(defaults, false, flag), (Decision{State::Off, Reason::DefaultOff}));
  }
}

TEST(TelemetryDecision, FollowsTheTruthTable) {  // reference/telemetry.md 1.2
  struct Row {
    bool forced;
    std::optional<bool> enabled;
    ServerFlag server;
    Decision expected;
  };
  constexpr std::optional<bool> kUnset;
  const Row rows[] = {
      {true, kUnset, ServerFlag::Off, {State::On, Reason::Forced}},
      {true, false, ServerFlag::Unreachable, {State::On, Reason::Forced}},
      {true, true, ServerFlag::Unknown, {State::On, Reason::Forced}},
      {false, false, ServerFlag::On, {State::Off, Reason::OptedOut}},
      {false, false, ServerFlag::Unknown, {State::Off, Reason::OptedOut}},
      {false, true, ServerFlag::On, {State::On, Reason::ServerOn}},
      {false, true, ServerFlag::Off, {State::Off, Reason::ServerOff}},
      {false, true, ServerFlag::Unreachable, {State::Off, Reason::ServerUnreachable}},
      {false, true, ServerFlag::Unknown, {State::Pending, Reason::ServerNotAsked}},
      {false, kUnset, ServerFlag::On, {State::On, Reason::ServerOn}},
      {false, kUnset, ServerFlag::Off, {State::Off, Reason::ServerOff}},
      {false, kUnset, ServerFlag::Unreachable, {State::Off, Reason::ServerUnreachable}},
      {false, kUnset, ServerFlag::Unknown, {State::Pending, Reason::ServerNotAsked}},
  };

  for (const Row& row : rows) {
    const Decision decision = decide(options_of(row.enabled, row.forced), false, row.server);
    EXPECT_EQ(decision, row.expected) << to_word(decision.state) << ' ' << to_word(decision.reason);
    const Decision stopped = decide(options_of(row.enabled, row.forced), true, row.server);
    EXPECT_EQ(stopped, (Decision{State::Off, Reason::KillSwitch}));
  }
}

TEST(TelemetryDecision, NeedsAYesOfItsOwnWhereOneIsRequired) {
  EXPECT_EQ(decide(options_of(std::nullopt, false, true), false, ServerFlag::On),
            (Decision{State::Off, Reason::DefaultOff}));
  EXPECT_EQ(decide(options_of(true, false, true), false, ServerFlag::On).state, State::On);
}

TEST(TelemetryDecision, IsStoppedByTheEnvironment) {
  for (const char* yes : {"1", "true", "YES", "on", " on "}) {
    EXPECT_TRUE(kill_switch_is_set(environment_of({{"DATABRICKS_TELEMETRY_DISABLED", yes}})))
        << yes;
    EXPECT_TRUE(kill_switch_is_set(environment_of({{"DO_NOT_TRACK", yes}}))) << yes;
  }
  EXPECT_FALSE(kill_switch_is_set(environment_of({})));
}

TEST(TelemetryDecision, WarnsOnceOfASwitchThatForbidsNothing) {
  test::CapturedLog log;

  for (const char* no : {"", "  ", "false", "0", "banana", "banana"}) {
    EXPECT_FALSE(kill_switch_is_set(
        environment_of({{"DATABRICKS_TELEMETRY_DISABLED", no}, {"DO_NOT_TRACK", "0"}})))
        << no;
  }

  EXPECT_EQ(log.lines(LogLevel::Warn).size(), 1U);
}

}  // namespace
}  // namespace dbsql::telemetry
