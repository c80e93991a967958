#include "telemetry/error_category.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

namespace dbsql::telemetry {
namespace {

Error error_of(ErrorKind kind, std::shared_ptr<const Error> cause = nullptr) {
  return Error({.kind = kind, .message = "SELECT secret FROM t", .cause = std::move(cause)});
}

TEST(ErrorCategory, HasTheWordsOfTheTable) {
  const std::map<ErrorCategory, std::string> words = {
      {ErrorCategory::None, ""},
      {ErrorCategory::Timeout, "timeout"},
      {ErrorCategory::Cancelled, "cancelled"},
      {ErrorCategory::Connection, "connection_error"},
      {ErrorCategory::Auth, "auth_error"},
      {ErrorCategory::Permission, "permission_error"},
      {ErrorCategory::NotFound, "not_found"},
      {ErrorCategory::Syntax, "syntax_error"},
      {ErrorCategory::InvalidRequest, "invalid_request"},
      {ErrorCategory::Other, "error"},
      {ErrorCategory::ChunkDownload, "chunk_download_error"},
      {ErrorCategory::Decompression, "decompression_error"},
      {ErrorCategory::ArrowSchemaParsing, "arrow_schema_parsing_error"},
      {ErrorCategory::ResultSet, "result_set_error"},
      {ErrorCategory::UnsupportedOperation, "unsupported_operation"},
      {ErrorCategory::RateLimitExceeded, "rate_limit_exceeded"},
      {ErrorCategory::SslHandshake, "ssl_handshake_error"},
      {ErrorCategory::StatementExecutionTimeout, "statement_execution_timeout"},
      {ErrorCategory::ExecuteStatementFailed, "execute_statement_failed"},
      {ErrorCategory::ExecuteStatementCancelled, "execute_statement_cancelled"},
      {ErrorCategory::SessionClosed, "session_closed"},
      {ErrorCategory::StatementClosed, "statement_closed"},
      {ErrorCategory::ConnectionClosed, "connection_closed"},
      {ErrorCategory::VolumeOperation, "volume_operation_error"},
      {ErrorCategory::TypeConversion, "type_conversion_error"},
      {ErrorCategory::NotImplemented, "not_implemented"},
      {ErrorCategory::Transaction, "transaction_error"},
  };

  ASSERT_EQ(words.size(), static_cast<std::size_t>(kErrorCategories));
  for (const auto& [category, word] : words) EXPECT_EQ(to_word(category), word);
}

TEST(ErrorCategory, FollowsTheKindOfAnError) {
  EXPECT_EQ(category_of(ErrorKind::SqlSyntax), ErrorCategory::Syntax);
  EXPECT_EQ(category_of(ErrorKind::SqlData), ErrorCategory::ExecuteStatementFailed);
  EXPECT_EQ(category_of(ErrorKind::PermissionDenied), ErrorCategory::Permission);
  EXPECT_EQ(category_of(ErrorKind::Timeout), ErrorCategory::Timeout);
  EXPECT_EQ(category_of(ErrorKind::RateLimited), ErrorCategory::RateLimitExceeded);
  EXPECT_EQ(category_of(ErrorKind::Tls), ErrorCategory::SslHandshake);
  EXPECT_EQ(category_of(ErrorKind::Internal), ErrorCategory::Other);
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::Internal); ++kind)
    EXPECT_NE(category_of(static_cast<ErrorKind>(kind)), ErrorCategory::None) << kind;
}

TEST(ErrorCategory, TellsDamagedLayersOfAResultApart) {
  const auto of_class = [](const char* error_class) {
    return category_of(Error({.kind = ErrorKind::CorruptResult,
                              .message = "the result is damaged",
                              .error_class = error_class}));
  };

  EXPECT_EQ(of_class("CORRUPT_LZ4"), ErrorCategory::Decompression);
  EXPECT_EQ(of_class("CORRUPT_SCHEMA"), ErrorCategory::ArrowSchemaParsing);
  EXPECT_EQ(of_class(""), ErrorCategory::ResultSet);
}

TEST(ErrorCategory, IsThatOfTheInnermostCauseThatSaysAnything) {
  const auto inner = std::make_shared<const Error>(error_of(ErrorKind::Tls));
  const auto vague = std::make_shared<const Error>(error_of(ErrorKind::Internal));

  EXPECT_EQ(category_of(error_of(ErrorKind::Network, inner)), ErrorCategory::SslHandshake);
  EXPECT_EQ(category_of(error_of(ErrorKind::Network, vague)), ErrorCategory::Connection);
  const std::exception& as_exception = error_of(ErrorKind::NotFound);
  EXPECT_EQ(category_of(as_exception), ErrorCategory::NotFound);
}

TEST(ErrorCategory, ReadsForeignMessagesByTheirFirstKnownWord) {
  const std::map<std::string, std::string> words = {
      {"connection timeout", "timeout"},
      {"Timeout waiting", "timeout"},
      {"context canceled", "cancelled"},
      {"connection refused", "connection_error"},
      {"Authentication failed", "auth_error"},
      {"401 Unauthorized", "auth_error"},
      {"FORBIDDEN", "permission_error"},
      {"table not found", "not_found"},
      {"syntax error near", "syntax_error"},
      {"invalid parameter", "invalid_request"},
      {"something else", "error"},
      {"", "error"},
  };

  for (const auto& [message, word] : words)
    EXPECT_EQ(to_word(category_of_message(message)), word) << message;
  EXPECT_EQ(category_of(std::runtime_error("syntax error")), ErrorCategory::Syntax);
}

TEST(ErrorCategory, IsTerminalWhereRepeatingCannotHelp) {
  const std::set<ErrorCategory> terminal = {
      ErrorCategory::Auth,           ErrorCategory::Permission,
      ErrorCategory::NotFound,       ErrorCategory::Syntax,
      ErrorCategory::InvalidRequest, ErrorCategory::UnsupportedOperation,
      ErrorCategory::NotImplemented, ErrorCategory::SslHandshake,
  };

  for (int i = 0; i < kErrorCategories; ++i) {
    const auto category = static_cast<ErrorCategory>(i);
    EXPECT_EQ(is_terminal(category), terminal.contains(category)) << to_word(category);
  }
}

TEST(ErrorCategory, TellsTerminalStatusesFromThoseThatPass) {
  for (const int status : {400, 401, 403, 404, 409}) EXPECT_TRUE(is_terminal_status(status));
  for (const int status : {429, 500, 502, 503, 504, 0, 200})
    EXPECT_FALSE(is_terminal_status(status)) << status;
}

}  // namespace
}  // namespace dbsql::telemetry
