#pragma once

#include "base/environment.h"
#include "http/url.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::http {

/// A server that stands between us and others.
struct Proxy {
  enum class Auth : std::uint8_t {
    Basic,      ///< user name and password, when there are any
    Negotiate,  ///< Kerberos, as who is signed in on this machine
    None,       ///< none, whatever user name there is
  };

  std::string url;  ///< scheme://host:port, scheme one of http, https, socks5, socks5h
  std::string username;
  std::string password;  ///< secret
  Auth auth = Auth::Basic;

  friend bool operator==(const Proxy&, const Proxy&) = default;
};

/// Reads `[scheme://][user:password@]host[:port]`; without a scheme it is http. The port is by
/// default 80 for http, 443 for https and 1080 for SOCKS.
/// \return nothing when the text is anything else
std::optional<Proxy> parse_proxy(std::string_view text);

/// What the options say about proxies.
struct ProxyOptions {
  enum class Source : std::uint8_t {
    Environment,  ///< HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY
    None,         ///< no proxy, whatever the environment says
    Given,        ///< `proxy`, whatever the environment says
  };

  Source source = Source::Environment;
  Proxy proxy;         ///< with `Source::Given`
  std::string bypass;  ///< hosts that are reached without, as for `BypassList`

  friend bool operator==(const ProxyOptions&, const ProxyOptions&) = default;
};

/// A list of hosts that are reached directly: `*` for all, `host`, `.suffix` and `*.suffix` (which
/// `host` is, too: names below it count), each with `:port` where only that is meant, IP addresses,
/// and networks like `10.0.0.0/8`; with commas or blanks between (reference/auth-http-config.md
/// 4.3).
class BypassList {
 public:
  BypassList() = default;
  explicit BypassList(std::string_view text);

  bool contains(const Url& url) const;

 private:
  struct Entry {
    std::string host;          // lower case, without a leading dot; or the text of an address
    std::uint16_t port = 0;    // 0 = every one
    std::string network;       // bytes of a network's address; empty = not a network
    unsigned prefix_bits = 0;  // of `network`
  };
  static std::optional<Entry> read(std::string_view text);

  std::vector<Entry> entries_;
  bool everything_ = false;
};

/// Which proxy leads to which server (reference/auth-http-config.md 4.3): options before the
/// environment; this machine, and the address at which clouds describe a machine to itself, are
/// always reached directly.
///
/// Threads: safe from any thread; does not change.
class ProxyRules {
 public:
  /// The environment is read here, once. \throws ConfigurationError  never: a variable that names
  /// no proxy is an error of the requests that would need it
  ProxyRules(const ProxyOptions& options, const base::EnvironmentLookup& environment);

  /// The proxy to use; null = none. The pointer is good as long as this object.
  /// \throws ConfigurationError  the variable of the environment that counts names no proxy
  const Proxy* proxy_for(const Url& url) const;

  /// The same text for the same users of the same proxies; empty when no proxy wants to know who
  /// one is. Secret: it holds their passwords.
  std::string users() const;

  /// Whether a proxy is to be shown a Kerberos ticket.
  bool negotiates() const noexcept;

 private:
  struct Way {
    std::optional<Proxy> proxy;
    std::string bad_variable;  // that should name the proxy and does not
  };
  void read_environment(const base::EnvironmentLookup& environment);
  static Way way_of(const base::EnvironmentLookup& environment,
                    std::initializer_list<std::string_view> variables);

  Way for_http_;
  Way for_https_;
  BypassList bypass_;
};

}  // namespace dbsql::http
