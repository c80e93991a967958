#include "http/curl_transport.h"
#include "support/capture_error.h"
#include "support/scripted_server.h"
#include "support/test_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbsql::http {
namespace {

using test::capture_error;
using test::ScriptedServer;
using test::TemporaryFile;
using test::TestAuthority;
using testing::AllOf;
using testing::HasSubstr;
using Verify = TlsOptions::Verify;

class CurlTls : public testing::Test {
 protected:
  static Request get(const std::string& url) {
    Request request;
    request.method = "GET";
    request.url = url;
    return request;
  }
  static ScriptedServer::Script answer() {
    return ScriptedServer::always(ScriptedServer::reply("secure"));
  }

  CurlOptions trusting(Verify verify = Verify::Full) const {
    return {.tls = {.verify = verify, .ca_file = ca_file_.path()}};
  }

  static void expect_answer(Reply reply) {
    if (const auto* failure = std::get_if<Failure>(&reply)) FAIL() << failure->message;
    EXPECT_EQ(std::get<Response>(reply).body.text(), "secure");
  }
  static void expect_distrust(Reply reply) {
    ASSERT_TRUE(std::holds_alternative<Failure>(reply));
    const auto& failure = std::get<Failure>(reply);
    EXPECT_EQ(failure.kind, ErrorKind::Tls);
    EXPECT_TRUE(failure.permanent);
    EXPECT_FALSE(failure.bytes_sent);
    EXPECT_THAT(failure.message, AllOf(HasSubstr("127.0.0.1"), HasSubstr("tls.ca_file")));
  }

  TestAuthority authority_;
  TemporaryFile ca_file_{authority_.certificate()};
};

TEST_F(CurlTls, TrustsACertificateOfTheGivenAuthority) {
  ScriptedServer server(answer(), authority_.issue("IP:127.0.0.1"));
  CurlTransport transport(trusting());

  expect_answer(transport.send(get(server.url()), {}));
  expect_answer(transport.send(get(server.url()), {}));

  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(CurlTls, DistrustsACertificateOfAnotherAuthority) {  // case H20
  ScriptedServer server(answer(), TestAuthority().issue("IP:127.0.0.1"));

  CurlTransport system;
  expect_distrust(system.send(get(server.url()), {}));
  CurlTransport given(trusting());
  expect_distrust(given.send(get(server.url()), {}));
}

TEST_F(CurlTls, TakesAnyCertificateWhenToldNotToVerify) {  // case H20
  ScriptedServer server(answer(), TestAuthority().issue("DNS:elsewhere.example"));
  CurlTransport transport({.tls = {.verify = Verify::None}});

  expect_answer(transport.send(get(server.url()), {}));
}

TEST_F(CurlTls, ChecksTheNameOnlyWhenFullyVerifying) {  // case H21
  ScriptedServer server(answer(), authority_.issue("DNS:elsewhere.example"));

  CurlTransport full(trusting());
  expect_distrust(full.send(get(server.url()), {}));
  CurlTransport chain_only(trusting(Verify::Ca));
  expect_answer(chain_only.send(get(server.url()), {}));
}

// One transport's decision not to verify must not lend its connections to another that does.
TEST_F(CurlTls, DoesNotLendAnUnverifiedConnectionToATransportThatVerifies) {
  ScriptedServer server(answer(), TestAuthority().issue("IP:127.0.0.1"));
  CurlTransport careless({.tls = {.verify = Verify::None}});
  CurlTransport careful;
  expect_answer(careless.send(get(server.url()), {}));

  expect_distrust(careful.send(get(server.url()), {}));
}

TEST_F(CurlTls, DoesNotLendAConnectionToATransportThatTrustsLess) {
  ScriptedServer server(answer(), authority_.issue("IP:127.0.0.1"));
  CurlTransport trusting_transport(trusting());
  CurlTransport system;
  expect_answer(trusting_transport.send(get(server.url()), {}));

  expect_distrust(system.send(get(server.url()), {}));
}

TEST_F(CurlTls, TakesPlainHttpOnATlsPortForAFailure) {
  ScriptedServer server([](ScriptedServer::Connection& connection) {
    connection.read_bytes(1);
    connection.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    connection.close();
  });
  CurlTransport transport;
  std::string url = server.url();
  url.replace(0, 4, "https");

  const Reply reply = transport.send(get(url), {});

  ASSERT_TRUE(std::holds_alternative<Failure>(reply));
  EXPECT_EQ(std::get<Failure>(reply).kind, ErrorKind::Tls);
}

TEST_F(CurlTls, TakesAnEndInTheHandshakeForANetworkProblem) {
  ScriptedServer server([](ScriptedServer::Connection& connection) {
    connection.read_bytes(1);
    connection.reset();
  });
  CurlTransport transport;
  std::string url = server.url();
  url.replace(0, 4, "https");

  const Reply reply = transport.send(get(url), {});

  ASSERT_TRUE(std::holds_alternative<Failure>(reply));
  EXPECT_EQ(std::get<Failure>(reply).kind, ErrorKind::Network);
  EXPECT_FALSE(std::get<Failure>(reply).bytes_sent);
}

TEST_F(CurlTls, RefusesACaFileThatIsNone) {
  const TemporaryFile nonsense("no certificate");

  const Error missing =
      capture_error([] { CurlTransport({.tls = {.ca_file = "/no/such/file.pem"}}); });
  const Error empty = capture_error([&] { CurlTransport({.tls = {.ca_file = nonsense.path()}}); });

  EXPECT_EQ(missing.kind(), ErrorKind::Configuration);
  EXPECT_THAT(missing.message(), AllOf(HasSubstr("/no/such/file.pem"), HasSubstr("tls.ca_file")));
  EXPECT_EQ(empty.kind(), ErrorKind::Configuration);
}

TEST_F(CurlTls, MovesLargeBodies) {
  const std::string body(5'000'000, 'z');
  ScriptedServer server(ScriptedServer::always(ScriptedServer::reply(body)),
                        authority_.issue("IP:127.0.0.1"));
  CurlTransport transport(trusting());

  const Reply reply = transport.send(get(server.url()), {});

  ASSERT_TRUE(std::holds_alternative<Response>(reply));
  EXPECT_EQ(std::get<Response>(reply).body.text(), body);
}

}  // namespace
}  // namespace dbsql::http
