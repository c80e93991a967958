#pragma once

#include "config/options.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::config {

/// One name of an option, read from its row in the table.
struct OptionName {
  const Option* option = nullptr;
  std::string_view name;
  bool is_canonical = false;
  bool counts_milliseconds = false;  ///< what bare numbers are, in place of seconds
  bool is_switch = false;
  std::string_view when_on;   ///< of a switch: the option's value; empty = says nothing
  std::string_view when_off;  ///< the same
  std::string_view counted;   ///< values that are written as numbers, from 0, commas between
};

/// The option of that name in a dialect; nothing when the dialect has none.
std::optional<OptionName> find_name(Dialect dialect, std::string_view name);

/// What is written under that name, in terms of the option itself.
/// \return nothing for a switch that says nothing in this position
/// \throws ConfigurationError  a switch is neither on nor off
std::optional<std::string> canonical_value(const OptionName& name, std::string_view value);

/// The names of a row in one dialect, beside its canonical one.
std::vector<OptionName> names_in(Dialect dialect, const Option& option);

/// `; did you mean catalog?`, or nothing: for errors about a name that is none.
std::string suggestion(Dialect dialect, std::string_view name);

/// Whether some dialect has a secret under this name, however it is spelled: a token in the wrong
/// place must not be taken for anything harmless.
bool is_name_of_secret(std::string_view name);

}  // namespace dbsql::config
