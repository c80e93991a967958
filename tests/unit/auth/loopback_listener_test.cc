#include "auth/loopback_listener.h"

#include <dbsql/error.h>

#include "auth/pkce.h"
#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "unit/auth/following_browser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace dbsql::auth {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using test::get_from_port;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::array<std::uint16_t, 1> kAnyPort{0};

class LoopbackListenerTest : public testing::Test {
 protected:
  std::optional<LoginAnswer> answer() { return listener_.wait({}, clock_.now() + 120s); }

  test::FakeClock clock_;
  LoopbackListener listener_{kAnyPort, "st4te", clock_};
};

TEST(Pkce, HasTheChallengeOfRfc7636) {
  EXPECT_EQ(pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

TEST(Pkce, IsFreshEachTimeAndOfTheLengthThatServersTake) {
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) {
    const Pkce pkce = make_pkce();
    EXPECT_EQ(pkce.verifier.size(), 43U);
    EXPECT_EQ(pkce.challenge, pkce_challenge(pkce.verifier));
    EXPECT_EQ(pkce.verifier.find_first_of("+/="), std::string::npos);
    EXPECT_TRUE(seen.insert(pkce.verifier).second);
    EXPECT_TRUE(seen.insert(make_state()).second);
  }
}

TEST_F(LoopbackListenerTest, TakesTheCodeThatComesWithItsState) {
  const std::string reply = get_from_port(listener_.port(), "/?code=c%2B0de&state=st4te");

  ASSERT_TRUE(answer());
  EXPECT_EQ(answer()->code, "c+0de");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(reply, HasSubstr("Cache-Control: no-store"));
  EXPECT_THAT(reply, Not(HasSubstr("c+0de")));
}

TEST_F(LoopbackListenerTest, IgnoresAWrongStateAndGoesOn) {
  const std::string wrong = get_from_port(listener_.port(), "/?code=evil&state=other");
  const std::string without = get_from_port(listener_.port(), "/?code=evil");
  const std::string twice = get_from_port(listener_.port(), "/?code=evil&state=st4te&state=other");
  const std::string right = get_from_port(listener_.port(), "/?state=st4te&code=good");

  EXPECT_THAT(wrong, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(wrong, Not(HasSubstr("st4te")));
  EXPECT_THAT(without, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(twice, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(right, StartsWith("HTTP/1.1 200"));
  ASSERT_TRUE(answer());
  EXPECT_EQ(answer()->code, "good");
}

TEST_F(LoopbackListenerTest, IgnoresWhatBrowsersAndScannersAsk) {
  EXPECT_THAT(get_from_port(listener_.port(), "/favicon.ico"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(get_from_port(listener_.port(), "/x?code=c&state=st4te"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(get_from_port(listener_.port(), "/?code=%zz&state=st4te"),
              StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(test::exchange_with_port(listener_.port(), "POST / HTTP/1.1\r\n\r\n"),
              StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(test::exchange_with_port(listener_.port(), "\x16\x03\x01\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(test::exchange_with_port(listener_.port(), std::string(20'000, 'x')), "")
      << "cut off beyond 16 KiB";

  get_from_port(listener_.port(), "/?code=good&state=st4te");

  ASSERT_TRUE(answer());
  EXPECT_EQ(answer()->code, "good");
}

TEST_F(LoopbackListenerTest, IsNotHeldUpByAConnectionThatSaysNothing) {
  const int silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(listener_.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(silent, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);

  get_from_port(listener_.port(), "/?code=good&state=st4te");

  EXPECT_TRUE(answer());
  ::close(silent);
}

TEST_F(LoopbackListenerTest, ShowsARefusalEscaped) {
  const std::string reply = get_from_port(
      listener_.port(), "/?error=access_denied&error_description=%3Cb%3Ex+y&state=st4te");

  ASSERT_TRUE(answer());
  EXPECT_EQ(answer()->error, "access_denied");
  EXPECT_EQ(answer()->description, "<b>x y");
  EXPECT_THAT(reply, HasSubstr("access_denied: &lt;b&gt;x y"));
  EXPECT_THAT(reply, Not(HasSubstr("<b>")));
}

TEST_F(LoopbackListenerTest, FreesItsPortOnceItHasTheAnswer) {
  const std::uint16_t port = listener_.port();
  get_from_port(port, "/?code=good&state=st4te");
  ASSERT_TRUE(answer());

  // The serving thread closes the port right after its last reply; the reply above has come whole.
  while (!get_from_port(port, "/").empty()) std::this_thread::yield();

  const std::array<std::uint16_t, 1> same{port};
  EXPECT_EQ(LoopbackListener(same, "x", clock_).port(), port);
}

TEST(LoopbackListener, NamesTheBusyPortsWhenNoneIsLeft) {
  test::FakeClock clock;
  const LoopbackListener first(kAnyPort, "x", clock);
  const std::array<std::uint16_t, 1> busy{first.port()};

  const Error error = capture_error([&] { LoopbackListener(busy, "y", clock); });

  EXPECT_EQ(error.kind(), ErrorKind::Configuration);
  EXPECT_THAT(error.message(), HasSubstr(std::to_string(first.port())));
  EXPECT_THAT(error.message(), HasSubstr("auth.redirect_ports"));
}

TEST(LoopbackListener, TakesTheNextPortOfTheList) {
  test::FakeClock clock;
  const LoopbackListener first(kAnyPort, "x", clock);
  const std::array<std::uint16_t, 2> ports{first.port(), 0};

  const LoopbackListener second(ports, "y", clock);

  EXPECT_NE(second.port(), first.port());
  EXPECT_EQ(second.redirect_uri(), "http://localhost:" + std::to_string(second.port()));
}

TEST_F(LoopbackListenerTest, EndsEmptyWhenNobodyComesInTime) {
  std::optional<LoginAnswer> found{LoginAnswer{}};
  const auto until = clock_.now() + 120s;
  std::jthread waiter([&] { found = listener_.wait({}, until); });
  clock_.await_waiters(1);

  clock_.advance(121s);
  waiter.join();

  EXPECT_FALSE(found);
}

TEST_F(LoopbackListenerTest, EndsAtOnceWhenStopped) {
  std::stop_source stop;
  ErrorKind kind{};
  std::jthread waiter([&] {
    base::CallContext call;
    call.stop = stop.get_token();
    kind = capture_error([&] { listener_.wait(call, clock_.now() + 120s); }).kind();
  });
  clock_.await_waiters(1);

  stop.request_stop();
  waiter.join();

  EXPECT_EQ(kind, ErrorKind::Cancelled);
}

}  // namespace
}  // namespace dbsql::auth
