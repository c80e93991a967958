#include "session/side_session.h"

#include <dbsql/error.h>

#include "base/linked_stop.h"

namespace dbsql::session {

namespace {

[[noreturn]] void fail_closed() {
  throw_error(
      {.kind = ErrorKind::InvalidState, .message = "the connection was closed; open a new one"});
}

}  // namespace

SideSession::SessionPtr SideSession::get(const base::CallContext& call) {
  if (!open_)
    throw_error({.kind = ErrorKind::NotSupported,
                 .message = "servers answer no questions for tables and columns inside a "
                            "transaction; end it first, or set "
                            "transactions.metadata_side_session=true"});
  return opening_.get(
      call, [this] { return found_locked(); }, [&] { return open(call); });
}

SideSession::SessionPtr SideSession::found_locked() const {
  if (closed_) fail_closed();
  return session_ && !session_->is_dead() ? session_ : nullptr;
}

SideSession::SessionPtr SideSession::open(const base::CallContext& call) {
  const base::LinkedStop stop(call.stop, closing_.get_token());
  base::CallContext own = call;
  own.stop = stop.token();
  SessionPtr fresh;
  try {
    fresh = open_(own);
  } catch (const Error& error) {
    const bool was_closed = closing_.stop_requested() && !call.stop.stop_requested();
    if (was_closed && error.kind() == ErrorKind::Cancelled) fail_closed();
    throw;
  }
  {
    const std::lock_guard lock(mutex_);
    if (!closed_) return session_ = fresh;
  }
  fresh->close();  // nobody else will
  fail_closed();
}

SideSession::SessionPtr SideSession::last() noexcept {
  closing_.request_stop();
  const std::lock_guard lock(mutex_);
  closed_ = true;
  return session_;
}

void SideSession::close(base::Clock::TimePoint until) noexcept {
  if (const SessionPtr session = last()) session->close_by(until);
}

void SideSession::abandon() noexcept {
  if (const SessionPtr session = last()) session->abandon();
}

}  // namespace dbsql::session
