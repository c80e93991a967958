// What a connection has to say when its session has expired, which statements run once more, and
// what a ping makes of it
// (reference/auth-http-config.md 5.1, 5.3).

#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"
#include "session/connection_impl.h"
#include "session/read_only.h"

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
  if (const std::size_t open = open_statements_.count_needing(*expired); open > 0)
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

/// Whether a statement that its session took with it runs once more on another one: it was carried
/// out for nothing, but changes nothing either.
bool Connection::Impl::outlives_session(std::string_view sql, Purpose purpose) const noexcept {
  return !purpose.is_repeat && session_.is_replaceable() && session::only_reads(sql) &&
         !transactions_.is_in_transaction();
}

/// Whether what has failed before there was a result may run once more.
bool Connection::Impl::may_run_again(std::string_view sql, const Error& error) const noexcept {
  // The link to a volume's file was too old when it was used. No call gives another one but the
  // statement itself, which has changed nothing (reference/results.md 5.5).
  if (error.kind() == ErrorKind::LinkExpired) return error.retryable();
  return session::is_lost_with_session(error) && outlives_session(sql, {});
}

/// For a result whose rows cannot be had where they are, because storage is out of reach or the
/// server has forgotten them: the statement once more. Only for what changes nothing.
std::function<std::optional<Result>(session::RunAgain, std::stop_token)>
Connection::Impl::repeat_of(std::string_view sql, const Parameters& parameters,
                            const ExecuteOptions& options) {
  if (!session::only_reads(sql)) return {};
  return [self = shared_from_this(), text = std::string(sql), parameters, again = options,
          is_inline = storage_is_unreachable_.load()](
             session::RunAgain why, std::stop_token stop) mutable -> std::optional<Result> {
    again.stop = std::move(stop);  // of the first statement, which follows the caller's
    if (why == session::RunAgain::SessionLost) {
      if (!self->outlives_session(text, {})) return std::nullopt;  // a transaction has begun since
      return self->query(text, parameters, again, {.is_repeat = true});
    }
    if (is_inline) return std::nullopt;
    if (!self->storage_is_unreachable_.exchange(true))
      base::log(LogLevel::Warn, "cloudfetch", self->call_of(again),
                "the storage host of this result cannot be reached from here; results of this "
                "connection come inline from now on, which is slower. Open the way to it, or set "
                "cloudfetch.enabled=false to say that it is meant");
    return self->query(text, parameters, again);
  };
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
