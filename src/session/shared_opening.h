#pragma once

#include <dbsql/error.h>

#include "base/call_context.h"
#include "base/clock.h"
#include "protocol/backend.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

namespace dbsql::session {

/// Opens a session for all calls that need it at the same time: one of them opens it, the others
/// wait, each within its own limits. A failure is that of all of them, unless it was the limits of
/// the one that opened.
///
/// Threads: safe from any thread. No lock is held while a session is being opened.
class SharedOpening {
 public:
  using SessionPtr = std::shared_ptr<protocol::Session>;

  /// \param mutex  guards what `found` looks at; outlives this object
  SharedOpening(std::mutex& mutex, base::Clock& clock) : mutex_(mutex), clock_(clock) {}
  SharedOpening(const SharedOpening&) = delete;
  SharedOpening& operator=(const SharedOpening&) = delete;

  /// \param found  the session when there is one by now; null = it has to be opened; may throw.
  ///   Called with the mutex held
  /// \param open   makes and keeps a session; may throw. Called without the mutex
  /// \return what `found` or `open` returned
  SessionPtr get(const base::CallContext& call, const std::function<SessionPtr()>& found,
                 const std::function<SessionPtr()>& open);

 private:
  /// One opening, for all calls that wait for it.
  struct Attempt {
    bool is_done = false;
    std::optional<ErrorFields> failure;  // that concerns them all
  };

  SessionPtr await_locked(std::unique_lock<std::mutex>& lock, const base::CallContext& call,
                          const std::function<SessionPtr()>& found);
  void end(const std::shared_ptr<Attempt>& attempt, std::optional<ErrorFields> failure);

  std::mutex& mutex_;
  base::Clock& clock_;
  std::condition_variable_any changed_;
  std::shared_ptr<Attempt> attempt_;  // guarded by mutex_; null while nobody opens a session
};

}  // namespace dbsql::session
