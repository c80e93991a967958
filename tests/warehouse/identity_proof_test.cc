#include "tests/warehouse/identity_fixture.h"

namespace dbsql::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class IdentityProof : public Identity {};

TEST_F(IdentityProof, TakesASignedAssertionInPlaceOfASecret) {
  start_identity();

  const HttpResult result = assert_with(sign_token(signer(), "RS256", assertion_claims()));

  ASSERT_EQ(result.status, 200) << result.body;
  EXPECT_EQ(claims_of(json::parse(result.body).at("access_token")).at("sub"), "signer");
}

TEST_F(IdentityProof, RefusesAssertionsThatProveNothing) {
  start_identity();
  const auto refused = [&](const std::string& assertion, const char* why) {
    const HttpResult result = assert_with(assertion);
    EXPECT_EQ(result.status, 401) << why;
    EXPECT_EQ(error_of(result), "invalid_client") << why;
    EXPECT_THAT(result.body, HasSubstr(why));
  };
  const auto with = [&](const char* name, json value) {
    json claims = assertion_claims();
    claims[name] = std::move(value);
    return sign_token(signer(), "RS256", claims);
  };
  const std::string good = sign_token(signer(), "RS256", assertion_claims());

  refused(sign_token(make_rsa_pair(), "RS256", assertion_claims()), "signature");
  refused(unsigned_token(assertion_claims()), "signature");
  refused(good.substr(0, good.rfind('.') + 1), "signature");
  refused(with("aud", "https://elsewhere.example"), "audience");
  refused(with("exp", now()), "expired");
  refused(with("exp", now() + 100'000), "too long");
  refused(with("sub", "machine"), "iss and sub");
  refused("not.a.token", "JSON web token");
  ASSERT_EQ(assert_with(good).status, 200);
  refused(good, "used before");
}

TEST_F(IdentityProof, ExchangesTokensOfAnIssuerItTrusts) {
  start_identity();
  const std::string foreign = sign_token(issuer(), "ES256", foreign_claims());

  const json own = json::parse(exchange(foreign).body);
  const json principal = json::parse(exchange(foreign, {{"client_id", "principal"}}).body);

  EXPECT_EQ(own.at("issued_token_type"), "urn:ietf:params:oauth:token-type:access_token");
  EXPECT_EQ(claims_of(own.at("access_token")).at("sub"), "worker");
  EXPECT_EQ(claims_of(principal.at("access_token")).at("sub"), "principal");
  EXPECT_EQ(client_->call(principal.at("access_token").get<std::string>()).status, 200);
  const std::string token = own.at("access_token");
  EXPECT_EQ(json::parse(exchange(token).body).at("access_token"), token)
      << "one of ours comes back as it is";
}

TEST_F(IdentityProof, RefusesForeignTokensThatItCannotTrust) {
  start_identity();
  json late = foreign_claims();
  late["exp"] = now();
  json stranger = foreign_claims();
  stranger["iss"] = "https://stranger.example";

  EXPECT_EQ(error_of(exchange(sign_token(issuer(), "ES256", late))), "invalid_request");
  EXPECT_EQ(error_of(exchange(sign_token(issuer(), "ES256", stranger))), "invalid_request");
  EXPECT_EQ(error_of(exchange(sign_token(make_ec_pair(), "ES256", foreign_claims()))),
            "invalid_request");
  EXPECT_EQ(error_of(exchange("opaque")), "invalid_request");
  EXPECT_EQ(error_of(exchange(sign_token(issuer(), "ES256", foreign_claims()),
                              {{"client_id", "nobody"}})),
            "invalid_client");
}

TEST_F(IdentityProof, ShowsTheKeyThatItSignsWith) {
  start_identity();
  const std::string token = machine_token();

  const json keys = json::parse(client_->get("/jwks.json").body).at("keys");

  ASSERT_THAT(keys, SizeIs(1));
  const auto parsed = warehouse::WebToken::parse(token);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->algorithm, "RS256");
  EXPECT_TRUE(warehouse::PublicKey(pem_of_web_key(keys[0])).has_signed(*parsed));
}

}  // namespace
}  // namespace dbsql::test
