#pragma once

#include <string>

namespace dbsql::auth {

/// Shows a page to the person in front of this machine. A seam: tests follow the page themselves.
///
/// Threads: safe from any thread.
class BrowserLauncher {
 public:
  virtual ~BrowserLauncher() = default;

  /// Returns once the browser was asked to.
  /// \throws AuthenticationError  there is no browser to be opened; what to do instead
  virtual void open(const std::string& url) = 0;

  /// `xdg-open` of this machine, started without a shell.
  static BrowserLauncher& system();
};

}  // namespace dbsql::auth
