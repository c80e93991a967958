#include "warehouse/oidc_form.h"

#include "support/signed_token.h"
#include "warehouse/web_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace dbsql::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::Pair;
using warehouse::OidcForm;
using warehouse::PublicKey;
using warehouse::WebToken;

TEST(OidcForm, ReadsWhatBrowsersAndClientsSend) {
  const auto form = OidcForm::parse("a=1+2&b=%C3%A4%26%3d&empty=&flag&&c=x=y");

  ASSERT_TRUE(form);
  EXPECT_EQ(form->get("a"), "1 2");
  EXPECT_EQ(form->get("b"), "\xC3\xA4&=");
  EXPECT_EQ(form->get("c"), "x=y");
  EXPECT_FALSE(form->has("empty")) << "no value is as good as no field";
  EXPECT_FALSE(form->has("flag"));
}

TEST(OidcForm, RefusesWhatCouldMeanTwoThings) {
  for (const char* text : {"a=1&a=2", "a=1&%61=2", "a=%", "a=%4", "a=%zz", "%=1"})
    EXPECT_FALSE(OidcForm::parse(text)) << text;
}

TEST(OidcForm, HidesEverythingThatIsNotKnownToBeHarmless) {
  const auto form = OidcForm::parse("grant_type=refresh_token&refresh_token=s&new_thing=s");

  EXPECT_THAT(form->without_secrets(),
              ElementsAre(Pair("grant_type", "refresh_token"), Pair("refresh_token", "***"),
                          Pair("new_thing", "***")));
  EXPECT_EQ(warehouse::target_without_secrets("/p?client_id=c&state=s&user_code=AB"),
            "/p?client_id=c&state=***&user_code=***");
  EXPECT_EQ(warehouse::target_without_secrets("/p"), "/p");
}

TEST(OidcForm, EncodesSoThatItReadsTheSameBack) {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);

  EXPECT_EQ(warehouse::decode_form_text(warehouse::encode_form_text(every)), every);
}

TEST(WebToken, HostileTextsAreNoTokens) {
  const std::string good = sign_token(make_ec_pair(), "ES256", {{"iss", "i"}});
  ASSERT_TRUE(WebToken::parse(good));
  for (const std::string& text :
       {std::string(), std::string(".."), std::string("a.b"), good + ".x", good + "=", "!" + good,
        std::string("W10.W10.W10"), std::string(100'000, 'a')})
    EXPECT_FALSE(WebToken::parse(text)) << text.substr(0, 60);
}

TEST(WebToken, ReadsClaimsOfTheWrongKindAsAbsent) {
  const json claims{{"iss", 1},      {"sub", json::array()}, {"aud", {"a", 2, "b"}},
                    {"exp", "soon"}, {"iat", 1e300},         {"jti", nullptr}};

  const auto token = WebToken::parse(unsigned_token(claims));

  ASSERT_TRUE(token);
  EXPECT_EQ(token->claims.issuer, "");
  EXPECT_EQ(token->claims.subject, "");
  EXPECT_THAT(token->claims.audience, ElementsAre("a", "b"));
  EXPECT_FALSE(token->claims.ends);
  EXPECT_FALSE(token->claims.issued);
}

TEST(PublicKey, TakesNoSignatureOfAnotherKindOrText) {
  const SigningPair rsa = make_rsa_pair();
  const SigningPair ec = make_ec_pair();
  const auto token = WebToken::parse(sign_token(rsa, "RS256", {{"sub", "s"}}));
  auto changed = *token;
  changed.signed_text += "x";
  auto none = *token;
  none.algorithm = "none";
  auto symmetric = *token;
  symmetric.algorithm = "HS256";

  const PublicKey key(public_pem_of(rsa));
  EXPECT_TRUE(key.has_signed(*token));
  EXPECT_FALSE(key.has_signed(changed));
  EXPECT_FALSE(key.has_signed(none));
  EXPECT_FALSE(key.has_signed(symmetric));
  EXPECT_FALSE(PublicKey(public_pem_of(ec)).has_signed(*token));
  EXPECT_THROW(PublicKey("nothing"), std::runtime_error);
}

TEST(PublicKey, TakesNoCutOrEmptySignature) {
  const SigningPair ec = make_ec_pair();
  const PublicKey key(public_pem_of(ec));
  auto token = *WebToken::parse(sign_token(ec, "ES256", {{"sub", "s"}}));
  ASSERT_TRUE(key.has_signed(token));

  token.signature.pop_back();
  EXPECT_FALSE(key.has_signed(token));
  token.signature = std::string(64, '\0');
  EXPECT_FALSE(key.has_signed(token));
  token.signature.clear();
  EXPECT_FALSE(key.has_signed(token));
}

}  // namespace
}  // namespace dbsql::test
