#pragma once

#include <dbsql/error.h>
#include <dbsql/export.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace dbsql {

/// What holds for all errors of one kind: the row of the table that docs/errors.md is made of
/// (reference/auth-http-config.md 6.4).
///
/// Ownership: views of constants. Threads: safe from any thread.
struct ErrorKindInfo {
  enum class Answer : std::uint8_t { No, Yes, Depends };  ///< Depends: each error says it itself

  ErrorKind kind = ErrorKind::Internal;
  std::string_view name;
  std::string_view sqlstate;             ///< of errors for which the server sent none
  std::string_view connecting_sqlstate;  ///< while a connection is opened; empty = the same
  std::string_view adbc_status;          ///< without its prefix, for instance "INVALID_ARGUMENT"
  std::uint8_t adbc_code = 0;
  Answer retryable = Answer::No;
  std::string_view retryable_note;  ///< when; empty = without conditions
  Answer connection_dead = Answer::No;
  std::string_view connection_dead_note;
  std::string_view meaning;
  std::string_view cause;
  std::string_view cure;
};

/// Every kind, in the order of `ErrorKind`.
DBSQL_EXPORT std::span<const ErrorKindInfo> error_kinds() noexcept;

/// The row of one kind.
DBSQL_EXPORT const ErrorKindInfo& info_of(ErrorKind kind) noexcept;

/// The SQLSTATE that an ODBC application expects for an error: Databricks' own states become those
/// of ODBC's list, the rest stays (reference/auth-http-config.md 6.4, pass-through).
DBSQL_EXPORT std::string_view odbc_sqlstate(const Error& error) noexcept;

}  // namespace dbsql
