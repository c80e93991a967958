#include "config/dsn.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "config/auth_type.h"
#include "config/option_names.h"
#include "config/url_text.h"
#include "config/values.h"
#include "config/with_context.h"
#include "http/url.h"

#include <algorithm>
#include <utility>

namespace dbsql::config {
namespace {

constexpr const char* kOrigin = "DSN";
constexpr const char* kContext = "invalid DSN";
constexpr std::string_view kSessionPrefix = "session.";
constexpr std::string_view kHeaderPrefix = "http.header.";
constexpr std::string_view kMask = "***";
// What a query value may contain unescaped.
constexpr std::string_view kPlainInValue = "/:,*";

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

std::string_view take_scheme(std::string_view text, OptionSet& set) {
  for (const std::string_view scheme : {"https", "http"}) {
    if (text.starts_with(scheme) && text.substr(scheme.size()).starts_with("://")) {
      set.set_key("scheme", scheme, kOrigin);
      return text.substr(scheme.size() + 3);
    }
  }
  const auto first = std::min(text.find_first_of("/?@"), text.size());
  if (text.substr(0, first).ends_with(':') && text.substr(first).starts_with("//")) {
    fail("its scheme is not https:// or http://");
  }
  return text;
}

void take_user(const UrlText& url, OptionSet& set) {
  if (url.user == "token") {
    if (url.password.empty()) fail("the token is empty");
    set.set_key("auth.token", url.password, kOrigin, Repeat::Refuse, "user info");
    return;
  }
  // Whether this server takes a user and a password is decided when all is known.
  if (base::equals_ignore_case(url.user, "token"))
    fail("basic authentication is not meant: the user of a token is written token");
  if (url.user.empty()) fail("the user is empty");
  set.set_key("auth.user", url.user, kOrigin, Repeat::Refuse, "user info");
  set.set_key("auth.password", url.password, kOrigin, Repeat::Refuse, "user info");
}

/// Zero or less, by the rules of the option's type.
bool is_nonpositive(const Option& option, std::string_view value) {
  if (option.type != OptionType::Duration)
    return base::parse_number<std::int64_t>(value).value_or(1) <= 0;
  const bool is_negative = value.starts_with('-');
  const auto duration = parse_duration(value.substr(is_negative ? 1 : 0));
  return duration && (is_negative || duration->count() == 0);
}

/// What Go takes for the default, where our own names give an error.
bool is_left_out(const OptionName& name, const std::string& value) {
  if (name.is_canonical) return false;
  if (name.option->go_skips_nonpositive) return is_nonpositive(*name.option, value);
  return name.option->key == "auth.type" && !parse_auth_type(value);
}

void take_pair(const std::string& key, const std::string& value, OptionSet& set) {
  if (const auto name = find_name(Dialect::Go, key)) {
    if (!is_left_out(*name, value)) set.set(Dialect::Go, key, value, kOrigin, Repeat::FirstOfName);
  } else if (base::starts_with_ignore_case(key, kHeaderPrefix)) {
    set.set_header(key.substr(kHeaderPrefix.size()), value, kOrigin, Repeat::FirstOfName);
  } else if (base::starts_with_ignore_case(key, kSessionPrefix)) {
    set.set_session(key.substr(kSessionPrefix.size()), value, kOrigin, Repeat::FirstOfName);
  } else {
    set.set_session(key, value, kOrigin, Repeat::FirstOfName);
  }
}

OptionSet read(std::string_view dsn) {
  OptionSet set(kContext);
  const UrlText url = read_url_text(take_scheme(base::trim(dsn), set));
  if (url.port.empty()) fail("the port is missing: write host:443");
  set.set_key("host", url.host, kOrigin);
  set.set_key("port", url.port, kOrigin);
  set.set_key("http_path", url.path, kOrigin);
  if (url.has_user) take_user(url, set);
  for (const auto& [key, value] : url.query) take_pair(key, value, set);
  // A token counts before a client and its secret, as in Go.
  if (set.has("auth.token") && !set.has("auth.type")) set.set_key("auth.type", "pat", kOrigin);
  return set;
}

/// The name that makes `parse_dsn` take a session setting for one, whatever it is called.
std::string conf_name(const std::string& key) {
  const bool is_taken = find_name(Dialect::Go, key).has_value() ||
                        base::starts_with_ignore_case(key, kSessionPrefix) ||
                        base::starts_with_ignore_case(key, kHeaderPrefix);
  return is_taken ? base::concat(kSessionPrefix, key) : key;
}

void append_pair(std::string& dsn, std::string_view key, std::string_view value) {
  dsn += dsn.find('?') == std::string::npos ? '?' : '&';
  dsn += base::concat(http::percent_encode(key), "=", http::percent_encode(value, kPlainInValue));
}

/// The Go driver's name where it has one and means the same.
std::string_view dsn_name(const Option& option) {
  const auto names = names_in(Dialect::Go, option);
  return names.empty() || names.front().is_switch ? option.key : names.front().name;
}

}  // namespace

OptionSet read_dsn(std::string_view dsn) {
  return with_context(kContext, [&] { return read(dsn); });
}

ConnectionConfig parse_dsn(std::string_view dsn) { return read_dsn(dsn).build(); }

std::string to_dsn(const ConnectionConfig& config) {
  std::string dsn;
  if (config.scheme != "https") dsn += base::concat(config.scheme, "://");
  if (!config.token.empty()) dsn += base::concat("token:", kMask, "@");
  if (!config.user.empty()) dsn += base::concat(http::percent_encode(config.user), ":", kMask, "@");
  dsn += http::Url{config.scheme, config.host, config.port, {}, {}}.authority();
  // A query of the path's own must not become the DSN's.
  const bool has_query = config.http_path.find('?') != std::string::npos;
  if (has_query) append_pair(dsn, "http_path", config.http_path);
  if (!has_query) dsn += config.http_path;
  const ConnectionConfig defaults;
  for (const Option& option : options()) {
    if (option.text == nullptr) continue;
    const std::string value = option.text(config);
    if (value == option.text(defaults)) continue;
    append_pair(dsn, dsn_name(option), option.secret ? kMask : std::string_view(value));
  }
  for (const auto& [key, value] : config.session_confs) append_pair(dsn, conf_name(key), value);
  for (const auto& [key, value] : config.http_headers)
    append_pair(dsn, base::concat(kHeaderPrefix, key), kMask);
  return dsn;
}

}  // namespace dbsql::config
