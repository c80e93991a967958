#pragma once

#include "config/connection_config.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::config {

/// Where names come from: each form of configuration has its own for the same options.
enum class Dialect : std::uint8_t {
  Canonical,  ///< maps, `databricks://` URIs: our names and those of Python, Node and ADBC
  Go,         ///< the Go driver's DSN: its names, case-sensitive, and our own
  Jdbc,
  Odbc,
  Profile,      ///< keys of ~/.databrickscfg
  Environment,  ///< variables
};

enum class OptionType : std::uint8_t {
  Text,
  Boolean,   ///< true/false, 1/0, t/f, yes/no, on/off, any case
  Integer,   ///< within `minimum` and `maximum`
  Duration,  ///< bare numbers are seconds; `minimum` and `maximum` are milliseconds
  Choice,    ///< one of the words of `choices`, any case
};

/// One row of the option table: everything that any dialect, the help text and the documentation
/// need to know. A new option is one new row (reference/auth-http-config.md 1.9).
struct Option {
  std::string_view key;  ///< canonical name: dotted, lower case
  // Other names, blank-separated. `name/ms` counts bare numbers in milliseconds; `name?a:b` is a
  // switch that stands for the value a when it is on and for b when it is off (`name?a` says
  // nothing when off, `name?:b` nothing when on); `name#a,b,c` counts the values from 0.
  std::string_view go_names;     ///< case-sensitive
  std::string_view other_names;  ///< of Python, Node and ADBC
  std::string_view jdbc_names;
  std::string_view odbc_names;
  std::string_view profile_names;
  std::string_view environment_names;  ///< case-sensitive
  OptionType type = OptionType::Text;
  std::string_view unit;      ///< for people: "s", "rows", ...
  std::string_view fallback;  ///< the default, as text
  std::int64_t minimum = 0;
  std::int64_t maximum = 0;
  std::string_view choices;           ///< blank-separated
  bool secret = false;                ///< never shown, never in an error
  bool go_skips_nonpositive = false;  ///< in the Go dialect 0 and negative numbers mean the default
  std::string_view help;

  /// Stores a value that has passed `parse_value`. \throws ConfigurationError  the option does not
  /// go with the rest
  void (*store)(ConnectionConfig& config, const struct OptionValue& value) = nullptr;
  /// The value as text in canonical form; null for options that leave no trace of their own in the
  /// configuration.
  std::string (*text)(const ConnectionConfig& config) = nullptr;
  /// A value as it may be shown; null = by the rules for all outside text.
  std::string (*shown)(std::string_view value) = nullptr;
};

/// A value that was read by the rules of its option's type.
struct OptionValue {
  std::string text;         ///< Text, and Choice in lower case
  bool boolean = false;     ///< Boolean
  std::int64_t number = 0;  ///< Integer, and Duration in milliseconds
};

/// Options that belong together.
struct OptionSection {
  std::string_view title;
  std::string_view applies;  ///< where: to which part of a connection's life
  std::span<const Option> options;
};

std::span<const OptionSection> option_sections() noexcept;

/// All options, in the order in which the documentation lists them.
std::span<const Option> options() noexcept;

/// The row with that canonical name, compared without case; null when there is none.
const Option* find_option(std::string_view key) noexcept;

/// Reads a value by its option's type and range.
/// \param name  as the user wrote it, for the error
/// \throws ConfigurationError  naming option, what is expected and, unless it is secret, the value
OptionValue parse_value(const Option& option, std::string_view name, std::string_view text);

/// Checks what no option can know alone, and fills in what follows from the rest.
/// \throws ConfigurationError  naming the option to change
void complete(ConnectionConfig& config);

}  // namespace dbsql::config
