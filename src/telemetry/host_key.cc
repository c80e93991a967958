#include "telemetry/host_key.h"

#include "base/text.h"
#include "http/url.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dbsql::telemetry {
namespace {

constexpr std::size_t kLongestHost = 253 + 6;  // a name and a port

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_id(std::string_view text) {
  constexpr std::size_t kLongest = 128;
  return !text.empty() && text.size() <= kLongest && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']') + 1, host.size()));
  return host.substr(0, host.find(':'));
}

/// The four numbers of an IPv4 address; empty when it is none.
std::optional<std::array<int, 4>> ipv4(std::string_view host) {
  const auto parts = base::split(host, '.');
  if (parts.size() != 4) return std::nullopt;
  std::array<int, 4> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto number = base::parse_number<int>(parts[i]);
    if (!number || *number < 0 || *number > 255) return std::nullopt;
    numbers[i] = *number;
  }
  return numbers;
}

bool is_private_address(std::string_view host) {
  if (const auto v4 = ipv4(host)) {
    const auto [a, b, c, d] = *v4;
    return a == 0 || a == 10 || a == 127 || (a == 192 && b == 168) ||
           (a == 172 && b >= 16 && b <= 31) || (a == 169 && b == 254) ||
           (a == 100 && b == 100 && c == 100 && d == 200);  // a cloud's metadata service
  }
  if (!host.starts_with('[')) return false;
  // Loopback, unspecified, mapped IPv4, link-local and unique-local.
  const std::string_view v6 = host.substr(1);
  return v6.starts_with("::") || v6.starts_with("fc") || v6.starts_with("fd") ||
         v6.starts_with("fe8") || v6.starts_with("fe9") || v6.starts_with("fea") ||
         v6.starts_with("feb");
}

bool is_metadata_name(std::string_view host) {
  constexpr std::array<std::string_view, 4> kNames = {"metadata", "metadata.google.internal",
                                                      "metadata.goog", "instance-data"};
  return std::ranges::find(kNames, host) != kNames.end();
}

}  // namespace

std::string host_key(std::string_view host) {
  std::string key = base::to_lower(base::trim(host));
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (key.starts_with(scheme)) key.erase(0, scheme.size());
  }
  while (key.ends_with('/')) key.pop_back();
  constexpr std::string_view kPort = ":443";
  if (key.ends_with(kPort)) key.resize(key.size() - kPort.size());
  if (key.ends_with('.')) key.pop_back();
  return key;
}

bool is_safe_destination(std::string_view host, std::string_view connection_host) {
  if (host.empty() || host.size() > kLongestHost) return false;
  // The parser of URLs refuses blanks, control characters, user info, fragments and whatever is not
  // ASCII.
  const auto url = http::Url::parse(base::concat("https://", host));
  if (!url || !url->path.empty() || !url->query.empty()) return false;
  if (host.find_first_of("/\\?") != std::string_view::npos) return false;
  if (host == connection_host) return true;
  const std::string_view name = without_port(host);
  const bool is_inside =
      is_private_address(name) || http::is_loopback_host(url->host) || is_metadata_name(name);
  const auto own = http::Url::parse(base::concat("https://", connection_host));
  const bool is_own_machine =
      own && http::is_loopback_host(own->host) && http::is_loopback_host(url->host);
  return !is_inside || is_own_machine;
}

std::string org_id_of(std::string_view http_path) {
  const auto question = http_path.find('?');
  if (question != std::string_view::npos) {
    for (const std::string_view pair : base::split(http_path.substr(question + 1), '&')) {
      if (pair.starts_with("o=")) {
        return is_digits(pair.substr(2)) ? std::string(pair.substr(2)) : std::string();
      }
    }
  }
  const auto parts = base::split(http_path.substr(0, question), '/');
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    if (parts[i] == "o" && is_digits(parts[i + 1]) && parts[i + 1] != "0")
      return std::string(parts[i + 1]);
  }
  return {};
}

std::string path_shape(std::string_view http_path) {
  std::string_view path = http_path.substr(0, http_path.find_first_of("?#"));
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.ends_with('/')) path.remove_suffix(1);
  const auto parts = base::split(path, '/');
  const bool is_warehouse = parts.size() == 4 && parts[0] == "sql" && parts[1] == "1.0" &&
                            (parts[2] == "warehouses" || parts[2] == "endpoints") &&
                            is_id(parts[3]);
  if (is_warehouse) return base::concat('/', path);
  const bool is_cluster = parts.size() == 5 && parts[0] == "sql" && parts[1] == "protocolv1" &&
                          parts[2] == "o" && is_digits(parts[3]) && is_id(parts[4]);
  return is_cluster ? std::string(path) : std::string("other");
}

}  // namespace dbsql::telemetry
