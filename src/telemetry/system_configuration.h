#pragma once

#include "base/environment.h"
#include "telemetry/record.h"

#include <functional>
#include <string>
#include <string_view>

namespace dbsql::telemetry {

/// Where facts about the machine come from; tests put others here. Any of them may fail by throwing
/// or by giving nothing: that costs its own fact and no other.
struct SystemSource {
  base::EnvironmentLookup environment;
  std::function<std::string(std::string_view path)> read_file;
  std::function<std::string()> program;         ///< path of the running program
  std::function<std::string()> kernel_release;  ///< of the operating system
  std::function<std::string()> architecture;

  static SystemSource of_this_machine();
};

/// \param source  each of its functions is called at most once for each fact
SystemConfiguration read_system_configuration(const SystemSource& source);

/// This process's own, read once.
const SystemConfiguration& system_configuration();

}  // namespace dbsql::telemetry
