#include "http/curl_transport.h"
#include "support/capture_error.h"
#include "support/captured_log.h"
#include "support/scoped_environment.h"
#include "support/scripted_server.h"
#include "support/test_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <string>

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

TEST_F(CurlTls, ShowsAClientCertificateWithAnEncryptedKey) {  // case H22
  ScriptedServer server(answer(), test::ServerTls{.identity = authority_.issue("IP:127.0.0.1"),
                                                  .client_authority = authority_.certificate()});
  const auto client = authority_.issue("DNS:client.example");
  const TemporaryFile certificate(client.certificate);
  const TemporaryFile key(test::encrypted_key(client.key, "s3cret"));
  CurlOptions options = trusting();
  options.tls.client_cert = certificate.path();
  options.tls.client_key = key.path();
  options.tls.client_key_password = "s3cret";
  CurlTransport transport(options);

  expect_answer(transport.send(get(server.url()), {}));
}

TEST_F(CurlTls, ShowsAClientCertificateThatHasItsKeyBesideIt) {
  ScriptedServer server(answer(), test::ServerTls{.identity = authority_.issue("IP:127.0.0.1"),
                                                  .client_authority = authority_.certificate()});
  const auto client = authority_.issue("DNS:client.example");
  const TemporaryFile both(client.certificate + client.key);
  CurlOptions options = trusting();
  options.tls.client_cert = both.path();
  CurlTransport transport(options);

  expect_answer(transport.send(get(server.url()), {}));
}

// The client is done with its handshake and has sent its request when a server of TLS 1.3 says no.
TEST_F(CurlTls, SaysThatTheServerWantsAnotherClient) {
  ScriptedServer server(answer(), test::ServerTls{.identity = authority_.issue("IP:127.0.0.1"),
                                                  .client_authority = authority_.certificate()});
  const auto stranger = TestAuthority().issue("DNS:client.example");
  const TemporaryFile both(stranger.certificate + stranger.key);
  CurlOptions with_wrong_certificate = trusting();
  with_wrong_certificate.tls.client_cert = both.path();

  for (const CurlOptions& options : {trusting(), with_wrong_certificate}) {
    CurlTransport transport(options);
    const Reply reply = transport.send(get(server.url()), {});

    ASSERT_TRUE(std::holds_alternative<Failure>(reply));
    const auto& failure = std::get<Failure>(reply);
    EXPECT_EQ(failure.kind, ErrorKind::Tls) << failure.message;
    EXPECT_TRUE(failure.permanent);
    EXPECT_FALSE(failure.bytes_sent) << "the server has not read the request";
    EXPECT_THAT(failure.message, HasSubstr("tls.client_cert"));
  }
}

TEST_F(CurlTls, SaysWhatIsWrongWithAClientCertificateBeforeItIsUsed) {  // case H22
  const auto client = authority_.issue("DNS:client.example");
  const auto other = authority_.issue("DNS:client.example");
  const TemporaryFile certificate(client.certificate);
  const TemporaryFile key(client.key);
  const TemporaryFile encrypted(test::encrypted_key(client.key, "s3cret"));
  const TemporaryFile other_key(other.key);
  const TemporaryFile nonsense("nothing");
  struct Case {
    std::string certificate, key, password, says;
  };
  for (const Case& each : std::initializer_list<Case>{
           {certificate.path(), encrypted.path(), "wr0ng", "tls.client_key_password does not open"},
           {certificate.path(), encrypted.path(), "", "tls.client_key_password"},
           {certificate.path(), other_key.path(), "", "do not belong together"},
           {certificate.path(), nonsense.path(), "", "tls.client_key"},
           {certificate.path(), "", "", "tls.client_key"},
           {certificate.path(), "/no/such/key.pem", "", "/no/such/key.pem"},
           {nonsense.path(), key.path(), "", "tls.client_cert"},
           {"/no/such/certificate.pem", key.path(), "", "/no/such/certificate.pem"}}) {
    CurlOptions options = trusting();
    options.tls.client_cert = each.certificate;
    options.tls.client_key = each.key;
    options.tls.client_key_password = each.password;

    const Error error = capture_error([&] { CurlTransport transport(options); });

    EXPECT_EQ(error.kind(), ErrorKind::Configuration) << each.says;
    EXPECT_THAT(error.message(), AllOf(HasSubstr(each.says), testing::Not(HasSubstr("wr0ng"))));
  }
}

TEST_F(CurlTls, DoesNotLendAConnectionToATransportThatShowsNoCertificate) {
  ScriptedServer server(answer(), test::ServerTls{.identity = authority_.issue("IP:127.0.0.1"),
                                                  .client_authority = authority_.certificate()});
  const auto client = authority_.issue("DNS:client.example");
  const TemporaryFile both(client.certificate + client.key);
  CurlOptions options = trusting();
  options.tls.client_cert = both.path();
  CurlTransport known(options);
  CurlTransport unknown(trusting());
  expect_answer(known.send(get(server.url()), {}));

  EXPECT_TRUE(std::holds_alternative<Failure>(unknown.send(get(server.url()), {})));
}

TEST_F(CurlTls, SpeaksNothingOlderThanTls12) {  // case H23
  ScriptedServer server(answer(), test::ServerTls{.identity = authority_.issue("IP:127.0.0.1"),
                                                  .newest = test::ServerTls::Newest::Tls11});
  for (const auto verify : {Verify::Full, Verify::None}) {
    CurlTransport transport(trusting(verify));

    const Reply reply = transport.send(get(server.url()), {});

    ASSERT_TRUE(std::holds_alternative<Failure>(reply));
    EXPECT_EQ(std::get<Failure>(reply).kind, ErrorKind::Tls);
    EXPECT_TRUE(std::get<Failure>(reply).permanent);
  }
}

TEST_F(CurlTls, SpeaksTls13OnlyWhenToldSo) {
  ScriptedServer old(answer(), test::ServerTls{.identity = authority_.issue("IP:127.0.0.1"),
                                               .newest = test::ServerTls::Newest::Tls12});
  ScriptedServer current(answer(), authority_.issue("IP:127.0.0.1"));
  CurlOptions options = trusting();
  options.tls.min_version = TlsOptions::Version::Tls13;
  CurlTransport careful(options);
  CurlTransport usual(trusting());

  expect_answer(careful.send(get(current.url()), {}));
  expect_answer(usual.send(get(old.url()), {}));
  const Reply reply = careful.send(get(old.url()), {});

  ASSERT_TRUE(std::holds_alternative<Failure>(reply));
  EXPECT_EQ(std::get<Failure>(reply).kind, ErrorKind::Tls);
}

TEST_F(CurlTls, TrustsTheGivenAuthorityAloneWhenToldSo) {
  ScriptedServer server(answer(), authority_.issue("IP:127.0.0.1"));
  const TestAuthority other;
  const TemporaryFile other_file(other.certificate());
  // What the environment trusts stands for the system's authorities here.
  const test::ScopedEnvironment environment(
      {{"SSL_CERT_FILE", ca_file_.path()}, {"SSL_CERT_DIR", ""}});
  CurlTransport beside({.tls = {.ca_file = other_file.path()}});
  CurlTransport alone(
      {.tls = {.ca_file = other_file.path(), .ca_mode = TlsOptions::CaMode::Replace}});

  expect_answer(beside.send(get(server.url()), {}));
  expect_distrust(alone.send(get(server.url()), {}));
}

TEST_F(CurlTls, TakesAuthoritiesFromTheUsualVariables) {
  ScriptedServer server(answer(), authority_.issue("IP:127.0.0.1"));
  for (const char* variable :
       {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"}) {
    std::map<std::string, std::string> values{{"SSL_CERT_FILE", ""},
                                              {"SSL_CERT_DIR", ""},
                                              {"CURL_CA_BUNDLE", ""},
                                              {"REQUESTS_CA_BUNDLE", ""},
                                              {"NODE_EXTRA_CA_CERTS", ""}};
    values[variable] = ca_file_.path();
    const test::ScopedEnvironment environment(values);
    CurlTransport transport;

    const Reply reply = transport.send(get(server.url()), {});
    ASSERT_TRUE(std::holds_alternative<Response>(reply)) << variable;
  }
  CurlTransport transport;
  expect_distrust(transport.send(get(server.url()), {}));
}

TEST_F(CurlTls, WarnsOfAVariableThatNamesNoCertificateAndTrustsNobodyForIt) {
  ScriptedServer server(answer(), authority_.issue("IP:127.0.0.1"));
  const TemporaryFile nonsense("no certificate");
  const test::ScopedEnvironment environment(
      {{"SSL_CERT_FILE", nonsense.path()}, {"SSL_CERT_DIR", ""}});
  const test::CapturedLog log;
  CurlTransport transport;

  expect_distrust(transport.send(get(server.url()), {}));

  EXPECT_THAT(log.lines(LogLevel::Warn), testing::Contains(HasSubstr(nonsense.path())));
}

}  // namespace
}  // namespace dbsql::http
