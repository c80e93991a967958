#pragma once

#include <dbsql/error.h>

#include "base/call_context.h"
#include "base/clock.h"
#include "protocol/backend.h"
#include "session/shared_opening.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::session {

/// How a session that the server has forgotten is replaced by another one.
struct Recovery {
  using Open = std::function<std::shared_ptr<protocol::Session>(const base::CallContext& call)>;

  /// Opens a session like the first one; empty = an expired session is not replaced.
  Open open;
  /// What would be lost with the expired session without the caller knowing; empty = nothing.
  std::function<std::string(const std::shared_ptr<protocol::Session>& expired)> objection;
  /// The statements that bring a new session to where the expired one was.
  std::function<std::vector<std::string>()> restoring;
};

/// The session of a connection: the one it began with, or the one that has taken its place.
///
/// A call that was refused because the server did not know the session was not carried out, so it
/// may run once more on another session (reference/auth-http-config.md 5.1). Calls that find the
/// session gone at the same time share one new session, and one failure to open it.
///
/// Threads: safe from any thread.
class LiveSession {
 public:
  using SessionPtr = std::shared_ptr<protocol::Session>;

  LiveSession(SessionPtr first, Recovery recovery, base::Clock& clock);
  LiveSession(const LiveSession&) = delete;
  LiveSession& operator=(const LiveSession&) = delete;

  SessionPtr current() const;
  std::string id() const { return current()->id(); }

  /// Runs `action`, which makes one call on the session it is given; once more on another session
  /// when that one has expired. \throws Error  of the action, or of opening the other session
  template <class Action>
  auto run(const base::CallContext& call, Action&& action) {
    SessionPtr session = current();
    if (session->is_dead() && is_replaceable()) session = replace(session, forgotten(), call);
    try {
      return action(session);
    } catch (const Error& error) {
      if (!is_replaceable() || !was_not_run(error)) throw;
      session = replace(session, error, call);
    }
    return action(session);
  }

  /// Whether an expired session is to be replaced.
  bool is_replaceable() const noexcept { return recovery_.open != nullptr; }

  /// Whether a call can be made, as far as this side knows.
  bool is_usable() const { return is_replaceable() || !current()->is_dead(); }

  /// How often a session has taken the place of another one.
  std::uint64_t replacements() const;

  /// Ends the session; there will be no other one. \param until  then the server is told no more
  void close(base::Clock::TimePoint until) noexcept;
  /// The same without a word to the server, also for a `close()` that is under way.
  void abandon() noexcept;

 private:
  SessionPtr last() noexcept;
  /// Whether the server has refused the call for want of the session: then nothing came of it.
  static bool was_not_run(const Error& error) noexcept;
  Error forgotten() const;

  SessionPtr replace(const SessionPtr& expired, const Error& error, const base::CallContext& call);
  SessionPtr open_like(const SessionPtr& expired, const Error& error,
                       const base::CallContext& call) const;
  void restore(protocol::Session& fresh, const base::CallContext& call) const;
  bool take_over(const SessionPtr& fresh, const SessionPtr& expired, const base::CallContext& call);

  const Recovery recovery_;

  mutable std::mutex mutex_;
  SharedOpening opening_;
  SessionPtr current_;              // guarded by mutex_; never null
  std::uint64_t replacements_ = 0;  // guarded by mutex_
  bool closed_ = false;             // guarded by mutex_
};

}  // namespace dbsql::session
