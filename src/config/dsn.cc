#include "config/dsn.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "config/options.h"
#include "config/values.h"
#include "http/url.h"

#include <algorithm>
#include <map>
#include <utility>

namespace dbsql::config {
namespace {

constexpr std::string_view kTimeZone = "timezone";
constexpr std::string_view kSessionPrefix = "session.";
constexpr std::string_view kMask = "***";
// What a query value may contain unescaped.
constexpr std::string_view kPlainInValue = "/:,";

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

std::string decode(std::string_view text, std::string_view what, bool plus_is_blank = false) {
  auto decoded = http::percent_decode(text, plus_is_blank);
  if (!decoded)
    fail(base::concat(what, " contains a '%' that is not followed by two hexadecimal digits"));
  return *std::move(decoded);
}

/// Reads one DSN. Nothing of what could be a secret is ever put into a message: a DSN with a slip
/// in it may have its token anywhere.
class Parser {
 public:
  ConnectionConfig parse(std::string_view dsn) {
    std::string_view rest = take_scheme(base::trim(dsn));
    if (rest.find('#') != std::string_view::npos)
      fail("it contains a '#', which must be written as %23");
    const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
    take_authority(rest.substr(0, authority_end));
    rest.remove_prefix(authority_end);
    const auto question = std::min(rest.find('?'), rest.size());
    config_.http_path = rest.substr(0, question);
    if (question < rest.size()) take_query(rest.substr(question + 1));
    complete(config_);
    return std::move(config_);
  }

 private:
  std::string_view take_scheme(std::string_view text) {
    for (const std::string_view scheme : {"https", "http"}) {
      if (text.starts_with(scheme) && text.substr(scheme.size()).starts_with("://")) {
        config_.scheme = scheme;
        return text.substr(scheme.size() + 3);
      }
    }
    const auto first = std::min(text.find_first_of("/?@"), text.size());
    if (text.substr(0, first).ends_with(':') && text.substr(first).starts_with("//")) {
      fail("its scheme is not https:// or http://");
    }
    return text;
  }

  void take_authority(std::string_view authority) {
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
      take_user(authority.substr(0, at));
      authority.remove_prefix(at + 1);
    }
    const auto port_at = authority.rfind(':');
    const bool has_port =
        port_at != std::string_view::npos && authority.find(']', port_at) == std::string_view::npos;
    if (!has_port) fail("the port is missing: write host:443");
    const auto port = base::parse_number<std::uint16_t>(authority.substr(port_at + 1));
    if (!port || *port == 0) fail("the port is not a number from 1 to 65535");
    if (port_at == 0) fail("the host is missing");
    const auto url = http::Url::parse(base::concat(config_.scheme, "://", authority));
    if (!url) fail("the host is not a valid name or address");
    config_.host = url->host;
    config_.port = url->port;
  }

  void take_user(std::string_view user) {
    const auto colon = std::min(user.find(':'), user.size());
    const std::string name = decode(user.substr(0, colon), "the user");
    if (name != "token") return take_basic_user(user, colon, name);
    const std::string token =
        colon < user.size() ? decode(user.substr(colon + 1), "the token") : "";
    if (token.empty()) fail("the token is empty");
    store_token("user info", token);
  }

  /// Whether this server takes a user and a password is decided when all is known.
  void take_basic_user(std::string_view user, std::size_t colon, const std::string& name) {
    if (base::equals_ignore_case(name, "token"))
      fail("basic authentication is not meant: the user of a token is written token");
    if (name.empty()) fail("the user is empty");
    take_option(*find_option("auth.user"), "user info", name, false);
    if (colon + 1 >= user.size()) return;
    take_option(*find_option("auth.password"), "user info",
                decode(user.substr(colon + 1), "the password"), false);
  }

  void take_query(std::string_view query) {
    for (const std::string_view pair : base::split(query, '&')) {
      const auto equals = std::min(pair.find('='), pair.size());
      const std::string key = decode(pair.substr(0, equals), "a key of the query", true);
      const std::string value =
          equals < pair.size() ? decode(pair.substr(equals + 1), "a value of the query", true) : "";
      if (!key.empty() && !value.empty())
        take_pair(key, value);  // an empty value counts as not given
    }
  }

  void take_pair(const std::string& key, const std::string& value) {
    if (const Option* option = find_go_option(key)) return take_option(*option, key, value, true);
    if (const Option* option = find_option(key)) return take_option(*option, key, value, false);
    if (base::starts_with_ignore_case(key, kSessionPrefix)) {
      return take_conf(key.substr(kSessionPrefix.size()), value);
    }
    take_conf(key, value);
  }

  void take_option(const Option& option, const std::string& key, const std::string& value,
                   bool is_go_name) {
    if (is_go_name && option.go_skips_nonpositive &&
        base::parse_number<std::int64_t>(value).value_or(1) <= 0) {
      return;
    }
    const auto parsed = parse_value(option, key, value);
    const auto [given, is_new] = given_.try_emplace(option.key, Given{key, value});
    if (!is_new) {
      // A repeated key keeps its first value, as in Go; two names with two values cannot both be
      // meant.
      if (given->second.key != key && given->second.value != value) {
        fail(base::concat(given->second.key, " and ", key,
                          " are one option, but their values differ"));
      }
      return;
    }
    option.store(config_, parsed);
  }

  void store_token(const std::string& where, const std::string& token) {
    const Option& option = *find_option("auth.token");
    take_option(option, where, token, false);
  }

  void take_time_zone(const std::string& value) {
    const bool is_name = std::all_of(value.begin(), value.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::string_view("/_+-:").find(c) != std::string_view::npos;
    });
    if (!is_name) fail("timezone is not the name of a time zone, for instance Europe/Berlin");
    config_.session_confs.try_emplace(std::string(kTimeZone), value);
  }

  void take_conf(const std::string& key, const std::string& value) {
    if (key.empty()) fail("a session setting has no name");
    if (base::equals_ignore_case(key, kTimeZone)) return take_time_zone(value);
    require_not_secret(key);
    config_.session_confs.try_emplace(key, value);
  }

  /// A token under a name of another driver, or in the wrong case, would otherwise be sent to the
  /// server as a setting that everybody may read.
  static void require_not_secret(std::string_view key) {
    for (const std::string_view name :
         {"accessToken", "access_token", "token", "Auth_AccessToken", "password", "pwd",
          "clientSecret", "client_secret", "secret"}) {
      if (base::equals_ignore_case(name, key)) {
        fail(base::concat(
            key,
            " is not an option here; write token:PERSONAL_ACCESS_TOKEN@host or accessToken=..., or "
            "USER:PASSWORD@host for a Spark Thrift server"));
      }
    }
  }

  struct Given {
    std::string key;
    std::string value;
  };

  ConnectionConfig config_;
  std::map<std::string_view, Given> given_;  ///< by canonical name
};

/// The name that makes `parse_dsn` take a session setting for one, whatever it is called.
std::string conf_name(const std::string& key) {
  const bool is_taken = find_option(key) != nullptr || find_go_option(key) != nullptr ||
                        base::starts_with_ignore_case(key, kSessionPrefix);
  return is_taken ? base::concat(kSessionPrefix, key) : key;
}

void append_pair(std::string& dsn, std::string_view key, std::string_view value) {
  dsn += dsn.find('?') == std::string::npos ? '?' : '&';
  dsn += base::concat(http::percent_encode(key), "=", http::percent_encode(value, kPlainInValue));
}

}  // namespace

ConnectionConfig parse_dsn(std::string_view dsn) {
  try {
    return Parser().parse(dsn);
  } catch (const Error& error) {
    ErrorFields fields = error.fields();
    fields.message = base::concat("invalid DSN: ", fields.message);
    throw_error(std::move(fields));
  }
}

std::string to_dsn(const ConnectionConfig& config) {
  std::string dsn;
  if (config.scheme != "https") dsn += base::concat(config.scheme, "://");
  if (!config.token.empty()) dsn += base::concat("token:", kMask, "@");
  if (!config.user.empty()) dsn += base::concat(http::percent_encode(config.user), ":", kMask, "@");
  dsn += http::Url{config.scheme, config.host, config.port, {}, {}}.authority();
  for (const char c :
       config.http_path) {  // as written: only its own query must not become the DSN's
    dsn += c == '?' ? std::string_view("%3F") : std::string_view(&c, 1);
  }
  const ConnectionConfig defaults;
  for (const Option& option : options()) {
    if (option.text == nullptr) continue;
    const std::string value = option.text(config);
    if (value == option.text(defaults)) continue;
    append_pair(dsn, option.go_names.empty() ? option.key : option.go_names, value);
  }
  for (const auto& [key, value] : config.session_confs) append_pair(dsn, conf_name(key), value);
  return dsn;
}

}  // namespace dbsql::config
