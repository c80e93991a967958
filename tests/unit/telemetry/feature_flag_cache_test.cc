#include "telemetry/feature_flag_cache.h"

#include <dbsql/version.h>

#include "base/text.h"
#include "support/fake_clock.h"
#include "telemetry/flag_answer.h"
#include "unit/telemetry/scripted_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::telemetry {
namespace {

using namespace std::chrono_literals;
using Answer = FeatureFlagCache::Answer;
using test::FakeClock;

http::Response flag_is(std::string_view value, std::string_view more = "") {
  return response_of(200,
                     base::concat(R"({"flags":[{"name":"f","value":)", value, "}]", more, "}"));
}

struct FeatureFlags : testing::Test {
  FeatureFlags() { cache.acquire(*destination); }

  FlagQuestion question() const { return {destination, "CPP", "f"}; }
  Answer ask() { return cache.query(question()); }
  /// What is known when the answer has come.
  Answer learned() {
    ask();
    return ask();
  }

  FakeClock clock;
  FeatureFlagCache cache{clock};
  std::shared_ptr<ScriptedTransport> server =
      std::make_shared<ScriptedTransport>(flag_is(R"("true")"));
  std::shared_ptr<Destination> destination = destination_to(server);
};

TEST_F(FeatureFlags, AreTheSameForTheWholeProcess) {
  std::vector<FeatureFlagCache*> seen(100);
  {
    std::vector<std::jthread> threads;
    for (auto& each : seen) threads.emplace_back([&each] { each = &FeatureFlagCache::process(); });
  }

  EXPECT_THAT(seen, testing::Each(&FeatureFlagCache::process()));
}

TEST_F(FeatureFlags, CountWhoUsesAHost) {
  cache.acquire(*destination);
  EXPECT_EQ(cache.pins(*destination), 2U);

  cache.release(*destination);
  cache.release(*destination);
  cache.release(*destination);
  cache.release(*destination_to(server, "unknown.example.com"));

  EXPECT_EQ(cache.pins(*destination), 0U);
}

TEST_F(FeatureFlags, CountWhoUsesAHostFromManyThreads) {
  const auto each_of_100 = [&](auto&& act) {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 100; ++i) threads.emplace_back(act);
  };

  each_of_100([&] { cache.acquire(*destination); });
  EXPECT_EQ(cache.pins(*destination), 101U);
  each_of_100([&] { cache.release(*destination); });

  EXPECT_EQ(cache.pins(*destination), 1U);
}

TEST_F(FeatureFlags, AreServedWithoutARequestWhileTheyAreFresh) {
  EXPECT_EQ(learned(), Answer::On);
  clock.advance(15min - 1s);

  EXPECT_EQ(ask(), Answer::On);
  EXPECT_EQ(cache.peek(question()), Answer::On);
  EXPECT_EQ(server->count(), 1U);
}

TEST_F(FeatureFlags, AreFetchedAgainWhenTheyAreOld) {
  server->answer_with(flag_is(R"("false")"));
  EXPECT_EQ(learned(), Answer::Off);
  clock.advance(20min);

  EXPECT_EQ(ask(), Answer::Off);  // served on while the new one is fetched
  EXPECT_EQ(ask(), Answer::On);
  EXPECT_EQ(server->count(), 2U);
}

TEST_F(FeatureFlags, AreOffForAHostThatNobodyUses) {
  const auto other = destination_to(server, "other.example.com");

  EXPECT_EQ(cache.query({other, "CPP", "f"}), Answer::Off);
  EXPECT_EQ(server->count(), 0U);
}

TEST_F(FeatureFlags, StayWhatTheyWereWhenTheServerFails) {
  learned();
  clock.advance(20min);
  server->always_answer_with(response_of(500));

  EXPECT_EQ(ask(), Answer::On);
  EXPECT_EQ(ask(), Answer::On);
  EXPECT_EQ(server->count(), 2U);
  clock.advance(60s);
  EXPECT_EQ(ask(), Answer::On);
  EXPECT_EQ(server->count(), 3U);
}

TEST_F(FeatureFlags, AreAskedForOnceAMinuteWhileTheServerFails) {
  server->always_answer_with(response_of(500));

  EXPECT_EQ(learned(), Answer::Unreachable);
  clock.advance(59s);
  EXPECT_EQ(ask(), Answer::Unreachable);
  EXPECT_EQ(server->count(), 1U);
  clock.advance(1s);
  ask();

  EXPECT_EQ(server->count(), 2U);
}

TEST_F(FeatureFlags, AreFetchedOnceHoweverManyAsk) {
  server->hold();
  std::atomic<int> told_on = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 128; ++i) {
      threads.emplace_back([&] {
        const Answer now = cache.query(
            question(), [&](Answer answer) { told_on += answer == Answer::On ? 1 : 0; });
        EXPECT_EQ(now, Answer::Pending);
      });
    }
  }

  server->let_go(flag_is(R"("true")"));

  EXPECT_EQ(server->count(), 1U);
  EXPECT_EQ(told_on, 128);
}

TEST_F(FeatureFlags, AreOnOnlyByTheWordTrue) {
  const auto answer_to = [](std::string_view body) {
    const auto answer = parse_flags(body);
    return answer && answer->is_on("f");
  };

  for (const char* value : {R"("true")", R"("True")", R"(" TRUE ")", "true"})
    EXPECT_TRUE(answer_to(flag_is(value).body.text())) << value;
  for (const char* value : {R"("false")", R"("1")", "1", "{}", "null", "[]"})
    EXPECT_FALSE(answer_to(flag_is(value).body.text())) << value;
  for (const char* body : {R"({"flags":[]})", R"({"flags":null})", "{}", R"({"flags":{}})",
                           R"({"flags":[{"name":"g","value":"true"}]})"}) {
    EXPECT_TRUE(parse_flags(body)) << body;
    EXPECT_FALSE(answer_to(body)) << body;
  }
}

TEST_F(FeatureFlags, SkipElementsThatAreNone) {
  const auto answer =
      parse_flags(R"({"x":1,"flags":[{"value":"true"},7,{"name":"f","value":"true","more":2},)"
                  R"({"name":"f","value":"false"}]})");

  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->is_on("f"));
  EXPECT_EQ(answer->flags.size(), 1U);
}

TEST_F(FeatureFlags, AreUnknownWhenTheAnswerIsNone) {
  for (const std::string& body :
       {std::string("invalid json"), std::string(R"({"flags":[{"name":)"), std::string(),
        std::string(1 << 20, ' '), std::string("<html>Sign in</html>"), std::string("[]"),
        std::string(100'000, '[')}) {
    EXPECT_FALSE(parse_flags(body)) << body.substr(0, 20);
  }
  server->always_answer_with(response_of(200, "<html>"));

  EXPECT_EQ(learned(), Answer::Unreachable);
  EXPECT_EQ(server->count(), 1U);
}

TEST_F(FeatureFlags, LiveAsLongAsTheServerSaysWithinBounds) {
  const auto life = [](std::string_view ttl) {
    return parse_flags(base::concat(R"({"flags":[],"ttl_seconds":)", ttl, "}"))->life;
  };

  EXPECT_EQ(life("300"), 300s);
  EXPECT_EQ(life("5"), 60s);
  EXPECT_EQ(life("100000"), 3600s);
  EXPECT_EQ(life("1e300"), 3600s);
  EXPECT_EQ(life("0"), 900s);
  EXPECT_EQ(life("-1"), 900s);
  EXPECT_EQ(life(R"("x")"), 900s);
  server->answer_with(flag_is(R"("true")", R"(,"ttl_seconds":300)"));
  learned();
  clock.advance(300s);
  ask();
  EXPECT_EQ(server->count(), 2U);
}

TEST_F(FeatureFlags, AreGivenUpWhenTheServerNeverAnswers) {
  server->hold();
  EXPECT_EQ(ask(), Answer::Pending);
  EXPECT_EQ(server->limit(0), 10s);

  server->let_go(http::Failure{.kind = ErrorKind::Timeout});

  EXPECT_EQ(ask(), Answer::Unreachable);
}

TEST_F(FeatureFlags, AreKeptForLaterWhenWhoAskedIsGone) {
  server->hold();
  ask();
  cache.release(*destination);

  server->let_go(flag_is(R"("true")"));
  cache.acquire(*destination);

  EXPECT_EQ(ask(), Answer::On);
  EXPECT_EQ(server->count(), 1U);
}

TEST_F(FeatureFlags, AreNotAskedForBeforeTheServerSaid) {
  server->answer_with(response_of(429, {}, {{"Retry-After", "300"}}));
  EXPECT_EQ(learned(), Answer::Unreachable);

  clock.advance(299s);
  EXPECT_EQ(ask(), Answer::Unreachable);
  clock.advance(1s);
  ask();

  EXPECT_EQ(ask(), Answer::On);
  EXPECT_EQ(server->count(), 2U);
}

TEST_F(FeatureFlags, AreAskedForLikeAQuery) {
  destination->org_id = "123";
  destination->headers = {{"X-Mine", "1"}, {"Authorization", "Bearer user's"}};
  cache.acquire(*destination);
  ask();

  const http::Request request = server->request(0);

  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url, base::concat("https://h.example.com/api/2.0/connector-service/",
                                      "feature-flags/CPP/", bare_version(version())));
  EXPECT_EQ(http::find_header(request.headers, "User-Agent"), destination->user_agent);
  EXPECT_EQ(http::find_header(request.headers, "Authorization"), "Bearer at-hand");
  EXPECT_EQ(http::find_header(request.headers, "x-databricks-org-id"), "123");
  EXPECT_EQ(http::find_header(request.headers, "X-Mine"), "1");
  EXPECT_EQ(bare_version("1.2.3-dev+5"), "1.2.3");
}

TEST_F(FeatureFlags, AreAskedForOnceHoweverManyConnectionsComeAndGo) {
  server->always_answer_with(flag_is(R"("false")"));

  for (int i = 0; i < 50; ++i) {
    cache.acquire(*destination);
    ask();
    cache.release(*destination);
  }

  EXPECT_EQ(server->count(), 1U);
}

TEST_F(FeatureFlags, DifferFromHostToHost) {
  const auto other_server = std::make_shared<ScriptedTransport>(flag_is(R"("false")"));
  const auto other = destination_to(other_server, "other.example.com");
  cache.acquire(*other);
  cache.query({other, "CPP", "f"});

  EXPECT_EQ(learned(), Answer::On);
  EXPECT_EQ(cache.query({other, "CPP", "f"}), Answer::Off);
}

TEST_F(FeatureFlags, AreOffWithoutCredentialsAtHand) {
  destination->authorize = [](http::Headers&) -> bool { throw std::runtime_error("no token"); };

  EXPECT_EQ(learned(), Answer::Unreachable);
  EXPECT_EQ(server->count(), 0U);
}

TEST(FeatureFlagFetch, MayOutliveItsCache) {
  FakeClock clock;
  const auto server = std::make_shared<ScriptedTransport>();
  server->hold();
  const auto destination = destination_to(server);
  bool was_told = false;
  {
    FeatureFlagCache cache(clock);
    cache.acquire(*destination);
    cache.query({destination, "CPP", "f"}, [&](Answer) { was_told = true; });
  }

  server->let_go(flag_is(R"("true")"));

  EXPECT_TRUE(was_told);
}

}  // namespace
}  // namespace dbsql::telemetry
