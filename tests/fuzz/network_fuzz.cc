// links: dbsql_http
//
// A redirect leads where its rule allows, whatever the server writes; lists of hosts and names of
// proxies are read whatever stands in the environment.
#include "http/proxy.h"
#include "http/redirect.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace dbsql::http;

void check_redirect(std::string_view location) {
  const Request request{.method = "GET", .url = "https://h.example/a/b?c=d"};
  const Response response{.status = 302, .headers = {{"Location", std::string(location)}}};
  const auto same = redirect_target(request, response, RedirectRule::SameHost);
  const auto any = redirect_target(request, response, RedirectRule::AnyHost);
  if (same && (same != any || Url::parse(*same)->origin() != "https://h.example:443")) std::abort();
  if (any && Url::parse(*any)->scheme != "https") std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_redirect(text);
  const BypassList list(text);
  for (const char* url :
       {"https://ws.cloud.example/", "http://192.0.2.7/", "http://[2001:db8::1]/"})
    list.contains(*Url::parse(url));
  if (const auto proxy = parse_proxy(text)) {
    const auto again = parse_proxy(proxy->url);
    if (!again || again->url != proxy->url || !again->username.empty()) std::abort();
  }
  return 0;
}
