// What a connection has to say when its session has expired, and what a ping makes of it
// (reference/auth-http-config.md 5.1, 5.3).

#include <dbsql/error.h>

#include "base/text.h"
#include "session/connection_impl.h"

#include <utility>

namespace dbsql {

namespace {

/// What a ping can find out about a connection: it, its session or its credentials do not work.
/// That a statement fails says nothing of the kind.
bool means_lost_connection(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::Unauthenticated:
    case ErrorKind::Network:
    case ErrorKind::Tls:
    case ErrorKind::Redirect:
    case ErrorKind::Protocol:
    case ErrorKind::SessionExpired:
      return true;
    default:
      return false;
  }
}

}  // namespace

session::Recovery Connection::Impl::recovery(session::Recovery::Open reopen) {
  return {.open = std::move(reopen),
          .objection =
              [this](const std::shared_ptr<protocol::Session>& expired) {
                return objection_to_replacing(expired);
              },
          .restoring = [this] { return restoring(); }};
}

std::string Connection::Impl::objection_to_replacing(
    const std::shared_ptr<protocol::Session>& expired) const {
  if (closed_) return "the connection is closed";
  if (transactions_.is_in_transaction() || transactions_.is_broken())
    return "a transaction was open in it, which the server has rolled back";
  if (const std::size_t open = open_statements_.count(*expired); open > 0)
    return base::concat(
        open, open == 1 ? " statement or result of it is" : " statements or results of it are",
        " still open: close what cannot be read any more");
  if (const std::string lasting = changes_.lasting(); !lasting.empty())
    return base::concat(lasting, " would be lost without a word");
  return {};
}

std::vector<std::string> Connection::Impl::restoring() const {
  auto statements = changes_.restoring();
  if (transactions_.is_autocommit_off()) statements.emplace_back("SET AUTOCOMMIT = FALSE");
  return statements;
}

void Connection::Impl::ping(const WaitOptions& options) {
  try {
    query("SELECT 1", {}, {.timeout = options.timeout, .stop = options.stop},
          {StatementType::Query, /*is_internal=*/true})
        .close();
  } catch (const Error& error) {
    const bool by_server = dynamic_cast<const SqlError*>(&error) != nullptr;
    if (by_server || !means_lost_connection(error.kind())) throw;
    is_lost_ = !(error.kind() == ErrorKind::SessionExpired && session_.is_replaceable());
    ErrorFields fields = error.fields();
    fields.outcome_unknown = false;  // nothing was to be changed
    fields.connection_dead = true;
    throw_error(std::move(fields));
  }
}

}  // namespace dbsql
