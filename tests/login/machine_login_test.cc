#include "login/login_test.h"
#include "support/signed_token.h"
#include "support/test_certificates.h"

namespace dbsql::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

class MachineLogin : public LoginTest {};

TEST_F(MachineLogin, GetsOneTokenForManyQueries) {
  Connection connection = connect(machine_dsn());

  EXPECT_EQ(one_of(connection), 1);
  EXPECT_EQ(one_of(connection), 1);

  EXPECT_THAT(forms(), ElementsAre(ElementsAre(Pair("grant_type", "client_credentials"),
                                               Pair("scope", "all-apis"))));
  EXPECT_EQ(requests(kDiscovery), 1U);
}

TEST_F(MachineLogin, ConnectorsOfOnePrincipalShareItsToken) {
  Connection first = connect(machine_dsn());
  Connection second = connect(machine_dsn());
  Connection third = connect(machine_dsn(kSecret, "&auth.scopes=sql"));

  EXPECT_EQ(one_of(second), 1);
  EXPECT_EQ(one_of(third), 1);
  EXPECT_THAT(forms(), SizeIs(2)) << "other scopes are another token";
}

TEST_F(MachineLogin, SendsTheSecretInTheFormWhereToldTo) {
  Connection connection = connect(machine_dsn(kSecret, "&auth.client_auth=body"));

  EXPECT_TRUE(connection.is_open());
  EXPECT_THAT(forms().at(0), Contains(Pair("client_secret", "***")));
}

TEST_F(MachineLogin, IsToldWhyItsSecretIsRefusedAndDoesNotInsist) {
  const Error error = capture_error([&] { connect(machine_dsn("wr0ng-secret")); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_EQ(error.sqlstate(), "28000");
  EXPECT_EQ(error.attempts(), 1);
  EXPECT_THAT(error.message(), HasSubstr("Client authentication failed"));
  EXPECT_THAT(error.what(), Not(HasSubstr("wr0ng-secret")));
  EXPECT_EQ(requests(kTokens), 1U);
}

TEST_F(MachineLogin, AsksAgainWhereTheServiceIsBusy) {
  answer(kTokens, 503);

  Connection connection = connect(machine_dsn());

  EXPECT_EQ(one_of(connection), 1);
  EXPECT_EQ(requests(kTokens), 2U);
}

TEST_F(MachineLogin, SurvivesAServiceThatHangsUp) {
  server().faults().add({.path = kTokens, .fault = warehouse::Fault::reset_after()});

  Connection connection = connect(machine_dsn());

  EXPECT_EQ(one_of(connection), 1);
}

TEST_F(MachineLogin, UsesATokenWithoutAnEndUntilItIsRefused) {
  start({});  // any token is let in
  answer(kTokens, 200, R"({"access_token":"opaque-1","token_type":"Bearer"})");
  Connection connection = connect(machine_dsn());
  EXPECT_EQ(one_of(connection), 1);
  EXPECT_EQ(requests(kTokens), 1U);

  server().faults().once("ExecuteStatement", warehouse::Fault::answer(401));
  EXPECT_EQ(one_of(connection), 1);

  EXPECT_EQ(requests(kTokens), 2U);
}

TEST_F(MachineLogin, TakesALifeThatIsWrittenAsText) {
  start({});
  answer(kTokens, 200, R"({"access_token":"opaque","token_type":"bearer","expires_in":"3600"})");

  Connection connection = connect(machine_dsn());

  EXPECT_EQ(one_of(connection), 1);
  EXPECT_EQ(requests(kTokens), 1U);
}

TEST_F(MachineLogin, KnowsWhereTokensAreWithoutADocument) {
  answer(kDiscovery, 404);

  Connection connection = connect(machine_dsn());

  EXPECT_EQ(one_of(connection), 1);
}

TEST_F(MachineLogin, SendsNothingToAHostThatTheDocumentHasNoBusinessNaming) {
  for (const char* endpoint : {"http://127.0.0.2:1/oidc/v1/token", "https://evil.example/token"}) {
    start();
    answer(kDiscovery, 200, std::string(R"({"token_endpoint":")") + endpoint + "\"}");

    const Error error = capture_error([&] { connect(machine_dsn()); });

    EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
    EXPECT_THAT(error.message(), HasSubstr("nothing is sent there"));
    EXPECT_EQ(requests(kTokens), 0U);
  }
}

TEST_F(MachineLogin, GoesToTheAccountThatIsNamed) {
  const std::string account = server().identity().options().account_id;

  Connection connection = connect(machine_dsn(kSecret, "&auth.account_id=" + account));

  EXPECT_EQ(one_of(connection), 1);
  EXPECT_EQ(requests("/oidc/accounts/" + account + "/v1/token"), 1U);
  EXPECT_EQ(requests(kDiscovery), 0U) << "an account's addresses follow from its id";
}

TEST_F(MachineLogin, GoesToTheEndpointThatIsNamed) {
  const std::string endpoint = "http://127.0.0.1:" + std::to_string(server().port()) + kTokens;

  Connection connection = connect(machine_dsn(kSecret, "&auth.token_endpoint=" + endpoint));

  EXPECT_EQ(one_of(connection), 1);
  EXPECT_EQ(requests(kDiscovery), 0U);
}

TEST_F(MachineLogin, GoesWhereTheDocumentThatIsNamedLeads) {
  const std::string host = "http://127.0.0.1:" + std::to_string(server().port());

  Connection connection = connect(machine_dsn(
      kSecret, "&auth.discovery_url=" + host + "/oidc/.well-known/openid-configuration"));

  EXPECT_EQ(one_of(connection), 1);
  EXPECT_EQ(requests("/oidc/.well-known/openid-configuration"), 1U);
  EXPECT_EQ(requests(kDiscovery), 0U);
}

TEST_F(MachineLogin, WorksWithTheDsnThatTheWarehousePrints) {
  Connection connection = connect(server().dsn());

  EXPECT_EQ(one_of(connection), 1);
  EXPECT_THAT(server().dsn(false), Not(HasSubstr("secret=a")));
}

TEST_F(MachineLogin, KeepsItsTokenAwayFromStorage) {
  Connection connection = connect(machine_dsn());

  auto result = connection.query("SELECT id, repeat('x', 200) FROM range(200000)");
  std::int64_t rows = 0;
  while (auto batch = result.next_batch()) {
    rows += batch->length;
    batch->release(&*batch);
  }

  EXPECT_EQ(rows, 200'000);
  std::size_t downloads = 0;
  for (const auto& entry : server().journal().entries()) {
    if (!entry.path.starts_with("/_storage/")) continue;
    ++downloads;
    EXPECT_EQ(warehouse::find_header(entry.headers, "authorization"), "");
  }
  EXPECT_GT(downloads, 0U);
}

class KeyLogin : public LoginTest {
 protected:
  void start_with_key(const SigningPair& key) {
    auto options = demanding();
    options.identity.clients.push_back(
        {.id = "signer", .secret = {}, .public_key_pem = public_pem_of(key)});
    start(std::move(options));
  }
  std::string key_dsn(const TemporaryFile& file, const std::string& algorithm) {
    return dsn("authType=oauth-jwt&clientID=signer&auth.jwt.key_file=" + file.path() +
               "&auth.jwt.kid=k1&auth.jwt.alg=" + algorithm);
  }
};

TEST_F(KeyLogin, ProvesItselfWithEveryKindOfKey) {
  const SigningPair rsa = make_rsa_pair();
  const SigningPair ec = make_ec_pair();
  for (const auto& [key, algorithm] :
       {std::pair(rsa, "RS256"), {rsa, "RS512"}, {rsa, "PS256"}, {rsa, "PS384"}, {ec, "ES256"}}) {
    start_with_key(key);
    const TemporaryFile file(private_pem_of(key));

    Connection connection = connect(key_dsn(file, algorithm));

    EXPECT_EQ(one_of(connection), 1) << algorithm;
    EXPECT_THAT(forms().at(0), Contains(Pair("client_assertion", "***")));
  }
}

TEST_F(KeyLogin, SignsEachRequestAnew) {
  const SigningPair key = make_ec_pair();
  start_with_key(key);
  const TemporaryFile file(private_pem_of(key));
  Connection connection = connect(key_dsn(file, "ES256"));

  revoke_tokens();

  EXPECT_EQ(one_of(connection), 1) << "an assertion that came twice would be refused";
  EXPECT_THAT(forms(), SizeIs(2));
}

TEST_F(KeyLogin, IsRefusedWithAKeyThatNobodyKnows) {
  start_with_key(make_ec_pair());
  const TemporaryFile file(private_pem_of(make_ec_pair()));

  const Error error = capture_error([&] { connect(key_dsn(file, "ES256")); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("signature"));
}

}  // namespace
}  // namespace dbsql::test
