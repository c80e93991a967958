#include "http/redirect.h"

#include "base/text.h"
#include "http/url.h"

namespace dbsql::http {
namespace {

bool is_followed_status(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The address in a Location header, which may leave out what stays the same (RFC 9110 10.2.2).
std::optional<Url> resolve(const Url& from, std::string_view location) {
  location = base::trim(location.substr(0, location.find('#')));
  if (location.empty()) return std::nullopt;
  if (location.find("://") < location.find_first_of("/?")) return Url::parse(location);
  if (location.starts_with("//")) return Url::parse(base::concat(from.scheme, ':', location));
  const std::string origin = from.origin();
  if (location.starts_with('/')) return Url::parse(origin + std::string(location));
  if (location.starts_with('?')) return Url::parse(base::concat(origin, from.path, location));
  const std::string folder = from.path.substr(0, from.path.rfind('/') + 1);
  return Url::parse(base::concat(origin, folder.empty() ? "/" : folder, location));
}

}  // namespace

std::optional<std::string> redirect_target(const Request& request, const Response& response,
                                           RedirectRule rule) {
  if (!is_followed_status(response.status)) return std::nullopt;
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  const auto from = Url::parse(request.url);
  if (!from) return std::nullopt;
  const auto to = resolve(*from, find_header(response.headers, "location"));
  if (!to) return std::nullopt;
  const bool is_secure = to->scheme == "https" || from->scheme == "http";
  const bool is_same_host =
      to->host == from->host && (to->port == from->port || to->scheme != from->scheme);
  if (!is_secure || (rule == RedirectRule::SameHost && !is_same_host)) return std::nullopt;
  return to->to_string();
}

}  // namespace dbsql::http
