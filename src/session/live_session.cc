#include "session/live_session.h"

#include "base/log.h"
#include "base/text.h"

#include <utility>

namespace dbsql::session {

namespace {

bool limits_are_reached(const base::CallContext& call, const base::Clock& clock) {
  return call.stop.stop_requested() || (call.deadline && *call.deadline <= clock.now());
}

void run_statement(protocol::Session& session, const std::string& sql,
                   const base::CallContext& call) {
  const Parameters none;
  const auto operation = session.execute({.sql = sql, .parameters = &none}, call);
  operation->wait(call);
  operation->close();
}

}  // namespace

LiveSession::LiveSession(SessionPtr first, Recovery recovery, base::Clock& clock)
    : recovery_(std::move(recovery)), clock_(clock), current_(std::move(first)) {}

LiveSession::SessionPtr LiveSession::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::uint64_t LiveSession::replacements() const {
  const std::lock_guard lock(mutex_);
  return replacements_;
}

bool LiveSession::was_not_run(const Error& error) noexcept {
  return error.kind() == ErrorKind::SessionExpired && !error.outcome_unknown() &&
         error.statement_id().empty();
}

/// For a session whose end was found out by something else than the call that needs it now.
Error LiveSession::forgotten() const {
  return Error({.kind = ErrorKind::SessionExpired,
                .message = "the session has expired or was closed on the server; open a new "
                           "connection",
                .connection_id = id(),
                .connection_dead = true});
}

LiveSession::SessionPtr LiveSession::replace(const SessionPtr& expired, const Error& error,
                                             const base::CallContext& call) {
  std::unique_lock lock(mutex_);
  if (SessionPtr other = await_locked(lock, expired, error, call)) return other;
  const auto attempt = attempt_ = std::make_shared<Attempt>();
  lock.unlock();
  SessionPtr fresh;
  std::exception_ptr failure;
  std::optional<ErrorFields> shared_failure;
  try {
    fresh = open_like(expired, error, call);
  } catch (const Error& refusal) {
    failure = std::current_exception();
    if (!limits_are_reached(call, clock_)) shared_failure = refusal.fields();
  } catch (...) {
    failure = std::current_exception();
  }
  const bool is_taken_over = fresh && take_over(fresh, expired, call);
  lock.lock();
  attempt->is_done = true;
  attempt->failure = std::move(shared_failure);
  attempt_.reset();
  changed_.notify_all();
  lock.unlock();
  if (failure) std::rethrow_exception(failure);
  if (!is_taken_over) throw_error(error.fields());  // closed meanwhile
  return fresh;
}

/// The session that another call has opened meanwhile; null when this one has to do it.
LiveSession::SessionPtr LiveSession::await_locked(std::unique_lock<std::mutex>& lock,
                                                  const SessionPtr& expired, const Error& error,
                                                  const base::CallContext& call) {
  for (;;) {
    if (closed_) throw_error(error.fields());
    if (current_ != expired) return current_;
    if (!attempt_) return nullptr;
    const auto attempt = attempt_;
    clock_.wait(lock, changed_, call, [&] { return attempt->is_done; });
    if (!attempt->failure) continue;
    ErrorFields failure = *attempt->failure;
    failure.correlation_id = call.correlation_id;
    throw_error(std::move(failure));
  }
}

LiveSession::SessionPtr LiveSession::open_like(const SessionPtr& expired, const Error& error,
                                               const base::CallContext& call) const {
  if (const std::string objection = recovery_.objection(expired); !objection.empty()) {
    ErrorFields fields = error.fields();
    fields.message += base::concat("; it was not replaced, for ", objection);
    throw_error(std::move(fields));
  }
  base::CallContext own = call;
  own.observer = nullptr;  // it follows the user's statement
  own.connection_id = expired->id();
  SessionPtr fresh;
  try {
    fresh = recovery_.open(own);
    restore(*fresh, own);
    return fresh;
  } catch (const Error& refusal) {
    if (fresh) fresh->close();
    ErrorFields fields = refusal.fields();
    fields.message =
        base::concat("the session has expired and could not be replaced: ", refusal.message());
    fields.outcome_unknown = false;  // the caller's statement was never begun
    fields.cause = std::make_shared<const Error>(error);
    throw_error(std::move(fields));
  }
}

void LiveSession::restore(protocol::Session& fresh, const base::CallContext& call) const {
  for (const std::string& sql : recovery_.restoring()) run_statement(fresh, sql, call);
}

/// False when the connection was closed meanwhile.
bool LiveSession::take_over(const SessionPtr& fresh, const SessionPtr& expired,
                            const base::CallContext& call) {
  std::uint64_t count = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) {
      current_ = fresh;
      count = ++replacements_;
    }
  }
  if (count == 0) {
    fresh->close();  // nobody else will
    return false;
  }
  base::log(LogLevel::Info, "session", call,
            base::concat("session ", expired->id(), " has expired; ", fresh->id(),
                         " takes its place (replacement ", count, " of this connection)"));
  expired->close();  // sends nothing: the server does not know it
  return true;
}

LiveSession::SessionPtr LiveSession::last() noexcept {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  return current_;
}

void LiveSession::close() noexcept { last()->close(); }
void LiveSession::abandon() noexcept { last()->abandon(); }

}  // namespace dbsql::session
