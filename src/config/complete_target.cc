#include "config/complete_target.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "config/complete_network.h"
#include "config/host_text.h"
#include "http/url.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace dbsql::config {
namespace {

constexpr std::string_view kWarehouses = "/sql/1.0/warehouses/";
constexpr std::string_view kEndpoints = "/sql/1.0/endpoints/";  // their old name
constexpr std::string_view kClusters = "/sql/protocolv1/o/";
constexpr std::size_t kLongestOrgId = 20;

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

/// What a path says about where it leads.
struct PathParts {
  std::string_view path;  // without its query
  std::string_view query;
  std::string_view warehouse_id;
  std::string_view cluster_id;
  std::string_view org_id;
};

PathParts read_path(std::string_view text) {
  PathParts parts;
  const auto question = std::min(text.find('?'), text.size());
  parts.path = text.substr(0, question);
  if (question < text.size()) parts.query = text.substr(question + 1);
  parts.org_id = org_id_of(parts.query);
  for (const std::string_view prefix : {kWarehouses, kEndpoints}) {
    if (!parts.path.starts_with(prefix)) continue;
    const std::string_view id = parts.path.substr(prefix.size());
    if (id.find('/') == std::string_view::npos) parts.warehouse_id = id;
  }
  if (parts.path.starts_with(kClusters)) {
    const std::string_view rest = parts.path.substr(kClusters.size());
    const auto slash = std::min(rest.find('/'), rest.size());
    if (parts.org_id.empty()) parts.org_id = rest.substr(0, slash);
    parts.cluster_id = rest.substr(std::min(slash + 1, rest.size()));
  }
  return parts;
}

void tidy_path(std::string& text) {
  std::string path(base::trim(text));
  if (!path.empty() && path.front() != '/') path.insert(path.begin(), '/');
  if (path.find('?') == std::string::npos) {
    while (path.ends_with('/')) path.pop_back();
  }
  text = std::move(path);
}

void check_org_id(std::string_view org_id) {
  const bool is_number =
      org_id.size() <= kLongestOrgId &&
      std::all_of(org_id.begin(), org_id.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) fail("org_id (o= in addresses) is not the number of a workspace");
}

/// Builds the path where a warehouse or a cluster stands for it.
void build_path(ConnectionConfig& config) {
  if (!config.warehouse_id.empty() && !config.cluster_id.empty())
    fail("warehouse_id and cluster_id exclude each other");
  if (!config.http_path.empty()) return;
  if (!config.warehouse_id.empty()) {
    config.http_path = base::concat(kWarehouses, http::percent_encode(config.warehouse_id));
  } else if (!config.cluster_id.empty()) {
    if (config.org_id.empty()) fail("cluster_id needs org_id, the number of the workspace");
    config.http_path =
        base::concat(kClusters, config.org_id, '/', http::percent_encode(config.cluster_id));
  }
}

void agree(std::string& given, std::string_view in_path, std::string_view key,
           std::string_view what) {
  const std::string escaped = http::percent_encode(given);
  if (!given.empty() && in_path != given && in_path != escaped) {
    fail(base::concat(key, " names another ", what, " than the http path; give one of them"));
  }
  given = in_path;
}

/// The workspace that is asked for by itself counts, and the server reads it in the query
/// (reference/auth-http-config.md 4.12).
void add_org_id(ConnectionConfig& config) {
  const PathParts parts = read_path(config.http_path);
  const std::string in_path(parts.org_id);
  if (config.org_id.empty() || config.org_id == in_path) {
    config.org_id = in_path;
    return;
  }
  if (!parts.cluster_id.empty()) fail("org_id and the http path name different workspaces");
  if (config.http_path.empty()) return;
  std::string query = base::concat("o=", config.org_id);
  for (const std::string_view pair : base::split(parts.query, '&')) {
    const bool is_org_id = pair.starts_with("o=") || pair.starts_with("workspace_id=");
    if (!pair.empty() && !is_org_id) query += base::concat('&', pair);
  }
  config.http_path = base::concat(parts.path, '?', query);
}

void complete_path(ConnectionConfig& config) {
  tidy_path(config.http_path);
  config.org_id = std::string(base::trim(config.org_id));
  check_org_id(config.org_id);
  build_path(config);
  const PathParts parts = read_path(config.http_path);
  agree(config.warehouse_id, parts.warehouse_id, "warehouse_id", "warehouse");
  agree(config.cluster_id, parts.cluster_id, "cluster_id", "cluster");
  add_org_id(config);
  check_org_id(config.org_id);
}

void check_host(const ConnectionConfig& config) {
  if (config.host.empty())
    fail("the host is missing; give host, DATABRICKS_HOST or a profile that has one");
  const http::Url origin{config.scheme, config.host, config.port, {}, {}};
  if (config.port == 0 || !http::Url::parse(origin.origin())) {
    fail("host and port do not make a valid address");
  }
  if (!http::Url::parse(origin.origin() + config.http_path)) {
    fail("the http path contains blanks, '#' or characters that must be escaped");
  }
  if (config.scheme == "http" && !http::is_loopback_host(config.host) &&
      !config.allow_insecure_http) {
    fail(base::concat("plain http is only for this machine; use https:// for ", config.host,
                      ", or accept that anybody on the way can read and change everything with "
                      "allow_insecure_http=true"));
  }
  if (config.http_path.empty() && !http::is_loopback_host(config.host)) {
    fail(
        "the http path is missing; it is in the connection details of the warehouse, for instance "
        "/sql/1.0/warehouses/abc123; warehouse_id=abc123 will do as well");
  }
}

void check_protocol(const ConnectionConfig& config) {
  if (config.protocol != "sea") return;
  if (config.warehouse_id.empty()) {
    fail("protocol=sea needs a SQL warehouse: a path like /sql/1.0/warehouses/abc123");
  }
  fail("protocol=sea: the REST protocol is not available in this version; leave it out");
}

}  // namespace

void complete_target(ConnectionConfig& config) {
  config.host = base::to_lower(base::trim(config.host));
  complete_path(config);
  check_host(config);
  check_protocol(config);
  complete_network(config);
}

}  // namespace dbsql::config
