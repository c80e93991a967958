#include <dbsql/error.h>
#include <dbsql/error_info.h>

#include "base/one_line.h"
#include "base/redact.h"

#include <string_view>
#include <utility>

namespace dbsql {

namespace {

constexpr std::size_t kLongestMessage = 4096;
constexpr std::size_t kLongestLookedAt = 16 * kLongestMessage;

/// Messages quote what others said. Here none of them can go past the redactor, break a log's lines
/// or fill it (reference/auth-http-config.md 6.4). The redactor comes first: half a secret may look
/// like none.
std::string presentable(std::string_view message) {
  constexpr std::string_view kMore = "...";
  std::string line = base::one_line(base::redact(base::cut(message, kLongestLookedAt)));
  if (line.size() <= kLongestMessage) return line;
  return std::string(base::cut(line, kLongestMessage - kMore.size())).append(kMore);
}

std::string describe(const ErrorFields& fields) {
  std::string text = fields.message;
  // Server texts often end with their SQLSTATE already.
  if (text.find(fields.sqlstate) == std::string::npos)
    text += " (SQLSTATE " + fields.sqlstate + ")";
  if (!fields.statement_id.empty()) text += " [statement " + fields.statement_id + "]";
  return text;
}

}  // namespace

struct Error::Record {
  ErrorFields fields;
  std::string what;
};

Error::Error(ErrorFields fields) {
  if (fields.sqlstate.size() != 5) fields.sqlstate = info_of(fields.kind).sqlstate;
  fields.message = presentable(fields.message);
  // Of these no connection is left, wherever they were noticed.
  if (fields.kind == ErrorKind::SessionExpired || fields.kind == ErrorKind::TransactionUnknown)
    fields.connection_dead = true;
  const bool never = info_of(fields.kind).retryable == ErrorKindInfo::Answer::No;
  if (never || fields.outcome_unknown) fields.retryable = false;
  std::string what = describe(fields);
  record_ = std::make_shared<const Record>(Record{std::move(fields), std::move(what)});
}

const char* Error::what() const noexcept { return record_->what.c_str(); }
ErrorKind Error::kind() const noexcept { return record_->fields.kind; }
const std::string& Error::message() const noexcept { return record_->fields.message; }
const std::string& Error::sqlstate() const noexcept { return record_->fields.sqlstate; }
const std::string& Error::error_class() const noexcept { return record_->fields.error_class; }
const std::string& Error::statement_id() const noexcept { return record_->fields.statement_id; }
const std::string& Error::connection_id() const noexcept { return record_->fields.connection_id; }
const std::string& Error::correlation_id() const noexcept { return record_->fields.correlation_id; }
std::int32_t Error::native_code() const noexcept { return record_->fields.native_code; }
int Error::http_status() const noexcept { return record_->fields.http_status; }
int Error::attempts() const noexcept { return record_->fields.attempts; }
std::chrono::milliseconds Error::elapsed() const noexcept { return record_->fields.elapsed; }
bool Error::retryable() const noexcept { return record_->fields.retryable; }
bool Error::connection_dead() const noexcept { return record_->fields.connection_dead; }
bool Error::outcome_unknown() const noexcept { return record_->fields.outcome_unknown; }
std::optional<std::chrono::seconds> Error::retry_after() const noexcept {
  return record_->fields.retry_after;
}
const Error* Error::cause() const noexcept { return record_->fields.cause.get(); }
const ErrorFields& Error::fields() const noexcept { return record_->fields; }

void throw_error(ErrorFields fields) {
  switch (fields.kind) {
    case ErrorKind::Configuration:
      throw ConfigurationError(std::move(fields));
    case ErrorKind::Unauthenticated:
      throw AuthenticationError(std::move(fields));
    case ErrorKind::PermissionDenied:
      // A refusal of a statement is the statement's matter; a refusal of a request (HTTP) is the
      // credentials'.
      if (fields.http_status == 0) throw SqlError(std::move(fields));
      throw AuthenticationError(std::move(fields));
    case ErrorKind::NotFound:
    case ErrorKind::AlreadyExists:
    case ErrorKind::SqlSyntax:
    case ErrorKind::SqlData:
    case ErrorKind::SqlConstraint:
    case ErrorKind::SqlOther:
    case ErrorKind::NotSupported:
    case ErrorKind::TransactionConflict:
      throw SqlError(std::move(fields));
    case ErrorKind::Network:
    case ErrorKind::Tls:
    case ErrorKind::Redirect:
    case ErrorKind::Unavailable:
    case ErrorKind::RateLimited:
    case ErrorKind::Protocol:
    case ErrorKind::TransactionUnknown:
      throw NetworkError(std::move(fields));
    case ErrorKind::Timeout:
      throw TimeoutError(std::move(fields));
    case ErrorKind::Cancelled:
      throw CancelledError(std::move(fields));
    case ErrorKind::LinkExpired:
    case ErrorKind::CorruptResult:
    case ErrorKind::ResourceExhausted:
      throw ResultError(std::move(fields));
    case ErrorKind::SessionExpired:
    case ErrorKind::StatementClosed:
    case ErrorKind::InvalidState:
    case ErrorKind::TransactionState:
      throw StateError(std::move(fields));
    case ErrorKind::InvalidArgument:
    case ErrorKind::Internal:
      throw Error(std::move(fields));
  }
  throw Error(std::move(fields));
}

}  // namespace dbsql
