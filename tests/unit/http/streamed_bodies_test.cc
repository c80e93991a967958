#include "http/streamed_bodies.h"

#include "base/text.h"
#include "http/client.h"
#include "http/curl_transport.h"
#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "support/scripted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <stop_token>
#include <string>

namespace dbsql::http {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using test::FakeClock;
using test::ScriptedServer;
using testing::HasSubstr;

/// Letters in an order in which lost, repeated and swapped pieces show.
std::string letters(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i)
    text[i] = static_cast<char>('a' + (i * 7 + i / 1000 + i / 65'536) % 26);
  return text;
}

class TextSource final : public BodySource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)), size_(text_.size()) {}

  std::uint64_t size() const override { return size_; }
  bool rewind() override {
    ++rewinds;
    at_ = 0;
    return can_rewind;
  }
  std::size_t read(std::span<std::byte> into) override {
    if (before_read) before_read(at_);
    const std::size_t count = std::min(into.size(), text_.size() - at_);
    std::memcpy(into.data(), text_.data() + at_, count);
    at_ += count;
    return count;
  }

  void declare(std::uint64_t size) { size_ = size; }

  std::function<void(std::size_t at)> before_read;
  bool can_rewind = true;
  int rewinds = 0;

 private:
  std::string text_;
  std::uint64_t size_;
  std::size_t at_ = 0;
};

class TextSink final : public BodySink {
 public:
  void begin(std::optional<std::uint64_t> size) override {
    ++begins;
    declared = size;
  }
  bool rewind() override {
    text.clear();
    return can_rewind;
  }
  void write(std::span<const std::byte> bytes) override {
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (after_write) after_write();
  }

  std::string text;
  std::optional<std::uint64_t> declared;
  std::function<void()> after_write;
  bool can_rewind = true;
  int begins = 0;
};

Request put(const std::string& url, BodySource& source) {
  Request request;
  request.method = "PUT";
  request.url = url;
  request.source = &source;
  request.request_class = RequestClass::Storage;
  request.name = "PUT";
  return request;
}

Request get(const std::string& url, BodySink& sink) {
  Request request;
  request.method = "GET";
  request.url = url;
  request.sink = &sink;
  request.request_class = RequestClass::Storage;
  request.name = "GET";
  return request;
}

TEST(StreamedBodies, ALargeBodyIsSentWholeWithItsLength) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("", 201)));
  CurlTransport transport;
  const std::string text = letters(5'000'001);
  TextSource source(text);

  const Reply reply = transport.send(put(server.url("/f"), source), {});

  EXPECT_EQ(std::get<Response>(reply).status, 201);
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.target(), "PUT /f");
  EXPECT_EQ(request.header("content-length"), "5000001");
  EXPECT_EQ(request.header("transfer-encoding"), "") << "storage services refuse chunks";
  EXPECT_EQ(request.header("expect"), "");
  EXPECT_TRUE(request.body == text);
}

TEST(StreamedBodies, AnEmptyBodyHasALengthToo) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("")));
  CurlTransport transport;
  TextSource source("");

  const Reply reply = transport.send(put(server.url(), source), {});

  EXPECT_EQ(std::get<Response>(reply).status, 200);
  EXPECT_EQ(server.requests().at(0).header("content-length"), "0");
}

TEST(StreamedBodies, ALargeReplyGoesToTheSink) {
  const std::string text = letters(7'654'321);
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply(text)));
  CurlTransport transport;
  TextSink sink;

  const Reply reply = transport.send(get(server.url(), sink), {});

  EXPECT_TRUE(std::get<Response>(reply).body.empty());
  EXPECT_EQ(sink.declared, text.size());
  EXPECT_EQ(sink.begins, 1);
  EXPECT_TRUE(sink.text == text);
}

TEST(StreamedBodies, AServerIsHeldBackWhileTheSinkIsBusy) {
  // More than sockets and the ring hold: the server cannot get rid of it all before the sink goes
  // on.
  constexpr std::size_t kSize = 64'000'000;
  std::atomic<bool> sent_everything = false;
  ScriptedServer server([&](ScriptedServer::Connection& connection) {
    connection.read_request();
    sent_everything = connection.send(ScriptedServer::reply(std::string(kSize, 'x')));
  });
  CurlTransport transport;
  TextSink sink;
  bool was_early = false;
  sink.after_write = [&] { was_early = was_early || (sent_everything && sink.text.size() < 1000); };

  const Reply reply = transport.send(get(server.url(), sink), {});

  EXPECT_EQ(std::get<Response>(reply).status, 200);
  EXPECT_EQ(sink.text.size(), kSize);
  EXPECT_FALSE(was_early);
}

TEST(StreamedBodies, TheBodyOfAnErrorIsNotForTheSink) {
  ScriptedServer server(ScriptedServer::always(
      ScriptedServer::reply(std::string(300'000, 'e'), 403, "X-One: 1\r\n")));
  CurlTransport transport;
  TextSink sink;

  const Reply reply = transport.send(get(server.url(), sink), {});

  const auto& response = std::get<Response>(reply);
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body.size(), 65'536U) << "its beginning, whatever a server sends";
  EXPECT_EQ(sink.begins, 0);
}

TEST(StreamedBodies, BytesArriveAsTheyAre) {
  ScriptedServer server(ScriptedServer::always(
      ScriptedServer::reply("not really gzip", 200, "Content-Encoding: gzip\r\n")));
  CurlTransport transport;
  TextSink sink;

  const Reply reply = transport.send(get(server.url(), sink), {});

  EXPECT_EQ(std::get<Response>(reply).status, 200);
  EXPECT_EQ(sink.text, "not really gzip");
}

TEST(StreamedBodies, LaterRequestsOfTheTransportAreAsBefore) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("answer")));
  CurlTransport transport;
  TextSource source(letters(200'000));
  transport.send(put(server.url(), source), {});
  Request request;
  request.url = server.url();
  request.body = base::Buffer::copy_of("question");

  const Reply reply = transport.send(request, {});

  EXPECT_EQ(std::get<Response>(reply).body.text(), "answer");
  EXPECT_EQ(server.requests().at(1).target(), "POST /sql");
  EXPECT_EQ(server.requests().at(1).body, "question");
}

TEST(StreamedBodies, WhatASourceThrowsEndsTheRequest) {
  test::Signal closed;
  ScriptedServer server([&](ScriptedServer::Connection& connection) {
    connection.read_request();
    closed.raise();
  });
  CurlTransport transport;
  TextSource source(letters(4'000'000));
  source.before_read = [](std::size_t at) {
    if (at > 1'000'000) throw std::runtime_error("the disk is gone");
  };

  EXPECT_THROW(transport.send(put(server.url(), source), {}), std::runtime_error);
  EXPECT_TRUE(closed.wait()) << "the connection is closed";
}

TEST(StreamedBodies, WhatASinkThrowsEndsTheRequest) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply(letters(4'000'000))));
  CurlTransport transport;
  TextSink sink;
  sink.after_write = [] { throw std::runtime_error("the disk is full"); };

  EXPECT_THROW(transport.send(get(server.url(), sink), {}), std::runtime_error);
}

TEST(StreamedBodies, ASourceThatEndsEarlyIsAnError) {
  ScriptedServer server([](ScriptedServer::Connection& connection) { connection.read_request(); });
  CurlTransport transport;
  TextSource source("short");
  source.declare(10);

  const Error error = capture_error([&] { transport.send(put(server.url(), source), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_THAT(error.message(), HasSubstr("5 of 10 bytes"));
}

TEST(StreamedBodies, ARefusalBeforeTheBodyWasReadIsHeard) {
  ScriptedServer server([](ScriptedServer::Connection& connection) {
    connection.read_bytes(1000);
    connection.send(ScriptedServer::reply("<Code>AccessDenied</Code>", 403));
    while (connection.read_bytes(1)) {
    }
  });
  CurlTransport transport;
  TextSource source(letters(30'000'000));

  const Reply reply = transport.send(put(server.url(), source), {});

  EXPECT_EQ(std::get<Response>(reply).status, 403);
}

TEST(StreamedBodies, AConnectionLostInTheMiddleOfTheUploadIsAFailure) {
  ScriptedServer server([](ScriptedServer::Connection& connection) {
    connection.read_bytes(100'000);
    connection.reset();
  });
  CurlTransport transport;
  TextSource source(letters(30'000'000));

  const Reply reply = transport.send(put(server.url(), source), {});

  EXPECT_TRUE(std::get<Failure>(reply).bytes_sent);
  EXPECT_FALSE(std::get<Failure>(reply).permanent);
}

TEST(StreamedBodies, AReplyThatEndsEarlyIsAFailure) {
  ScriptedServer server([](ScriptedServer::Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + letters(1'500'000));
    connection.close();
  });
  CurlTransport transport;
  TextSink sink;

  const Reply reply = transport.send(get(server.url(), sink), {});

  EXPECT_TRUE(std::holds_alternative<Failure>(reply));
}

TEST(StreamedBodies, AStopEndsATransferThatWaitsForTheServer) {
  ScriptedServer server([](ScriptedServer::Connection& connection) {
    connection.read_bytes(100'000);
    connection.wait_for_close();
  });
  CurlTransport transport;
  std::stop_source stop;
  TextSource source(letters(30'000'000));
  source.before_read = [&](std::size_t at) {
    if (at > 1'000'000) stop.request_stop();
  };
  base::CallContext call;
  call.stop = stop.get_token();

  const Error error = capture_error([&] { transport.send(put(server.url(), source), call); });

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
}

TEST(StreamedBodies, AStopIsSeenAlsoWhileBytesFlow) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply(letters(20'000'000))));
  CurlTransport transport;
  std::stop_source stop;
  TextSink sink;
  sink.after_write = [&] { stop.request_stop(); };
  base::CallContext call;
  call.stop = stop.get_token();

  const Error error = capture_error([&] { transport.send(get(server.url(), sink), call); });

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
  EXPECT_LT(sink.text.size(), 20'000'000U);
}

TEST(StreamedBodies, ARepeatedRequestSendsTheBodyFromItsBeginning) {
  ScriptedServer server([](ScriptedServer::Connection& connection) {
    connection.read_request();
    connection.send(ScriptedServer::reply("", 503));
    connection.read_request();
    connection.send(ScriptedServer::reply("", 200));
  });
  FakeClock clock;
  clock.advance_when_waited_on(true);
  const Client client(std::make_shared<CurlTransport>(), RetryOptions{}, {}, clock);
  const std::string text = letters(2'000'000);
  TextSource source(text);

  const Response response = client.send(put(server.url(), source), {});

  EXPECT_EQ(response.status, 200);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_TRUE(server.requests()[0].body == text);
  EXPECT_TRUE(server.requests()[1].body == text);
}

TEST(StreamedBodies, WhatCannotBeReadAgainIsNotRepeated) {
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply("", 503)));
  const Client client(std::make_shared<CurlTransport>(), RetryOptions{});
  TextSource source(letters(1000));
  source.can_rewind = false;

  const Error error = capture_error([&] { client.send(put(server.url(), source), {}); });

  EXPECT_EQ(error.http_status(), 503);
  EXPECT_EQ(error.attempts(), 1);
  EXPECT_FALSE(error.retryable());
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST(StreamedBodies, ARepeatedDownloadBeginsAnew) {
  const std::string text = letters(3'000'000);
  ScriptedServer server([&](ScriptedServer::Connection& connection) {
    connection.read_request();
    const std::string whole = ScriptedServer::reply(text);
    if (connection.number() == 0) {
      connection.send(std::string_view(whole).substr(0, 2'000'000));
      connection.close();
    } else {
      connection.send(whole);
    }
  });
  FakeClock clock;
  clock.advance_when_waited_on(true);
  const Client client(std::make_shared<CurlTransport>(), RetryOptions{}, {}, clock);
  TextSink sink;

  client.send(get(server.url(), sink), {});

  EXPECT_TRUE(sink.text == text);
}

}  // namespace
}  // namespace dbsql::http
