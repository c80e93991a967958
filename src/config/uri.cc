#include "config/uri.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "config/url_text.h"
#include "config/with_context.h"

#include <utility>

namespace dbsql::config {
namespace {

constexpr std::string_view kScheme = "databricks://";
constexpr const char* kOrigin = "databricks:// URI";
constexpr const char* kContext = "invalid databricks:// URI";

[[noreturn]] void fail(std::string message) {
  throw_error({.kind = ErrorKind::Configuration, .message = std::move(message)});
}

void take_user(const UrlText& url, OptionSet& set) {
  if (url.user.empty()) fail("the user is empty");
  if (url.user != "token") {
    set.set_key("auth.user", url.user, kOrigin, Repeat::Refuse, "user info");
    set.set_key("auth.password", url.password, kOrigin, Repeat::Refuse, "user info");
    return;
  }
  if (url.password.empty()) fail("the token is empty");
  set.set_key("auth.token", url.password, kOrigin, Repeat::Refuse, "user info");
}

OptionSet read(std::string_view uri) {
  uri = base::trim(uri);
  if (!base::starts_with_ignore_case(uri, kScheme)) fail("it does not begin with databricks://");
  OptionSet set(kContext);
  const UrlText url = read_url_text(uri.substr(kScheme.size()));
  set.set_key("host", url.host, kOrigin);
  set.set_key("port", url.port, kOrigin);
  if (url.path != "/") set.set_key("http_path", url.path, kOrigin);
  if (url.has_user) take_user(url, set);
  for (const auto& [key, value] : url.query) {
    set.set_known(Dialect::Canonical, key == "o" ? "org_id" : key, value, kOrigin);
  }
  return set;
}

}  // namespace

OptionSet read_uri(std::string_view uri) {
  return with_context(kContext, [&] { return read(uri); });
}

}  // namespace dbsql::config
