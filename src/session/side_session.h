#pragma once

#include <dbsql/error.h>

#include "base/call_context.h"
#include "protocol/backend.h"

#include <functional>
#include <memory>
#include <mutex>

namespace dbsql::session {

/// A second session of a connection, for what the first one must not be asked while a transaction
/// is open there (reference/auth-http-config.md 7.5). Opened at the first need, closed with the
/// connection.
///
/// Threads: safe from any thread.
class SideSession {
 public:
  using Open = std::function<std::shared_ptr<protocol::Session>(const base::CallContext& call)>;

  /// \param open  empty = there may be none
  explicit SideSession(Open open) : open_(std::move(open)) {}

  /// Runs `action`, which makes one call on the session. It holds nothing: an expired one is
  /// replaced, and the call made once more. \throws Error (NotSupported) when there may be none; of
  /// opening it; of the action
  template <class Action>
  auto run(const base::CallContext& call, Action&& action) {
    try {
      return action(get(call));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::SessionExpired) throw;
    }
    return action(get(call));
  }
  void close() noexcept;

 private:
  std::shared_ptr<protocol::Session> get(const base::CallContext& call);

  const Open open_;
  std::mutex mutex_;
  std::shared_ptr<protocol::Session> session_;  // guarded by mutex_; null until needed
};

}  // namespace dbsql::session
