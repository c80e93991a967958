#include "session/shared_opening.h"

#include <exception>
#include <utility>

namespace dbsql::session {

namespace {

bool limits_are_reached(const base::CallContext& call, const base::Clock& clock) {
  return call.stop.stop_requested() || (call.deadline && *call.deadline <= clock.now());
}

}  // namespace

SharedOpening::SessionPtr SharedOpening::get(const base::CallContext& call,
                                             const std::function<SessionPtr()>& found,
                                             const std::function<SessionPtr()>& open) {
  std::unique_lock lock(mutex_);
  if (SessionPtr session = await_locked(lock, call, found)) return session;
  const auto attempt = attempt_ = std::make_shared<Attempt>();
  lock.unlock();
  try {
    SessionPtr session = open();
    end(attempt, std::nullopt);
    return session;
  } catch (const Error& refusal) {
    std::optional<ErrorFields> shared;
    if (!limits_are_reached(call, clock_)) shared = refusal.fields();
    end(attempt, std::move(shared));
    throw;
  } catch (...) {
    end(attempt, std::nullopt);
    throw;
  }
}

/// The session that is there, or that another call has opened meanwhile; null when this one has to
/// do it.
SharedOpening::SessionPtr SharedOpening::await_locked(std::unique_lock<std::mutex>& lock,
                                                      const base::CallContext& call,
                                                      const std::function<SessionPtr()>& found) {
  for (;;) {
    if (SessionPtr session = found()) return session;
    if (!attempt_) return nullptr;
    const auto attempt = attempt_;
    clock_.wait(lock, changed_, call, [&] { return attempt->is_done; });
    if (!attempt->failure) continue;
    ErrorFields failure = *attempt->failure;
    failure.correlation_id = call.correlation_id;
    throw_error(std::move(failure));
  }
}

void SharedOpening::end(const std::shared_ptr<Attempt>& attempt,
                        std::optional<ErrorFields> failure) {
  const std::lock_guard lock(mutex_);
  attempt->is_done = true;
  attempt->failure = std::move(failure);
  attempt_.reset();
  changed_.notify_all();
}

}  // namespace dbsql::session
