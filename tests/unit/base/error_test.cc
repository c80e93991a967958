#include <dbsql/error.h>

#include <gtest/gtest.h>

#include <string>

namespace dbsql {
namespace {

template <class Expected>
void expect_thrown_as(ErrorFields fields) {
  const ErrorKind kind = fields.kind;
  EXPECT_THROW(throw_error(std::move(fields)), Expected) << to_string(kind);
}

TEST(Error, IsThrownAsTheClassOfItsKind) {
  expect_thrown_as<ConfigurationError>({.kind = ErrorKind::Configuration});
  expect_thrown_as<AuthenticationError>({.kind = ErrorKind::Unauthenticated, .http_status = 401});
  expect_thrown_as<SqlError>({.kind = ErrorKind::PermissionDenied, .statement_id = "s"});
  expect_thrown_as<SqlError>({.kind = ErrorKind::SqlSyntax});
  expect_thrown_as<NetworkError>({.kind = ErrorKind::Unavailable});
  expect_thrown_as<TimeoutError>({.kind = ErrorKind::Timeout});
  expect_thrown_as<CancelledError>({.kind = ErrorKind::Cancelled});
  expect_thrown_as<ResultError>({.kind = ErrorKind::CorruptResult});
  expect_thrown_as<StateError>({.kind = ErrorKind::SessionExpired});
}

TEST(Error, AlwaysHasAFiveCharacterSqlstate) {
  EXPECT_EQ(Error({.kind = ErrorKind::Timeout}).sqlstate(), "HYT00");
  EXPECT_EQ(Error({.kind = ErrorKind::SqlOther, .sqlstate = "XX"}).sqlstate(), "HY000");
  EXPECT_EQ(Error({.kind = ErrorKind::SqlOther, .sqlstate = "42P01"}).sqlstate(), "42P01");
}

TEST(Error, DescribesItselfInOneLine) {
  const Error error({.kind = ErrorKind::NotFound,
                     .message = "table t does not exist",
                     .sqlstate = "42P01",
                     .statement_id = "01ef"});

  EXPECT_STREQ(error.what(), "table t does not exist (SQLSTATE 42P01) [statement 01ef]");
}

TEST(Error, DoesNotRepeatASqlstateThatTheServerWrote) {
  const Error error({.message = "no such table. SQLSTATE: 42P01", .sqlstate = "42P01"});

  EXPECT_STREQ(error.what(), "no such table. SQLSTATE: 42P01");
}

TEST(Error, HasAMessageOfOneLineAndBoundedLength) {
  std::string page = "line one\r\n\tline two\n";
  while (page.size() < 100'000) page += "\xC3\xA4";  // two bytes each

  const Error error({.message = page});

  EXPECT_TRUE(error.message().starts_with("line one line two \xC3\xA4"));
  EXPECT_LE(error.message().size(), 4096U);
  EXPECT_TRUE(error.message().ends_with("\xC3\xA4..."));
}

TEST(Error, HasNoSecretInItsMessageWhoeverWroteIt) {
  const std::string token = std::string("da") + "pi0123456789abcdef0123456789abcdef";

  const Error error(
      {.message = "GET https://u:pw@host/x?sig=abc failed: " + token + " was refused"});

  EXPECT_EQ(error.message(), "GET https://***@host/x?sig=*** failed: *** was refused");
  EXPECT_EQ(error.fields().message, error.message());
}

TEST(Error, LeavesNoConnectionWhereTheSessionIsGone) {
  EXPECT_TRUE(Error({.kind = ErrorKind::SessionExpired}).connection_dead());
  EXPECT_TRUE(Error({.kind = ErrorKind::TransactionUnknown}).connection_dead());
  EXPECT_FALSE(Error({.kind = ErrorKind::Timeout}).connection_dead());
}

TEST(Error, IsNotRetryableWhereItsOutcomeIsUnknown) {
  EXPECT_FALSE(Error({.retryable = true, .outcome_unknown = true}).retryable());
}

TEST(Error, IsNotRetryableWhereItsKindNeverIs) {
  EXPECT_FALSE(Error({.kind = ErrorKind::SqlSyntax, .retryable = true}).retryable());
  EXPECT_TRUE(Error({.kind = ErrorKind::Unavailable, .retryable = true}).retryable());
}

TEST(Error, OfRefusedCredentialsIsNotTheStatements) {
  expect_thrown_as<AuthenticationError>({.kind = ErrorKind::Unauthenticated});
  expect_thrown_as<AuthenticationError>(
      {.kind = ErrorKind::PermissionDenied, .statement_id = "s", .http_status = 403});
}

}  // namespace
}  // namespace dbsql
