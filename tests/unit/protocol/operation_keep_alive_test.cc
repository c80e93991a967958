#include "base/timer.h"
#include "protocol/backend.h"
#include "unit/protocol/scripted_server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>

namespace dbsql::protocol::thrift {
namespace {

using namespace std::chrono_literals;
using test::column_page;
using test::finished;
using test::in_state;

/// A session with heartbeats, on a clock that moves only when it is told.
class OperationKeepAliveTest : public testing::Test {
 protected:
  void SetUp() override {
    server_->answer("OpenSession", test::opened());
    server_->answer("GetOperationStatus", in_state(tcli::FINISHED_STATE));
    session_ = backend_.open_session({}, {});
  }

  std::unique_ptr<Operation> execute() {
    static const Parameters none;
    return session_->execute({.sql = "x", .parameters = &none}, {});
  }

  /// Lets time pass; everything that was due has run when this returns.
  void pass(std::chrono::seconds duration) {
    for (auto left = duration; left > 0s; left -= 10s) {
      std::promise<void> reached;
      clock_.advance(10s);
      timer_.at(clock_.now(), [&] { reached.set_value(); });
      reached.get_future().wait();
    }
  }

  int beats() const { return server_->count("GetOperationStatus"); }

  test::FakeClock clock_;
  base::Timer timer_{clock_};
  std::shared_ptr<test::ScriptedServer> server_ = std::make_shared<test::ScriptedServer>(clock_);
  ThriftBackend backend_{
      std::make_shared<Rpc>(
          std::make_shared<const http::Client>(server_, http::RetryOptions{.max_attempts = 1},
                                               http::Client::Decorator{}, clock_),
          Endpoint{.url = "http://127.0.0.1:1/sql/1.0/warehouses/a"}),
      {.timer = &timer_},
      clock_};
  std::shared_ptr<Session> session_;
};

TEST_F(OperationKeepAliveTest, AnIdleReaderHasTwoHeartbeatsIn130Seconds) {
  server_->answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  const auto operation = execute();

  pass(130s);

  EXPECT_EQ(beats(), 2);
}

TEST_F(OperationKeepAliveTest, FetchingCountsAsActivityAndTheEndOfDataEndsTheHeartbeat) {
  server_->answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server_->answer("FetchResults", column_page(1, {2}, true));
  server_->answer("FetchResults", column_page(2, {3}, false));
  const auto operation = execute();
  operation->next_page({});

  pass(50s);
  operation->next_page({});
  pass(50s);
  EXPECT_EQ(beats(), 0);
  operation->next_page({});
  pass(300s);

  EXPECT_EQ(beats(), 0);
}

TEST_F(OperationKeepAliveTest, ACloseEndsTheHeartbeat) {
  server_->answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  const auto operation = execute();
  pass(60s);

  operation->close();
  pass(300s);

  EXPECT_EQ(beats(), 1);
}

TEST_F(OperationKeepAliveTest, AStatementThatTheServerClosedIsLeftAlone) {
  server_->answer("ExecuteStatement", finished(column_page(0, {1}, false), true));
  const auto operation = execute();

  pass(300s);

  EXPECT_EQ(beats(), 0);
}

TEST_F(OperationKeepAliveTest, AFinalStateEndsTheHeartbeat) {
  for (const auto state : {tcli::CANCELED_STATE, tcli::CLOSED_STATE, tcli::ERROR_STATE,
                           tcli::TIMEDOUT_STATE, tcli::UKNOWN_STATE}) {
    server_->answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
    server_->answer("GetOperationStatus", in_state(state));  // after one that is fine
    const auto operation = execute();
    const int before = beats();

    pass(600s);

    EXPECT_LE(beats() - before, 2) << static_cast<int>(state);
  }
}

TEST_F(OperationKeepAliveTest, AnUnknownHandleEndsTheHeartbeat) {
  tcli::TGetOperationStatusResp unknown;
  unknown.status = test::error_status("08000", "Invalid OperationHandle: OperationHandle [...]");
  server_->answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server_->answer("GetOperationStatus", unknown);
  const auto operation = execute();

  pass(600s);

  EXPECT_EQ(beats(), 2) << "one that was fine, one that was not";
}

TEST_F(OperationKeepAliveTest, FailuresOfHeartbeatsDisturbNobody) {
  server_->answer("ExecuteStatement", finished(column_page(0, {1}, true), false));
  server_->answer("FetchResults", column_page(1, {2}, false));
  server_->answer_with("GetOperationStatus", [](const http::Request&, std::int32_t) {
    return http::Reply(http::Failure{.message = "connection refused"});
  });
  const auto operation = execute();
  operation->next_page({});

  pass(1200s);

  EXPECT_EQ(beats(), 11) << "one that was fine, then ten in a row";
  EXPECT_TRUE(operation->next_page({}).has_value());
}

}  // namespace
}  // namespace dbsql::protocol::thrift
