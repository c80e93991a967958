#include "http/proxy.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <utility>

namespace dbsql::http {
namespace {

// Where clouds describe a machine to itself: no proxy has the same answer.
constexpr std::array<std::string_view, 2> kMetadataServices{"169.254.169.254",
                                                            "metadata.google.internal"};

struct Scheme {
  std::string_view name;
  std::uint16_t port;
};
constexpr std::array<Scheme, 4> kSchemes{
    {{"http", 80}, {"https", 443}, {"socks5", 1080}, {"socks5h", 1080}}};

/// The bytes of an IPv4 or IPv6 address; empty when the text is none.
std::string address_bytes(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  const std::string terminated(text);
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1)
    return {bytes.data(), sizeof(in_addr)};
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1)
    return {bytes.data(), sizeof(in6_addr)};
  return {};
}

bool shares_prefix(std::string_view a, std::string_view b, unsigned bits) {
  if (a.size() != b.size() || bits > 8 * a.size()) return false;
  const std::size_t whole = bits / 8;
  if (a.substr(0, whole) != b.substr(0, whole)) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  const auto top = [&](char c) { return static_cast<unsigned char>(c) >> (8 - rest); };
  return top(a[whole]) == top(b[whole]);
}

std::string_view without_dot_at_end(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

bool is_metadata_service(std::string_view host) {
  return std::ranges::any_of(kMetadataServices, [&](std::string_view service) {
    return base::equals_ignore_case(without_dot_at_end(host), service);
  });
}

/// Takes `:port` off a host, or off an address in brackets; an IPv6 address without has none.
std::optional<std::uint16_t> take_port(std::string_view& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const bool is_bare_v6 = text.find(':') != colon && !text.starts_with('[');
  const bool is_in_brackets = text.find(']', colon) != std::string_view::npos;
  if (is_bare_v6 || is_in_brackets) return std::nullopt;
  const auto port = base::parse_number<std::uint16_t>(text.substr(colon + 1));
  if (port) text = text.substr(0, colon);
  return port;
}

}  // namespace

std::optional<Proxy> parse_proxy(std::string_view text) {
  Proxy proxy;
  text = base::trim(text);
  const auto scheme_end = text.find("://");
  const std::string scheme =
      scheme_end == std::string_view::npos ? "http" : base::to_lower(text.substr(0, scheme_end));
  if (scheme_end != std::string_view::npos) text.remove_prefix(scheme_end + 3);
  const auto* const known = std::find_if(kSchemes.begin(), kSchemes.end(),
                                         [&](const Scheme& each) { return each.name == scheme; });
  if (known == kSchemes.end()) return std::nullopt;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = text.substr(0, at);
    const auto colon = std::min(user.find(':'), user.size());
    const auto name = percent_decode(user.substr(0, colon));
    const auto password = percent_decode(user.substr(std::min(colon + 1, user.size())));
    if (!name || !password) return std::nullopt;
    proxy.username = *name;
    proxy.password = *password;
    text.remove_prefix(at + 1);
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find_first_of("/?#@") != std::string_view::npos) return std::nullopt;
  std::string_view host = text;
  const bool has_port = take_port(host).has_value();
  // `Url` knows what a host is; of the schemes only the two that it knows matter to it.
  auto url = Url::parse(base::concat("http://", text));
  if (!url) return std::nullopt;
  if (!has_port) url->port = known->port;
  proxy.url = base::concat(scheme, "://", url->authority());
  return proxy;
}

std::optional<BypassList::Entry> BypassList::read(std::string_view text) {
  Entry entry;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    entry.network = address_bytes(text.substr(0, slash));
    const auto bits = base::parse_number<unsigned>(text.substr(slash + 1));
    if (entry.network.empty() || !bits || *bits > 8 * entry.network.size()) return std::nullopt;
    entry.prefix_bits = *bits;
    return entry;
  }
  entry.port = take_port(text).value_or(0);
  if (text.starts_with("*.")) text.remove_prefix(1);
  if (text.starts_with('.')) text.remove_prefix(1);
  text = without_dot_at_end(text);
  if (text.empty()) return std::nullopt;
  entry.network = address_bytes(text);
  entry.prefix_bits = static_cast<unsigned>(8 * entry.network.size());
  entry.host = base::to_lower(text);
  return entry;
}

BypassList::BypassList(std::string_view text) {
  std::string list(text);
  for (char& c : list) {
    if (c == ',' || c == ';' || c == '|' || static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  for (const std::string_view word : base::split(list, ' ')) {
    if (word == "*") everything_ = true;
    if (word.empty() || word == "*") continue;
    if (auto entry = read(word)) entries_.push_back(*std::move(entry));
  }
}

bool BypassList::contains(const Url& url) const {
  if (everything_) return true;
  const std::string_view host = without_dot_at_end(url.host);
  const std::string address = address_bytes(host);
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    if (entry.port != 0 && entry.port != url.port) return false;
    if (!entry.network.empty()) return shares_prefix(entry.network, address, entry.prefix_bits);
    if (!address.empty() || !host.ends_with(entry.host)) return false;
    return host.size() == entry.host.size() || host[host.size() - entry.host.size() - 1] == '.';
  });
}

ProxyRules::ProxyRules(const ProxyOptions& options, const base::EnvironmentLookup& environment) {
  switch (options.source) {
    case ProxyOptions::Source::None:
      return;
    case ProxyOptions::Source::Given:
      for_http_.proxy = for_https_.proxy = options.proxy;
      bypass_ = BypassList(options.bypass);  // NO_PROXY belongs to the environment's proxies
      return;
    case ProxyOptions::Source::Environment:
      read_environment(environment);
      const std::string no_proxy =
          environment("no_proxy").value_or(environment("NO_PROXY").value_or(std::string()));
      bypass_ = BypassList(base::concat(no_proxy, ",", options.bypass));
      return;
  }
}

void ProxyRules::read_environment(const base::EnvironmentLookup& environment) {
  for_https_ = way_of(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  // A web server hands the header `Proxy:` of anybody's request to its CGI programs as HTTP_PROXY.
  const bool is_cgi = environment("REQUEST_METHOD").has_value();
  for_http_ = is_cgi ? way_of(environment, {"http_proxy", "all_proxy", "ALL_PROXY"})
                     : way_of(environment, {"http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"});
}

ProxyRules::Way ProxyRules::way_of(const base::EnvironmentLookup& environment,
                                   std::initializer_list<std::string_view> variables) {
  for (const std::string_view variable : variables) {
    const std::string value = environment(variable).value_or(std::string());
    if (base::trim(value).empty()) continue;
    Way way{.proxy = parse_proxy(value), .bad_variable = {}};
    if (!way.proxy) way.bad_variable = variable;
    return way;
  }
  return {};
}

const Proxy* ProxyRules::proxy_for(const Url& url) const {
  const Way& way = url.scheme == "https" ? for_https_ : for_http_;
  if (!way.proxy && way.bad_variable.empty()) return nullptr;
  if (is_loopback_host(url.host) || is_metadata_service(url.host) || bypass_.contains(url))
    return nullptr;
  if (way.proxy) return &*way.proxy;
  throw_error({.kind = ErrorKind::Configuration,
               .message = base::concat(
                   "the environment variable ", way.bad_variable,
                   " does not name a proxy that can be used: it must look like "
                   "http://host:port, with http, https, socks5 or socks5h; set proxy.url, or "
                   "proxy.url=direct to go without")});
}

std::string ProxyRules::users() const {
  std::string users;
  for (const Way* way : {&for_http_, &for_https_}) {
    if (!way->proxy || way->proxy->username.empty()) continue;
    const Proxy& proxy = *way->proxy;
    users += base::concat(proxy.url, '\n', proxy.username, '\n', proxy.password, '\n');
  }
  return users;
}

bool ProxyRules::negotiates() const noexcept {
  return for_https_.proxy && for_https_.proxy->auth == Proxy::Auth::Negotiate;
}

}  // namespace dbsql::http
