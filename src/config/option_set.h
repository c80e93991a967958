#pragma once

#include "config/connection_config.h"
#include "config/option_names.h"
#include "config/options.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::config {

/// What happens when an option is given a second time.
enum class Repeat : std::uint8_t {
  Refuse,       ///< an error, unless the value is the same
  FirstOfName,  ///< the first of one name counts, as in the Go driver; two names must agree
  First,        ///< the first counts, as in ODBC strings
  Replace,      ///< the last counts, as with calls of a builder
};

/// Options that were given, each with where it came from: what every dialect's parser produces.
///
/// The order in which they are given never matters, for nothing is done with them before `build()`
/// (reference/auth-http-config.md 1.9, rule 10). Threads: as a value.
class OptionSet {
 public:
  struct Entry {
    std::string value;  ///< in the option's own terms
    std::string name;   ///< as it was written
    std::string origin;
    std::vector<std::string> hidden;  ///< where else it was given, in vain
  };

  /// \param context  begins every error about these options: `invalid DSN`
  explicit OptionSet(std::string context = {}) : context_(std::move(context)) {}

  /// Sets an option by any of its names in the dialect. An empty value counts as not given.
  /// \return false when the dialect has no such option
  /// \throws ConfigurationError  the value is not one of its type, or is at odds with another
  bool set(Dialect dialect, std::string_view name, std::string_view value, std::string_view origin,
           Repeat repeat = Repeat::Refuse);

  /// The same for `session.NAME` and `http.header.NAME`, and an error, with the nearest name, for
  /// one that does not exist.
  void set_known(Dialect dialect, std::string_view name, std::string_view value,
                 std::string_view origin, Repeat repeat = Repeat::Refuse);

  /// One option by its canonical name, for parsers.
  void set_key(std::string_view key, std::string_view value, std::string_view origin,
               Repeat repeat = Repeat::Refuse, std::string_view written_as = {});

  /// A setting of the session. `timezone` is an option, whatever it is called.
  void set_session(std::string_view name, std::string_view value, std::string_view origin,
                   Repeat repeat = Repeat::Refuse);

  /// A header of the user's own. \throws ConfigurationError  the library owns it, or it cannot be
  /// sent
  void set_header(std::string_view name, std::string_view value, std::string_view origin,
                  Repeat repeat = Repeat::Refuse);

  /// Takes over what is not given here. A path, a warehouse and a cluster count as one thing.
  void fill_from(const OptionSet& lower);

  void erase(std::string_view key) { entries_.erase(std::string(key)); }
  bool has(std::string_view key) const { return find(key) != nullptr; }
  const Entry* find(std::string_view key) const;  ///< null when not given
  std::string value(std::string_view key) const;  ///< empty when not given

  /// Takes an option away, by any of its names in the dialect, or a setting or a header.
  /// \throws ConfigurationError  there is no such option
  void remove(Dialect dialect, std::string_view name);

  /// The configuration they make.
  /// \param auth_type  where no option says it: how the program itself proves who it is
  /// \throws ConfigurationError  what is missing or contradicts
  ConnectionConfig build(AuthType auth_type = AuthType::Unspecified) const;

  /// The same without a look at the credentials: to explain what is wrong with them.
  ConnectionConfig build_target(AuthType auth_type = AuthType::Unspecified) const;

  /// One line for each: name, value and where it came from; secrets masked.
  std::vector<std::string> report() const;

 private:
  using Entries = std::map<std::string, Entry, std::less<>>;

  void put(Entries& entries, std::string key, Entry entry, Repeat repeat);
  OptionSet with_host_taken_apart() const;
  ConnectionConfig stored(AuthType auth_type) const;

  std::string context_;
  Entries entries_;  // by canonical name
  Entries session_;
  Entries headers_;  // by lower-case name
};

}  // namespace dbsql::config
