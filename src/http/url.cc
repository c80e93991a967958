#include "http/url.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

namespace dbsql::http {
namespace {

constexpr std::size_t kLongestHost = 253;  // RFC 1035 2.3.4, in text form

constexpr bool is_alphanumeric(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr bool is_unreserved(char c) noexcept {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// Parses an address with inet_pton, which wants a terminated string.
template <class Address>
std::optional<Address> parse_address(int family, std::string_view text) noexcept {
  std::array<char, 64> terminated{};
  if (text.size() >= terminated.size()) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());
  Address address{};
  if (inet_pton(family, terminated.data(), &address) != 1) return std::nullopt;
  return address;
}

bool is_host_name(std::string_view host) noexcept {
  return !host.empty() && host.size() <= kLongestHost && host.front() != '.' &&
         host.find("..") == std::string_view::npos &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

/// Visible ASCII without the characters that would end or restart a part.
bool is_path_or_query(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

std::uint16_t default_port(std::string_view scheme) noexcept { return scheme == "http" ? 80 : 443; }

/// Takes `host[:port]` apart; leaves `url.port` alone when the text has no port.
bool parse_authority(std::string_view text, Url& url) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return false;
    url.host = base::to_lower(text.substr(1, end - 1));
    if (!parse_address<in6_addr>(AF_INET6, url.host)) return false;
    port = text.substr(end + 1);
    has_port = !port.empty();
    if (has_port && port.front() != ':') return false;
    if (has_port) port.remove_prefix(1);
  } else {
    const auto colon = text.find(':');
    has_port = colon != std::string_view::npos;
    url.host = base::to_lower(text.substr(0, colon));
    if (!is_host_name(url.host)) return false;
    if (has_port) port = text.substr(colon + 1);
  }
  if (!has_port) return true;
  const auto number = base::parse_number<std::uint16_t>(port);
  if (!number || *number == 0) return false;
  url.port = *number;
  return true;
}

constexpr int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = base::to_lower(text.substr(0, scheme_end));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  url.port = default_port(url.scheme);

  std::string_view rest = text.substr(scheme_end + 3);
  const auto authority_end = std::min(rest.find_first_of("/?"), rest.size());
  if (!parse_authority(rest.substr(0, authority_end), url)) return std::nullopt;
  rest.remove_prefix(authority_end);
  if (!is_path_or_query(rest)) return std::nullopt;

  const auto question = std::min(rest.find('?'), rest.size());
  url.path = rest.substr(0, question);
  if (question < rest.size()) url.query = rest.substr(question + 1);
  return url;
}

std::string Url::authority() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return is_v6 ? base::concat('[', host, "]:", port) : base::concat(host, ':', port);
}

std::string Url::origin() const { return base::concat(scheme, "://", authority()); }

std::string Url::to_string() const {
  std::string text = origin();
  if (port == default_port(scheme)) text.resize(text.rfind(':'));
  text += path;
  if (!query.empty()) text += base::concat('?', query);
  return text;
}

bool is_loopback_host(std::string_view host) noexcept {
  if (host.ends_with('.')) host.remove_suffix(1);
  constexpr std::string_view kName = "localhost";
  if (host.size() >= kName.size() &&
      base::equals_ignore_case(host.substr(host.size() - kName.size()), kName)) {
    return host.size() == kName.size() || host[host.size() - kName.size() - 1] == '.';
  }
  if (const auto v4 = parse_address<in_addr>(AF_INET, host)) {
    return (ntohl(v4->s_addr) >> 24) == 127;
  }
  const auto v6 = parse_address<in6_addr>(AF_INET6, host);
  return v6 && IN6_IS_ADDR_LOOPBACK(&*v6);
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

}  // namespace dbsql::http
