#include "config/host_text.h"

#include <dbsql/error.h>

#include "base/text.h"

#include <algorithm>
#include <cstdint>
#include <initializer_list>

namespace dbsql::config {
namespace {

std::string_view value_of(std::string_view query,
                          std::initializer_list<std::string_view> names) noexcept {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    const auto equals = pair.find('=');
    if (equals != std::string_view::npos &&
        std::find(names.begin(), names.end(), pair.substr(0, equals)) != names.end()) {
      return pair.substr(equals + 1);
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

/// `name`, `name:port`, `[::1]`, `[::1]:port`, and an address of version six without brackets.
void read_authority(std::string_view text, HostText& parts) {
  if (text.starts_with('[')) {
    const auto end = std::min(text.find(']'), text.size());
    parts.host = base::to_lower(text.substr(1, end - 1));
    const std::string_view rest = text.substr(std::min(end + 1, text.size()));
    if (rest.starts_with(':')) parts.port = rest.substr(1);
    return;
  }
  const auto colon = text.find(':');
  const bool has_port = colon != std::string_view::npos && colon == text.rfind(':');
  parts.host = base::to_lower(has_port ? text.substr(0, colon) : text);
  if (has_port) parts.port = text.substr(colon + 1);
}

/// What stands where a port should may be a secret: it is not shown.
void check_port(const HostText& parts) {
  if (parts.port.empty()) return;
  const auto port = base::parse_number<std::uint16_t>(parts.port);
  if (!port || *port == 0) {
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "the port after the host is not a number from 1 to 65535"});
  }
}

}  // namespace

std::string_view org_id_of(std::string_view query) noexcept {
  return value_of(query, {"o", "workspace_id"});
}

HostText read_host_text(std::string_view text) {
  HostText parts;
  text = base::trim(text);
  if (const auto end = text.find("://"); end != std::string_view::npos) {
    parts.scheme = base::to_lower(text.substr(0, end));
    text.remove_prefix(end + 3);
  }
  text = text.substr(0, text.find('#'));
  const auto authority_end = std::min(text.find_first_of("/?"), text.size());
  const std::string_view authority = text.substr(0, authority_end);
  if (authority.find('@') != std::string_view::npos) {
    throw_error({.kind = ErrorKind::Configuration,
                 .message = "the host contains a '@'; credentials are options of their own"});
  }
  read_authority(authority, parts);
  check_port(parts);
  if (const auto question = text.find('?', authority_end); question != std::string_view::npos) {
    const std::string_view query = text.substr(question + 1);
    parts.org_id = org_id_of(query);
    parts.account_id = value_of(query, {"a", "account_id"});
  }
  return parts;
}

}  // namespace dbsql::config
