#include "session/tell_id.h"

#include "base/log.h"

namespace dbsql::session {

void tell_id(const std::function<void(std::string_view)>& callback, std::string_view id) noexcept {
  if (!callback || id.empty()) return;
  try {
    callback(id);
  } catch (...) {
    base::log(LogLevel::Warn, "session", "a callback for an id threw an exception; it is ignored");
  }
}

}  // namespace dbsql::session
