#include "http/client.h"
#include "http/curl_transport.h"
#include "support/capture_error.h"
#include "support/forward_proxy.h"
#include "support/scoped_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace dbsql::http {
namespace {

using test::capture_error;
using test::ForwardProxy;
using test::KeyAndCertificate;
using test::ScopedEnvironment;
using test::ScriptedServer;
using test::TemporaryFile;
using test::TestAuthority;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Source = ProxyOptions::Source;

constexpr const char* kHost = "warehouse.test";

/// A server that only a proxy can find.
class CurlProxy : public testing::Test {
 protected:
  static ScriptedServer::Script answer() {
    return [](ScriptedServer::Connection& connection) {
      while (connection.read_request() && connection.send(ScriptedServer::reply("here"))) {
      }
    };
  }

  test::ForwardProxyOptions to(const ScriptedServer& server) const {
    return {.hosts = {{kHost, server.port()}, {"192.0.2.1", server.port()}}};
  }
  static test::ForwardProxyOptions with_password(test::ForwardProxyOptions options) {
    options.username = "me";
    options.password = "s3cret";
    return options;
  }

  CurlOptions through(const std::string& url) const {
    auto proxy = *parse_proxy(url);
    return {.tls = {.ca_file = ca_file_.path()},
            .proxy = {.source = Source::Given, .proxy = std::move(proxy)}};
  }

  static Request get(std::string url) { return {.method = "GET", .url = std::move(url)}; }
  static std::string secure() { return "https://warehouse.test/sql"; }
  static std::string plain() { return "http://warehouse.test/sql?o=1"; }

  static std::string body_of(const Reply& reply) {
    if (const auto* failure = std::get_if<Failure>(&reply)) return failure->message;
    return std::string(std::get<Response>(reply).body.text());
  }
  static Failure failure_of(const Reply& reply) {
    const auto* failure = std::get_if<Failure>(&reply);
    return failure != nullptr ? *failure : Failure{.message = "it was no failure"};
  }

  TestAuthority authority_;
  TemporaryFile ca_file_{authority_.certificate()};
  KeyAndCertificate identity_ = authority_.issue("DNS:warehouse.test,IP:192.0.2.1");
};

TEST_F(CurlProxy, TunnelsHttpsAndKeepsTheTunnel) {
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(to(server));
  CurlTransport transport(through(proxy.url()));

  EXPECT_EQ(body_of(transport.send(get(secure()), {})), "here");
  EXPECT_EQ(body_of(transport.send(get(secure()), {})), "here");

  EXPECT_EQ(proxy.count("CONNECT", "warehouse.test:443"), 1);
  EXPECT_EQ(server.requests().at(0).target(), "GET /sql");
  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(CurlProxy, KeepsTheServersHeadersFromTheProxyAndTheProxysFromTheServer) {
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(with_password(to(server)));
  CurlTransport transport(through(proxy.url_with_credentials()));
  Request request = get(secure());
  request.headers = {{"Authorization", "Bearer for-the-server"}, {"X-Mine", "1"}};

  EXPECT_EQ(body_of(transport.send(request, {})), "here");

  EXPECT_THAT(proxy.requests().at(0).head,
              AllOf(HasSubstr("Proxy-Authorization: Basic"), Not(HasSubstr("for-the-server")),
                    Not(HasSubstr("X-Mine"))));
  EXPECT_EQ(server.requests().at(0).header("authorization"), "Bearer for-the-server");
  EXPECT_EQ(server.requests().at(0).header("proxy-authorization"), "");
}

TEST_F(CurlProxy, AsksForPlainHttpInFull) {
  ScriptedServer server(answer());
  ForwardProxy proxy(with_password(to(server)));
  CurlTransport transport(through(proxy.url_with_credentials()));

  EXPECT_EQ(body_of(transport.send(get(plain()), {})), "here");

  EXPECT_EQ(proxy.count("GET", "warehouse.test:80"), 1);
  EXPECT_EQ(server.requests().at(0).target(), "GET /sql?o=1");
  EXPECT_EQ(server.requests().at(0).header("proxy-authorization"), "");
}

TEST_F(CurlProxy, LeavesTheNameToASocks5hProxyAndTheAddressToASocks5One) {
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(to(server));
  CurlTransport by_name(through(proxy.url("socks5h")));
  CurlTransport by_address(through(proxy.url("socks5")));

  EXPECT_EQ(body_of(by_name.send(get(secure()), {})), "here");
  EXPECT_EQ(body_of(by_address.send(get("https://192.0.2.1/"), {})), "here");
  const Failure unknown = failure_of(by_address.send(get(secure()), {}));

  EXPECT_EQ(proxy.count("SOCKS5", "warehouse.test:443"), 1);
  EXPECT_EQ(proxy.count("SOCKS5", "192.0.2.1:443"), 1);
  EXPECT_THAT(unknown.message, HasSubstr("resolve")) << "socks5 looks names up here";
}

TEST_F(CurlProxy, ShowsUserAndPasswordToASocksProxy) {
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(with_password(to(server)));
  CurlTransport known(through(proxy.url_with_credentials("socks5h")));
  CurlTransport unknown(through("socks5h://me:wrong@127.0.0.1:" + std::to_string(proxy.port())));

  EXPECT_EQ(body_of(known.send(get(secure()), {})), "here");
  const Failure failure = failure_of(unknown.send(get(secure()), {}));

  EXPECT_TRUE(failure.permanent);
  EXPECT_EQ(failure.kind, ErrorKind::Network);
  EXPECT_EQ(failure.sqlstate, "08001");
  EXPECT_THAT(failure.message, AllOf(HasSubstr("proxy authentication required"),
                                     HasSubstr("proxy.username"), Not(HasSubstr("wrong"))));
}

TEST_F(CurlProxy, SpeaksTlsToTheProxyItself) {
  ScriptedServer server(answer(), identity_);
  auto options = to(server);
  options.tls = authority_.issue("IP:127.0.0.1");
  ForwardProxy proxy(options);
  CurlTransport transport(through(proxy.url("https")));

  EXPECT_EQ(body_of(transport.send(get(secure()), {})), "here");

  EXPECT_EQ(proxy.count("CONNECT", "warehouse.test:443"), 1);
}

TEST_F(CurlProxy, DoesNotTrustJustAnyProxy) {
  ScriptedServer server(answer(), identity_);
  auto options = to(server);
  options.tls = TestAuthority().issue("IP:127.0.0.1");
  ForwardProxy proxy(options);
  CurlTransport transport(through(proxy.url("https")));

  const Failure failure = failure_of(transport.send(get(secure()), {}));

  EXPECT_EQ(failure.kind, ErrorKind::Tls);
  EXPECT_TRUE(failure.permanent);
  EXPECT_THAT(failure.message, HasSubstr("https://127.0.0.1:"));
  EXPECT_EQ(proxy.count(), 0);
}

TEST_F(CurlProxy, IsRefusedOnceAndForAllWithoutCredentials) {  // case H26
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(with_password(to(server)));
  const auto transport = std::make_shared<CurlTransport>(
      through("http://me:wr0ng-secret@127.0.0.1:" + std::to_string(proxy.port())));
  const Client client(transport, RetryOptions{});

  for (const std::string& url : {secure(), plain()}) {
    const Error error = capture_error([&] { client.send(get(url), {}); });

    EXPECT_EQ(error.kind(), ErrorKind::Network) << url;
    EXPECT_EQ(error.sqlstate(), "08001") << url;
    EXPECT_EQ(error.attempts(), 1) << url;
    EXPECT_FALSE(error.retryable()) << url;
    EXPECT_THAT(error.what(),
                AllOf(HasSubstr("proxy authentication required"), Not(HasSubstr("wr0ng-secret"))));
  }
  EXPECT_EQ(proxy.count(), 2);
  EXPECT_EQ(server.connection_count(), 0);
}

TEST_F(CurlProxy, SaysThatTheProxyForbidsAServer) {
  ScriptedServer server(answer(), identity_);
  auto options = to(server);
  options.refusal = 403;
  ForwardProxy proxy(options);
  CurlTransport transport(through(proxy.url()));

  const Failure failure = failure_of(transport.send(get(secure()), {}));

  EXPECT_TRUE(failure.permanent);
  EXPECT_FALSE(failure.bytes_sent);
  EXPECT_THAT(failure.message, AllOf(HasSubstr(proxy.url()), HasSubstr("warehouse.test"),
                                     HasSubstr("refuses"), HasSubstr("403")));
}

TEST_F(CurlProxy, MayTryAgainWhenTheProxyCannotReachTheServer) {
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy({});
  CurlTransport transport(through(proxy.url()));

  const Failure failure = failure_of(transport.send(get(secure()), {}));

  EXPECT_FALSE(failure.permanent);
  EXPECT_FALSE(failure.bytes_sent) << "a statement may be sent again";
  EXPECT_THAT(failure.message, AllOf(HasSubstr(proxy.url()), HasSubstr("502")));
}

// The bytes that open a tunnel are not the request's.
TEST_F(CurlProxy, KnowsWhatHasLeftThroughATunnel) {
  ScriptedServer closes_after_the_request(
      [](ScriptedServer::Connection& connection) {
        connection.read_request();
        connection.close();
      },
      identity_);
  ScriptedServer closes_at_once([](ScriptedServer::Connection& connection) { connection.close(); });
  ForwardProxy after(to(closes_after_the_request));
  ForwardProxy before(to(closes_at_once));
  CurlTransport through_after(through(after.url()));
  CurlTransport through_before(through(before.url()));

  EXPECT_TRUE(failure_of(through_after.send(get(secure()), {})).bytes_sent);
  EXPECT_FALSE(failure_of(through_before.send(get(secure()), {})).bytes_sent);
}

TEST_F(CurlProxy, NamesAProxyThatIsNotThere) {
  const std::string url = "http://127.0.0.1:" + std::to_string(test::unused_port());
  CurlTransport transport(through(url));

  const Failure failure = failure_of(transport.send(get(secure()), {}));

  EXPECT_FALSE(failure.bytes_sent);
  EXPECT_THAT(failure.message, AllOf(HasSubstr("warehouse.test"), HasSubstr(url)));
}

TEST_F(CurlProxy, GoesAroundTheProxyWhereToldSo) {
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(to(server));
  CurlOptions options = through(proxy.url());
  options.proxy.bypass = ".test";
  options.connect_to = {"warehouse.test:443:127.0.0.1:" + std::to_string(server.port())};
  CurlTransport transport(options);

  EXPECT_EQ(body_of(transport.send(get(secure()), {})), "here");

  EXPECT_EQ(proxy.connection_count(), 0);
  EXPECT_EQ(server.connection_count(), 1);
}

TEST_F(CurlProxy, GoesAroundTheProxyOfTheEnvironmentByNoProxy) {  // case H24
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(to(server));
  const ScopedEnvironment environment({{"https_proxy", proxy.url()}, {"no_proxy", ".test"}});
  CurlTransport transport(
      {.tls = {.ca_file = ca_file_.path()},
       .connect_to = {"warehouse.test:443:127.0.0.1:" + std::to_string(server.port())}});

  EXPECT_EQ(body_of(transport.send(get(secure()), {})), "here");

  EXPECT_EQ(proxy.connection_count(), 0);
}

TEST_F(CurlProxy, IsTheOneOfTheEnvironmentByDefault) {
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(with_password(to(server)));
  const ScopedEnvironment environment({{"HTTPS_PROXY", proxy.url_with_credentials()},
                                       {"https_proxy", ""},
                                       {"NO_PROXY", ""},
                                       {"no_proxy", ""}});
  CurlTransport transport({.tls = {.ca_file = ca_file_.path()}});

  EXPECT_EQ(body_of(transport.send(get(secure()), {})), "here");

  EXPECT_EQ(proxy.count("CONNECT", "warehouse.test:443"), 1);
}

TEST_F(CurlProxy, OfTheOptionsIsUsedWhateverNoProxySays) {  // case H25
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(to(server));
  const ScopedEnvironment environment({{"NO_PROXY", "*"}, {"no_proxy", "*"}});
  CurlTransport transport(through(proxy.url()));

  EXPECT_EQ(body_of(transport.send(get(secure()), {})), "here");

  EXPECT_EQ(proxy.count("CONNECT"), 1);
}

TEST_F(CurlProxy, IsNotUsedForTheMetadataOfACloud) {  // case A27
  ScriptedServer server(answer());
  ForwardProxy proxy({.hosts = {{"169.254.169.254", server.port()}}});
  const ScopedEnvironment environment({{"HTTPS_PROXY", proxy.url()},
                                       {"http_proxy", proxy.url()},
                                       {"ALL_PROXY", proxy.url()},
                                       {"NO_PROXY", ""},
                                       {"no_proxy", ""}});
  CurlTransport transport(
      {.connect_to = {"169.254.169.254:80:127.0.0.1:" + std::to_string(server.port())}});

  EXPECT_EQ(body_of(transport.send(get("http://169.254.169.254/metadata/identity"), {})), "here");

  EXPECT_EQ(proxy.connection_count(), 0);
}

// libcurl compares the proxies of connections, not their users.
TEST_F(CurlProxy, DoesNotLendATunnelToAnotherUserOfTheProxy) {
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(with_password(to(server)));
  CurlTransport known(through(proxy.url_with_credentials()));
  CurlTransport stranger(through("http://you:guess@127.0.0.1:" + std::to_string(proxy.port())));
  CurlTransport nobody(through(proxy.url()));
  EXPECT_EQ(body_of(known.send(get(secure()), {})), "here");

  EXPECT_TRUE(failure_of(stranger.send(get(secure()), {})).permanent);
  EXPECT_TRUE(failure_of(nobody.send(get(secure()), {})).permanent);
  const ScopedEnvironment environment(
      {{"https_proxy", "http://you:guess@127.0.0.1:" + std::to_string(proxy.port())}});
  CurlTransport of_environment({.tls = {.ca_file = ca_file_.path()}});
  EXPECT_TRUE(failure_of(of_environment.send(get(secure()), {})).permanent);
}

TEST_F(CurlProxy, SendsNoPasswordWhenAuthenticationIsOff) {
  ScriptedServer server(answer(), identity_);
  ForwardProxy proxy(to(server));
  CurlOptions options = through("http://me:s3cret@127.0.0.1:" + std::to_string(proxy.port()));
  for (const auto auth : {Proxy::Auth::None, Proxy::Auth::Negotiate}) {
    options.proxy.proxy.auth = auth;
    CurlTransport transport(options);

    EXPECT_EQ(body_of(transport.send(get(secure()), {})), "here");

    EXPECT_THAT(proxy.requests().back().head, Not(HasSubstr("Basic")));
  }
}

}  // namespace
}  // namespace dbsql::http
