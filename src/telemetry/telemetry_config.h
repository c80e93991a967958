#pragma once

#include "base/environment.h"
#include "config/telemetry_options.h"
#include "telemetry/circuit_breaker.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace dbsql::telemetry {

/// What is known of the server's flag.
enum class ServerFlag : std::uint8_t {
  Unknown,  ///< not asked yet
  On,
  Off,          ///< or there is no such flag
  Unreachable,  ///< asked in vain, and never answered before
};

/// Whether anything is told, and why (reference/telemetry.md 1.2).
struct Decision {
  enum class State : std::uint8_t {
    Off,
    On,
    Pending,  ///< the server has to be asked; until then nothing is sent
  };
  enum class Reason : std::uint8_t {
    DefaultOff,
    KillSwitch,
    Forced,
    OptedOut,
    ServerOn,
    ServerOff,
    ServerUnreachable,
    ServerNotAsked,
    UnsafeHost,  ///< credentials must not be sent there
    NotBuilt,    ///< the library was built without what sends
  };

  State state = State::Off;
  Reason reason = Reason::DefaultOff;

  friend bool operator==(const Decision&, const Decision&) = default;
};

std::string_view to_word(Decision::State state) noexcept;
std::string_view to_word(Decision::Reason reason) noexcept;  ///< for instance `opted_out`

/// The truth table. The kill switch beats force, force beats everything else, and a flag of the
/// server never overrides a no.
Decision decide(const config::TelemetryOptions& options, bool kill_switch,
                ServerFlag flag) noexcept;

/// Whether the environment forbids telemetry: `DATABRICKS_TELEMETRY_DISABLED` or `DO_NOT_TRACK` is
/// 1, true, yes or on, in any case. Any other value says nothing, and is warned of once for each
/// variable of this process, for it may have been meant otherwise.
bool kill_switch_is_set(const base::EnvironmentLookup& environment);

/// The same of this process.
bool kill_switch_is_set();

/// The full name of the server's flag.
std::string flag_name_of(const config::TelemetryOptions& options);

/// The breaker's numbers.
BreakerOptions breaker_options_of(const config::TelemetryOptions& options) noexcept;

}  // namespace dbsql::telemetry
