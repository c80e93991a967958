#include <dbsql/error.h>

#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "unit/session/fake_sessions.h"

#include <gtest/gtest.h>

#include <string>

namespace dbsql {
namespace {

using test::capture_error;

/// What a ping that fails with an error of that kind says about the connection.
class ConnectionPing : public testing::Test {
 protected:
  Error ping_with(const ErrorFields& fields) {
    server_.on_execute = [fields](const std::string&) { throw_error(fields); };
    return capture_error([&] { connection_.ping(); });
  }

  test::FakeClock clock_;
  test::FakeSessions server_{clock_};
  Connection connection_{server_.connect()};
};

TEST_F(ConnectionPing, AFailedStatementIsNoLostConnection) {
  for (const ErrorKind kind : {ErrorKind::PermissionDenied, ErrorKind::SqlOther,
                               ErrorKind::SqlSyntax, ErrorKind::Unavailable, ErrorKind::RateLimited,
                               ErrorKind::Timeout, ErrorKind::TransactionState}) {
    const Error error = ping_with({.kind = kind, .message = "no", .statement_id = "id"});

    EXPECT_EQ(error.kind(), kind);
    EXPECT_FALSE(error.connection_dead());
    EXPECT_TRUE(connection_.is_open()) << to_string(kind);
  }
}

TEST_F(ConnectionPing, ALostConnectionIsSaidToBeSo) {
  for (const ErrorKind kind : {ErrorKind::Network, ErrorKind::Tls, ErrorKind::Redirect,
                               ErrorKind::Protocol, ErrorKind::SessionExpired}) {
    connection_ = Connection(server_.connect());
    const Error error = ping_with({.kind = kind, .message = "gone", .outcome_unknown = true});

    EXPECT_EQ(error.kind(), kind);
    EXPECT_TRUE(error.connection_dead());
    EXPECT_FALSE(error.outcome_unknown()) << "there was nothing to be done";
    EXPECT_FALSE(connection_.is_open()) << to_string(kind);
  }
}

TEST_F(ConnectionPing, RefusedCredentialsLoseTheConnection) {
  const Error error =
      ping_with({.kind = ErrorKind::Unauthenticated, .message = "who?", .http_status = 401});

  EXPECT_TRUE(error.connection_dead());
  EXPECT_FALSE(connection_.is_open());
}

TEST_F(ConnectionPing, IsNoStatementOfAnAbortedTransaction) {
  connection_.set_autocommit(false);
  server_.on_execute = [](const std::string& sql) {
    if (sql == "bad") throw_error({.kind = ErrorKind::SqlSyntax, .message = "no"});
  };
  EXPECT_THROW(connection_.execute("bad"), Error);
  const auto before = server_.statements().size();

  EXPECT_EQ(capture_error([&] { connection_.ping(); }).kind(), ErrorKind::TransactionState);

  EXPECT_EQ(server_.statements().size(), before);
  EXPECT_TRUE(connection_.is_open());
}

}  // namespace
}  // namespace dbsql
