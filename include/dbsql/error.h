#pragma once

#include <dbsql/export.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql {

/// What went wrong, by what a caller can do about it (reference/auth-http-config.md 6.4).
enum class ErrorKind : std::uint8_t {
  InvalidArgument,
  Configuration,
  Unauthenticated,
  PermissionDenied,
  NotFound,
  AlreadyExists,
  SqlSyntax,
  SqlData,
  SqlConstraint,
  SqlOther,
  NotSupported,
  Network,
  Tls,
  Redirect,
  Unavailable,
  RateLimited,
  Timeout,
  Cancelled,
  SessionExpired,
  StatementClosed,
  InvalidState,
  LinkExpired,
  CorruptResult,
  ResourceExhausted,
  Protocol,
  TransactionState,
  TransactionConflict,
  TransactionUnknown,
  Internal,
};

/// The kind's name as it is written in this header, for instance "RateLimited".
DBSQL_EXPORT std::string_view to_string(ErrorKind kind) noexcept;

/// Everything an error knows. Members that do not apply keep their defaults.
struct ErrorFields {
  ErrorKind kind = ErrorKind::Internal;
  std::string message;         ///< what happened, to what, and what to do about it; no secrets
  std::string sqlstate;        ///< five characters; empty = the kind's usual one
  std::string error_class;     ///< the server's; or CORRUPT_LZ4, CORRUPT_SCHEMA of a damaged result
  std::string statement_id;    ///< the server's id of the statement, once known
  std::string connection_id;   ///< the server's id of the session, once known
  std::string correlation_id;  ///< the caller's own text from `ExecuteOptions`
  std::int32_t native_code = 0;
  int http_status = 0;                   ///< status of the last HTTP reply, 0 = none
  int attempts = 0;                      ///< requests sent for the failed call, 0 = none
  std::chrono::milliseconds elapsed{0};  ///< from the first attempt to the failure
  bool retryable = false;                ///< the same call may succeed later and is safe to repeat
  bool connection_dead = false;          ///< only closing the connection is useful
  bool outcome_unknown = false;  ///< the server may have run the statement: look before repeating
  std::optional<std::chrono::seconds> retry_after;
  std::shared_ptr<const class Error> cause;
};

/// Base of everything this library throws. All properties sit here, so one `catch` can decide.
///
/// Ownership: copies share one immutable record; copying does not throw.
/// Threads: safe to read from any thread.
class DBSQL_EXPORT Error : public std::exception {
 public:
  explicit Error(ErrorFields fields);

  /// One line: message, SQLSTATE and statement id.
  const char* what() const noexcept override;

  ErrorKind kind() const noexcept;
  const std::string& message() const noexcept;
  const std::string& sqlstate() const noexcept;  ///< always five characters
  const std::string& error_class() const noexcept;
  const std::string& statement_id() const noexcept;
  const std::string& connection_id() const noexcept;
  const std::string& correlation_id() const noexcept;
  std::int32_t native_code() const noexcept;
  int http_status() const noexcept;
  int attempts() const noexcept;
  std::chrono::milliseconds elapsed() const noexcept;
  bool retryable() const noexcept;
  bool connection_dead() const noexcept;
  bool outcome_unknown() const noexcept;
  std::optional<std::chrono::seconds> retry_after() const noexcept;
  const Error* cause() const noexcept;
  const ErrorFields& fields() const noexcept;

 private:
  struct Record;
  std::shared_ptr<const Record> record_;
};

// Subclasses exist where callers act differently.
class DBSQL_EXPORT ConfigurationError : public Error {
  using Error::Error;
};  ///< fix the options
class DBSQL_EXPORT AuthenticationError : public Error {
  using Error::Error;
};  ///< fix the credentials
class DBSQL_EXPORT SqlError : public Error {
  using Error::Error;
};  ///< fix the statement
class DBSQL_EXPORT NetworkError : public Error {
  using Error::Error;
};  ///< try later, or look
class DBSQL_EXPORT TimeoutError : public Error {
  using Error::Error;
};  ///< a deadline passed
class DBSQL_EXPORT CancelledError : public Error {
  using Error::Error;
};  ///< the caller stopped it
class DBSQL_EXPORT ResultError : public Error {
  using Error::Error;
};  ///< rows could not be read
class DBSQL_EXPORT StateError : public Error {
  using Error::Error;
};  ///< call order, closed object

/// Throws the subclass that belongs to `fields.kind`.
[[noreturn]] DBSQL_EXPORT void throw_error(ErrorFields fields);

}  // namespace dbsql
