#include "auth/token_cache.h"

#include <dbsql/error.h>

#include "auth/authenticator.h"
#include "support/capture_error.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"
#include "unit/auth/scripted_provider.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>

namespace dbsql::auth {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using test::ScriptedProvider;
using testing::HasSubstr;

class TokenCacheTest : public testing::Test {
 protected:
  /// A refresh that was given up goes on without the cache, and still looks at the clock.
  void TearDown() override { drop_cache(); }
  /// The n-th token is "token<n>" and lives as long as the test says.
  std::shared_ptr<ScriptedProvider> provider_living(std::chrono::seconds life) {
    return std::make_shared<ScriptedProvider>([this, life](int call) {
      return Token{.access_token = "token" + std::to_string(call),
                   .expires_at = clock_.system_now() + life,
                   .issued_at = clock_.system_now()};
    });
  }

  TokenCache& cache(std::shared_ptr<ScriptedProvider> provider, TokenCacheOptions options = {}) {
    drop_cache();
    provider_ = std::move(provider);
    cache_ = std::make_unique<TokenCache>(provider_, options, clock_);
    return *cache_;
  }

  void drop_cache() {
    cache_.reset();
    if (!provider_) return;
    provider_->hold(false);
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (provider_.use_count() > 1 && std::chrono::steady_clock::now() < limit)
      std::this_thread::yield();
    EXPECT_EQ(provider_.use_count(), 1) << "a refresh is still under way";
  }

  std::string token() { return std::string(cache_->get({})->token.access_token.view()); }

  /// The background refresh ends on a thread of its own.
  void await_token(std::string_view expected) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (token() != expected && std::chrono::steady_clock::now() < limit)
      std::this_thread::yield();
    EXPECT_EQ(token(), expected);
  }

  test::FakeClock clock_;
  std::shared_ptr<ScriptedProvider> provider_;
  std::unique_ptr<TokenCache> cache_;
};

TEST_F(TokenCacheTest, AsksOnceForManyThreadsThatStartTogether) {
  cache(provider_living(1h));
  provider_->hold(true);
  std::vector<std::jthread> threads;
  std::atomic<int> served{0};
  for (int i = 0; i < 50; ++i) threads.emplace_back([&] { served += token() == "token1" ? 1 : 0; });
  clock_.await_waiters(50);

  provider_->hold(false);
  threads.clear();

  EXPECT_EQ(served, 50);
  EXPECT_EQ(provider_->calls(), 1);
}

TEST_F(TokenCacheTest, ServesTheOldTokenWhileRefreshing) {
  cache(provider_living(1h));
  EXPECT_EQ(token(), "token1");
  clock_.advance(41min);  // 19 minutes are left: the lead is 20
  provider_->hold(true);

  EXPECT_EQ(token(), "token1");
  provider_->await_calls(2);
  EXPECT_EQ(token(), "token1");
  EXPECT_EQ(token(), "token1");
  EXPECT_EQ(provider_->calls(), 2);

  provider_->hold(false);
  await_token("token2");
  EXPECT_EQ(provider_->calls(), 2);
}

TEST_F(TokenCacheTest, KeepsAGoodTokenWhenRenewingFailsAndTriesAgainLater) {
  cache(std::make_shared<ScriptedProvider>([this](int call) {
    if (call == 2 || call == 3) throw std::runtime_error("the token service is down");
    return Token{.access_token = "token" + std::to_string(call),
                 .expires_at = clock_.system_now() + 1h,
                 .issued_at = clock_.system_now()};
  }));
  token();
  clock_.advance(41min);
  const test::CapturedLog log;
  const auto fail_once = [&](int call) {
    EXPECT_EQ(token(), "token1");
    provider_->await_calls(call);
    while (log.lines(LogLevel::Warn).size() + 1 < static_cast<std::size_t>(call))
      std::this_thread::yield();  // the failure is noted on a thread of its own
  };

  fail_once(2);
  clock_.advance(9s);
  EXPECT_EQ(token(), "token1");
  EXPECT_EQ(provider_->calls(), 2) << "within ten seconds nobody asks again";
  clock_.advance(2s);
  fail_once(3);
  clock_.advance(18s);
  EXPECT_EQ(token(), "token1");
  EXPECT_EQ(provider_->calls(), 3) << "then it is twenty";
  clock_.advance(3s);
  EXPECT_EQ(token(), "token1");
  await_token("token4");
}

TEST_F(TokenCacheTest, TellsEveryWaiterWhyThereIsNoToken) {
  cache(std::make_shared<ScriptedProvider>([](int call) -> Token {
    if (call == 1) throw std::runtime_error("no such secret");
    return {.access_token = "better"};
  }));
  provider_->hold(true);
  std::vector<std::jthread> threads;
  std::atomic<int> refused{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      const Error error = capture_error([&] { token(); });
      if (error.kind() == ErrorKind::Unauthenticated &&
          error.message().find("no such secret") != std::string::npos)
        ++refused;
    });
  }
  clock_.await_waiters(8);
  provider_->hold(false);
  threads.clear();

  EXPECT_EQ(refused, 8);
  EXPECT_EQ(provider_->calls(), 1);
  EXPECT_THAT(capture_error([&] { token(); }).message(), HasSubstr("no such secret"))
      << "at most one attempt a second";
  clock_.advance(1s);
  EXPECT_EQ(token(), "better");
}

TEST_F(TokenCacheTest, ATokenWith29SecondsLeftIsExpiredOneWith31IsNot) {
  cache(provider_living(10min));
  token();

  clock_.advance(10min - 31s);
  provider_->hold(true);
  EXPECT_EQ(token(), "token1");
  provider_->await_calls(2);
  clock_.advance(2s);
  base::CallContext call;
  call.deadline = clock_.now() + 1s;
  std::jthread late([&] {
    clock_.await_waiters(1);
    clock_.advance(1s);
  });
  EXPECT_EQ(capture_error([&] { cache_->get(call); }).kind(), ErrorKind::Timeout);
  provider_->hold(false);
  await_token(
      "token2");  // the provider uses this test's clock: it must be through before that goes
}

TEST_F(TokenCacheTest, ATokenWithoutAnEndIsServedUntilItIsRefused) {
  cache(std::make_shared<ScriptedProvider>(
      [](int call) { return Token{.access_token = "token" + std::to_string(call)}; }));
  token();
  clock_.advance(24h * 365);

  EXPECT_EQ(token(), "token1");
  cache_->invalidate("another");
  EXPECT_EQ(token(), "token1");
  cache_->invalidate("token1");
  EXPECT_EQ(token(), "token2");
}

TEST_F(TokenCacheTest, AsksEachTimeWhereTokensRotateWithoutNotice) {
  cache(std::make_shared<ScriptedProvider>(
            [](int call) { return Token{.access_token = "token" + std::to_string(call)}; }),
        {.asks_each_time_without_expiry = true});

  EXPECT_EQ(token(), "token1");
  EXPECT_EQ(token(), "token2");
}

TEST_F(TokenCacheTest, ReadsTheEndOfAJsonWebToken) {
  // {"exp":1750000600}: ten minutes after the clock's beginning.
  const char* const jwt = "e30.eyJleHAiOjE3NTAwMDA2MDB9.x";
  cache(std::make_shared<ScriptedProvider>([&](int) { return Token{.access_token = jwt}; }));
  token();
  clock_.advance(4min);
  token();
  EXPECT_EQ(provider_->calls(), 1);

  clock_.advance(6min);
  token();

  EXPECT_EQ(provider_->calls(), 2);
}

TEST_F(TokenCacheTest, AWaiterThatIsCancelledLeavesAndTheOthersGetTheToken) {
  cache(provider_living(1h));
  provider_->hold(true);
  std::stop_source stop;
  base::CallContext call;
  call.stop = stop.get_token();
  std::string other;
  std::jthread patient([&] { other = token(); });
  clock_.await_waiters(1);
  std::jthread canceller([&] {
    clock_.await_waiters(2);
    stop.request_stop();
  });

  EXPECT_EQ(capture_error([&] { cache_->get(call); }).kind(), ErrorKind::Cancelled);
  provider_->hold(false);
  patient.join();

  EXPECT_EQ(other, "token1");
  EXPECT_EQ(provider_->calls(), 1);
}

TEST_F(TokenCacheTest, AProviderThatHangsIsGivenUpAndAskedAnew) {
  cache(provider_living(1h), {.refresh_timeout = 60s});
  provider_->hold(true);
  std::jthread impatient([&] {
    clock_.await_waiters(1);
    clock_.advance(61s);
  });

  const Error error = capture_error([&] { token(); });
  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("no answer within 60 s"));

  clock_.advance(2s);
  provider_->hold(false);
  EXPECT_THAT(token(), HasSubstr("token"));
}

TEST_F(TokenCacheTest, ARenewalThatHangsIsGivenUpWhileTheTokenIsGood) {
  const test::CapturedLog log;
  cache(provider_living(1h));
  EXPECT_EQ(token(), "token1");
  clock_.advance(41min);
  provider_->hold(true);
  EXPECT_EQ(token(), "token1") << "stale: a renewal starts in the background, and hangs";
  provider_->await_calls(2);

  clock_.advance(3min);
  EXPECT_EQ(token(), "token1") << "the renewal is given up, and another one starts";
  provider_->await_calls(3);
  EXPECT_THAT(log.lines(LogLevel::Warn), testing::ElementsAre(HasSubstr("no answer within 60 s")));
  provider_->hold(false);

  await_token("token3");
}

TEST_F(TokenCacheTest, ServesAGoodTokenWhenNoRenewalCanBeStarted) {
  const test::CapturedLog log;
  cache(provider_living(1h));
  EXPECT_EQ(token(), "token1");
  clock_.advance(41min);
  provider_->hold(true);
  for (int hung = 1; hung <= 4; ++hung) {
    EXPECT_EQ(token(), "token1");
    provider_->await_calls(1 + hung);
    clock_.advance(3min);
  }

  EXPECT_EQ(token(), "token1") << "four hang already: no fifth one is started";

  EXPECT_EQ(provider_->calls(), 5);
}

TEST_F(TokenCacheTest, AsksAtOnceWhenTheTokenEndsAndTheLastRenewalStillHangs) {
  cache(provider_living(1h));
  EXPECT_EQ(token(), "token1");
  clock_.advance(41min);
  provider_->hold(true);
  EXPECT_EQ(token(), "token1");
  provider_->await_calls(2);
  clock_.advance(20min);

  std::jthread helper([&] {
    provider_->await_calls(3);
    provider_->hold(false);
  });

  EXPECT_EQ(token(), "token3") << "not the failure of the one that hung";
}

/// A clock on which a thread that is woken may get the processor only when the test says so.
class LateWakingClock final : public base::Clock {
 public:
  TimePoint now() const override { return inner_.now(); }
  std::chrono::system_clock::time_point system_now() const override { return inner_.system_now(); }
  void advance(std::chrono::nanoseconds time) { inner_.advance(time); }
  void await_waiters(std::size_t count) { inner_.await_waiters(count); }

  std::atomic<bool> late_waits = false;
  std::atomic<bool> late_may_go_on = false;
  static thread_local bool is_late;

 protected:
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                  const std::stop_token& stop, std::optional<TimePoint> until,
                  const std::function<bool()>& ready) override {
    if (!is_late) {
      const TimePoint limit = until.value_or(TimePoint::max());
      inner_.wait(lock, changed, {.stop = stop}, [&] { return ready() || now() >= limit; });
      return ready();
    }
    lock.unlock();
    late_waits = true;
    late_waits.notify_all();
    late_may_go_on.wait(false);
    lock.lock();
    return ready();
  }

 private:
  test::FakeClock inner_;
};
thread_local bool LateWakingClock::is_late = false;

TEST(TokenCache, TellsAWaiterThatWakesLateWhatBecameOfItsOwnQuestion) {
  LateWakingClock clock;
  const auto provider =
      std::make_shared<ScriptedProvider>([](int) { return Token{.access_token = "token"}; });
  provider->hold(true);
  TokenCache cache(provider, {}, clock);
  std::optional<Error> late;
  std::jthread sleepy([&] {
    LateWakingClock::is_late = true;
    late = capture_error([&] { cache.get({}); });
  });
  clock.late_waits.wait(false);
  provider->await_calls(1);
  std::jthread punctual([&] { capture_error([&] { cache.get({}); }); });
  clock.await_waiters(1);
  clock.advance(61s);
  punctual.join();

  std::jthread releaser([&] {
    provider->await_calls(2);
    // The first question stays unanswered until the sleeper is awake; the second one is answered.
    provider->release_only(2);
  });
  clock.advance(2s);
  EXPECT_EQ(cache.get({})->token.access_token.view(), "token");
  clock.late_may_go_on = true;
  clock.late_may_go_on.notify_all();
  sleepy.join();
  provider->hold(false);

  ASSERT_TRUE(late.has_value());
  EXPECT_THAT(late->message(), HasSubstr("no answer within 60 s"));
}

TEST(TokenCache, EndsOnlyWhenACallbackThatHonoursTheStopHasEnded) {
  std::atomic<bool> is_over = false;
  std::promise<void> asked;
  const auto external = std::make_shared<ExternalTokenProvider>([&](const TokenContext& context) {
    asked.set_value();
    std::mutex mutex;
    std::condition_variable_any changed;
    std::unique_lock lock(mutex);
    changed.wait(lock, context.stop, [] { return false; });
    is_over = true;
    return Token{};
  });
  test::FakeClock clock;
  auto cache = std::make_unique<TokenCache>(external, TokenCacheOptions{}, clock);
  std::stop_source leave;
  std::jthread caller([&] { capture_error([&] { cache->get({.stop = leave.get_token()}); }); });
  asked.get_future().wait();
  leave.request_stop();
  caller.join();

  cache.reset();

  EXPECT_TRUE(is_over) << "what the callback refers to may go now";
}

TEST(TokenCache, MayBeDroppedByTheProviderItAsks) {
  std::unique_ptr<TokenCache> cache;
  std::promise<void> dropped;
  std::mutex mutex;  // the caller of `get` has left when the provider goes on
  std::unique_lock hold(mutex);
  const auto external = std::make_shared<ExternalTokenProvider>([&](const TokenContext&) {
    { const std::lock_guard turn(mutex); }
    cache.reset();
    dropped.set_value();
    return Token{.access_token = "late"};
  });
  cache = std::make_unique<TokenCache>(external);

  capture_error([&] { cache->get({.deadline = base::Clock::system().now()}); });
  hold.unlock();

  dropped.get_future().wait();  // or this test would never end
}

TEST_F(TokenCacheTest, RefusesATokenThatFitsIntoNoHeader) {
  for (const char* bad : {"", "  ", "a\r\nX-Evil: 1", "a b"}) {
    cache(std::make_shared<ScriptedProvider>([&](int) { return Token{.access_token = bad}; }));
    const Error error = capture_error([&] { token(); });
    EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated) << bad;
    EXPECT_THAT(error.message(), testing::Not(HasSubstr("Evil")));
  }
}

// 60-second tokens for ten minutes under many threads: nobody ever fails, and each renewal is one
// request.
TEST_F(TokenCacheTest, ServesManyThreadsThroughManyShortLives) {
  cache(provider_living(60s));
  std::atomic<bool> is_over = false;
  std::atomic<int> failures{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 64; ++i) {
    threads.emplace_back([&] {
      while (!is_over) {
        try {
          const auto asked = clock_.system_now();
          if (*cache_->get({})->token.expires_at <= asked) ++failures;
          http::Headers headers;
          cache_->add_headers(headers, {});
          if (headers.size() != 1 || !headers[0].value.starts_with("Bearer token")) ++failures;
        } catch (const Error&) {
          ++failures;
        }
      }
    });
  }
  for (int second = 0; second < 600; second += 5) {
    clock_.advance(5s);
    while (clock_.now() >= *cache_->get({})->stale_from) std::this_thread::yield();
  }
  is_over = true;
  threads.clear();

  EXPECT_EQ(failures, 0);
  EXPECT_LE(provider_->calls(), 1 + 600 / 30) << "half a life apart at least";
}

TEST(ProviderAuthenticator, SendsTokensAndExtraHeadersAndRenewsRefusedOnes) {
  const auto provider = std::make_shared<ScriptedProvider>([](int call) {
    return Token{.access_token = "token" + std::to_string(call),
                 .extra_headers = {{"X-Databricks-Azure-Sp", "mgmt"}}};
  });
  const Authenticator authenticator(provider);
  http::Headers first;
  authenticator.apply(first, {});

  EXPECT_EQ(http::find_header(first, "Authorization"), "Bearer token1");
  EXPECT_EQ(http::find_header(first, "X-Databricks-Azure-Sp"), "mgmt");
  http::Headers from_cache;
  authenticator.apply(from_cache, {});
  EXPECT_EQ(http::find_header(from_cache, "Authorization"), "Bearer token1");
  EXPECT_EQ(http::find_header(from_cache, "X-Databricks-Azure-Sp"), "mgmt");
  EXPECT_EQ(provider->calls(), 1);
  EXPECT_TRUE(authenticator.renew(first));
  EXPECT_TRUE(authenticator.renew(first)) << "another thread has renewed it already";
  http::Headers second;
  authenticator.apply(second, {});
  EXPECT_EQ(http::find_header(second, "Authorization"), "Bearer token2");
  EXPECT_EQ(provider->calls(), 2);
  EXPECT_EQ(authenticator.name(), "cached[scripted]");
}

TEST(ProviderAuthenticator, KnowsNoOtherTokenThanAStaticOne) {
  const Authenticator fixed(
      std::make_shared<StaticTokenProvider>(Token{.access_token = "abc", .token_type = "Custom"}));
  http::Headers headers;
  fixed.apply(headers, {});

  EXPECT_EQ(http::find_header(headers, "Authorization"), "Custom abc");
  EXPECT_FALSE(fixed.renew(headers));
  EXPECT_FALSE(Authenticator("dapi1").renew(headers));
}

TEST(StaticTokenProvider, RefusesAnEmptyToken) {
  EXPECT_EQ(capture_error([] { StaticTokenProvider provider(Token{}); }).kind(),
            ErrorKind::Configuration);
}

TEST(ExternalTokenProvider, RefusesAnEmptyTokenAndNoCallback) {
  ExternalTokenProvider empty([](const TokenContext&) { return Token{}; });

  const Error error = capture_error([&] { empty.get_token({}); });

  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("empty access token"));
  EXPECT_EQ(capture_error([] { ExternalTokenProvider none(nullptr); }).kind(),
            ErrorKind::Configuration);
}

TEST(ExternalTokenProvider, ACallbackThatThrowsIsAskedAgain) {
  const auto external =
      std::make_shared<ExternalTokenProvider>([calls = 0](const TokenContext&) mutable -> Token {
        if (++calls == 1) throw std::runtime_error("vault sealed");
        return {.access_token = "fine"};
      });
  test::FakeClock clock;
  TokenCache cache(external, {}, clock);

  const Error error = capture_error([&] { cache.get({}); });
  EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
  EXPECT_THAT(error.message(), HasSubstr("vault sealed"));
  clock.advance(1s);
  EXPECT_EQ(cache.get({})->header.view(), "Bearer fine");
}

TEST(CachedTokenProvider, NamesWhatItWraps) {
  const auto inner = std::make_shared<StaticTokenProvider>(Token{.access_token = "abc"});
  CachedTokenProvider cached(inner);

  EXPECT_EQ(cached.name(), "cached[static]");
  EXPECT_EQ(cached.get_token({}).access_token.view(), "abc");
}

}  // namespace
}  // namespace dbsql::auth
