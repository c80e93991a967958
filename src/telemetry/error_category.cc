#include "telemetry/error_category.h"

#include "base/text.h"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace dbsql::telemetry {
namespace {

constexpr std::array<std::string_view, kErrorCategories> kWords = {
    "",
    "timeout",
    "cancelled",
    "connection_error",
    "auth_error",
    "permission_error",
    "not_found",
    "syntax_error",
    "invalid_request",
    "error",
    "chunk_download_error",
    "decompression_error",
    "arrow_schema_parsing_error",
    "result_set_error",
    "unsupported_operation",
    "rate_limit_exceeded",
    "ssl_handshake_error",
    "statement_execution_timeout",
    "execute_statement_failed",
    "execute_statement_cancelled",
    "session_closed",
    "statement_closed",
    "connection_closed",
    "volume_operation_error",
    "type_conversion_error",
    "not_implemented",
    "transaction_error",
};

// First match wins.
constexpr std::array<std::pair<std::string_view, ErrorCategory>, 9> kPhrases = {{
    {"timeout", ErrorCategory::Timeout},
    {"context cancel", ErrorCategory::Cancelled},
    {"connection", ErrorCategory::Connection},
    {"authentication", ErrorCategory::Auth},
    {"unauthorized", ErrorCategory::Auth},
    {"forbidden", ErrorCategory::Permission},
    {"not found", ErrorCategory::NotFound},
    {"syntax", ErrorCategory::Syntax},
    {"invalid", ErrorCategory::InvalidRequest},
}};

}  // namespace

std::string_view to_word(ErrorCategory category) noexcept {
  return kWords[static_cast<std::size_t>(category)];
}

ErrorCategory category_of(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::InvalidArgument:
    case ErrorKind::Configuration:
    case ErrorKind::InvalidState:
      return ErrorCategory::InvalidRequest;
    case ErrorKind::Unauthenticated:
      return ErrorCategory::Auth;
    case ErrorKind::PermissionDenied:
      return ErrorCategory::Permission;
    case ErrorKind::NotFound:
      return ErrorCategory::NotFound;
    case ErrorKind::SqlSyntax:
      return ErrorCategory::Syntax;
    case ErrorKind::AlreadyExists:
    case ErrorKind::SqlData:
    case ErrorKind::SqlConstraint:
    case ErrorKind::SqlOther:
      return ErrorCategory::ExecuteStatementFailed;
    case ErrorKind::NotSupported:
      return ErrorCategory::UnsupportedOperation;
    case ErrorKind::Network:
    case ErrorKind::Redirect:
    case ErrorKind::Unavailable:
      return ErrorCategory::Connection;
    case ErrorKind::Tls:
      return ErrorCategory::SslHandshake;
    case ErrorKind::RateLimited:
      return ErrorCategory::RateLimitExceeded;
    case ErrorKind::Timeout:
      return ErrorCategory::Timeout;
    case ErrorKind::Cancelled:
      return ErrorCategory::Cancelled;
    case ErrorKind::SessionExpired:
      return ErrorCategory::ConnectionClosed;
    case ErrorKind::StatementClosed:
      return ErrorCategory::StatementClosed;
    case ErrorKind::LinkExpired:
      return ErrorCategory::ChunkDownload;
    case ErrorKind::CorruptResult:
    case ErrorKind::Protocol:
      return ErrorCategory::ResultSet;
    case ErrorKind::TransactionState:
    case ErrorKind::TransactionConflict:
    case ErrorKind::TransactionUnknown:
      return ErrorCategory::Transaction;
    case ErrorKind::ResourceExhausted:
    case ErrorKind::Internal:
      break;
  }
  return ErrorCategory::Other;
}

ErrorCategory category_of(const Error& error) noexcept {
  if (error.error_class() == "CORRUPT_LZ4") return ErrorCategory::Decompression;
  if (error.error_class() == "CORRUPT_SCHEMA") return ErrorCategory::ArrowSchemaParsing;
  ErrorCategory found = category_of(error.kind());
  for (const Error* inner = error.cause(); inner != nullptr; inner = inner->cause()) {
    const ErrorCategory category = category_of(inner->kind());
    if (category != ErrorCategory::Other) found = category;
  }
  return found;
}

ErrorCategory category_of_message(std::string_view message) noexcept {
  try {
    const std::string text = base::to_lower(message);
    for (const auto& [phrase, category] : kPhrases) {
      if (text.find(phrase) != std::string::npos) return category;
    }
  } catch (...) {
    // No memory for the copy: the general word will do.
  }
  return ErrorCategory::Other;
}

ErrorCategory category_of(const std::exception& error) noexcept {
  if (const auto* own = dynamic_cast<const Error*>(&error)) return category_of(*own);
  return category_of_message(error.what());
}

bool is_terminal(ErrorCategory category) noexcept {
  switch (category) {
    case ErrorCategory::Auth:
    case ErrorCategory::Permission:
    case ErrorCategory::NotFound:
    case ErrorCategory::Syntax:
    case ErrorCategory::InvalidRequest:
    case ErrorCategory::UnsupportedOperation:
    case ErrorCategory::NotImplemented:
    case ErrorCategory::SslHandshake:
      return true;
    default:
      return false;
  }
}

bool is_terminal_status(int status) noexcept {
  return status >= 400 && status < 500 && status != 429;
}

}  // namespace dbsql::telemetry
