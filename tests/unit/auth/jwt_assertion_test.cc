#include <dbsql/error.h>

#include "auth/jwt_signer.h"
#include "auth/oauth_jwt.h"
#include "base/base64.h"
#include "base/text.h"
#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"
#include "unit/auth/following_browser.h"
#include "unit/auth/scripted_endpoint.h"
#include "unit/auth/test_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <openssl/ecdsa.h>

#include <algorithm>

namespace dbsql::auth {
namespace {

using test::capture_error;
using test::Key;
using testing::HasSubstr;

std::string decode(std::string_view part) {
  std::string text(part);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return base::base64_decode(text).value_or("?");
}

/// Checks the signature as RFC 7518 defines it, by the key's public half.
bool verifies(std::string_view token, const Key& key, std::string_view algorithm) {
  const auto parts = base::split(token, '.');
  if (parts.size() != 3) return false;
  const std::string_view text = token.substr(0, token.rfind('.'));
  std::string signature = decode(parts[2]);
  if (algorithm.starts_with("ES")) {
    const std::size_t half = signature.size() / 2;
    const auto* bytes = reinterpret_cast<const unsigned char*>(signature.data());
    const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> pair(ECDSA_SIG_new(),
                                                                     ECDSA_SIG_free);
    ECDSA_SIG_set0(pair.get(), BN_bin2bn(bytes, static_cast<int>(half), nullptr),
                   BN_bin2bn(bytes + half, static_cast<int>(half), nullptr));
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(pair.get(), &der);
    signature.assign(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
  }
  const EVP_MD* digest = algorithm.ends_with("256")   ? EVP_sha256()
                         : algorithm.ends_with("384") ? EVP_sha384()
                                                      : EVP_sha512();
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_PKEY_CTX* settings = nullptr;
  EVP_DigestVerifyInit(context.get(), &settings, digest, nullptr, key.get());
  if (algorithm.starts_with("PS")) EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING);
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

SigningKey signing_key(const Key& key, std::string algorithm, std::string_view passphrase = {}) {
  return {.pem = test::pem_of(key, passphrase),
          .passphrase = passphrase,
          .algorithm = std::move(algorithm),
          .key_id = "kid-1"};
}

Error refusal(const SigningKey& key) {
  return capture_error([&] { JwtSigner{key}; });
}

TEST(JwtSigner, SignsWithEveryAlgorithmSoThatThePublicKeyAgrees) {
  const std::vector<std::pair<std::string, Key>> rows{
      {"RS256", test::rsa_key()},       {"RS384", test::rsa_key()},
      {"RS512", test::rsa_key()},       {"PS256", test::rsa_key()},
      {"PS384", test::rsa_key()},       {"PS512", test::rsa_key()},
      {"ES256", test::ec_key("P-256")}, {"ES384", test::ec_key("P-384")},
      {"ES512", test::ec_key("P-521")}};
  for (const auto& [algorithm, key] : rows) {
    const Secret token = JwtSigner(signing_key(key, algorithm)).sign(R"({"iss":"me"})");

    EXPECT_TRUE(verifies(token.view(), key, algorithm)) << algorithm;
    const auto parts = base::split(token.view(), '.');
    const auto header = nlohmann::json::parse(decode(parts[0]));
    EXPECT_EQ(header["alg"], algorithm);
    EXPECT_EQ(header["kid"], "kid-1");
    EXPECT_EQ(header["typ"], "JWT");
    EXPECT_EQ(token.view().find_first_of("+/="), std::string_view::npos);
  }
}

TEST(JwtSigner, ReadsKeysOfEveryPemForm) {
  for (const Key& key : {test::rsa_key(), test::ec_key("P-256")}) {
    const std::string algorithm = key == test::rsa_key() ? "RS256" : "ES256";
    const Secret plain = JwtSigner({.pem = test::traditional_pem_of(key),
                                    .passphrase = {},
                                    .algorithm = algorithm,
                                    .key_id = {}})
                             .sign("{}");
    EXPECT_TRUE(verifies(plain.view(), key, algorithm));
    const Secret locked = JwtSigner(signing_key(key, algorithm, "sesame")).sign("{}");
    EXPECT_TRUE(verifies(locked.view(), key, algorithm));
  }
}

TEST(JwtSigner, RefusesAlgorithmsItDoesNotKnow) {
  for (const char* algorithm : {"HS256", "foo", "none", "rs256", ""}) {
    const Error error = refusal(signing_key(test::rsa_key(), algorithm));
    EXPECT_EQ(error.kind(), ErrorKind::Configuration) << algorithm;
    EXPECT_THAT(error.message(), HasSubstr("auth.jwt.alg"));
  }
}

TEST(JwtSigner, RefusesAKeyOfAnotherKind) {
  EXPECT_THAT(refusal(signing_key(test::ec_key("P-256"), "RS256")).message(),
              HasSubstr("needs an RSA key"));
  EXPECT_THAT(refusal(signing_key(test::rsa_key(), "ES256")).message(), HasSubstr("EC key of 256"));
  EXPECT_THAT(refusal(signing_key(test::ec_key("P-384"), "ES256")).message(),
              HasSubstr("EC key of 256"));
}

TEST(JwtSigner, NamesTheOptionOfAMissingPassphrase) {
  SigningKey key = signing_key(test::rsa_key(), "RS256", "sesame");
  key.passphrase = {};
  EXPECT_EQ(refusal(key).kind(), ErrorKind::Configuration);
  EXPECT_THAT(refusal(key).message(), HasSubstr("auth.jwt.passphrase"));
  key.passphrase = "wrong";
  EXPECT_THAT(refusal(key).message(), HasSubstr("does not open"));
  key.pem = "no key";
  EXPECT_THAT(refusal(key).message(), HasSubstr("auth.jwt.key_file"));
}

TEST(JwtAssertion, ProvesTheClientWithAFreshAssertionEachTime) {
  test::FakeClock clock;
  auto endpoint = std::make_shared<test::ScriptedEndpoint>();
  endpoint->answer(200, R"({"access_token":"granted","expires_in":"3600"})");
  const Key key = test::ec_key("P-256");
  JwtAssertionProvider provider({.transport = endpoint, .clock = &clock},
                                {.origin = "https://h", .account_id = {}},
                                {.client_id = "client",
                                 .key = signing_key(key, "ES256"),
                                 .token_endpoint = "https://idp.example.com/token"});

  EXPECT_EQ(provider.get_token({}).expires_at, clock.system_now() + std::chrono::hours(1));
  provider.get_token({});

  std::vector<std::string> ids;
  for (const auto& request : endpoint->requests) {
    EXPECT_EQ(request.url, "https://idp.example.com/token");
    EXPECT_EQ(http::find_header(request.headers, "authorization"), "");
    auto form = test::parameters_of("?" + std::string(request.body.text()));
    EXPECT_EQ(form["grant_type"], "client_credentials");
    EXPECT_EQ(form["scope"], "all-apis");
    EXPECT_EQ(form["client_assertion_type"],
              "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    EXPECT_TRUE(verifies(form["client_assertion"], key, "ES256"));
    const auto claims =
        nlohmann::json::parse(decode(base::split(form["client_assertion"], '.')[1]));
    EXPECT_EQ(claims["iss"], "client");
    EXPECT_EQ(claims["sub"], "client");
    EXPECT_EQ(claims["aud"], "https://idp.example.com/token");
    EXPECT_EQ(claims["exp"].get<int>() - claims["iat"].get<int>(), 300);
    ids.push_back(claims["jti"]);
  }
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_NE(ids[0], ids[1]);
}

TEST(JwtAssertion, SaysWhichKeyFileCannotBeRead) {
  EXPECT_THAT(capture_error([] { read_key_file("/nowhere/key.pem"); }).message(),
              HasSubstr("/nowhere/key.pem"));
}

}  // namespace
}  // namespace dbsql::auth
