#pragma once

#include "auth/environment.h"
#include "base/call_context.h"
#include "base/clock.h"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::auth {

/// What a program has left behind.
struct ProgramOutcome {
  int exit_status = 0;  ///< 128 and the signal when one ended it
  std::string output;   ///< at most 1 MiB
  std::string errors;   ///< the same of its standard error
};

/// The file that would run for this name: an absolute path as it is, else the first executable in
/// PATH; empty when there is none.
std::optional<std::string> find_program(std::string_view name, const Environment& environment);

/// Runs a program with these arguments, without a shell and without input, and waits for its end.
/// At the deadline, or when a stop is requested, it is killed with all it has started.
/// \throws AuthenticationError  it cannot be started; TimeoutError, CancelledError as `call`
/// demands
ProgramOutcome run_program(const std::string& path, const std::vector<std::string>& arguments,
                           const base::CallContext& call, base::Clock& clock);

/// Starts a program and lets it be; its output goes nowhere. False when it cannot be started.
bool start_program(const std::string& path, const std::vector<std::string>& arguments);

}  // namespace dbsql::auth
