#include "config/environment.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "config/profile_file.h"
#include "config/with_context.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::config {
namespace {

constexpr const char* kUnified = "unified";
constexpr std::string_view kAuthPrefix = "auth.";
constexpr std::string_view kTelemetryPrefix = "telemetry.";

/// Whether there is anything to connect with, so that a file that nobody named is left alone
/// (reference/auth-http-config.md 1.8).
bool has_something(const OptionSet& set) {
  if (set.has("host")) return true;
  return std::any_of(options().begin(), options().end(), [&](const Option& option) {
    return option.key.starts_with(kAuthPrefix) && set.has(option.key);
  });
}

void fill_from_profile(OptionSet& set, const Environment& environment) {
  const std::string name = set.value("profile");
  const std::string file = profile_path(set.value("config_file"), environment);
  set.fill_from(read_profile(file, name));
}

/// Who says no to telemetry for a whole machine cannot know how each program is made.
void fill_telemetry(OptionSet& set, const Environment& environment) {
  for (const Option& option : options()) {
    if (!option.key.starts_with(kTelemetryPrefix) || set.has(option.key)) continue;
    for (const OptionName& name : names_in(Dialect::Environment, option)) {
      if (const auto value = environment(name.name))
        set.set(Dialect::Environment, name.name, *value,
                base::concat("environment variable ", name.name));
    }
  }
}

}  // namespace

OptionSet read_environment(const Environment& environment) {
  OptionSet set;
  for (const Option& option : options()) {
    for (const OptionName& name : names_in(Dialect::Environment, option)) {
      const auto value = environment(name.name);
      if (!value) continue;
      set.set(Dialect::Environment, name.name, *value,
              base::concat("environment variable ", name.name));
    }
  }
  return set;
}

OptionSet from_profile(std::string_view name, std::string_view file,
                       const Environment& environment) {
  const std::string wanted =
      name.empty() ? environment("DATABRICKS_CONFIG_PROFILE").value_or("") : std::string(name);
  OptionSet set = read_profile(profile_path(file, environment), wanted);
  if (!wanted.empty()) set.set_key("profile", wanted, "from_profile()", Repeat::Replace);
  if (!file.empty()) set.set_key("config_file", file, "from_profile()", Repeat::Replace);
  if (!set.has("auth.type")) set.set_key("auth.type", kUnified, "from_profile()");
  return set;
}

void resolve(OptionSet& set, const Environment& environment) {
  fill_telemetry(set, environment);
  const bool is_unified = parse_auth_type(set.value("auth.type")) == AuthType::Unified;
  if (!is_unified && !set.has("profile")) return;
  // The method that the environment or the profile names is what counts then.
  const std::string origin = is_unified ? set.find("auth.type")->origin : "profile";
  if (is_unified) {
    set.erase("auth.type");
    set.fill_from(read_environment(environment));
  }
  if (set.has("profile") || !has_something(set)) fill_from_profile(set, environment);
  if (!set.has("auth.type")) set.set_key("auth.type", kUnified, origin);
}

}  // namespace dbsql::config
