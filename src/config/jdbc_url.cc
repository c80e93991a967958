#include "config/jdbc_url.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "config/driver_auth.h"
#include "config/ignored_keys.h"
#include "config/url_text.h"
#include "config/with_context.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::config {
namespace {

constexpr const char* kOrigin = "JDBC URL";
constexpr const char* kContext = "invalid JDBC URL";
constexpr std::array<std::string_view, 2> kPrefixes = {"jdbc:databricks://", "jdbc:spark://"};
constexpr std::string_view kServerSide = "SSP_";

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

/// The session settings that the JDBC driver lets through.
bool is_session_setting(std::string_view key) {
  constexpr std::array<std::string_view, 7> kSettings = {"ANSI_MODE",
                                                         "ENABLE_PHOTON",
                                                         "STATEMENT_TIMEOUT",
                                                         "LEGACY_TIME_PARSER_POLICY",
                                                         "USE_CACHED_RESULT",
                                                         "MAX_FILE_PARTITION_BYTES",
                                                         "READ_ONLY_EXTERNAL_METASTORE"};
  return std::any_of(kSettings.begin(), kSettings.end(), [&](std::string_view setting) {
    return base::equals_ignore_case(setting, key);
  });
}

class Reader {
 public:
  OptionSet read(std::string_view text) {
    text = base::trim(text);
    const auto* const prefix = std::find_if(
        kPrefixes.begin(), kPrefixes.end(),
        [&](std::string_view each) { return base::starts_with_ignore_case(text, each); });
    if (prefix == kPrefixes.end()) fail("it does not begin with jdbc:databricks://");
    text.remove_prefix(prefix->size());
    const auto semicolon = std::min(text.find(';'), text.size());
    const std::string schema = take_authority(text.substr(0, semicolon));
    if (semicolon < text.size()) take_properties(text.substr(semicolon + 1));
    // What is said by name counts before the path, which most URLs have from a template.
    if (!set_.has("schema")) set_.set_key("schema", schema, kOrigin);
    auth_.apply(set_, kOrigin);
    return std::move(set_);
  }

 private:
  std::string take_authority(std::string_view text) {
    if (text.find('@') != std::string_view::npos || text.find('?') != std::string_view::npos)
      fail("host, port and schema are all that may stand before the first ';'");
    const UrlText url = read_url_text(text);
    set_.set_key("host", url.host, kOrigin);
    set_.set_key("port", url.port, kOrigin);
    const std::string_view path = std::string_view(url.path).substr(url.path.empty() ? 0 : 1);
    return std::string(path.substr(0, path.find('/')));
  }

  void take_properties(std::string_view text) {
    for (const std::string_view pair : base::split(text, ';')) {
      if (base::trim(pair).empty()) continue;
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos) fail("a property has no '=' in it");
      take_property(base::trim(pair.substr(0, equals)), base::trim(pair.substr(equals + 1)));
    }
  }

  void take_property(std::string_view key, std::string_view value) {
    if (key.empty()) fail("a property has no name");
    if (auth_.take(key, value, Repeat::Refuse)) return;
    if (set_.set(Dialect::Jdbc, key, value, kOrigin)) return;
    if (is_session_setting(key)) return set_.set_session(key, value, kOrigin);
    if (base::starts_with_ignore_case(key, kServerSide))
      return set_.set_session(key.substr(kServerSide.size()), value, kOrigin);
    if (!is_ignored_key(key)) set_.set_known(Dialect::Jdbc, key, value, kOrigin);
  }

  OptionSet set_{kContext};
  DriverAuth auth_;
};

}  // namespace

bool is_jdbc_url(std::string_view text) noexcept {
  return base::starts_with_ignore_case(base::trim(text), "jdbc:");
}

OptionSet read_jdbc_url(std::string_view url) {
  return with_context(kContext, [&] { return Reader().read(url); });
}

}  // namespace dbsql::config
