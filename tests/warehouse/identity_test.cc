#include "tests/warehouse/identity_fixture.h"

namespace dbsql::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Identity, TellsItsEndpointsUnderTheNameItIsReachedBy) {
  start_identity();

  const json document = json::parse(client_->get("/.well-known/oauth-authorization-server").body);

  EXPECT_EQ(document.at("issuer"), origin() + "/oidc");
  EXPECT_EQ(document.at("token_endpoint"), origin() + "/oidc/v1/token");
  EXPECT_EQ(document.at("authorization_endpoint"), origin() + "/oidc/v1/authorize");
  EXPECT_EQ(document.at("code_challenge_methods_supported"), json::array({"S256"}));
  EXPECT_EQ(json::parse(client_->get("/.well-known/openid-configuration").body), document);
}

TEST_F(Identity, GivesAMachineATokenForItsSecret) {
  start_identity();

  const HttpResult result = client_->token(kMachine, kEncodedPair);

  ASSERT_EQ(result.status, 200) << result.body;
  EXPECT_EQ(result.header("cache-control"), "no-store");
  const json answer = json::parse(result.body);
  EXPECT_EQ(answer.at("expires_in"), 3600);
  EXPECT_EQ(answer.at("token_type"), "Bearer");
  EXPECT_EQ(answer.at("scope"), "all-apis");
  EXPECT_FALSE(answer.contains("refresh_token"));
  const json claims = claims_of(answer.at("access_token"));
  EXPECT_EQ(claims.at("iss"), origin() + "/oidc");
  EXPECT_EQ(claims.at("sub"), "machine");
  EXPECT_EQ(claims.at("exp"), now() + 3600);
  EXPECT_EQ(client_->call(answer.at("access_token").get<std::string>()).status, 200);
}

TEST_F(Identity, TakesTheSecretInTheFormToo) {
  start_identity();
  auto fields = kMachine;
  fields.emplace_back("client_id", "machine");
  fields.emplace_back("client_secret", "a:b+c/\xC3\xA4");

  EXPECT_EQ(client_->token(fields).status, 200);
  EXPECT_EQ(error_of(client_->token(fields, kEncodedPair)), "invalid_request")
      << "one proof, not two";
}

TEST_F(Identity, RefusesWithTheErrorsOfOAuth) {
  start_identity();

  const HttpResult wrong = client_->token(kMachine, "machine:wrong");

  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(error_of(wrong), "invalid_client");
  EXPECT_THAT(wrong.header("www-authenticate"), StartsWith("Basic"));
  EXPECT_EQ(error_of(client_->token(kMachine, "nobody:x")), "invalid_client");
  EXPECT_EQ(error_of(client_->token(kMachine)), "invalid_client");
  EXPECT_EQ(error_of(client_->token({{"grant_type", "password"}}, kEncodedPair)),
            "unsupported_grant_type");
  EXPECT_EQ(error_of(client_->token({{"grant_type", "client_credentials"}, {"scope", "everything"}},
                                    kEncodedPair)),
            "invalid_scope");
  EXPECT_EQ(error_of(client_->token({}, kEncodedPair)), "invalid_request");
  EXPECT_EQ(client_->get("/v1/token").status, 405);
  EXPECT_EQ(client_->get("/v1/nothing").status, 404);
}

TEST_F(Identity, KeepsEverybodyOutWithoutAGoodToken) {
  start_identity();
  const std::string token = machine_token();

  const HttpResult none = HttpClient(server->port()).send("POST", kWarehousePath);
  const HttpResult unknown = client_->call("dapi0123");
  server->identity().ledger().revoke_access();
  const HttpResult revoked = client_->call(token);
  const std::string second = machine_token();
  clock_.advance(1h);
  const HttpResult expired = client_->call(second);

  for (const HttpResult* result : {&none, &unknown, &revoked, &expired}) {
    EXPECT_EQ(result->status, 401);
    EXPECT_THAT(result->header("www-authenticate"), StartsWith("Bearer realm=\"DatabricksRealm\""));
    EXPECT_EQ(json::parse(result->body).at("error_code"), 401);
  }
  EXPECT_THAT(revoked.body, HasSubstr("revoked"));
  EXPECT_THAT(expired.header("www-authenticate"), HasSubstr("expired"));
  EXPECT_EQ(HttpClient(server->port()).send("GET", "/_local/journal").status, 401);
  EXPECT_EQ(HttpClient(server->port()).send("GET", "/_storage/1").status, 403)
      << "links are all that storage wants";
}

TEST_F(Identity, TakesAPersonalTokenBesideItsOwn) {
  start_identity(demanding(), "dapi0123");

  EXPECT_EQ(client_->call("dapi0123").status, 200);
  EXPECT_EQ(client_->call("dapi9999").status, 401);
  EXPECT_EQ(client_->call(machine_token()).status, 200);
}

TEST_F(Identity, ServesAnAccountBelowItsOwnPaths) {
  const auto options = demanding();
  start_identity(options);
  const std::string prefix = "/oidc/accounts/" + options.account_id;
  IdentityClient account(server->port(), prefix);

  const json answer = json::parse(account.token(kMachine, kEncodedPair).body);

  const json claims = claims_of(answer.at("access_token"));
  EXPECT_EQ(claims.at("iss"), origin() + prefix);
  EXPECT_EQ(claims.at("aud"), options.account_id);
  EXPECT_EQ(client_->call(answer.at("access_token").get<std::string>()).status, 200);
  EXPECT_EQ(IdentityClient(server->port(), "/oidc/accounts/other").token(kMachine).status, 404);
}

TEST_F(Identity, BelievesNoHostAndNoAccountThatIsNone) {
  start_identity({});
  HttpClient client(server->port());

  client.send_raw("GET /oidc/.well-known/openid-configuration HTTP/1.1\r\nhost: evil\"/x\r\n\r\n");
  const json document = json::parse(client.receive().body);

  EXPECT_EQ(document.at("issuer"), "http://127.0.0.1:" + std::to_string(server->port()) + "/oidc");
  EXPECT_EQ(client_->get("/../accounts/any-1/.well-known/openid-configuration").status, 404);
  for (const char* account : {"a%22b", "a\xFF", ""})
    EXPECT_EQ(IdentityClient(server->port(), std::string("/oidc/accounts/") + account)
                  .get("/.well-known/openid-configuration")
                  .status,
              404);
}

TEST_F(Identity, GivesATokenToAnybodyWhereNobodyNeedsOne) {
  start_identity({});

  EXPECT_EQ(client_->token(kMachine, "anybody:anything").status, 200);
  EXPECT_EQ(client_->call("anything").status, 200);
  EXPECT_EQ(error_of(client_->token(kMachine)), "invalid_client") << "a secret all the same";
}

TEST_F(Identity, SuffersTheFaultsOfItsPaths) {
  start_identity();
  server->faults().add_script(
      R"([{"path": "/oidc/v1/token", "method": "POST", "status": 503, "body": "busy"},
          {"path": "/oidc/v1/token", "reset_after": true},
          {"path": "/oidc/v1/token", "status": 200, "body": "{}"}])");

  EXPECT_EQ(client_->token(kMachine, kEncodedPair).body, "busy");
  EXPECT_EQ(client_->token(kMachine, kEncodedPair).status, 0);
  IdentityClient again(server->port());
  EXPECT_EQ(again.token(kMachine, kEncodedPair).body, "{}");
  EXPECT_EQ(again.token(kMachine, kEncodedPair).status, 200);
  EXPECT_EQ(server->journal().entries()[1].fault, "reset_after");
}

TEST_F(Identity, IsInTheJournalWithoutItsSecrets) {
  start_identity();
  const json answer = client_->sign_in("sql offline_access");
  client_->token(kMachine, kEncodedPair);
  auto body = kMachine;
  body.emplace_back("client_id", "machine");
  body.emplace_back("client_secret", "s3cret");
  client_->token(body);
  exchange(sign_token(issuer(), "ES256", foreign_claims()));

  const std::string journal = server->journal().to_json();

  for (const std::string& secret :
       {std::string("s3cret"), std::string("st4te"), std::string(IdentityClient::kVerifier),
        base::base64_encode(kEncodedPair), answer.at("access_token").get<std::string>(),
        answer.at("refresh_token").get<std::string>(), std::string("eyJ")})
    EXPECT_THAT(journal, Not(HasSubstr(secret)));
  EXPECT_THAT(server->journal().entries().back().form,
              testing::Contains(std::pair<std::string, std::string>("subject_token", "***")));
  EXPECT_THAT(journal, HasSubstr("client_credentials"));
}

}  // namespace
}  // namespace dbsql::test
