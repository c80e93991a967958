#include "http/curl_transport.h"
#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stop_token>
#include <thread>

namespace dbsql::http {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using test::FakeClock;
using test::ScriptedServer;
using test::Signal;
using Connection = ScriptedServer::Connection;

Request execute(const std::string& url, std::string_view body = "request") {
  Request request;
  request.url = url;
  request.body = base::Buffer::copy_of(body);
  request.request_class = RequestClass::Execute;
  request.name = "ExecuteStatement";
  return request;
}

/// A call on a thread of its own whose time passes only when the test says so.
class RunningCall {
 public:
  explicit RunningCall(const Request& request)
      : transport_({}, clock_), thread_([this, request] {
          error_ = capture_error([&] {
            transport_.send(request, {.deadline = clock_.now() + 10s, .stop = source_.get_token()});
          });
        }) {
    clock_.await_waiters(1);
  }

  Error stop() {
    source_.request_stop();
    thread_.join();
    return error_;
  }
  Error let_deadline_pass() {
    clock_.advance(10s);
    thread_.join();
    return error_;
  }

 private:
  FakeClock clock_;
  CurlTransport transport_;
  std::stop_source source_;
  Error error_{ErrorFields{}};
  std::jthread thread_;
};

/// Both ways to end a call, which must do the same.
struct Ending {
  const char* name;
  std::function<Error(RunningCall&)> end;
  ErrorKind kind;
};

class CurlCancellation : public testing::TestWithParam<Ending> {
 protected:
  Error end(RunningCall& call) {
    const Error error = GetParam().end(call);
    EXPECT_EQ(error.kind(), GetParam().kind);
    return error;
  }
};

INSTANTIATE_TEST_SUITE_P(
    , CurlCancellation,
    testing::Values(Ending{"ByStop", [](RunningCall& call) { return call.stop(); },
                           ErrorKind::Cancelled},
                    Ending{"ByDeadline", [](RunningCall& call) { return call.let_deadline_pass(); },
                           ErrorKind::Timeout}),
    [](const auto& row) { return row.param.name; });

TEST_P(CurlCancellation, EndsAConnectThatGetsNoAnswer) {
  test::UnansweringListener listener;
  RunningCall call(execute(listener.url()));

  const Error error = end(call);

  EXPECT_FALSE(error.outcome_unknown());  // nothing can have left
}

TEST_P(CurlCancellation, EndsTheWaitForTheFirstByte) {
  Signal arrived;
  Signal closed;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    arrived.raise();
    if (connection.wait_for_close()) closed.raise();
  });
  RunningCall call(execute(server.url()));
  ASSERT_TRUE(arrived.wait());

  const Error error = end(call);

  EXPECT_TRUE(error.outcome_unknown());
  EXPECT_TRUE(closed.wait());  // the socket is closed, not kept for another request
}

TEST_P(CurlCancellation, EndsTheMiddleOfABody) {
  Signal half;
  Signal closed;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" +
                    std::string(1'000'000, 'x'));
    half.raise();
    if (connection.wait_for_close()) closed.raise();
  });
  RunningCall call(execute(server.url()));
  ASSERT_TRUE(half.wait());

  end(call);

  EXPECT_TRUE(closed.wait());
}

TEST_P(CurlCancellation, EndsTheMiddleOfARequest) {
  Signal begun;
  Signal end_reading;
  ScriptedServer server([&](Connection& connection) {
    connection.read_bytes(1000);
    begun.raise();
    end_reading.wait();
  });
  // The caller's copy of the body goes at once; the transfer has its own share of it.
  RunningCall call(execute(server.url(), std::string(32'000'000, 'x')));
  ASSERT_TRUE(begun.wait());

  const Error error = end(call);
  end_reading.raise();

  EXPECT_TRUE(error.outcome_unknown());
}

TEST_P(CurlCancellation, LeavesReadsWithoutDoubt) {
  Signal arrived;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    arrived.raise();
    connection.wait_for_close();
  });
  Request request = execute(server.url());
  request.request_class = RequestClass::Read;
  RunningCall call(request);
  ASSERT_TRUE(arrived.wait());

  EXPECT_FALSE(end(call).outcome_unknown());
}

TEST_P(CurlCancellation, LetsARequestWithALateReplyFinish) {
  Signal arrived;
  Signal answer;
  Signal late;
  std::string body;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    arrived.raise();
    answer.wait();
    connection.send(ScriptedServer::reply("handle"));
    connection.wait_for_close();
  });
  Request request = execute(server.url());
  request.on_late_reply = [&](const Response& response) {
    body = response.body.text();
    late.raise();
  };
  RunningCall call(request);
  ASSERT_TRUE(arrived.wait());
  end(call);

  answer.raise();

  ASSERT_TRUE(late.wait());
  EXPECT_EQ(body, "handle");
}

TEST(CurlTransfer, EndsWhenAborted) {
  Signal arrived;
  Signal closed;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    arrived.raise();
    if (connection.wait_for_close()) closed.raise();
  });
  CurlTransport transport;
  std::atomic<bool> completed = false;
  auto transfer =
      transport.start(execute(server.url()), std::nullopt, [&](const Reply&) { completed = true; });
  ASSERT_TRUE(arrived.wait());

  transfer.abort();

  EXPECT_TRUE(closed.wait());
  EXPECT_FALSE(completed);
}

TEST(CurlTransfer, TakesAnAbortAfterItsEnd) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("x")));
  auto transport = std::make_unique<CurlTransport>();
  Signal done;
  auto transfer =
      transport->start(execute(server.url()), std::nullopt, [&](const Reply&) { done.raise(); });
  ASSERT_TRUE(done.wait());

  transfer.abort();
  transport.reset();
  transfer.abort();
}

TEST(CurlTransfer, EndsAtItsDeadline) {
  ScriptedServer server([](Connection& connection) { connection.wait_for_close(); });
  CurlTransport transport;
  Signal done;
  std::optional<Reply> reply;

  transport.start(execute(server.url()), std::chrono::steady_clock::now() + 30ms,
                  [&](Reply outcome) {
                    reply = std::move(outcome);
                    done.raise();
                  });

  ASSERT_TRUE(done.wait());
  ASSERT_TRUE(std::holds_alternative<Failure>(*reply));
  EXPECT_EQ(std::get<Failure>(*reply).kind, ErrorKind::Timeout);
}

TEST(CurlTransport, SendsInTheBackgroundAndGivesUpInTime) {
  Signal arrived;
  Signal closed;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    arrived.raise();
    if (connection.wait_for_close()) closed.raise();
  });
  CurlTransport transport;

  Signal told;
  Reply reply;
  transport.send_in_background(execute(server.url()), 50ms, [&](Reply outcome) {
    reply = std::move(outcome);
    told.raise();
  });

  EXPECT_TRUE(arrived.wait());
  EXPECT_TRUE(closed.wait());
  ASSERT_TRUE(told.wait());
  EXPECT_EQ(std::get<Failure>(reply).kind, ErrorKind::Timeout);
}

TEST(CurlTransport, SendsNothingAfterItsDeadline) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("")));
  FakeClock clock;
  CurlTransport transport({}, clock);

  const Error error =
      capture_error([&] { transport.send(execute(server.url()), {.deadline = clock.now()}); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_EQ(server.connection_count(), 0);
}

}  // namespace
}  // namespace dbsql::http
