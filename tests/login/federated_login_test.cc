#include "login/login_test.h"
#include "support/captured_log.h"
#include "support/signed_token.h"

#include <nlohmann/json.hpp>

#include <chrono>

namespace dbsql::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

constexpr const char* kIssuer = "https://login.microsoftonline.com/T/v2.0";

class FederatedLogin : public LoginTest {
 protected:
  static warehouse::ServerOptions trusting() {
    auto options = demanding();
    options.identity.issuers = {{kIssuer, public_pem_of(key())}};
    options.identity.clients.push_back({.id = "12345678-9abc", .secret = {}, .public_key_pem = {}});
    return options;
  }
  static const SigningPair& key() {
    static const SigningPair pair = make_ec_pair();
    return pair;
  }
  static std::string foreign_token(std::chrono::seconds life = std::chrono::hours(1)) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::system_clock::now().time_since_epoch());
    return sign_token(key(), "ES256",
                      {{"iss", kIssuer}, {"sub", "worker"}, {"exp", (now + life).count()}});
  }
  Connection connect_with(const std::string& token, const std::string& client_id = {},
                          std::string_view more = {}) {
    auto provider = std::make_shared<ExternalTokenProvider>(
        [token](const TokenContext&) { return Token{.access_token = token}; });
    return Connector(ConnectorOptions::from_text(dsn(more)).with_federated_token_provider(
                         std::move(provider), client_id))
        .connect();
  }
};

TEST_F(FederatedLogin, ExchangesTheTokenOfAnotherIssuerOnceForManyQueries) {
  start(trusting());
  Connection connection = connect_with(foreign_token());

  for (int i = 0; i < 100; ++i) ASSERT_EQ(one_of(connection), 1);

  EXPECT_THAT(forms(),
              ElementsAre(ElementsAre(
                  Pair("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
                  Pair("subject_token", "***"),
                  Pair("subject_token_type", "urn:ietf:params:oauth:token-type:jwt"),
                  Pair("scope", "sql"), Pair("return_original_token_if_authenticated", "true"))));
}

TEST_F(FederatedLogin, BecomesTheServicePrincipalThatIsNamed) {
  start(trusting());

  Connection connection = connect_with(foreign_token(), "12345678-9abc");

  EXPECT_EQ(one_of(connection), 1);
  EXPECT_THAT(forms().at(0), Contains(Pair("client_id", "12345678-9abc")));
}

TEST_F(FederatedLogin, ExchangesATokenOfTheDsnToo) {
  start(trusting());

  Connection connection = connect(dsn("authType=oauth-token&accessToken=" + foreign_token() +
                                      "&auth.federation_client_id=12345678-9abc"));

  EXPECT_EQ(one_of(connection), 1);
  EXPECT_THAT(forms(), SizeIs(1));
}

TEST_F(FederatedLogin, LeavesTokensOfTheWarehouseAlone) {
  start(trusting());
  Connection machine = connect(machine_dsn());
  server().journal().clear();
  const std::string own = sign_token(
      key(), "ES256",
      {{"iss", "http://127.0.0.1:" + std::to_string(server().port()) + "/oidc"}, {"sub", "x"}});

  const Error error = capture_error([&] { connect_with(own); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated) << "it only says that it is one of ours";
  EXPECT_EQ(requests(kTokens), 0U);
}

TEST_F(FederatedLogin, GoesOnWithTheOriginalWhereItsExchangeIsRefused) {
  start({});  // any token is let in
  answer(kTokens, 400, R"({"error":"invalid_request","error_description":"no policy"})", 0);
  const CapturedLog log;
  Connection connection = connect_with(foreign_token());

  for (int i = 0; i < 10; ++i) ASSERT_EQ(one_of(connection), 1);

  EXPECT_EQ(requests(kTokens), 1U) << "no new attempt for a minute";
  EXPECT_THAT(log.lines(LogLevel::Warn),
              ElementsAre(AllOf(HasSubstr("no policy"), Not(HasSubstr("eyJ")))));
}

TEST_F(FederatedLogin, ComesThroughWhenTheServiceIsBusy) {
  start(trusting());
  answer(kTokens, 503, {}, 2);

  Connection connection = connect_with(foreign_token());

  EXPECT_EQ(one_of(connection), 1) << "the exchanged token: the original is not let in";
  EXPECT_EQ(requests(kTokens), 3U);
}

TEST_F(FederatedLogin, FailsWhereItMustBeStrict) {
  start({});
  answer(kTokens, 400, R"({"error":"invalid_request","error_description":"no policy"})", 0);

  const Error error =
      capture_error([&] { connect_with(foreign_token(), {}, "auth.federation_strict=true"); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("no policy"));
  EXPECT_EQ(requests("OpenSession"), 0U);
}

TEST_F(FederatedLogin, ExchangesAgainWhenTheExchangedTokenIsRefused) {
  start(trusting());
  Connection connection = connect_with(foreign_token());

  revoke_tokens();

  EXPECT_EQ(one_of(connection), 1);
  EXPECT_EQ(requests(kTokens), 2U);
}

}  // namespace
}  // namespace dbsql::test
