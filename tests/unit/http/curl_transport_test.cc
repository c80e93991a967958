#include "http/curl_transport.h"

#include "base/text.h"
#include "http/curl_engine.h"
#include "http/curl_transfer.h"
#include "support/capture_error.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

namespace dbsql::http {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using test::ScriptedServer;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Request post(const std::string& url, std::string_view body = "request") {
  Request request;
  request.url = url;
  request.headers = {{"Content-Type", "application/x-thrift"}};
  request.body = base::Buffer::copy_of(body);
  return request;
}

Request get(const std::string& url) {
  Request request;
  request.method = "GET";
  request.url = url;
  return request;
}

Response response_of(Reply reply) {
  if (const auto* failure = std::get_if<Failure>(&reply)) {
    ADD_FAILURE() << failure->message;
    return {};
  }
  return std::get<Response>(std::move(reply));
}

Failure failure_of(Reply reply) {
  if (std::holds_alternative<Response>(reply)) {
    ADD_FAILURE() << "a reply came";
    return {.message = ""};
  }
  return std::get<Failure>(std::move(reply));
}

/// Answers the first request of each connection with these bytes and closes.
ScriptedServer::Script once(std::string bytes) {
  return [bytes = std::move(bytes)](ScriptedServer::Connection& connection) {
    if (connection.read_request()) connection.send(bytes);
    connection.close();
  };
}

TEST(CurlTransport, MovesARequestAndItsReply) {
  ScriptedServer server(
      ScriptedServer::always(ScriptedServer::reply("answer", 200, "X-One: 1\r\nX-Empty:\r\n")));
  CurlTransport transport;

  const Response response = response_of(transport.send(post(server.url("/sql?o=1")), {}));

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.text(), "answer");
  EXPECT_EQ(find_header(response.headers, "x-one"), "1");
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].target(), "POST /sql?o=1");
  EXPECT_EQ(server.requests()[0].body, "request");
  EXPECT_EQ(server.requests()[0].header("content-type"), "application/x-thrift");
}

TEST(CurlTransport, AddsNoHeaderThatCostsARoundTripOrCompresses) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("")));
  CurlTransport transport;

  transport.send(post(server.url(), std::string(3'000'000, 'x')), {});

  const auto request = server.requests().at(0);
  EXPECT_EQ(request.header("expect"), "");
  EXPECT_EQ(request.header("accept-encoding"), "identity");
  EXPECT_EQ(request.header("content-length"), "3000000");
  EXPECT_EQ(request.body.size(), 3'000'000u);
}

TEST(CurlTransport, WritesASmallRequestInOnePiece) {
  std::atomic<int> reads = 0;
  ScriptedServer server([&](ScriptedServer::Connection& connection) {
    connection.read_request();
    reads = connection.read_count();
    connection.send(ScriptedServer::reply(""));
  });
  CurlTransport transport;

  transport.send(post(server.url(), std::string(20'000, 'x')), {});

  EXPECT_EQ(reads, 1);
}

TEST(CurlTransport, SendsEachMethodWithTheBodyItHas) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("")));
  CurlTransport transport;
  for (const auto& [method, body] :
       std::vector<std::pair<std::string, std::string>>{{"GET", ""},
                                                        {"POST", ""},
                                                        {"PUT", "p"},
                                                        {"DELETE", ""},
                                                        {"PATCH", "q"},
                                                        {"GET", ""},
                                                        {"POST", "r"}}) {
    Request request = get(server.url());
    request.method = method;
    request.body = base::Buffer::copy_of(body);
    response_of(transport.send(request, {}));
  }

  std::vector<std::string> seen;
  for (const auto& request : server.requests()) {
    seen.push_back(request.target().substr(0, request.target().find(' ')) + ":" + request.body);
    EXPECT_EQ(request.header("content-type"), "");
  }
  EXPECT_THAT(
      seen, testing::ElementsAre("GET:", "POST:", "PUT:p", "DELETE:", "PATCH:q", "GET:", "POST:r"));
}

TEST(CurlTransport, ReadsNoBodyAfterAHeadRequest) {
  ScriptedServer server(ScriptedServer::always("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"));
  CurlTransport transport;
  Request request = get(server.url());
  request.method = "HEAD";

  EXPECT_THAT(response_of(transport.send(request, {})).body.text(), IsEmpty());
  EXPECT_EQ(response_of(transport.send(request, {})).status, 200);
}

TEST(CurlTransport, SendsAHeaderWithoutAValue) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("")));
  CurlTransport transport;
  Request request = get(server.url());
  request.headers = {{"X-Empty", ""}, {"X-Long", std::string(5000, 'v')}};

  transport.send(request, {});

  EXPECT_THAT(server.requests().at(0).head, HasSubstr("X-Empty:\r\n"));
  EXPECT_EQ(server.requests()[0].header("x-long").size(), 5000u);
}

TEST(CurlTransport, RefusesAHeaderThatWouldWriteAnother) {
  CurlTransport transport;
  Request request = get("http://127.0.0.1:1/");
  request.headers = {{"Authorization", "Bearer secret\r\nX-Evil: 1"}};

  const Error error = capture_error([&] { transport.send(request, {}); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_THAT(error.message(), AllOf(HasSubstr("Authorization"), Not(HasSubstr("secret"))));
}

TEST(CurlTransport, RefusesAUrlThatIsNone) {
  CurlTransport transport;

  for (const char* url :
       {"", "ftp://h/x", "file:///etc/passwd", "http://user:secret@h/", "http://h/a b"}) {
    const Error error = capture_error([&] { transport.send(get(url), {}); });
    EXPECT_EQ(error.kind(), ErrorKind::Configuration) << url;
    EXPECT_THAT(error.message(), Not(HasSubstr("secret")));
  }
}

TEST(CurlTransport, TakesAReplyWithoutABody) {
  for (const char* head :
       {"HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"}) {
    ScriptedServer server(ScriptedServer::always(head));
    CurlTransport transport;
    EXPECT_THAT(response_of(transport.send(get(server.url()), {})).body.text(), IsEmpty()) << head;
    EXPECT_THAT(response_of(transport.send(get(server.url()), {})).body.text(), IsEmpty()) << head;
    EXPECT_EQ(server.connection_count(), 1) << head;
  }
}

TEST(CurlTransport, TellsOfABodyWhileItArrives) {
  test::Signal seen;
  ScriptedServer server([&](ScriptedServer::Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcd");
    seen.wait();
    connection.send("efghij");
  });
  CurlTransport transport;
  std::vector<base::Buffer> parts;
  Request request = get(server.url());
  request.growth_step = 4;
  request.on_body_growth = [&](const base::Buffer& so_far) {
    parts.push_back(so_far);
    seen.raise();
  };

  const Response response = response_of(transport.send(request, {}));

  EXPECT_EQ(response.body.text(), "abcdefghij");
  ASSERT_FALSE(parts.empty());
  EXPECT_EQ(parts[0].text(), "abcd");
  EXPECT_EQ(parts[0].data(), response.body.data()) << "the same memory, not a copy";
}

TEST(CurlTransport, TellsNothingOfABodyThatMayMoveOrIsNoAnswer) {
  for (const char* head : {"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                           "HTTP/1.1 503 Busy\r\nContent-Length: 6\r\n\r\n"}) {
    ScriptedServer server(once(std::string(head) + "abcdef"));
    CurlTransport transport;
    Request request = get(server.url());
    request.growth_step = 1;
    request.on_body_growth = [&](const base::Buffer&) { ADD_FAILURE() << head; };

    EXPECT_EQ(response_of(transport.send(request, {})).body.text(), "abcdef");
  }
}

TEST(CurlTransport, ReadsAChunkedBody) {
  ScriptedServer server(ScriptedServer::always(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n "
      "world\r\n0\r\nX-Trailer: t\r\n\r\n"));
  CurlTransport transport;

  EXPECT_EQ(response_of(transport.send(get(server.url()), {})).body.text(), "hello world");
}

TEST(CurlTransport, ReadsALargeChunkedBodyWhoseSizeNobodyDeclared) {
  std::string reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string chunk(10'000, static_cast<char>('a' + i % 26));
    reply += "2710\r\n" + chunk + "\r\n";
    expected += chunk;
  }
  ScriptedServer server(ScriptedServer::always(reply + "0\r\n\r\n"));
  CurlTransport transport;

  EXPECT_EQ(response_of(transport.send(get(server.url()), {})).body.text(), expected);
}

TEST(CurlTransport, ReadsAReplyOfHttpOnePointZero) {
  ScriptedServer server(once("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nto the end"));
  CurlTransport transport;

  EXPECT_EQ(response_of(transport.send(get(server.url()), {})).body.text(), "to the end");
}

TEST(CurlTransport, ForgetsTheHeadersOfAnInterimReply) {
  ScriptedServer server(
      ScriptedServer::always("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" +
                             ScriptedServer::reply("late", 200, "X-Late: 1\r\n")));
  CurlTransport transport;

  const Response response = response_of(transport.send(get(server.url()), {}));

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.text(), "late");
  EXPECT_EQ(find_header(response.headers, "x-early"), "");
  EXPECT_EQ(find_header(response.headers, "x-late"), "1");
}

TEST(CurlTransport, FollowsNoRedirect) {
  ScriptedServer server(
      ScriptedServer::always(ScriptedServer::reply("", 302, "Location: /elsewhere\r\n")));
  CurlTransport transport;

  EXPECT_EQ(response_of(transport.send(get(server.url()), {})).status, 302);
  EXPECT_EQ(server.requests().size(), 1u);
}

TEST(CurlTransport, UnderstandsABodyThatIsCompressedAllTheSame) {
  // "hello" as gzip writes it.
  const std::string gzip(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00"
      "\x00\x00",
      25);
  ScriptedServer server(
      ScriptedServer::always(ScriptedServer::reply(gzip, 200, "Content-Encoding: gzip\r\n")));
  CurlTransport transport;

  EXPECT_EQ(response_of(transport.send(get(server.url()), {})).body.text(), "hello");
}

TEST(CurlTransport, KeepsOneConnectionForAThousandRequests) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply(std::string(1000, 'x'))));
  CurlTransport transport;
  const Request request = post(server.url());

  for (int i = 0; i < 1000; ++i)
    ASSERT_EQ(response_of(transport.send(request, {})).body.size(), 1000u);

  EXPECT_EQ(server.connection_count(), 1);
  EXPECT_EQ(server.requests().size(), 1000u);
}

TEST(CurlTransport, SharesItsConnectionsWithOtherTransports) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("")));
  CurlTransport one;
  CurlTransport two;

  one.send(get(server.url()), {});
  two.send(get(server.url()), {});

  EXPECT_EQ(server.connection_count(), 1);
}

TEST(CurlTransport, ServesSixtyFourThreadsAtOnce) {
  ScriptedServer server([](ScriptedServer::Connection& connection) {
    while (const auto request = connection.read_request())
      connection.send(ScriptedServer::reply(request->body));
  });
  CurlTransport transport;
  std::atomic<int> right = 0;

  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 64; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < 20; ++i) {
          const std::string body =
              base::concat("thread ", thread, " call ", i, std::string(5000, 'x'));
          if (response_of(transport.send(post(server.url(), body), {})).body.text() == body)
            ++right;
        }
      });
    }
  }

  EXPECT_EQ(right, 64 * 20);
  EXPECT_LE(server.connection_count(), 64);
}

TEST(CurlTransport, SpreadsItsRequestsOverItsThreads) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("x")));
  CurlTransport transport({.io_threads = 2});

  for (int i = 0; i < 10; ++i) response_of(transport.send(get(server.url()), {}));

  EXPECT_EQ(server.connection_count(), 2);
  EXPECT_EQ(server.requests().size(), 10u);
}

TEST(CurlEngine, ClosesItsConnectionsWhenNothingHasRunForAWhile) {
  test::Signal closed;
  ScriptedServer server([&](ScriptedServer::Connection& connection) {
    while (connection.read_request()) connection.send(ScriptedServer::reply("x"));
    closed.raise();
  });
  CurlEngine engine(20ms);
  const auto handles = std::make_shared<CurlHandles>(CurlOptions{});
  test::Signal done;

  engine.submit(std::make_shared<CurlTransfer>(get(server.url()), handles, std::nullopt,
                                               [&](const Reply&) { done.raise(); }));

  EXPECT_TRUE(done.wait());
  EXPECT_TRUE(closed.wait());
}

// Without the check the child would wait for a thread that only its parent has.
TEST(CurlTransport, SaysInAChildProcessThatItBelongsToTheParent) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("x")));
  CurlTransport transport;
  response_of(transport.send(get(server.url()), {}));

  const pid_t child = ::fork();
  if (child == 0) {
    try {
      transport.send(get(server.url()), {});
    } catch (const Error& error) {
      ::_exit(error.kind() == ErrorKind::InvalidState ? 0 : 2);
    }
    ::_exit(1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);

  EXPECT_EQ(status, 0);
  EXPECT_EQ(response_of(transport.send(get(server.url()), {})).status, 200);
}

TEST(CurlTransport, FinishesRunningCallsAfterItIsGone) {
  test::Signal arrived;
  test::Signal answer;
  ScriptedServer server([&](ScriptedServer::Connection& connection) {
    connection.read_request();
    arrived.raise();
    answer.wait();
    connection.send(ScriptedServer::reply("late"));
  });
  auto transport = std::make_shared<CurlTransport>();
  std::string body;
  std::jthread caller([&, transport = transport.get()] {
    body = response_of(transport->send(get(server.url()), {})).body.text();
  });
  ASSERT_TRUE(arrived.wait());

  transport.reset();
  answer.raise();
  caller.join();

  EXPECT_EQ(body, "late");
}

TEST(CurlTransport, EndsStartedTransfersWithAFailureWhenItIsGone) {
  test::Signal arrived;
  ScriptedServer server([&](ScriptedServer::Connection& connection) {
    connection.read_request();
    arrived.raise();
    connection.wait_for_close();
  });
  auto transport = std::make_unique<CurlTransport>();
  std::optional<Reply> reply;
  test::Signal done;
  transport->start(get(server.url()), std::nullopt, [&](Reply outcome) {
    reply = std::move(outcome);
    done.raise();
  });
  ASSERT_TRUE(arrived.wait());

  transport.reset();

  ASSERT_TRUE(done.wait());
  const Failure failure = failure_of(*std::move(reply));
  EXPECT_TRUE(failure.bytes_sent);
  EXPECT_THAT(failure.message, HasSubstr("closed"));
}

TEST(CurlTransport, MayBeDroppedByACompletion) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("x")));
  test::Signal done;
  auto transport = std::make_shared<CurlTransport>();
  auto* const raw = transport.get();

  raw->start(get(server.url()), std::nullopt, [&, held = std::move(transport)](Reply) mutable {
    held.reset();
    done.raise();
  });

  EXPECT_TRUE(done.wait());
}

TEST(CurlTransport, StartsTheNextTransferFromACompletion) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("x")));
  CurlTransport transport;
  test::Signal done;

  transport.start(get(server.url("/1")), std::nullopt, [&](Reply) {
    transport.start(get(server.url("/2")), std::nullopt, [&](Reply reply) {
      EXPECT_TRUE(std::holds_alternative<Response>(reply));
      done.raise();
    });
  });

  EXPECT_TRUE(done.wait());
  EXPECT_EQ(server.requests().size(), 2u);
}

}  // namespace
}  // namespace dbsql::http
