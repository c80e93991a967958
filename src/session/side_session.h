#pragma once

#include <dbsql/error.h>

#include "base/call_context.h"
#include "base/clock.h"
#include "protocol/backend.h"
#include "session/shared_opening.h"

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

namespace dbsql::session {

/// A second session of a connection, for what the first one must not be asked while a transaction
/// is open there (reference/auth-http-config.md 7.5). Opened at the first need, closed with the
/// connection.
///
/// Threads: safe from any thread. While it is being opened, each call that needs it keeps to its
/// own limits, and `close` and `abandon` wait for nobody: they end the opening.
class SideSession {
 public:
  using SessionPtr = std::shared_ptr<protocol::Session>;
  using Open = std::function<SessionPtr(const base::CallContext& call)>;

  /// \param open  empty = there may be none
  SideSession(Open open, base::Clock& clock) : open_(std::move(open)), opening_(mutex_, clock) {}

  /// Runs `action`, which makes one call on the session. It holds nothing: an expired one is
  /// replaced, and the call made once more. \throws Error (NotSupported) when there may be none;
  /// (InvalidState) when it was closed; of opening it; of the action
  template <class Action>
  auto run(const base::CallContext& call, Action&& action) {
    try {
      return action(get(call));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::SessionExpired) throw;
    }
    return action(get(call));
  }
  /// There will be no other one. \param until  then the server is told no more
  void close(base::Clock::TimePoint until) noexcept;
  /// The same without a word to the server, also for a `close` that is under way.
  void abandon() noexcept;

 private:
  SessionPtr get(const base::CallContext& call);
  SessionPtr found_locked() const;
  SessionPtr open(const base::CallContext& call);
  SessionPtr last() noexcept;

  const Open open_;
  std::stop_source closing_;  // ends an opening
  mutable std::mutex mutex_;
  SharedOpening opening_;
  SessionPtr session_;   // guarded by mutex_; null until needed
  bool closed_ = false;  // guarded by mutex_
};

}  // namespace dbsql::session
