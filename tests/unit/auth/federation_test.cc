#include "auth/federation.h"

#include <dbsql/error.h>

#include "auth/jwt.h"
#include "auth/token_cache.h"
#include "base/base64.h"
#include "support/capture_error.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"
#include "unit/auth/scripted_endpoint.h"
#include "unit/auth/scripted_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbsql::auth {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using test::ScriptedEndpoint;
using test::ScriptedProvider;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kHost = "ws.cloud.databricks.com";

std::string url_base64(std::string_view text) {
  std::string encoded = base::base64_encode(text);
  while (encoded.ends_with('=')) encoded.pop_back();
  for (char& c : encoded) c = c == '+' ? '-' : c == '/' ? '_' : c;
  return encoded;
}

std::string jwt(const std::string& claims) { return "e30." + url_base64(claims) + ".sig"; }
std::string foreign_token(int number = 0) {
  return jwt(R"({"iss":"https://login.microsoftonline.com/T/v2.0","n":)" + std::to_string(number) +
             "}");
}

class FederationTest : public testing::Test {
 protected:
  FederationTest() { clock_.advance_when_waited_on(true); }

  std::shared_ptr<FederatedTokenProvider> federate(std::string token,
                                                   FederationOptions options = {}) {
    inner_ = std::make_shared<ScriptedProvider>([token](int) {
      return Token{.access_token = token, .extra_headers = {{"X-Extra", "kept"}}};
    });
    return std::make_shared<FederatedTokenProvider>(std::make_unique<FederatedTokenProvider::Impl>(
        inner_, kHost, std::move(options),
        TokenEndpoint(endpoint_, std::string("https://") + kHost + "/oidc/v1/token", clock_),
        clock_));
  }
  void answer_token(const std::string& token, int expires_in = 3600) {
    endpoint_->answer(200, R"({"access_token":")" + token + R"(","expires_in":)" +
                               std::to_string(expires_in) + "}");
  }

  test::FakeClock clock_;
  std::shared_ptr<ScriptedEndpoint> endpoint_ = std::make_shared<ScriptedEndpoint>();
  std::shared_ptr<ScriptedProvider> inner_;
};

TEST_F(FederationTest, ExchangesATokenOfAnotherIssuer) {
  answer_token("exchanged");
  const auto provider = federate(foreign_token());

  const Token token = provider->get_token({});

  EXPECT_EQ(token.access_token.view(), "exchanged");
  EXPECT_EQ(token.extra_headers[0].second, "kept");
  ASSERT_EQ(endpoint_->requests.size(), 1U);
  const auto& request = endpoint_->requests[0];
  EXPECT_EQ(request.url, "https://ws.cloud.databricks.com/oidc/v1/token");
  EXPECT_EQ(http::find_header(request.headers, "content-type"),
            "application/x-www-form-urlencoded");
  EXPECT_EQ(http::find_header(request.headers, "accept"), "*/*");
  EXPECT_EQ(request.body.text(),
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token=" +
                foreign_token() +
                "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Ajwt&scope=sql"
                "&return_original_token_if_authenticated=true");
}

TEST_F(FederationTest, TakesTokensOfTheWorkspaceAndOpaqueOnesAsTheyAre) {
  for (const std::string& token :
       {jwt(R"({"iss":"https://ws.cloud.databricks.com/oidc"})"),
        jwt(R"({"iss":"https://WS.CLOUD.databricks.com:443/oidc"})"), std::string("dapi123"),
        std::string("a.b"), jwt(R"({"sub":"me"})"), std::string("a.!!.c")}) {
    EXPECT_EQ(federate(token)->get_token({}).access_token.view(), token);
  }
  EXPECT_TRUE(endpoint_->requests.empty());
}

TEST_F(FederationTest, UsesTheOriginalForAMinuteWhenTheExchangeIsRefused) {
  endpoint_->answer(400, R"({"error":"invalid_grant","error_description":"no policy"})");
  const test::CapturedLog log;
  const auto provider = federate(foreign_token());

  EXPECT_EQ(provider->get_token({}).access_token.view(), foreign_token());
  EXPECT_EQ(provider->get_token({}).access_token.view(), foreign_token());
  clock_.advance(59s);
  provider->get_token({});
  EXPECT_EQ(endpoint_->requests.size(), 1U);
  EXPECT_THAT(log.lines(LogLevel::Warn), testing::SizeIs(1));
  clock_.advance(2s);
  provider->get_token({});
  EXPECT_EQ(endpoint_->requests.size(), 2U);
}

TEST_F(FederationTest, TriesAgainWhenTheServiceIsDown) {
  endpoint_->answer(503, "");
  endpoint_->answer(503, "");
  answer_token("exchanged");

  EXPECT_EQ(federate(foreign_token())->get_token({}).access_token.view(), "exchanged");
  EXPECT_EQ(endpoint_->requests.size(), 3U);
}

TEST_F(FederationTest, FailsWhenItIsStrict) {
  endpoint_->answer(400, R"({"error":"invalid_grant"})");
  const auto provider = federate(foreign_token(), {.strict = true});
  test::FakeClock clock;
  TokenCache cache(provider, {}, clock);

  const Error error = capture_error([&] { cache.get({}); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(error.message(), Not(HasSubstr(foreign_token())));
}

TEST_F(FederationTest, ExchangesOnceInTheLifeOfTheExchangedToken) {
  clock_.advance_when_waited_on(false);
  answer_token("first", 600);
  const auto provider = federate(foreign_token());
  TokenCache cache(provider, {}, clock_);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(cache.get({})->header.view(), "Bearer first");
  EXPECT_EQ(endpoint_->requests.size(), 1U);

  clock_.advance(600s);
  cache.get({});

  EXPECT_EQ(endpoint_->requests.size(), 2U) << "the original would still have been good";
}

TEST_F(FederationTest, NamesTheServicePrincipalItBecomes) {
  answer_token("exchanged");
  const auto provider = federate(foreign_token(), {.client_id = "0123456789-abcdef"});
  provider->get_token({});

  EXPECT_EQ(provider->name(), "federation[scripted,sp:01234567]");
  EXPECT_THAT(std::string(endpoint_->requests[0].body.text()),
              HasSubstr("&client_id=0123456789-abcdef"));
}

TEST_F(FederationTest, AnAnswerThatMakesNoSenseIsAFailedExchange) {
  for (const char* body : {R"({"access_token":"x","expires_in":-1})", R"({"expires_in":1})", "[]",
                           "not json", R"({"access_token":"a b"})"}) {
    endpoint_ = std::make_shared<ScriptedEndpoint>();
    endpoint_->answer(200, body);
    EXPECT_EQ(federate(foreign_token())->get_token({}).access_token.view(), foreign_token())
        << body;
  }
}

TEST(Jwt, ReadsClaimsWithoutPaddingAndInTheUrlAlphabet) {
  const auto claims = read_jwt(jwt(R"({"iss":"https://h/~?+>","exp":1700000000.75})"));

  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->issuer, "https://h/~?+>");
  EXPECT_EQ(std::chrono::system_clock::to_time_t(*claims->expires_at), 1700000000);
}

TEST(Jwt, HostilePayloadsAreNoTokens) {
  for (const std::string& text : {std::string(".."), std::string("a.b.c.d"), jwt("[1]"), jwt("{"),
                                  jwt("\"x\""), "e30." + std::string(100'000, 'A') + ".s"}) {
    EXPECT_FALSE(read_jwt(text)) << text.substr(0, 40);
  }
  EXPECT_FALSE(read_jwt(jwt(R"({"exp":"tomorrow"})"))->expires_at);
  EXPECT_TRUE(read_jwt(jwt(R"({"exp":1e300})"))->expires_at);
}

TEST(TokenResponse, TakesTheLifeInEveryForm) {
  const std::chrono::system_clock::time_point now{1000s};

  EXPECT_EQ(read_token_response(R"({"access_token":"x","expires_in":60})", now).expires_at,
            now + 60s);
  EXPECT_EQ(read_token_response(R"({"access_token":"x","expires_in":"60"})", now).expires_at,
            now + 60s);
  EXPECT_FALSE(read_token_response(R"({"access_token":"x","expires_in":0})", now).expires_at);
  EXPECT_FALSE(read_token_response(R"({"access_token":"x"})", now).expires_at);
  EXPECT_EQ(read_token_response(R"({"access_token":"x","token_type":"bearer","scope":"a  b"})", now)
                .scopes.size(),
            2U);
}

}  // namespace
}  // namespace dbsql::auth
