#include "base/text.h"
#include "http/curl_transport.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbsql::http {
namespace {

using namespace std::chrono_literals;
using test::ScriptedServer;
using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using Connection = ScriptedServer::Connection;

Request post(const std::string& url, std::string_view body = "request") {
  Request request;
  request.url = url;
  request.body = base::Buffer::copy_of(body);
  request.request_class = RequestClass::Execute;
  return request;
}

Failure failure_of(Reply reply) {
  if (std::holds_alternative<Response>(reply)) {
    ADD_FAILURE() << "a reply came";
    return {.message = ""};
  }
  return std::get<Failure>(std::move(reply));
}

Failure failure_with(const ScriptedServer::Script& script, const CurlOptions& options = {}) {
  ScriptedServer server(script);
  CurlTransport transport(options);
  return failure_of(transport.send(post(server.url()), {}));
}

TEST(CurlFailures, SayThatNothingWasSentWhenNobodyListens) {
  const auto port = test::unused_port();
  CurlTransport transport;

  const Failure failure =
      failure_of(transport.send(post(base::concat("http://127.0.0.1:", port, "/sql?secret")), {}));

  EXPECT_EQ(failure.kind, ErrorKind::Network);
  EXPECT_FALSE(failure.bytes_sent);
  EXPECT_FALSE(failure.permanent);
  EXPECT_THAT(failure.message, AllOf(HasSubstr(base::concat("127.0.0.1:", port)),
                                     testing::Not(HasSubstr("secret"))));
}

TEST(CurlFailures, SayThatNothingWasSentWhenThereIsNoSuchHost) {
  CurlTransport transport;

  const Failure failure = failure_of(transport.send(post("https://no-such-host.invalid/sql"), {}));

  EXPECT_EQ(failure.kind, ErrorKind::Network);
  EXPECT_FALSE(failure.bytes_sent);
  EXPECT_THAT(failure.message, HasSubstr("no-such-host.invalid"));
}

TEST(CurlFailures, ReportAConnectTimeout) {
  test::UnansweringListener listener;
  CurlTransport transport({.connect_timeout = 50ms});

  const Failure failure = failure_of(transport.send(post(listener.url()), {}));

  EXPECT_EQ(failure.kind, ErrorKind::Timeout);
  EXPECT_FALSE(failure.bytes_sent);
}

TEST(CurlFailures, KnowThatTheRequestHadLeftWhenTheServerCloses) {
  const Failure failure = failure_with([](Connection& connection) {
    connection.read_request();
    connection.close();
  });

  EXPECT_EQ(failure.kind, ErrorKind::Network);
  EXPECT_TRUE(failure.bytes_sent);
  EXPECT_THAT(failure.message,
              AllOf(HasSubstr("127.0.0.1"), HasSubstr("after the request had been sent")));
}

TEST(CurlFailures, KnowThatTheRequestHadLeftWhenTheServerResets) {
  EXPECT_TRUE(failure_with([](Connection& connection) {
                connection.read_request();
                connection.reset();
              }).bytes_sent);
}

TEST(CurlFailures, DoNotTakeAResetAfterTheHeadersForAReply) {
  const Failure failure = failure_with([](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
    connection.reset();
  });

  EXPECT_EQ(failure.kind, ErrorKind::Network);
  EXPECT_TRUE(failure.bytes_sent);
}

TEST(CurlFailures, DoNotTakeAShortBodyForAReply) {
  const Failure failure = failure_with([](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + std::string(99, 'x'));
    connection.close();
  });

  EXPECT_EQ(failure.kind, ErrorKind::Network);
  EXPECT_TRUE(failure.bytes_sent);
  EXPECT_THAT(failure.message, HasSubstr("in the middle of the reply"));
}

TEST(CurlFailures, DoNotTakeAChunkedBodyWithoutItsEndForAReply) {
  EXPECT_TRUE(failure_with([](Connection& connection) {
                connection.read_request();
                connection.send(
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
                connection.close();
              }).bytes_sent);
}

TEST(CurlFailures, RefuseWhatIsNotHttp) {
  EXPECT_EQ(failure_with([](Connection& connection) {
              connection.read_request();
              connection.send("SSH-2.0-OpenSSH\r\n\r\n");
              connection.close();
            }).kind,
            ErrorKind::Network);
}

// Content-Length is a claim. Were it believed, one reply could make the program allocate a
// terabyte.
TEST(CurlFailures, DoNotAllocateWhatAServerMerelyDeclares) {
  const auto before = base::BufferArena::process().stats().in_use_bytes;
  std::size_t during = 0;
  const Failure failure = failure_with([&](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n" +
                    std::string(1000, 'x'));
    connection.drip("yyyy", 1, 1ms);
    during = base::BufferArena::process().stats().in_use_bytes;
    connection.close();
  });

  EXPECT_TRUE(failure.bytes_sent);
  EXPECT_LE(during, before + (std::size_t{65} << 20));
}

TEST(CurlFailures, EndAtTheLimitOfTheBodyAndAreNotRepeated) {
  const auto big = ScriptedServer::reply(std::string(2000, 'x'));
  const auto chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
                       std::string(2000, 'x') + "\r\n0\r\n\r\n";
  for (const std::string& reply : {big, chunked}) {
    const Failure failure = failure_with(ScriptedServer::always(reply), {.max_body_size = 1000});

    EXPECT_EQ(failure.kind, ErrorKind::ResourceExhausted);
    EXPECT_TRUE(failure.permanent);
    EXPECT_THAT(failure.message, HasSubstr("1000 bytes"));
  }
}

TEST(CurlFailures, EndHeadersThatNeverEnd) {
  const Failure failure = failure_with([](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\n");
    while (connection.send("X-Header: " + std::string(1000, 'x') + "\r\n")) {
    }
  });

  EXPECT_TRUE(failure.permanent);
  EXPECT_THAT(failure.message, HasSubstr("headers"));
}

TEST(CurlFailures, ReportAServerThatNeverAnswers) {
  ScriptedServer server([](Connection& connection) { connection.wait_for_close(); });
  CurlTransport transport;
  Request request = post(server.url());
  request.first_byte_timeout = 50ms;

  const Failure failure = failure_of(transport.send(request, {}));

  EXPECT_EQ(failure.kind, ErrorKind::Timeout);
  EXPECT_TRUE(failure.bytes_sent);
  EXPECT_THAT(failure.message, HasSubstr("silent"));
}

TEST(CurlFailures, ReportAServerThatStopsInTheMiddle) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
    connection.wait_for_close();
  });
  CurlTransport transport;
  Request request = post(server.url());
  request.first_byte_timeout = 50ms;

  EXPECT_EQ(failure_of(transport.send(request, {})).kind, ErrorKind::Timeout);
}

TEST(CurlFailures, DoNotEndASlowServerThatKeepsSending) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.drip(ScriptedServer::reply(std::string(100, 'x')), 5, 10ms);
    connection.wait_for_close();
  });
  CurlTransport transport;
  Request request = post(server.url());
  request.first_byte_timeout = 150ms;

  const Reply reply = transport.send(request, {});

  ASSERT_TRUE(std::holds_alternative<Response>(reply)) << std::get<Failure>(reply).message;
  EXPECT_EQ(std::get<Response>(reply).body.size(), 100u);
}

// libcurl by itself sends a request again when a kept connection turns out to be dead, also a POST.
TEST(CurlFailures, NeverSendARequestTwiceOnTheirOwn) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.send(ScriptedServer::reply("first"));
    connection.read_request();
    connection.close();  // the second one was read, perhaps executed, and not answered
  });
  CurlTransport transport;
  ASSERT_TRUE(std::holds_alternative<Response>(transport.send(post(server.url()), {})));

  const Failure failure = failure_of(transport.send(post(server.url()), {}));

  EXPECT_TRUE(failure.bytes_sent);
  EXPECT_EQ(server.requests().size(), 2u);
  EXPECT_EQ(server.connection_count(), 1);
}

TEST(CurlFailures, NeverSendARequestTwiceOnTheirOwnAfterAReset) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    connection.send(ScriptedServer::reply("first"));
    connection.read_bytes(10);
    connection.reset();
  });
  CurlTransport transport;
  ASSERT_TRUE(std::holds_alternative<Response>(transport.send(post(server.url()), {})));

  EXPECT_TRUE(
      failure_of(transport.send(post(server.url(), std::string(200'000, 'x')), {})).bytes_sent);
  EXPECT_EQ(server.connection_count(), 1);
}

TEST(CurlFailures, UseANewConnectionWhenTheKeptOneWasClosedBefore) {  // case H11
  test::Signal closed;
  ScriptedServer server([&](Connection& connection) {
    connection.read_request();
    connection.send(ScriptedServer::reply("x"));
    if (connection.number() == 0) {
      connection.close();
      closed.raise();
    } else {
      connection.wait_for_close();
    }
  });
  CurlTransport transport;
  ASSERT_TRUE(std::holds_alternative<Response>(transport.send(post(server.url()), {})));
  ASSERT_TRUE(closed.wait());

  EXPECT_TRUE(std::holds_alternative<Response>(transport.send(post(server.url()), {})));
  EXPECT_EQ(server.connection_count(), 2);
}

TEST(CurlFailures, LeaveTheTransportUsable) {
  ScriptedServer server([](Connection& connection) {
    connection.read_request();
    if (connection.number() % 2 == 0) return connection.reset();
    connection.send(ScriptedServer::reply("x", 200, "Connection: close\r\n"));
  });
  CurlTransport transport;

  for (int i = 0; i < 10; ++i) {
    const Reply reply = transport.send(post(server.url()), {});
    EXPECT_EQ(std::holds_alternative<Response>(reply), i % 2 == 1) << i;
  }
}

}  // namespace
}  // namespace dbsql::http
