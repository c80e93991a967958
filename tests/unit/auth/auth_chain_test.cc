#include "auth/auth_chain.h"

#include <dbsql/error.h>

#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"
#include "unit/auth/scripted_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace dbsql::auth {
namespace {

using test::capture_error;
using testing::HasSubstr;
using testing::Not;
using Outcome = AuthAttempt::Outcome;

class AuthChainTest : public testing::Test {
 protected:
  AuthChainTest() {
    settings_.origin = "https://h.cloud.databricks.com";
    environment_["PATH"] = folder_.path().string();
  }
  ProviderParts parts() {
    return {.transport = endpoint_, .environment = Environment::of(environment_), .clock = &clock_};
  }
  AuthChoice choose() { return choose_auth(settings_, parts()); }
  Error refusal() {
    return capture_error([&] { choose(); });
  }
  static AuthAttempt attempt(const AuthExplanation& explanation, std::string_view method) {
    for (const AuthAttempt& found : explanation.attempts)
      if (found.method == method) return found;
    ADD_FAILURE() << method << " is not in the explanation";
    return {};
  }

  AuthSettings settings_;
  std::map<std::string, std::string> environment_;
  test::FakeClock clock_;
  test::TemporaryFolder folder_;
  std::shared_ptr<test::ScriptedEndpoint> endpoint_ = std::make_shared<test::ScriptedEndpoint>();
};

TEST(AuthType, IsKnownByEveryName) {
  for (const auto& [alias, canonical] :
       std::vector<std::pair<std::string, std::string>>{{"pat", "pat"},
                                                        {"Pat", "pat"},
                                                        {"access_token", "pat"},
                                                        {"static-token", "oauth-token"},
                                                        {"OauthM2M", "oauth-m2m"},
                                                        {"client_credentials", "oauth-m2m"},
                                                        {"databricks-oauth", "oauth-u2m"},
                                                        {"external-browser", "oauth-u2m"},
                                                        {"azure-oauth", "azure-u2m"},
                                                        {"azure-sp-m2m", "azure-client-secret"},
                                                        {"m2m_jwt", "oauth-jwt"},
                                                        {"UNIFIED", "unified"},
                                                        {"github-oidc-azure", "github-oidc-azure"},
                                                        {"", ""},
                                                        {"kerberos", ""}})
    EXPECT_EQ(canonical_auth_type(alias), canonical) << alias;
}

TEST_F(AuthChainTest, TakesTheOneMethodThatIsConfigured) {
  settings_.token = "dapi1";
  EXPECT_EQ(choose().method, "pat");
  EXPECT_FALSE(choose().provider->renews());

  settings_.token = {};
  settings_.client_id = "id";
  settings_.client_secret = "s3cret";
  EXPECT_EQ(choose().method, "oauth-m2m");
  settings_.refresh_token = "r";
  EXPECT_EQ(choose().method, "oauth-refresh");

  settings_ = {.origin = settings_.origin};
  settings_.azure.client_id = "id";
  settings_.azure.client_secret = "s3cret";
  EXPECT_EQ(choose().method, "azure-client-secret");

  settings_ = {.origin = settings_.origin};
  settings_.user = "me";
  EXPECT_EQ(choose().kind, AuthChoice::Kind::Basic);
  EXPECT_EQ(choose().provider, nullptr);
}

TEST_F(AuthChainTest, RefusesToGuessBetweenTwo) {
  settings_.token = "dapi-s3cret";
  settings_.client_id = "id";
  settings_.client_secret = "s3cret";
  for (const char* type : {"", "unified"}) {
    settings_.type = type;
    EXPECT_EQ(refusal().kind(), ErrorKind::Configuration);
    EXPECT_THAT(refusal().message(), HasSubstr("pat and oauth-m2m"));
    EXPECT_THAT(refusal().message(), Not(HasSubstr("s3cret")));
  }

  settings_.type = "oauth-m2m";
  EXPECT_EQ(choose().method, "oauth-m2m");
}

TEST_F(AuthChainTest, SaysWhatIsMissing) {
  EXPECT_THAT(refusal().message(), HasSubstr("no credentials are given"));
  settings_.client_id = "id";
  EXPECT_THAT(refusal().message(), HasSubstr("auth.client_secret is not"));
  settings_.type = "oauth-m2m";
  EXPECT_THAT(refusal().message(), HasSubstr("auth.client_secret is not set"));
  settings_.type = "kerberos";
  EXPECT_THAT(refusal().message(), HasSubstr("oauth-u2m"));
}

TEST_F(AuthChainTest, ConnectsWithoutCredentialsToThisMachineOnly) {
  settings_.type = "none";
  EXPECT_EQ(refusal().kind(), ErrorKind::Configuration);
  settings_.origin = "http://127.0.0.1:8080";
  EXPECT_EQ(choose().kind, AuthChoice::Kind::None);
}

TEST_F(AuthChainTest, GivesAPersonTheTimeTheyNeed) {
  settings_.type = "oauth-u2m";
  EXPECT_EQ(choose().refresh_timeout, std::chrono::seconds(150));
  EXPECT_EQ(choose().provider->name(), "oauth-u2m");
}

TEST_F(AuthChainTest, ExchangesForeignTokensWhereAskedTo) {
  settings_.type = "oauth-token";
  settings_.token = "jwt";
  settings_.federation_client_id = "12345678-9";
  EXPECT_EQ(choose().provider->name(), "federation[static,sp:12345678]");
  settings_.type = "pat";
  EXPECT_EQ(choose().provider->name(), "static");
}

TEST_F(AuthChainTest, TriesTheMethodsOfTheSdksInTheirOrder) {
  settings_.type = "unified";
  environment_["DATABRICKS_OIDC_TOKEN"] = "jwt";

  const AuthChoice choice = choose();

  EXPECT_EQ(choice.method, "env-oidc");
  EXPECT_THAT(attempt(choice.explanation, "pat").reason, HasSubstr("auth.token is not set"));
  EXPECT_THAT(attempt(choice.explanation, "databricks-cli").reason, HasSubstr("not installed"));
  EXPECT_EQ(attempt(choice.explanation, "github-oidc").outcome, Outcome::PassedOver);
  EXPECT_THAT(attempt(choice.explanation, "github-oidc").reason,
              HasSubstr("ACTIONS_ID_TOKEN_REQUEST_URL"));
  EXPECT_EQ(attempt(choice.explanation, "env-oidc").outcome, Outcome::Chosen);
  EXPECT_EQ(attempt(choice.explanation, "google-id").outcome, Outcome::NotReached);
}

TEST_F(AuthChainTest, UsesTheCliWhereSomebodyIsSignedInAndAsksItOnce) {
  settings_.type = "unified";
  const std::string cli = folder_.write("databricks",
                                        "#!/bin/sh\necho x >> \"$(dirname \"$0\")/calls\"\n"
                                        "echo '{\"access_token\":\"cli\"}'\nexit 0\n#" +
                                            std::string(std::size_t{1} << 20, '.') + "\n");
  std::filesystem::permissions(cli, std::filesystem::perms(0700));

  const AuthChoice choice = choose();
  EXPECT_EQ(choice.provider->get_token({}).access_token.view(), "cli");

  EXPECT_EQ(choice.method, "databricks-cli");
  EXPECT_EQ(folder_.read("calls"), "x\n");
  choice.provider->get_token({});
  EXPECT_EQ(folder_.read("calls"), "x\nx\n");
}

TEST_F(AuthChainTest, TellsOfEverythingThatWasTriedWhenNothingWorks) {
  settings_.type = "unified";
  settings_.origin = "https://adb-1.azuredatabricks.net";

  EXPECT_EQ(refusal().kind(), ErrorKind::Configuration);
  EXPECT_THAT(refusal().message(), HasSubstr("databricks-cli: the program databricks is not"));
  EXPECT_THAT(refusal().message(), HasSubstr("azure-cli: the program az is not installed"));
}

TEST_F(AuthChainTest, ExplainsItselfWithoutSecrets) {
  settings_.client_id = "id";
  settings_.client_secret = "s3cret";

  const std::string text = explain_auth(settings_, parts()).to_text();

  EXPECT_THAT(text, HasSubstr("Authentication for https://h.cloud.databricks.com"));
  EXPECT_THAT(text, testing::ContainsRegex("passed over +pat +auth.token is not set"));
  EXPECT_THAT(text, testing::ContainsRegex("used +oauth-m2m +it is configured"));
  EXPECT_THAT(text, testing::ContainsRegex("not reached +google-id +auth.google.service_account"));
  EXPECT_THAT(text, testing::ContainsRegex("not reached +databricks-cli +only when auth.type"));
  EXPECT_THAT(text, Not(HasSubstr("s3cret")));

  settings_.client_secret = {};
  const AuthExplanation failed = explain_auth(settings_, parts());
  EXPECT_EQ(failed.method(), "");
  EXPECT_THAT(failed.failure, HasSubstr("auth.client_secret is not"));
  EXPECT_THAT(failed.to_text(), HasSubstr("\nThis fails: no credentials are given"));
}

TEST_F(AuthChainTest, ExplainsWhichTwoAreInEachOthersWay) {
  settings_.token = "dapi-s3cret";
  settings_.client_id = "id";
  settings_.client_secret = "s3cret";

  const AuthExplanation explanation = explain_auth(settings_, parts());

  EXPECT_EQ(attempt(explanation, "pat").outcome, Outcome::PassedOver);
  EXPECT_EQ(attempt(explanation, "oauth-m2m").reason, "it is not the only one");
  EXPECT_THAT(explanation.failure, HasSubstr("pat and oauth-m2m"));
}

TEST_F(AuthChainTest, KeepsWhatAProgramComplainsOfOnOneLine) {
  settings_.type = "unified";
  const std::string cli =
      folder_.write("databricks", "#!/bin/sh\nprintf 'no\\nlogin' >&2\nexit 1\n#" +
                                      std::string(std::size_t{1} << 20, '.') + "\n");
  std::filesystem::permissions(cli, std::filesystem::perms(0700));

  const std::string text = explain_auth(settings_, parts()).to_text();

  EXPECT_THAT(text, testing::ContainsRegex("passed over +databricks-cli .*no login"));
}

}  // namespace
}  // namespace dbsql::auth
