#include "session/side_session.h"

#include <dbsql/error.h>

namespace dbsql::session {

std::shared_ptr<protocol::Session> SideSession::get(const base::CallContext& call) {
  if (!open_)
    throw_error({.kind = ErrorKind::NotSupported,
                 .message = "servers answer no questions for tables and columns inside a "
                            "transaction; end it first, or set "
                            "transactions.metadata_side_session=true"});
  const std::lock_guard lock(mutex_);
  if (!session_ || session_->is_dead()) session_ = open_(call);
  return session_;
}

void SideSession::close() noexcept {
  std::shared_ptr<protocol::Session> session;
  {
    const std::lock_guard lock(mutex_);
    session = std::move(session_);
  }
  if (session) session->close();
}

}  // namespace dbsql::session
