#include "tests/warehouse/identity_fixture.h"

namespace dbsql::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class IdentitySignIn : public Identity {};

TEST_F(IdentitySignIn, WantsAScopeThatCoversSql) {
  start_identity();
  const std::string token = client_->sign_in("openid").at("access_token");

  EXPECT_EQ(client_->call(token).status, 403);
}

TEST_F(IdentitySignIn, SignsAPersonInWhoClicksAllow) {
  start_identity();

  const json answer = client_->sign_in("sql offline_access");

  EXPECT_THAT(answer.at("refresh_token").get<std::string>(), Not(IsEmpty()));
  const std::string token = answer.at("access_token");
  EXPECT_EQ(json::parse(client_->call(token).body).at("userName"), "person@example.com");
  EXPECT_FALSE(client_->sign_in("sql").contains("refresh_token"));
}

TEST_F(IdentitySignIn, SendsTheBrowserBackWithTheRefusalAndTheState) {
  start_identity();
  auto without_proof = IdentityClient::authorization();
  std::erase_if(without_proof, [](const auto& field) { return field.first == "code_challenge"; });

  const std::string denied = client_->click(IdentityClient::authorization(), "deny");
  const std::string unproven = client_->click(without_proof, "allow");

  EXPECT_THAT(denied, StartsWith("http://localhost:8030?error=access_denied"));
  EXPECT_EQ(parameter_of(denied, "state"), "st4te");
  EXPECT_EQ(parameter_of(unproven, "error"), "invalid_request");
}

TEST_F(IdentitySignIn, NeverSendsABrowserToAnotherMachine) {
  start_identity();
  for (const char* address :
       {"https://evil.example", "http://evil.example:8030", "http://localhost.evil.example",
        "http://localhost@evil.example", "http://127.0.0.1:8030#x", "http://localhost:99999", ""}) {
    auto query = IdentityClient::authorization();
    query[2].second = address;

    const HttpResult result = client_->get("/v1/authorize?" + form_text(query));

    EXPECT_EQ(result.status, 400) << address;
    EXPECT_EQ(result.header("location"), "");
  }
  auto unknown = IdentityClient::authorization();
  unknown[1].second = "<b>nobody";
  EXPECT_EQ(client_->get("/v1/authorize?" + form_text(unknown)).status, 400);
}

TEST_F(IdentitySignIn, EscapesWhatItShows) {
  start_identity({});  // any client may come
  auto query = IdentityClient::authorization();
  query[1].second = "<script>\"'&";

  const HttpResult page = client_->get("/v1/authorize?" + form_text(query));

  EXPECT_THAT(page.body,
              AllOf(HasSubstr("&lt;script&gt;&quot;&#39;&amp;"), Not(HasSubstr("<script"))));
  EXPECT_THAT(page.header("content-security-policy"), HasSubstr("default-src 'none'"));
}

TEST_F(IdentitySignIn, SpendsACodeOnceAndOnlyForTheOneWhoAsked) {
  start_identity();
  const auto fields = [&](const std::string& code) {
    return IdentityClient::Fields{{"grant_type", "authorization_code"},
                                  {"code", code},
                                  {"redirect_uri", IdentityClient::kRedirect},
                                  {"code_verifier", IdentityClient::kVerifier},
                                  {"client_id", "databricks-sql-connector"}};
  };
  const auto code = [&] {
    return parameter_of(client_->click(IdentityClient::authorization(), "allow"), "code");
  };
  for (std::size_t i : {std::size_t{2}, std::size_t{3}, std::size_t{4}}) {
    auto wrong = fields(code());
    wrong[i].second = i == 4 ? "databricks-cli" : std::string(50, 'x');
    EXPECT_EQ(error_of(client_->token(wrong)), "invalid_grant") << wrong[i].first;
  }
  const std::string old = code();
  clock_.advance(6min);
  EXPECT_EQ(error_of(client_->token(fields(old))), "invalid_grant");

  const std::string good = code();
  const json answer = json::parse(client_->token(fields(good)).body);
  EXPECT_EQ(error_of(client_->token(fields(good))), "invalid_grant");
  EXPECT_EQ(client_->call(answer.at("access_token").get<std::string>()).status, 401)
      << "a code that comes twice was stolen";
}

TEST_F(IdentitySignIn, RenewsWithARefreshTokenAndRotatesItWhereToldTo) {
  auto options = demanding();
  options.rotates_refresh_tokens = true;
  start_identity(options);
  const json first = client_->sign_in("sql offline_access");
  const auto renew = [&](const json& answer) {
    return client_->token({{"grant_type", "refresh_token"},
                           {"refresh_token", answer.at("refresh_token")},
                           {"client_id", "databricks-sql-connector"}});
  };

  const json second = json::parse(renew(first).body);

  EXPECT_NE(second.at("refresh_token"), first.at("refresh_token"));
  EXPECT_EQ(client_->call(second.at("access_token").get<std::string>()).status, 200);
  EXPECT_EQ(error_of(renew(first)), "invalid_grant");
  EXPECT_EQ(error_of(renew(second)), "invalid_grant") << "the whole sign-in has ended";
  EXPECT_EQ(client_->call(second.at("access_token").get<std::string>()).status, 401);
}

TEST_F(IdentitySignIn, ARefreshTokenIsGoodForEverWhereItDoesNotRotate) {
  start_identity();
  const json first = client_->sign_in("sql offline_access");
  const IdentityClient::Fields renewal{{"grant_type", "refresh_token"},
                                       {"refresh_token", first.at("refresh_token")},
                                       {"client_id", "databricks-sql-connector"}};

  const json second = json::parse(client_->token(renewal).body);

  EXPECT_FALSE(second.contains("refresh_token"));
  EXPECT_EQ(client_->token(renewal).status, 200);
  auto more = renewal;
  more.emplace_back("scope", "all-apis");
  EXPECT_EQ(error_of(client_->token(more)), "invalid_scope");
}

TEST_F(IdentitySignIn, ForgetsWhatIsRevoked) {
  start_identity();
  const json answer = client_->sign_in("sql offline_access");
  const std::string token = answer.at("access_token");

  EXPECT_EQ(client_->post("/v1/revoke", {{"token", "never seen"}}).status, 200);
  EXPECT_EQ(client_->call(token).status, 200);
  EXPECT_EQ(client_->post("/v1/revoke", {{"token", answer.at("refresh_token")}}).status, 200);

  EXPECT_EQ(client_->call(token).status, 401);
}

TEST_F(IdentitySignIn, LetsADeviceInWhenThePersonHasEnteredItsCode) {
  start_identity();
  const auto start = [&] {
    return json::parse(
        client_
            ->post("/v1/device_authorization",
                   {{"client_id", "databricks-sql-connector"}, {"scope", "sql offline_access"}})
            .body);
  };
  const auto poll = [&](const json& device) {
    return client_->token({{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                           {"device_code", device.at("device_code")},
                           {"client_id", "databricks-sql-connector"}});
  };
  const json device = start();
  EXPECT_EQ(device.at("verification_uri"), origin() + "/oidc/device");
  const std::string code = device.at("user_code");
  EXPECT_THAT(client_->get("/device?user_code=" + code).body, HasSubstr("value=\"" + code + "\""));

  EXPECT_EQ(error_of(poll(device)), "authorization_pending");
  EXPECT_EQ(error_of(poll(device)), "slow_down");
  EXPECT_EQ(client_->post("/device", {{"user_code", "AAAA-AAAA"}, {"decision", "allow"}}).status,
            400);
  std::string typed = base::to_lower(code);
  std::erase(typed, '-');
  EXPECT_EQ(client_->post("/device", {{"user_code", typed}, {"decision", "allow"}}).status, 200);
  const json answer = json::parse(poll(device).body);

  EXPECT_EQ(client_->call(answer.at("access_token").get<std::string>()).status, 200);
  EXPECT_TRUE(answer.contains("refresh_token"));
  EXPECT_EQ(error_of(poll(device)), "invalid_grant") << "a code is good once";

  const json denied = start();
  client_->post("/device", {{"user_code", denied.at("user_code")}, {"decision", "deny"}});
  EXPECT_EQ(error_of(poll(denied)), "access_denied");
  const json late = start();
  clock_.advance(11min);
  EXPECT_EQ(error_of(poll(late)), "expired_token");
}

}  // namespace
}  // namespace dbsql::test
