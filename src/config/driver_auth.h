#pragma once

#include "config/option_set.h"

#include <map>
#include <string>
#include <string_view>

namespace dbsql::config {

/// The keys by which ODBC strings and JDBC URLs say how to authenticate: numbers, and a user and a
/// password that stand for something else (reference/auth-http-config.md 1.5, 1.7).
class DriverAuth {
 public:
  /// Takes a key that is one of these, in any case. \return false for every other key
  bool take(std::string_view key, std::string_view value, Repeat repeat);

  /// Says the same in options.
  /// \throws ConfigurationError  a number that names nothing, or user and password of one's own
  void apply(OptionSet& set, std::string_view origin) const;

 private:
  std::string value(std::string_view key) const;
  void apply_token(OptionSet& set, std::string_view origin) const;
  void apply_oauth(OptionSet& set, std::string_view origin) const;

  std::map<std::string, std::string, std::less<>> given_;  // by lower-case name
};

}  // namespace dbsql::config
