#include "telemetry/telemetry_config.h"

#include "base/log.h"
#include "base/text.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>

namespace dbsql::telemetry {
namespace {

struct Variable {
  const char* name;
  bool warns;  ///< DO_NOT_TRACK=0 is how one says that one does not mind
};

constexpr std::array<Variable, 2> kVariables = {
    {{"DATABRICKS_TELEMETRY_DISABLED", true}, {"DO_NOT_TRACK", false}}};

bool is_yes(std::string_view text) {
  constexpr std::array<std::string_view, 4> kWords = {"1", "true", "yes", "on"};
  return std::ranges::any_of(
      kWords, [&](std::string_view word) { return base::equals_ignore_case(word, text); });
}

void warn_once(const Variable& variable) {
  static std::array<std::atomic<bool>, kVariables.size()> warned{};
  const auto index = static_cast<std::size_t>(&variable - kVariables.data());
  if (warned[index].exchange(true)) return;
  base::log(LogLevel::Warn, "telemetry",
            base::concat("environment variable ", std::string_view(variable.name),
                         " is neither 1, true, yes nor on, and so forbids nothing; unset it, or "
                         "set it to 1"));
}

}  // namespace

std::string_view to_word(Decision::State state) noexcept {
  constexpr std::array<std::string_view, 3> kWords = {"off", "on", "pending"};
  return kWords[static_cast<std::size_t>(state)];
}

std::string_view to_word(Decision::Reason reason) noexcept {
  constexpr std::array<std::string_view, 10> kWords = {
      "default_off", "kill_switch",        "forced",           "opted_out",   "server_on",
      "server_off",  "server_unreachable", "server_not_asked", "unsafe_host", "not_built"};
  return kWords[static_cast<std::size_t>(reason)];
}

Decision decide(const config::TelemetryOptions& options, bool kill_switch,
                ServerFlag flag) noexcept {
  using State = Decision::State;
  using Reason = Decision::Reason;
#ifdef DBSQL_WITHOUT_TELEMETRY
  static_cast<void>(options);
  static_cast<void>(kill_switch);
  static_cast<void>(flag);
  return {State::Off, Reason::NotBuilt};
#else
  if (kill_switch) return {State::Off, Reason::KillSwitch};
  if (options.is_forced) return {State::On, Reason::Forced};
  if (options.enabled && !*options.enabled) return {State::Off, Reason::OptedOut};
  if (!options.enabled && options.requires_opt_in) return {State::Off, Reason::DefaultOff};
  switch (flag) {
    case ServerFlag::On:
      return {State::On, Reason::ServerOn};
    case ServerFlag::Off:
      return {State::Off, Reason::ServerOff};
    case ServerFlag::Unreachable:
      return {State::Off, Reason::ServerUnreachable};
    case ServerFlag::Unknown:
      break;
  }
  return {State::Pending, Reason::ServerNotAsked};
#endif
}

bool kill_switch_is_set(const base::EnvironmentLookup& environment) {
  bool is_set = false;
  for (const Variable& variable : kVariables) {
    const auto value = environment(variable.name);
    if (!value || base::trim(*value).empty()) continue;
    if (is_yes(base::trim(*value))) {
      is_set = true;
    } else if (variable.warns) {
      warn_once(variable);
    }
  }
  return is_set;
}

bool kill_switch_is_set() { return kill_switch_is_set(base::process_environment()); }

std::string flag_name_of(const config::TelemetryOptions& options) {
  constexpr std::string_view kFolder = "databricks.partnerplatform.clientConfigsFeatureFlags.";
  const bool is_full = options.flag.find('.') != std::string::npos;
  return is_full ? options.flag : base::concat(kFolder, options.flag);
}

BreakerOptions breaker_options_of(const config::TelemetryOptions& options) noexcept {
  return {.failure_rate = options.breaker_failure_rate,
          .minimum_calls = options.breaker_minimum_calls,
          .window = options.breaker_window,
          .open_wait = options.breaker_open_wait,
          .probes = options.breaker_probes,
          .enabled = options.breaker_enabled};
}

}  // namespace dbsql::telemetry
