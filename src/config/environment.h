#pragma once

#include "base/environment.h"
#include "config/option_set.h"

#include <string_view>

namespace dbsql::config {

/// Looks up an environment variable; empty when it is not set.
using Environment = base::EnvironmentLookup;
using base::process_environment;

/// The options that variables give (reference/auth-http-config.md 1.8). An empty variable counts as
/// not set, and variables that belong to no option are none of ours.
/// \throws ConfigurationError  naming the variable with a value that its option cannot have
OptionSet read_environment(const Environment& environment);

/// Fills in what the options given point to: the profile they name; and with `auth.type=unified`
/// the environment, and then the profile file where nothing useful was found. What is given is
/// never overwritten. What the environment says about telemetry counts always. \throws
/// ConfigurationError  a profile that is named but not there, or a file that cannot be read
void resolve(OptionSet& set, const Environment& environment);

/// A profile and nothing else of the environment than where it is.
/// \param name  empty = `DATABRICKS_CONFIG_PROFILE`, else the file's default profile
/// \param file  empty = the usual one
OptionSet from_profile(std::string_view name, std::string_view file,
                       const Environment& environment);

}  // namespace dbsql::config
