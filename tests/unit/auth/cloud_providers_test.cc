#include <dbsql/error.h>

#include "auth/azure.h"
#include "auth/cli_login.h"
#include "auth/google.h"
#include "auth/json_answer.h"
#include "auth/metadata_service.h"
#include "auth/oauth_refresh.h"
#include "auth/program.h"
#include "auth/workload_identity.h"
#include "base/base64.h"
#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"
#include "unit/auth/following_browser.h"
#include "unit/auth/scripted_endpoint.h"
#include "unit/auth/test_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <thread>

namespace dbsql::auth {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::SizeIs;
using WallTime = std::chrono::system_clock::time_point;

constexpr const char* kGranted = R"({"access_token":"granted","expires_in":3600})";

class CloudTest : public testing::Test {
 protected:
  CloudTest() { clock_.advance_when_waited_on(true); }
  ProviderParts parts(std::map<std::string, std::string> environment = {}) {
    return {.transport = endpoint_,
            .environment = Environment::of(std::move(environment)),
            .clock = &clock_};
  }
  AzureWorkspace azure(std::string resource_id = {}) {
    return {.origin = "https://adb-1.2.azuredatabricks.net",
            .org_id = {},
            .resource_id = std::move(resource_id),
            .cloud = azure_cloud("adb-1.2.azuredatabricks.net", "")};
  }
  std::map<std::string, std::string> form(std::size_t request) {
    return test::parameters_of("?" + std::string(endpoint_->requests.at(request).body.text()));
  }
  std::string header(std::size_t request, std::string_view name) {
    return std::string(http::find_header(endpoint_->requests.at(request).headers, name));
  }
  /// A shell script that runs as a program.
  std::string program(std::string_view name, std::string_view script, bool is_large = false) {
    std::string text = "#!/bin/sh\n" + std::string(script) + "\nexit 0\n";
    if (is_large) text += "#" + std::string(std::size_t{1} << 20, '.') + "\n";
    const std::string path = folder_.write(name, text);
    std::filesystem::permissions(path, std::filesystem::perms(0700));
    return path;
  }

  test::FakeClock clock_;
  test::TemporaryFolder folder_;
  std::shared_ptr<test::ScriptedEndpoint> endpoint_ = std::make_shared<test::ScriptedEndpoint>();
};

TEST(AzureCloud, GoesByTheEndOfTheHostOnALabelBoundary) {
  EXPECT_TRUE(is_azure_host("adb-1.2.azuredatabricks.net"));
  EXPECT_TRUE(is_azure_host("ADB-1.2.AzureDatabricks.NET"));
  EXPECT_TRUE(is_azure_host("x.databricks.azure.us"));
  EXPECT_FALSE(is_azure_host("x.azuredatabricks.net.evil.com"));
  EXPECT_FALSE(is_azure_host("evilazuredatabricks.net"));
  EXPECT_EQ(azure_cloud("x.databricks.azure.us", "").login_host, "login.microsoftonline.us");
  EXPECT_EQ(azure_cloud("x.databricks.azure.cn", "").login_host, "login.chinacloudapi.cn");
  EXPECT_EQ(azure_cloud("x.azuredatabricks.net", "usgovernment").login_host,
            "login.microsoftonline.us");
  EXPECT_EQ(azure_cloud("x.staging.azuredatabricks.net", "").application_id,
            "4a67d088-db5c-48f1-9ff2-0aace800ae68");
  EXPECT_EQ(capture_error([] { azure_cloud("h", "MARS"); }).kind(), ErrorKind::Configuration);
}

TEST_F(CloudTest, AServicePrincipalOfEntraFindsItsTenant) {
  endpoint_->answers_with(
      {302,
       {{"Location", "https://login.microsoftonline.com/T-1/oauth2/authorize?x=y"}},
       base::Buffer()});
  endpoint_->answer(200, kGranted);
  AzurePrincipalProvider provider(
      parts(), azure(),
      {.tenant_id = {}, .client_id = "id", .client_secret = "s", .assertion = {}});

  const Token token = provider.get_token({});
  provider.get_token({});

  EXPECT_EQ(token.expires_at, clock_.system_now() + 1h - 10s) << "with the cache's 30 s: 40 s";
  EXPECT_TRUE(token.extra_headers.empty());
  ASSERT_THAT(endpoint_->requests, SizeIs(3)) << "the tenant is asked for once";
  EXPECT_EQ(endpoint_->requests[0].url, "https://adb-1.2.azuredatabricks.net/aad/auth");
  EXPECT_EQ(endpoint_->requests[1].url, "https://login.microsoftonline.com/T-1/oauth2/v2.0/token");
  EXPECT_EQ(form(1)["scope"], "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default");
  EXPECT_EQ(form(1)["client_secret"], "s");
}

TEST_F(CloudTest, ATenantElsewhereIsRefused) {
  for (const char* location :
       {"https://login.evil.com/T/oauth2/authorize", "http://login.microsoftonline.com/T/x",
        "https://login.microsoftonline.com/", "/login",
        "https://login.microsoftonline.com/a%2f/x"}) {
    endpoint_ = std::make_shared<test::ScriptedEndpoint>();
    endpoint_->answers_with({302, {{"Location", location}}, base::Buffer()});
    EXPECT_THAT(capture_error([&] { discover_azure_tenant(parts(), azure(), {}); }).message(),
                HasSubstr("auth.azure.tenant_id"))
        << location;
  }
}

TEST_F(CloudTest, AResourceIdAddsTheManagementToken) {
  endpoint_->answer(200, kGranted);
  endpoint_->answer(200, R"({"access_token":"management","expires_in":600})");
  AzurePrincipalProvider provider(
      parts(), azure("/subscriptions/S/x"),
      {.tenant_id = "T", .client_id = "id", .client_secret = "s", .assertion = {}});

  const Token token = provider.get_token({});

  EXPECT_THAT(token.extra_headers,
              ElementsAre(Pair("X-Databricks-Azure-SP-Management-Token", "management"),
                          Pair("X-Databricks-Azure-Workspace-Resource-Id", "/subscriptions/S/x")));
  EXPECT_EQ(token.expires_at, clock_.system_now() + 590s) << "the first of both to end";
  EXPECT_EQ(form(1)["scope"], "https://management.core.windows.net//.default");
}

TEST_F(CloudTest, AManagedIdentityAsksTheMetadataServiceAndReadsItsTimes) {
  endpoint_->answer(200, R"({"access_token":"granted","expires_on":"1750003600"})");

  const Token token = AzureManagedIdentityProvider(parts(), azure(), "user-id").get_token({});

  EXPECT_EQ(token.expires_at, WallTime(1'750'003'600s) - 10s);
  EXPECT_EQ(endpoint_->requests[0].url,
            "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource="
            "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d&client_id=user-id");
  EXPECT_EQ(header(0, "Metadata"), "true");
}

TEST_F(CloudTest, AMachineWithoutAnIdentityIsToldSoSoon) {
  const auto start = clock_.now();
  const Error error =
      capture_error([&] { AzureManagedIdentityProvider(parts(), azure(), "").get_token({}); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("no managed identity"));
  EXPECT_LE(clock_.now() - start, 10s);
}

TEST_F(CloudTest, AzGivesTheTokenOfWhoeverIsSignedIn) {
  clock_.advance_when_waited_on(false);
  const std::string az = program("az", R"(echo "$@" >> "$(dirname "$0")/asked"
echo '{"accessToken":"from-az","expires_on":1750003600,"tokenType":"Bearer"}')");

  const Token token =
      AzureCliProvider(parts(), azure("/subscriptions/SUB/rg"), az, "").get_token({});

  EXPECT_EQ(token.access_token.view(), "from-az");
  EXPECT_EQ(token.expires_at, WallTime(1'750'003'600s) - 10s);
  EXPECT_THAT(token.extra_headers, SizeIs(2));
  EXPECT_EQ(folder_.read("asked"),
            "account get-access-token --resource 2ff814a6-3304-4ab8-85cb-cd0e6f879c1d --output "
            "json --subscription SUB\naccount get-access-token --resource "
            "https://management.core.windows.net/ --output json --subscription SUB\n");
}

TEST(AzureCli, ReadsTimesHoweverFarAway) {
  EXPECT_GT(
      *read_azure_cli_token(R"({"accessToken":"t","expires_on":9223372036854775807})").expires_at,
      WallTime(8'000'000'000s));
  EXPECT_EQ(read_azure_cli_token(R"({"accessToken":"t","expires_on":-5})").expires_at, WallTime());
  EXPECT_FALSE(read_azure_cli_token(R"({"accessToken":"t","expiresOn":"soon"})").expires_at);
  for (const char* output : {"", "[]", "{}", R"({"accessToken":7})"})
    EXPECT_EQ(capture_error([&] { read_azure_cli_token(output); }).kind(),
              ErrorKind::Unauthenticated)
        << output;
}

TEST_F(CloudTest, AzIsToldTheTenantExceptByAMachinesIdentity) {
  clock_.advance_when_waited_on(false);
  const std::string az = program("az", R"(echo "$@" >> "$(dirname "$0")/asked"
if [ "$2" = show ]; then cat "$(dirname "$0")/account"; exit 0; fi
echo '{"accessToken":"t","expiresOn":"2026-01-31 12:00:00.000000"}')");
  folder_.write("account", R"({"user":{"name":"me@example.com"}})");
  AzureCliProvider(parts(), azure(), az, "TEN").get_token({});
  EXPECT_THAT(folder_.read("asked"), HasSubstr("--tenant TEN"));

  folder_.write("asked", "");
  folder_.write("account", R"({"user":{"name":"systemAssignedIdentity"}})");
  AzureCliProvider(parts(), azure(), az, "TEN").get_token({});
  EXPECT_THAT(folder_.read("asked"), testing::Not(HasSubstr("--tenant")));
}

TEST_F(CloudTest, PassesOnWhatAzComplainsOf) {
  clock_.advance_when_waited_on(false);
  const std::string az = program("az", "echo 'Please run az login' >&2; exit 1");

  const Error failed =
      capture_error([&] { AzureCliProvider(parts(), azure(), az, "").get_token({}); });
  const Error absent = capture_error([&] {
    AzureCliProvider(parts({{"PATH", "/nowhere"}}), azure(), "", "").get_token({});
  });

  EXPECT_EQ(failed.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(failed.message(), HasSubstr("Please run az login"));
  EXPECT_EQ(absent.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(absent.message(), HasSubstr("not installed"));
}

TEST_F(CloudTest, TheDatabricksCliGivesItsToken) {
  clock_.advance_when_waited_on(false);
  program("databricks", R"(echo "$@" > "$(dirname "$0")/asked"
echo '{"access_token":"cli","token_type":"Bearer","expiry":"2026-01-31T13:00:00.5+01:00"}')",
          /*is_large=*/true);
  const auto here = parts({{"PATH", "/nowhere:" + folder_.path().string()}});

  const Token token =
      DatabricksCliProvider(
          here, {.program = {}, .profile = {}, .origin = "https://h", .account_id = "acc"})
          .get_token({});

  EXPECT_EQ(token.access_token.view(), "cli");
  EXPECT_EQ(token.expires_at, parse_rfc3339("2026-01-31T12:00:00Z"));
  EXPECT_EQ(folder_.read("asked"), "auth token --host https://h --account-id acc\n");

  DatabricksCliProvider(here,
                        {.program = {}, .profile = "P", .origin = "https://h", .account_id = {}})
      .get_token({});
  EXPECT_EQ(folder_.read("asked"), "auth token --profile P\n");
}

TEST_F(CloudTest, TheOldDatabricksCliIsRefused) {
  const std::string old = program("databricks", "echo never");
  const Error error = capture_error([&] {
    DatabricksCliProvider(parts(), {.program = old, .profile = {}, .origin = {}, .account_id = {}})
        .get_token({});
  });
  EXPECT_THAT(error.message(), HasSubstr("0.207.1"));
}

TEST_F(CloudTest, AProgramThatHangsIsEndedWithAllItHasStarted) {
  clock_.advance_when_waited_on(false);
  const std::string hanging =
      program("hang", "echo $$ > \"$(dirname \"$0\")/pid\"; sleep 600 & wait");
  std::stop_source stop;
  base::CallContext call;
  call.stop = stop.get_token();
  ErrorKind kind{};
  std::jthread caller(
      [&] { kind = capture_error([&] { run_program(hanging, {}, call, clock_); }).kind(); });
  clock_.await_waiters(1);
  while (folder_.read("pid").find('\n') == std::string::npos) std::this_thread::yield();
  const int pid = std::stoi(folder_.read("pid"));

  stop.request_stop();
  caller.join();

  EXPECT_EQ(kind, ErrorKind::Cancelled);
  EXPECT_NE(::kill(pid, 0), 0);
}

TEST_F(CloudTest, RunsProgramsWithoutAShell) {
  clock_.advance_when_waited_on(false);
  const auto outcome = run_program(program("show", "printf '%s|' \"$@\"; printf oops >&2; exit 3"),
                                   {"a b", "$(touch x)", ";"}, {}, clock_);
  EXPECT_EQ(outcome.output, "a b|$(touch x)|;|");
  EXPECT_EQ(outcome.errors, "oops");
  EXPECT_EQ(outcome.exit_status, 3);
  EXPECT_FALSE(find_program("show", Environment::of({{"PATH", "."}})));
}

TEST_F(CloudTest, AGoogleServiceAccountSignsForItsTokens) {
  const nlohmann::json file{{"type", "service_account"},
                            {"client_email", "sa@p.iam.gserviceaccount.com"},
                            {"private_key", test::pem_of(test::rsa_key())},
                            {"private_key_id", "k1"},
                            {"token_uri", "https://oauth2.googleapis.com/token"}};
  endpoint_->answer(200, R"({"id_token":"id-t0ken"})");
  endpoint_->answer(200, R"({"access_token":"access-t0ken"})");

  const Token token =
      GoogleCredentialsProvider(parts(), "https://1.gcp.databricks.com", file.dump()).get_token({});

  EXPECT_EQ(token.access_token.view(), "id-t0ken");
  EXPECT_THAT(token.extra_headers,
              ElementsAre(Pair("X-Databricks-GCP-SA-Access-Token", "access-t0ken")));
  EXPECT_EQ(form(0)["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
  const std::string assertion = form(0)["assertion"];
  std::string payload = assertion.substr(assertion.find('.') + 1);
  payload.resize(payload.find('.'));
  const auto claims = nlohmann::json::parse(base::base64_decode(payload).value_or("{}"));
  EXPECT_EQ(claims["target_audience"], "https://1.gcp.databricks.com");
  EXPECT_EQ(claims["iss"], "sa@p.iam.gserviceaccount.com");
}

TEST_F(CloudTest, GoogleWorksOnWithoutTheSecondToken) {
  const nlohmann::json file{{"client_email", "sa@p"},
                            {"private_key", test::pem_of(test::rsa_key())}};
  const std::string path = folder_.write("key.json", file.dump());
  endpoint_->answer(200, R"({"id_token":"id-t0ken"})");
  endpoint_->answer(400, R"({"error":"invalid_scope"})");

  const Token token = GoogleCredentialsProvider(parts(), "https://h", path).get_token({});

  EXPECT_EQ(token.access_token.view(), "id-t0ken");
  EXPECT_TRUE(token.extra_headers.empty());
}

TEST_F(CloudTest, GoogleImpersonatesWithTheMachinesIdentity) {
  endpoint_->answer(200, R"({"access_token":"own"})");
  endpoint_->answer(200, R"({"token":"id-t0ken"})");
  endpoint_->answer(200, R"({"accessToken":"access-t0ken"})");

  const Token token = GoogleIdProvider(parts(), "https://h", "sa@p").get_token({});

  EXPECT_EQ(token.access_token.view(), "id-t0ken");
  EXPECT_THAT(token.extra_headers, SizeIs(1));
  EXPECT_THAT(endpoint_->requests[0].url, HasSubstr("http://metadata.google.internal/"));
  EXPECT_EQ(header(0, "Metadata-Flavor"), "Google");
  EXPECT_EQ(endpoint_->requests[1].url,
            "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/"
            "sa%40p:generateIdToken");
  EXPECT_EQ(header(1, "Authorization"), "Bearer own");
}

TEST_F(CloudTest, GoogleUsesAPersonsCredentialsWhereTheyLie) {
  folder_.write(".config/gcloud/application_default_credentials.json",
                R"({"type":"authorized_user","client_id":"c","client_secret":"s",)"
                R"("refresh_token":"r"})");
  endpoint_->answer(200, R"({"access_token":"own"})");
  endpoint_->answer(200, R"({"token":"id","accessToken":"a"})");

  GoogleIdProvider(parts({{"HOME", folder_.path().string()}}), "https://h", "sa").get_token({});

  EXPECT_EQ(endpoint_->requests[0].url, "https://oauth2.googleapis.com/token");
  EXPECT_EQ(form(0)["refresh_token"], "r");
}

class WorkloadTest : public CloudTest {
 protected:
  Token exchange(IdTokenSource source, WorkloadIdentity identity) {
    identity.token_endpoint = "https://h/oidc/v1/token";
    return WorkloadIdentityProvider(parts(), {.origin = "https://h", .account_id = {}},
                                    std::move(identity), std::move(source))
        .get_token({});
  }
};

TEST_F(WorkloadTest, AFileIsReadAnewEachTime) {
  endpoint_->answer(200, kGranted);
  const std::string path = folder_.write("token", " first\n");
  const auto source = id_token_from_file(path);
  exchange(source, {.name = "file-oidc", .client_id = "sp"});
  folder_.write("token", "second");
  exchange(source, {.name = "file-oidc"});
  folder_.write("token", " \n");

  EXPECT_EQ(capture_error([&] { exchange(source, {.name = "file-oidc"}); }).kind(),
            ErrorKind::Unauthenticated);
  ASSERT_THAT(endpoint_->requests, SizeIs(2));
  EXPECT_EQ(form(0)["grant_type"], "urn:ietf:params:oauth:grant-type:token-exchange");
  EXPECT_EQ(form(0)["subject_token"], "first");
  EXPECT_EQ(form(0)["subject_token_type"], "urn:ietf:params:oauth:token-type:jwt");
  EXPECT_EQ(form(0)["scope"], "all-apis");
  EXPECT_EQ(form(0)["client_id"], "sp");
  EXPECT_EQ(form(1)["subject_token"], "second");
  EXPECT_FALSE(form(1).contains("client_id")) << "account-wide";
}

TEST_F(WorkloadTest, AVariableHoldsTheToken) {
  endpoint_->answer(200, kGranted);
  exchange(id_token_from_environment(Environment::of({{"ID", "jwt"}}), "ID"), {.name = "env-oidc"});

  EXPECT_EQ(form(0)["subject_token"], "jwt");
  EXPECT_THAT(capture_error([&] {
                exchange(id_token_from_environment(Environment::of({{"X", ""}}), "ID"), {});
              }).message(),
              HasSubstr("ID holds no token"));
}

TEST_F(WorkloadTest, GitHubsRunnerIsAskedForTheAudience) {
  endpoint_->answer(200, R"({"value":"gh-jwt"})");
  endpoint_->answer(200, kGranted);
  exchange(id_token_from_github(parts(), "https://gh.example.com/token?v=1", "b3arer"),
           {.name = "github-oidc"});

  EXPECT_EQ(endpoint_->requests[0].url,
            "https://gh.example.com/token?v=1&audience=https%3A%2F%2Fh%2Foidc%2Fv1%2Ftoken");
  EXPECT_EQ(header(0, "Authorization"), "Bearer b3arer");
  EXPECT_EQ(form(1)["subject_token"], "gh-jwt");

  EXPECT_THAT(capture_error([&] {
                exchange(id_token_from_github(parts(), "http://gh.example.com", "b"), {});
              }).message(),
              HasSubstr("no https URL"));
}

TEST_F(WorkloadTest, AzureDevOpsIsAskedByItsVariables) {
  endpoint_->answer(200, R"({"oidcToken":"ado-jwt"})");
  endpoint_->answer(200, kGranted);
  std::map<std::string, std::string> agent{
      {"SYSTEM_ACCESSTOKEN", "b3arer"}, {"SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://ado/org/"},
      {"SYSTEM_TEAMPROJECTID", "p"},    {"SYSTEM_HOSTTYPE", "build"},
      {"SYSTEM_PLANID", "pl"},          {"SYSTEM_JOBID", "j"}};
  exchange(id_token_from_azure_devops(parts(agent)), {.name = "azure-devops-oidc"});

  EXPECT_EQ(endpoint_->requests[0].url,
            "https://ado/org/p/_apis/distributedtask/hubs/build/plans/pl/jobs/j/"
            "oidctoken?api-version=7.2-preview.1");
  EXPECT_EQ(form(1)["subject_token"], "ado-jwt");
  agent.erase("SYSTEM_JOBID");
  EXPECT_EQ(missing_azure_devops_variable(Environment::of(agent)), "SYSTEM_JOBID");
}

TEST_F(CloudTest, ARefreshTokenIsRotatedAndItsEndIsExplained) {
  endpoint_->answer(200, R"({"access_token":"a","refresh_token":"r2"})");
  endpoint_->answer(200, R"({"access_token":"b"})");
  endpoint_->answer(400, R"({"error":"invalid_grant"})");
  RefreshTokenProvider provider(parts(), {.origin = "https://h", .account_id = {}},
                                {.refresh_token = "r1",
                                 .client_id = "c",
                                 .client_secret = "s",
                                 .token_endpoint = "https://h/token"});
  provider.get_token({});
  provider.get_token({});

  const Error error = capture_error([&] { provider.get_token({}); });

  EXPECT_EQ(form(0)["refresh_token"], "r1");
  EXPECT_EQ(form(0)["client_secret"], "s");
  EXPECT_EQ(form(1)["refresh_token"], "r2");
  EXPECT_EQ(form(2)["refresh_token"], "r2") << "an answer without one keeps the old one";
  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("used up or revoked"));
}

TEST_F(CloudTest, TheMetadataServiceMustBeOnThisMachine) {
  endpoint_->answer(200, R"({"access_token":"m","expires_on":1750003600})");
  const Token token =
      MetadataServiceProvider(parts(), "http://127.0.0.1:7/t", "https://h").get_token({});

  EXPECT_EQ(token.expires_at, WallTime(1'750'003'600s));
  EXPECT_EQ(header(0, "X-Databricks-Metadata-Version"), "1");
  EXPECT_EQ(header(0, "X-Databricks-Host"), "https://h");
  EXPECT_EQ(
      capture_error([&] { MetadataServiceProvider(parts(), "http://10.0.0.1/", "h"); }).kind(),
      ErrorKind::Configuration);
}

TEST(Rfc3339, ReadsPointsInTimeAndNothingElse) {
  const WallTime noon(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31) + 12h);
  EXPECT_EQ(parse_rfc3339("2026-01-31T12:00:00Z"), noon);
  EXPECT_EQ(parse_rfc3339("2026-01-31T07:00:00.123456789-05:00"), noon);
  for (const char* text :
       {"", "2026-01-31", "2026-02-30T12:00:00Z", "2026-01-31T12:00:00", "2026-01-31T25:00:00Z",
        "2026-01-31T12:00:00+1:00", "x", "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

}  // namespace
}  // namespace dbsql::auth
