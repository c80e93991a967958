#include "auth/browser.h"

#include <dbsql/error.h>

#include "auth/program.h"
#include "base/text.h"

#include <cstdlib>

namespace dbsql::auth {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

[[noreturn]] void refuse(std::string_view why) {
  throw_error({.kind = ErrorKind::Unauthenticated,
               .message = base::concat("no browser can be opened to sign in: ", why,
                                       "; set auth.login=url to be told the address, or "
                                       "auth.login=device to sign in on another machine")});
}

class SystemBrowser final : public BrowserLauncher {
 public:
  void open(const std::string& url) override {
    if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") && !is_set("BROWSER"))
      refuse("there is no screen (neither DISPLAY nor WAYLAND_DISPLAY nor BROWSER is set)");
    const auto opener = find_program("xdg-open", Environment::process());
    if (!opener) refuse("there is no xdg-open in PATH");
    if (!start_program(*opener, {url})) refuse("xdg-open cannot be started");
  }
};

}  // namespace

BrowserLauncher& BrowserLauncher::system() {
  static auto* const browser = new SystemBrowser;  // leaked on purpose
  return *browser;
}

}  // namespace dbsql::auth
