#pragma once

#include <dbsql/error.h>

#include <cstdint>
#include <exception>
#include <string_view>

namespace dbsql::telemetry {

/// The kind of a failure, in the one word that may be told (reference/telemetry.md 1.10). A message
/// never is.
enum class ErrorCategory : std::uint8_t {
  None,
  Timeout,
  Cancelled,
  Connection,
  Auth,
  Permission,
  NotFound,
  Syntax,
  InvalidRequest,
  Other,
  ChunkDownload,
  Decompression,
  ArrowSchemaParsing,
  ResultSet,
  UnsupportedOperation,
  RateLimitExceeded,
  SslHandshake,
  StatementExecutionTimeout,
  ExecuteStatementFailed,
  ExecuteStatementCancelled,
  SessionClosed,
  StatementClosed,
  ConnectionClosed,
  VolumeOperation,
  TypeConversion,
  NotImplemented,
  Transaction,
};

inline constexpr int kErrorCategories = static_cast<int>(ErrorCategory::Transaction) + 1;

/// The word on the wire, for instance `chunk_download_error`; empty for `None`.
std::string_view to_word(ErrorCategory category) noexcept;

/// What a kind of error is called.
ErrorCategory category_of(ErrorKind kind) noexcept;

/// The same for an error with its causes: the innermost that says anything counts, for it is where
/// the failure began.
ErrorCategory category_of(const Error& error) noexcept;

/// For exceptions that are none of ours: by well-known words of the message, first match wins.
ErrorCategory category_of_message(std::string_view message) noexcept;

/// Any exception: ours by its kind, others by their message.
ErrorCategory category_of(const std::exception& error) noexcept;

/// Whether repeating cannot help. Such failures are told at once; others wait with their statement.
bool is_terminal(ErrorCategory category) noexcept;

/// The same for a status of the telemetry endpoint: every 4xx but 429.
bool is_terminal_status(int status) noexcept;

}  // namespace dbsql::telemetry
