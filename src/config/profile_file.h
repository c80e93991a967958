#pragma once

#include "config/environment.h"
#include "config/option_set.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::config {

/// One `[name]` of a profile file, with its keys as written.
struct ProfileSection {
  std::string name;
  std::vector<std::pair<std::string, std::string>> pairs;
};

/// Reads the text of a profile file: sections, `key = value`, comments in lines of their own and,
/// for
/// `#` after a blank, at the end of a line; so a token may contain `#`.
/// \throws ConfigurationError  naming the line, never its text
std::vector<ProfileSection> read_profile_text(std::string_view text);

/// The options of a profile. Keys that are no options belong to other programs and are passed over.
///
/// What a profile leaves out, DEFAULT fills in; but a profile that has a host of its own takes
/// neither credentials nor a warehouse from there, so that no token reaches a host it is not for.
/// \param name  empty = `default_profile` of the section `__settings__`, else DEFAULT, and neither
///   the file nor DEFAULT need be there
/// \throws ConfigurationError  the file or the profile is missing, or has a value that is none
OptionSet read_profile(const std::string& file, std::string_view name);

/// The same for text that was read. \param file  its name, for errors
OptionSet profile_options(std::string_view text, const std::string& file, std::string_view name);

/// The file's path: the one given, else `DATABRICKS_CONFIG_FILE`, else `~/.databrickscfg`; `~` is
/// the home folder.
std::string profile_path(std::string_view given, const Environment& environment);

}  // namespace dbsql::config
