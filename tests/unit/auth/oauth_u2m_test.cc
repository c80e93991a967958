#include "auth/oauth_u2m.h"

#include <dbsql/error.h>

#include "auth/pkce.h"
#include "auth/token_cache.h"
#include "support/capture_error.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"
#include "unit/auth/following_browser.h"
#include "unit/auth/scripted_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace dbsql::auth {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using test::FollowingBrowser;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::string granted(const std::string& access, const std::string& refresh,
                    const std::string& life = "3600") {
  return R"({"access_token":")" + access + R"(","token_type":"Bearer","expires_in":)" + life +
         (refresh.empty() ? "" : R"(,"refresh_token":")" + refresh + "\"") + "}";
}

/// A life that a clock which runs with every wait does not come to the end of.
constexpr const char* kYears = "300000000";

class UserLoginTest : public testing::Test {
 protected:
  struct Process {
    std::shared_ptr<SharedLogin> shared = std::make_shared<SharedLogin>();
    FollowingBrowser browser;
    std::vector<std::string> told;
  };

  UserLogin login() const {
    UserLogin login;
    login.redirect_ports = {0};
    login.endpoints = {.authorization = "https://h/oidc/v1/authorize",
                       .token = "https://h/oidc/v1/token",
                       .device_authorization = {}};
    return login;
  }
  std::shared_ptr<UserLoginProvider> provider(Process& process, UserLogin login,
                                              std::shared_ptr<TokenStore> store = {}) {
    return std::make_shared<UserLoginProvider>(
        endpoint_, OidcHost{.origin = "https://h", .account_id = {}}, std::move(login),
        std::move(store),
        LoginSeams{.browser = &process.browser,
                   .tell = [&](std::string_view text) { process.told.emplace_back(text); },
                   .shared = process.shared},
        clock_);
  }
  std::shared_ptr<UserLoginProvider> provider(Process& process) {
    return provider(process, login());
  }
  std::shared_ptr<TokenStore> store() {
    return std::make_shared<TokenStore>(
        folder_.path() / "oauth", Secret(),
        identity_of({.origin = "https://h", .account_id = {}}, login()), clock_);
  }
  std::string body(std::size_t request) {
    return std::string(endpoint_->requests.at(request).body.text());
  }

  /// Where the browser was told to come back to.
  std::uint16_t redirect_port() {
    const auto asked = test::parameters_of(process_.browser.addresses.at(0));
    return http::Url::parse(asked.at("redirect_uri"))->port;
  }

  test::FakeClock clock_;
  test::TemporaryFolder folder_;
  std::shared_ptr<test::ScriptedEndpoint> endpoint_ = std::make_shared<test::ScriptedEndpoint>();
  Process process_;
};

TEST_F(UserLoginTest, SendsTheBrowserAndSpendsTheCode) {
  endpoint_->answer(200, granted("acc3ss", "r3fresh"));

  const Token token = provider(process_)->get_token({});

  EXPECT_EQ(token.access_token.view(), "acc3ss");
  EXPECT_EQ(token.refresh_token.view(), "r3fresh");
  ASSERT_THAT(process_.browser.addresses, SizeIs(1));
  EXPECT_THAT(process_.browser.addresses[0], testing::StartsWith("https://h/oidc/v1/authorize?"));
  auto asked = test::parameters_of(process_.browser.addresses[0]);
  EXPECT_EQ(asked["response_type"], "code");
  EXPECT_EQ(asked["client_id"], "databricks-sql-connector");
  EXPECT_EQ(asked["scope"], "sql offline_access");
  EXPECT_EQ(asked["code_challenge_method"], "S256");
  EXPECT_GE(asked["state"].size(), 20U);
  ASSERT_THAT(endpoint_->requests, SizeIs(1));
  EXPECT_EQ(endpoint_->requests[0].url, "https://h/oidc/v1/token");
  EXPECT_EQ(http::find_header(endpoint_->requests[0].headers, "authorization"), "");
  auto sent = test::parameters_of("?" + body(0));
  EXPECT_EQ(sent["grant_type"], "authorization_code");
  EXPECT_EQ(sent["code"], "c0de");
  EXPECT_EQ(sent["client_id"], "databricks-sql-connector");
  EXPECT_EQ(sent["redirect_uri"], asked["redirect_uri"]);
  EXPECT_EQ(pkce_challenge(sent["code_verifier"]), asked["code_challenge"]);
}

TEST_F(UserLoginTest, IgnoresStrangersUntilTheRightAnswerComes) {
  process_.browser.goes_to(
      {"/favicon.ico", "/?code=evil&state=wrong", "/?code=g00d&state={state}"});
  endpoint_->answer(200, granted("acc3ss", ""));

  provider(process_)->get_token({});

  EXPECT_THAT(body(0), HasSubstr("code=g00d"));
  EXPECT_THAT(process_.browser.replies[1], testing::StartsWith("HTTP/1.1 404"));
}

TEST_F(UserLoginTest, ReportsARefusalOfThePersonOrTheService) {
  process_.browser.goes_to({"/?error=access_denied&error_description=%3Cb%3Ex"});

  const Error error = capture_error([&] { provider(process_)->get_token({}); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_EQ(error.sqlstate(), "28000");
  EXPECT_THAT(error.message(), HasSubstr("access_denied: <b>x"));
  EXPECT_THAT(process_.browser.replies[0], HasSubstr("&lt;b&gt;x"));
  EXPECT_THAT(endpoint_->requests, SizeIs(0));
}

TEST_F(UserLoginTest, TellsTheAddressInsteadWhereAskedTo) {
  endpoint_->answer(200, granted("acc3ss", ""));
  UserLogin printed = login();
  printed.mode = LoginMode::PrintUrl;
  FollowingBrowser person;
  UserLoginProvider provider(endpoint_, {.origin = "https://h", .account_id = {}}, printed, {},
                             {.browser = &process_.browser,
                              .tell =
                                  [&](std::string_view text) {
                                    process_.told.emplace_back(text);
                                    person.open(std::string(text.substr(text.find("https"))));
                                  },
                              .shared = process_.shared},
                             clock_);

  EXPECT_EQ(provider.get_token({}).access_token.view(), "acc3ss");
  EXPECT_THAT(process_.told, SizeIs(1));
  EXPECT_THAT(process_.browser.addresses, SizeIs(0));
}

TEST_F(UserLoginTest, GivesUpWhenNobodySignsIn) {
  process_.browser.goes_to({});
  Error error({});
  std::jthread caller([&] { error = capture_error([&] { provider(process_)->get_token({}); }); });
  clock_.await_waiters(1);

  clock_.advance(121s);
  caller.join();

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("within 120 s"));
  EXPECT_EQ(test::get_from_port(redirect_port(), "/"), "") << "the port is free";
}

TEST_F(UserLoginTest, EndsAtOnceWhenStopped) {
  process_.browser.goes_to({});
  std::stop_source stop;
  Error error({});
  std::jthread caller([&] {
    error = capture_error(
        [&] { provider(process_)->get_token({.deadline = {}, .stop = stop.get_token()}); });
  });
  clock_.await_waiters(1);

  stop.request_stop();
  caller.join();

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
  EXPECT_EQ(test::get_from_port(redirect_port(), "/"), "") << "the port is free";
}

TEST_F(UserLoginTest, RenewsWithTheRefreshTokenAndKeepsItWhereNoOtherComes) {
  endpoint_->answer(200, granted("first", "r1"));
  endpoint_->answer(200, granted("second", ""));
  endpoint_->answer(200, granted("third", "r2"));
  const auto mine = provider(process_);
  mine->get_token({});
  clock_.advance(41min);
  const Token second = mine->get_token({});
  clock_.advance(41min);
  const Token third = mine->get_token({});

  EXPECT_EQ(second.access_token.view(), "second");
  EXPECT_EQ(second.refresh_token.view(), "r1");
  EXPECT_EQ(third.refresh_token.view(), "r2");
  EXPECT_EQ(body(1),
            "grant_type=refresh_token&refresh_token=r1&client_id=databricks-sql-connector");
  EXPECT_THAT(body(2), HasSubstr("refresh_token=r1"));
  EXPECT_THAT(process_.browser.addresses, SizeIs(1));
}

TEST_F(UserLoginTest, AsksThePersonAgainWhenTheRefreshTokenIsUsedUp) {
  endpoint_->answer(200, granted("first", "r1"));
  endpoint_->answer(400, R"({"error":"invalid_grant","error_description":"revoked"})");
  endpoint_->answer(200, granted("second", "r2"));
  const auto kept = store();
  const auto mine = provider(process_, login(), kept);
  mine->get_token({});
  clock_.advance(50min);

  const Token token = mine->get_token({});

  EXPECT_EQ(token.access_token.view(), "second");
  EXPECT_THAT(process_.browser.addresses, SizeIs(2));
  EXPECT_EQ(store()->load()->refresh_token.view(), "r2");
}

TEST_F(UserLoginTest, ForgetsAUsedUpTokenEvenWhenNobodySignsInAgain) {
  endpoint_->answer(200, granted("first", "r1"));
  endpoint_->answer(400, R"({"error":"invalid_grant"})");
  endpoint_->answer(400, R"({"error":"invalid_grant"})");
  const auto mine = provider(process_, login(), store());
  mine->get_token({});
  clock_.advance(50min);

  EXPECT_EQ(capture_error([&] { mine->get_token({}); }).error_class(), "invalid_grant");

  EXPECT_FALSE(store()->load());
}

TEST_F(UserLoginTest, KeepsTheRefreshTokenWhenTheServiceIsDown) {
  endpoint_->answer(200, granted("first", "r1"));
  endpoint_->answer(403, "");
  const auto mine = provider(process_, login(), store());
  mine->get_token({});
  clock_.advance(50min);

  EXPECT_THROW(mine->get_token({}), Error);

  EXPECT_EQ(store()->load()->refresh_token.view(), "r1");
  EXPECT_THAT(process_.browser.addresses, SizeIs(1));
}

TEST_F(UserLoginTest, ARefusedTokenIsRenewedWithoutThePerson) {
  endpoint_->answer(200, granted("first", "r1"));
  endpoint_->answer(200, granted("second", "r2"));
  const auto mine = provider(process_, login(), store());
  const Token first = mine->get_token({});

  mine->invalidate(first);

  EXPECT_EQ(mine->get_token({}).access_token.view(), "second");
  EXPECT_THAT(process_.browser.addresses, SizeIs(1));
}

TEST_F(UserLoginTest, OneSignInServesThirtyTwoThreadsAndThreeProcesses) {
  endpoint_->answer(200, granted("acc3ss", "r3fresh", kYears));
  clock_.advance_when_waited_on(true);  // waiting for another process's lock takes no time
  UserLogin patient = login();
  patient.timeout = 24h;
  std::array<Process, 3> processes;
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 32; ++i) {
      for (Process& process : processes) {
        threads.emplace_back([&, mine = provider(process, patient, store())] {
          if (mine->get_token({}).access_token.view() == "acc3ss") ++right;
        });
      }
    }
  }

  std::size_t opened = 0;
  for (const Process& process : processes) opened += process.browser.addresses.size();
  EXPECT_EQ(opened, 1U);
  EXPECT_EQ(right, 96);
  EXPECT_THAT(endpoint_->requests, SizeIs(1));
}

TEST_F(UserLoginTest, TwoProcessesSpendARotatingRefreshTokenOnce) {
  endpoint_->answer(200, granted("first", "r1"));
  endpoint_->answer(200, granted("second", "r2", kYears));
  Process other;
  const auto mine = provider(process_, login(), store());
  const auto theirs = provider(other, login(), store());
  mine->get_token({});
  theirs->get_token({});
  clock_.advance(50min);
  clock_.advance_when_waited_on(true);

  {
    const std::jthread a([&] { EXPECT_EQ(mine->get_token({}).access_token.view(), "second"); });
    const std::jthread b([&] { EXPECT_EQ(theirs->get_token({}).access_token.view(), "second"); });
  }

  EXPECT_THAT(endpoint_->requests, SizeIs(2));
  EXPECT_THAT(other.browser.addresses, SizeIs(0));
}

TEST_F(UserLoginTest, WorksOnWhereTheCacheFolderCannotBeUsed) {
  endpoint_->answer(200, granted("acc3ss", ""));
  folder_.write("oauth", "a file where the folder should be");
  const test::CapturedLog log;

  EXPECT_EQ(provider(process_, login(), store())->get_token({}).access_token.view(), "acc3ss");

  EXPECT_THAT(log.lines(LogLevel::Warn), ElementsAre(HasSubstr("is no folder")));
}

TEST_F(UserLoginTest, KeepsItsSecretsOutOfTheLog) {
  const test::CapturedLog log;
  endpoint_->answer(200, granted("acc3ss", "r3fresh"));
  endpoint_->answer(400, R"({"error":"invalid_grant"})");
  const auto mine = provider(process_);
  mine->get_token({});
  clock_.advance(50min);

  EXPECT_THROW(mine->get_token({}), Error);

  for (const auto& [level, line] : log.lines()) {
    EXPECT_LE(level, LogLevel::Debug) << line;
    for (const char* secret : {"acc3ss", "r3fresh", "c0de"})
      EXPECT_THAT(line, Not(HasSubstr(secret)));
  }
}

class DeviceLoginTest : public UserLoginTest {
 protected:
  DeviceLoginTest() { clock_.advance_when_waited_on(true); }
  Token sign_in() {
    UserLogin device = login();
    device.mode = LoginMode::DeviceCode;
    device.endpoints.device_authorization = "https://h/oidc/v1/device";
    return provider(process_, device)->get_token({});
  }
  void offer_code() {
    endpoint_->answer(200, R"({"device_code":"d3vice","user_code":"ABCD-EFGH","interval":5,)"
                           R"("verification_uri":"https://h/device","expires_in":600})");
  }
};

TEST_F(DeviceLoginTest, AsksUntilThePersonHasSignedInElsewhere) {
  offer_code();
  endpoint_->answer(400, R"({"error":"authorization_pending"})");
  endpoint_->answer(400, R"({"error":"slow_down"})");
  endpoint_->answer(200, granted("acc3ss", "r3fresh"));
  const auto start = clock_.now();

  const Token token = sign_in();

  EXPECT_EQ(token.access_token.view(), "acc3ss");
  ASSERT_THAT(process_.told, SizeIs(1));
  EXPECT_THAT(process_.told[0], HasSubstr("https://h/device"));
  EXPECT_THAT(process_.told[0], HasSubstr("ABCD-EFGH"));
  EXPECT_EQ(body(0), "client_id=databricks-sql-connector&scope=sql%20offline_access");
  auto sent = test::parameters_of("?" + body(3));
  EXPECT_EQ(sent["grant_type"], "urn:ietf:params:oauth:grant-type:device_code");
  EXPECT_EQ(sent["device_code"], "d3vice");
  EXPECT_EQ(clock_.now() - start, 5s + 5s + 10s);
}

TEST_F(DeviceLoginTest, SaysWhyItEnds) {
  const std::vector<std::pair<std::string, std::string>> ends{
      {"access_denied", "refused"}, {"expired_token", "expired"}, {"invalid_client", "invalid_"}};
  for (const auto& [reason, text] : ends) {
    endpoint_ = std::make_shared<test::ScriptedEndpoint>();
    offer_code();
    endpoint_->answer(400, R"({"error":")" + reason + "\"}");
    EXPECT_THAT(capture_error([&] { sign_in(); }).message(), HasSubstr(text));
  }
}

TEST_F(DeviceLoginTest, EndsWhenNobodyEntersTheCode) {
  offer_code();
  endpoint_->answer(400, R"({"error":"authorization_pending"})");

  const Error error = capture_error([&] { sign_in(); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("within 120 s"));
}

TEST_F(DeviceLoginTest, RefusesAnAnswerThatIsNone) {
  for (const char* body :
       {"", "[]", "{}",
        R"({"device_code":"d","user_code":"u","verification_uri":"javascript:x"})"}) {
    endpoint_ = std::make_shared<test::ScriptedEndpoint>();
    endpoint_->answer(200, body);
    EXPECT_EQ(capture_error([&] { sign_in(); }).kind(), ErrorKind::Unauthenticated) << body;
  }
}

TEST_F(DeviceLoginTest, SaysWhereItIsNotOffered) {
  endpoint_->answer(404, "");
  UserLogin device = login();
  device.mode = LoginMode::DeviceCode;
  const Error error = capture_error([&] {
    UserLoginProvider(endpoint_, {.origin = "https://nodevice", .account_id = {}}, device, {},
                      {.browser = &process_.browser, .tell = {}, .shared = process_.shared}, clock_)
        .get_token({});
  });
  EXPECT_THAT(error.message(), HasSubstr("offers no sign-in with a device code"));
}

}  // namespace
}  // namespace dbsql::auth
