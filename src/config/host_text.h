#pragma once

#include <string>
#include <string_view>

namespace dbsql::config {

/// What people paste where a host is asked for. Empty parts were not there.
struct HostText {
  std::string host;  ///< lower case, without brackets
  std::string scheme;
  std::string port;
  std::string org_id;      ///< of `?o=` or `?workspace_id=`
  std::string account_id;  ///< of `?a=` or `?account_id=`
};

/// Takes a host name, or the whole address of a page in the browser, apart: scheme, path and
/// fragment go, and what says where the workspace is stays (reference/auth-http-config.md 1.8, 1.9
/// rule 6). Nothing is checked that `complete()` checks.
/// \throws ConfigurationError  the text holds user information, which may be a secret
HostText read_host_text(std::string_view text);

/// The digits after `o=` or `workspace_id=` in a query; empty when it has neither.
std::string_view org_id_of(std::string_view query) noexcept;

}  // namespace dbsql::config
