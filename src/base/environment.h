#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::base {

/// Looks up an environment variable; nothing when it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(std::string_view name)>;

/// The process's own variables, as they are when asked for.
EnvironmentLookup process_environment();

}  // namespace dbsql::base
