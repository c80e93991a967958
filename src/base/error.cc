#include <dbsql/error.h>

#include <array>
#include <utility>

namespace dbsql {

namespace {

struct KindRow {
  ErrorKind kind;
  std::string_view name;
  std::string_view sqlstate;  // of errors that carry none of their own
};

// reference/auth-http-config.md 6.4
constexpr std::array kKinds{
    KindRow{ErrorKind::InvalidArgument, "InvalidArgument", "HY024"},
    KindRow{ErrorKind::Configuration, "Configuration", "08001"},
    KindRow{ErrorKind::Unauthenticated, "Unauthenticated", "28000"},
    KindRow{ErrorKind::PermissionDenied, "PermissionDenied", "42000"},
    KindRow{ErrorKind::NotFound, "NotFound", "42S02"},
    KindRow{ErrorKind::AlreadyExists, "AlreadyExists", "42S01"},
    KindRow{ErrorKind::SqlSyntax, "SqlSyntax", "42000"},
    KindRow{ErrorKind::SqlData, "SqlData", "22000"},
    KindRow{ErrorKind::SqlConstraint, "SqlConstraint", "23000"},
    KindRow{ErrorKind::SqlOther, "SqlOther", "HY000"},
    KindRow{ErrorKind::NotSupported, "NotSupported", "HYC00"},
    KindRow{ErrorKind::Network, "Network", "08S01"},
    KindRow{ErrorKind::Tls, "Tls", "08001"},
    KindRow{ErrorKind::Redirect, "Redirect", "08001"},
    KindRow{ErrorKind::Unavailable, "Unavailable", "08S01"},
    KindRow{ErrorKind::RateLimited, "RateLimited", "HY000"},
    KindRow{ErrorKind::Timeout, "Timeout", "HYT00"},
    KindRow{ErrorKind::Cancelled, "Cancelled", "HY008"},
    KindRow{ErrorKind::SessionExpired, "SessionExpired", "08S01"},
    KindRow{ErrorKind::StatementClosed, "StatementClosed", "HY010"},
    KindRow{ErrorKind::InvalidState, "InvalidState", "HY010"},
    KindRow{ErrorKind::LinkExpired, "LinkExpired", "HY000"},
    KindRow{ErrorKind::CorruptResult, "CorruptResult", "HY000"},
    KindRow{ErrorKind::ResourceExhausted, "ResourceExhausted", "HY001"},
    KindRow{ErrorKind::Protocol, "Protocol", "08P01"},
    KindRow{ErrorKind::TransactionState, "TransactionState", "25000"},
    KindRow{ErrorKind::TransactionConflict, "TransactionConflict", "40001"},
    KindRow{ErrorKind::TransactionUnknown, "TransactionUnknown", "08007"},
    KindRow{ErrorKind::Internal, "Internal", "HY000"},
};

constexpr bool rows_follow_the_enum() {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (static_cast<std::size_t>(kKinds[i].kind) != i) return false;
  }
  return true;
}
static_assert(rows_follow_the_enum(), "kKinds is indexed by ErrorKind");

const KindRow& row_of(ErrorKind kind) noexcept { return kKinds[static_cast<std::size_t>(kind)]; }

std::string describe(const ErrorFields& fields) {
  std::string text = fields.message;
  // Server texts often end with their SQLSTATE already.
  if (text.find(fields.sqlstate) == std::string::npos)
    text += " (SQLSTATE " + fields.sqlstate + ")";
  if (!fields.statement_id.empty()) text += " [statement " + fields.statement_id + "]";
  return text;
}

}  // namespace

std::string_view to_string(ErrorKind kind) noexcept { return row_of(kind).name; }

struct Error::Record {
  ErrorFields fields;
  std::string what;
};

Error::Error(ErrorFields fields) {
  if (fields.sqlstate.size() != 5) fields.sqlstate = row_of(fields.kind).sqlstate;
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
    case ErrorKind::PermissionDenied:
      // A refusal of a statement is the statement's matter; a refusal of a request is the
      // credentials'.
      if (!fields.statement_id.empty() || fields.http_status == 0)
        throw SqlError(std::move(fields));
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
