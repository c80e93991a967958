#include "telemetry/exporter.h"

#include "support/fake_clock.h"
#include "unit/telemetry/scripted_transport.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace dbsql::telemetry {
namespace {

using namespace std::chrono_literals;
using Kind = ExportResult::Kind;
using test::FakeClock;

struct TelemetryExporter : testing::Test {
  /// Sends one batch; nothing when the breaker did not let it.
  std::optional<ExportResult> send(std::size_t records = 1) {
    const auto permit = exporter.admit();
    const auto outcome = std::make_shared<std::optional<ExportResult>>();  // it may come later
    if (permit)
      exporter.send("{}", records, *permit, Exporter::kLimit,
                    [outcome](const ExportResult& result) { *outcome = result; });
    return *outcome;
  }
  ExportResult answered(http::Reply reply, std::size_t records = 1) {
    server->answer_with(std::move(reply));
    return send(records).value();
  }

  FakeClock clock;
  std::shared_ptr<ScriptedTransport> server = std::make_shared<ScriptedTransport>();
  std::shared_ptr<Destination> destination = destination_to(server);
  std::shared_ptr<EndpointHealth> health =
      std::make_shared<EndpointHealth>(BreakerOptions{.minimum_calls = 10}, clock);
  Exporter exporter{destination, health, clock};
};

TEST_F(TelemetryExporter, PostsABatch) {
  destination->org_id = "7";
  destination->headers = {{"x-mine", "1"}, {"authorization", "Basic user's"}};

  EXPECT_EQ(send()->kind, Kind::Delivered);

  const http::Request request = server->request(0);
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://h.example.com/telemetry-ext");
  EXPECT_EQ(request.body.text(), "{}");
  EXPECT_EQ(request.request_class, http::RequestClass::Telemetry);
  EXPECT_EQ(http::find_header(request.headers, "Content-Type"), "application/json");
  EXPECT_EQ(http::find_header(request.headers, "User-Agent"), destination->user_agent);
  EXPECT_EQ(http::find_header(request.headers, "Authorization"), "Bearer at-hand");
  EXPECT_EQ(http::find_header(request.headers, "x-databricks-org-id"), "7");
  EXPECT_EQ(http::find_header(request.headers, "x-mine"), "1");
  EXPECT_EQ(server->limit(0), 10s);
}

TEST_F(TelemetryExporter, PrefersTheUsersOwnWorkspaceHeader) {
  destination->org_id = "7";
  destination->headers = {{"X-Databricks-Org-Id", "8"}};
  send();

  int found = 0;
  for (const auto& header : server->request(0).headers)
    found += header.value == "7" || header.value == "8" ? 1 : 0;

  EXPECT_EQ(found, 1);
  EXPECT_EQ(http::find_header(server->request(0).headers, "x-databricks-org-id"), "8");
}

TEST_F(TelemetryExporter, SendsOnceWhateverTheStatus) {
  for (const int status : {429, 500, 502, 503, 504}) {
    EXPECT_EQ(answered(response_of(status)).kind, Kind::Failed) << status;
  }
  EXPECT_EQ(server->count(), 5U);
}

TEST_F(TelemetryExporter, TakesARefusalForGood) {
  EXPECT_EQ(answered(response_of(400)).kind, Kind::Refused);
  EXPECT_EQ(answered(response_of(404)).status, 404);
}

TEST_F(TelemetryExporter, FollowsNoRedirect) {
  const auto result =
      answered(response_of(302, {}, {{"Location", "https://evil.example.com/login"}}));

  EXPECT_EQ(result.kind, Kind::Refused);
  EXPECT_EQ(server->count(), 1U);
}

TEST_F(TelemetryExporter, SendsNothingWhileTheBreakerIsOpen) {
  server->always_answer_with(response_of(500));
  for (int i = 0; i < 10; ++i) send();

  EXPECT_FALSE(send().has_value());
  EXPECT_EQ(server->count(), 10U);
  EXPECT_EQ(health->breaker().state(), CircuitBreaker::State::Open);
}

TEST_F(TelemetryExporter, PassesOnForHowLongTheServerWantsToBeLeftAlone) {
  const auto hint_of = [&](int status, const char* value) {
    const auto shared = std::make_shared<EndpointHealth>(BreakerOptions{}, clock);
    const Exporter own(destination, shared, clock);
    server->answer_with(response_of(status, {}, {{"Retry-After", value}}));
    own.send("{}", 1, *own.admit(), 10s, [](const ExportResult&) {});
    return shared->breaker().hinted_wait();
  };

  EXPECT_EQ(hint_of(429, "42"), 42s);
  EXPECT_EQ(hint_of(503, "23"), 23s);
  EXPECT_EQ(hint_of(500, "23"), 0s);
  for (const char* none : {"", "0", "-1", "abc"}) EXPECT_EQ(hint_of(429, none), 0s) << none;
  EXPECT_EQ(hint_of(429, "5"), 5s);
  EXPECT_EQ(hint_of(429, "  120 "), 120s);
  EXPECT_EQ(hint_of(429, "100000"), 3600s);
  EXPECT_GT(hint_of(429, "Fri, 31 Dec 2100 23:59:59 GMT"), 0s);
}

TEST_F(TelemetryExporter, CountsRecordsThatTheServerDidNot) {
  const auto result = answered(response_of(200, R"({"errors":[],"numProtoSuccess":2})"), 5);

  EXPECT_EQ(result.kind, Kind::Delivered);
  EXPECT_EQ(result.not_counted, 3U);
  EXPECT_TRUE(health->is_well());
}

TEST_F(TelemetryExporter, TakesNoneCountedForARefusal) {
  const auto result = answered(response_of(200, R"({"errors":["bad"],"numProtoSuccess":0})"), 5);

  EXPECT_EQ(result.kind, Kind::Refused);
  EXPECT_FALSE(health->is_well());
}

TEST_F(TelemetryExporter, AcceptsASuccessThatItCannotRead) {
  for (const std::string& body :
       {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
        std::string(R"({"numProtoSuccess":"x"})"), std::string(10 << 20, ' ')}) {
    const auto result = answered(response_of(200, body));
    EXPECT_EQ(result.kind, Kind::Delivered);
    EXPECT_TRUE(result.bad_response);
  }
}

TEST_F(TelemetryExporter, LeavesAnEndpointAloneThatRefusesThreeTimes) {
  server->always_answer_with(response_of(401));
  for (int i = 0; i < 3; ++i) send();

  EXPECT_FALSE(send());
  clock.advance(15min - 1s);
  EXPECT_FALSE(send());
  clock.advance(1s);

  EXPECT_TRUE(send());
  EXPECT_EQ(server->count(), 4U);
}

TEST_F(TelemetryExporter, SendsNothingWithoutCredentialsAtHand) {
  destination->authorize = [](http::Headers&) { return false; };
  EXPECT_EQ(send()->kind, Kind::NoCredentials);
  destination->authorize = [](http::Headers&) -> bool { throw std::runtime_error("no"); };
  EXPECT_EQ(send()->kind, Kind::NoCredentials);

  EXPECT_EQ(server->count(), 0U);
  EXPECT_TRUE(health->is_well());
}

TEST_F(TelemetryExporter, CountsAnUnansweredRequestAsAFailure) {
  EXPECT_EQ(answered(http::Failure{.kind = ErrorKind::Timeout}).kind, Kind::Failed);
  EXPECT_FALSE(health->is_well());
  EXPECT_EQ(send()->kind, Kind::Delivered);
  EXPECT_TRUE(health->is_well());
}

TEST_F(TelemetryExporter, DoesNotCountWhatWeGaveUpOurselves) {
  server->hold();
  send();
  exporter.abandon();

  server->let_go(http::Failure{.kind = ErrorKind::Cancelled});

  EXPECT_TRUE(health->is_well());
  EXPECT_EQ(health->breaker().failure_rate(), 0);
}

}  // namespace
}  // namespace dbsql::telemetry
