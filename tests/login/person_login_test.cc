#include "login/login_test.h"
#include "tests/cli/program.h"
#include "tests/warehouse/identity_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <set>

namespace dbsql::test {
namespace {

using cli::test::Outcome;
using cli::test::Program;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

/// A port that was free a moment ago.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size), 0);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

/// People sign in from programs of their own, each with a home folder and a browser that clicks.
class PersonLogin : public LoginTest {
 protected:
  /// \param clicks  what the person in the browser does
  cli::test::Environment environment(const std::string& clicks = "allow") const {
    return {{"PATH", std::string(LOGIN_BROWSER_FOLDER) + ":/usr/bin:/bin"},
            {"DISPLAY", ":0"},
            {"HOME", home_.path("home")},
            {"XDG_CACHE_HOME", home_.path("cache")},
            {"LOGIN_BROWSER_LOG", home_.path("browser.log")},
            {"LOGIN_BROWSER_CLICKS", clicks}};
  }
  std::string person_dsn(std::string_view more = {}) {
    return dsn("authType=oauth-u2m&auth.redirect_ports=" + std::to_string(port_) +
               std::string(more));
  }
  /// Runs so many programs that start together.
  std::vector<Outcome> run(const std::string& text, int programs, int threads,
                           const cli::test::Environment& variables) {
    std::deque<Program> running;
    for (int i = 0; i < programs; ++i)
      running.emplace_back(LOGIN_PROGRAM, std::vector{text, std::to_string(threads)}, variables);
    for (Program& program : running) EXPECT_TRUE(program.await_output("ready"));
    for (Program& program : running) program.send("go\n");
    std::vector<Outcome> outcomes;
    for (Program& program : running) outcomes.push_back(program.wait());
    return outcomes;
  }
  Outcome run_one(const std::string& text, const std::string& clicks = "allow") {
    return run(text, 1, 1, environment(clicks)).front();
  }
  std::size_t browsers() const {
    const std::string log = home_.read("browser.log");
    return static_cast<std::size_t>(std::count(log.begin(), log.end(), '\n'));
  }

  cli::test::TemporaryFolder home_;
  const std::uint16_t port_ = free_port();
};

TEST_F(PersonLogin, ComesFromTheConsentPageToAQueryResult) {
  const Outcome outcome = run_one(person_dsn());

  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_EQ(browsers(), 1U);
  EXPECT_THAT(forms().at(0), Contains(Pair("grant_type", "authorization_code")));
  EXPECT_THAT(forms().at(0), Contains(Pair("client_id", "databricks-sql-connector")));
}

TEST_F(PersonLogin, IsToldThatThePersonHasRefused) {
  const Outcome outcome = run_one(person_dsn(), "deny");

  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(outcome.out, HasSubstr("access_denied"));
  EXPECT_EQ(requests(kTokens), 0U);
}

TEST_F(PersonLogin, GivesUpWhenNobodyClicks) {
  const Outcome outcome = run_one(person_dsn("&auth.u2m_timeout=1s"), "nothing");

  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("nobody has signed in within 1 s")) << outcome.err;
}

TEST_F(PersonLogin, OpensOneBrowserForThirtyTwoThreadsOfThreePrograms) {
  constexpr int kPrograms = 3;
  constexpr int kThreads = 32;
  const auto outcomes =
      run(person_dsn("&auth.token_cache=true"), kPrograms, kThreads, environment());

  for (const Outcome& outcome : outcomes) EXPECT_THAT(outcome.out, HasSubstr("32 worked"));
  EXPECT_EQ(browsers(), 1U);
  EXPECT_EQ(requests(kTokens), 1U) << "and nobody renews what is fresh";
}

TEST_F(PersonLogin, OpensOneBrowserForAllConnectionsOfAProgram) {
  const auto outcomes = run(person_dsn(), 1, 8, environment());

  EXPECT_THAT(outcomes[0].out, HasSubstr("8 worked"));
  EXPECT_EQ(browsers(), 1U);
}

TEST_F(PersonLogin, NeedsNoBrowserTheNextTime) {
  const std::string text = person_dsn("&auth.token_cache=true");
  ASSERT_EQ(run_one(text).exit_code, 0);

  EXPECT_EQ(run_one(text).exit_code, 0);

  EXPECT_EQ(browsers(), 1U);
  EXPECT_EQ(requests(kTokens), 1U);
}

TEST_F(PersonLogin, ProgramsSpendARefreshTokenThatRotatesOnce) {
  auto options = demanding();
  options.identity.rotates_refresh_tokens = true;
  start(std::move(options));
  const std::string text = person_dsn("&auth.token_cache=true");
  ASSERT_EQ(run_one(text).exit_code, 0);
  server().journal().clear();

  revoke_tokens();
  const auto outcomes = run(text, 3, 4, environment());

  for (const Outcome& outcome : outcomes) EXPECT_THAT(outcome.out, HasSubstr("4 worked"));
  EXPECT_EQ(browsers(), 1U) << "a refresh token that comes twice would have ended the sign-in";
  ASSERT_EQ(requests(kTokens), 1U);
  EXPECT_THAT(forms().at(0), Contains(Pair("grant_type", "refresh_token")));
}

TEST_F(PersonLogin, SignsInAnewWhenTheSignInHasEnded) {
  const std::string text = person_dsn("&auth.token_cache=true");
  ASSERT_EQ(run_one(text).exit_code, 0);

  revoke_tokens();
  answer(kTokens, 400, R"({"error":"invalid_grant","error_description":"ended"})");

  EXPECT_EQ(run_one(text).exit_code, 0);
  EXPECT_EQ(browsers(), 2U);
}

TEST_F(PersonLogin, SaysOnStandardErrorWhereToSignIn) {
  auto options = demanding();
  options.identity.device_interval = std::chrono::seconds(1);
  start(std::move(options));
  Program program(LOGIN_PROGRAM, {dsn("authType=oauth-u2m&auth.login=device"), "1"}, environment());
  ASSERT_TRUE(program.await_output("ready"));
  program.send("go\n");

  std::vector<std::string> codes;
  for (int i = 0; i < 3000 && codes.empty(); ++i) {
    codes = server().identity().ledger().pending_user_codes();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ASSERT_THAT(codes, SizeIs(1));
  const HttpResult page = IdentityClient(server().port())
                              .post("/device", {{"user_code", codes[0]}, {"decision", "allow"}});
  const Outcome outcome = program.wait();

  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("/oidc/device?user_code=" + codes[0]));
  EXPECT_THAT(outcome.out, Not(HasSubstr(codes[0]))) << "standard output is the program's";
  EXPECT_EQ(browsers(), 0U);
}

}  // namespace
}  // namespace dbsql::test
