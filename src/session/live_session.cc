#include "session/live_session.h"

#include "base/log.h"
#include "base/text.h"
#include "observe/observer.h"

#include <utility>
#include <variant>

namespace dbsql::session {

namespace {

/// Lets a user's statement hear that it waits for a warehouse which starts: of what is sent to open
/// a session for it, nothing else is part of it.
class StartOnly final : public observe::Observer {
 public:
  explicit StartOnly(observe::Observer* next) : next_(next) {}

  void on(const observe::Event& event) noexcept override {
    const auto* repeated = std::get_if<observe::RequestRepeated>(&event);
    if (next_ != nullptr && repeated != nullptr && repeated->is_starting) next_->on(event);
  }

 private:
  observe::Observer* const next_;
};

void run_statement(protocol::Session& session, const std::string& sql,
                   const base::CallContext& call) {
  const Parameters none;
  const auto operation = session.execute({.sql = sql, .parameters = &none}, call);
  operation->wait(call);
  operation->close();
}

}  // namespace

LiveSession::LiveSession(SessionPtr first, Recovery recovery, base::Clock& clock)
    : recovery_(std::move(recovery)), opening_(mutex_, clock), current_(std::move(first)) {}

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
  const auto found = [&] {
    if (closed_) throw_error(error.fields());
    return current_ != expired ? current_ : nullptr;
  };
  const auto open = [&] {
    SessionPtr fresh = open_like(expired, error, call);
    return take_over(fresh, expired, call) ? fresh : nullptr;
  };
  if (SessionPtr session = opening_.get(call, found, open)) return session;
  throw_error(error.fields());  // closed meanwhile
}

LiveSession::SessionPtr LiveSession::open_like(const SessionPtr& expired, const Error& error,
                                               const base::CallContext& call) const {
  if (const std::string objection = recovery_.objection(expired); !objection.empty()) {
    ErrorFields fields = error.fields();
    fields.message += base::concat("; it was not replaced, for ", objection);
    throw_error(std::move(fields));
  }
  base::CallContext own = call;
  StartOnly starting(call.observer);
  own.observer = &starting;
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

void LiveSession::close(base::Clock::TimePoint until) noexcept { last()->close_by(until); }
void LiveSession::abandon() noexcept { last()->abandon(); }

}  // namespace dbsql::session
