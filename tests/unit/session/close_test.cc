#include <dbsql/error.h>

#include "support/fake_clock.h"
#include "unit/session/fake_sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

namespace dbsql {
namespace {

using namespace std::chrono_literals;
using testing::Contains;

/// A connection that has everything that takes time to be closed: a transaction and a session for
/// metadata beside its own.
class ConnectionClose : public testing::Test {
 protected:
  void SetUp() override {
    connection_->set_autocommit(false, {});
    Connection(connection_).execute("INSERT INTO t VALUES (1)");
    Connection(connection_).catalogs().close();
    ASSERT_EQ(server_.open_count(), 2);
  }

  test::FakeClock clock_;
  test::FakeSessions server_{clock_};
  std::shared_ptr<Connection::Impl> connection_ = server_.connect();
};

TEST_F(ConnectionClose, TakesFiveSecondsInAllWhenTheServerIsSilent) {
  server_.is_silent = true;
  clock_.advance_when_waited_on(true);
  const auto began = clock_.elapsed();

  connection_->close();

  EXPECT_THAT(server_.statements(), Contains("ROLLBACK"));
  EXPECT_GT(clock_.elapsed() - began, 0s) << "it has waited";
  EXPECT_LE(clock_.elapsed() - began, 5s);
}

TEST_F(ConnectionClose, EndsBothSessions) {
  connection_->close();

  EXPECT_THAT(server_.statements(), Contains("ROLLBACK"));
  EXPECT_EQ(server_.open_count(), 0);
}

TEST_F(ConnectionClose, IsAbandonedAtWhateverPoint) {
  for (const auto passed : {0s, 2s, 3s}) {  // rollback, side session, session
    server_.is_silent = false;
    connection_ = server_.connect();
    SetUp();
    server_.is_silent = true;
    std::jthread closing([this] { connection_->close(); });
    clock_.await_waiters(1);
    for (auto left = passed; left > 0s; left -= 1s) {
      clock_.advance(1s);
      clock_.await_waiters(1);
    }

    connection_->abandon();  // on a clock that stands still

    closing.join();
    server_.forget();
  }
}

}  // namespace
}  // namespace dbsql
