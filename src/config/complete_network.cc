#include "config/complete_network.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "config/connection_config.h"

#include <utility>

namespace dbsql::config {
namespace {

constexpr std::string_view kDirect = "direct";

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

void refuse_control_characters(std::string_view key, std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f')
      fail(base::concat(key, " contains a line break or another control character"));
  }
}

http::Proxy proxy_of(const ProxyParts& parts) {
  if (!parts.url.empty() && !parts.host.empty())
    fail("proxy.url and proxy.host exclude each other; give one of them");
  if (!parts.url.empty() && parts.port != 0)
    fail("proxy.port goes with proxy.host; a port stands in proxy.url itself");
  std::string text = parts.url;
  if (text.empty()) {
    const bool is_v6 = parts.host.find(':') != std::string::npos && !parts.host.starts_with('[');
    text = is_v6 ? base::concat('[', parts.host, ']') : parts.host;
    if (parts.port != 0) text += base::concat(':', parts.port);
  }
  auto proxy = http::parse_proxy(text);
  if (!proxy)
    fail(base::concat(parts.url.empty() ? "proxy.host: " : "proxy.url: ", "'", shown_proxy(text),
                      "' is not the address of a proxy; it must look like http://host:port, with "
                      "http, https, socks5 or socks5h, or be direct"));
  return *std::move(proxy);
}

void add_user(const ProxyParts& parts, http::Proxy& proxy) {
  const bool has_two = !parts.username.empty() && !proxy.username.empty() &&
                       (parts.username != proxy.username || parts.password != proxy.password);
  if (has_two) fail("proxy.username and the user in proxy.url differ; give one of them");
  if (!parts.username.empty()) proxy.username = parts.username;
  if (!parts.password.empty()) proxy.password = parts.password;
  if (proxy.username.empty() && !proxy.password.empty())
    fail("proxy.password needs proxy.username");
  refuse_control_characters("proxy.username", proxy.username);
  refuse_control_characters("proxy.password", proxy.password);
  if (proxy.username.find(':') != std::string::npos)
    fail("proxy.username must not contain a colon: nothing could tell where it ends");
  proxy.auth = parts.auth;
}

void complete_tls(const http::TlsOptions& tls) {
  if (tls.ca_mode == http::TlsOptions::CaMode::Replace && tls.ca_file.empty())
    fail("tls.ca_mode=replace needs tls.ca_file: with nobody to trust no connection is possible");
  if (tls.client_cert.empty() && !(tls.client_key.empty() && tls.client_key_password.empty()))
    fail("tls.client_key and tls.client_key_password go with tls.client_cert");
}

void complete_proxy(ConnectionConfig& config) {
  using Source = http::ProxyOptions::Source;
  const ProxyParts& parts = config.proxy;
  http::ProxyOptions& result = config.transport.proxy;
  result.bypass = parts.bypass;
  if (parts.enabled == false || base::equals_ignore_case(parts.url, kDirect)) {
    result.source = Source::None;
    return;
  }
  if (!parts.url.empty() || !parts.host.empty()) {
    result.source = Source::Given;
    result.proxy = proxy_of(parts);
    add_user(parts, result.proxy);
    return;
  }
  if (parts.enabled == true)
    fail("proxy.enabled (UseProxy) is on, but there is no proxy.url or proxy.host");
  if (parts.port != 0 || !parts.username.empty() || !parts.password.empty())
    fail("proxy.port, proxy.username and proxy.password go with proxy.url or proxy.host");
}

}  // namespace

std::string shown_proxy(std::string_view url) {
  const auto at = url.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  const auto scheme = url.find("://");
  const std::string_view start = scheme < at ? url.substr(0, scheme + 3) : std::string_view();
  return base::concat(start, "***", url.substr(at));
}

void complete_network(ConnectionConfig& config) {
  complete_tls(config.transport.tls);
  complete_proxy(config);
}

}  // namespace dbsql::config
