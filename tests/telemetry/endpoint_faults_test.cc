#include "http/curl_transport.h"
#include "http/url.h"
#include "support/fake_clock.h"
#include "support/scripted_server.h"
#include "telemetry/connection_telemetry.h"
#include "unit/telemetry/sample_record.h"
#include "wire/wire_test.h"

#include <array>
#include <atomic>
#include <mutex>
#include <string>

namespace dbsql::test {
namespace {

using telemetry::CircuitBreaker;
using telemetry::ConnectionTelemetry;
using telemetry::SenderStats;
using warehouse::Fault;

constexpr const char* kExports = "/telemetry-ext";

/// What becomes of each request for the endpoint, and whether that counts against it.
struct EndpointFault {
  enum class Way : std::uint8_t { Open, Refused, Ignored };

  const char* name;
  Fault fault = {};  ///< of the warehouse, if the request gets there
  bool is_failure = true;
  Way way = Way::Open;
};

const std::array kFaults = {
    EndpointFault{"BlackHole", Fault::stall()},
    EndpointFault{"Slow", Fault::delayed(30ms), false},
    EndpointFault{"TooManyRequests", Fault::answer(429, {{"Retry-After", "7"}})},
    EndpointFault{"Broken", Fault::answer(500)},
    EndpointFault{"Absent", Fault::answer(404)},
    EndpointFault{"Login", Fault::answer(302, {{"Location", "/login"}})},
    EndpointFault{"Garbage", Fault::answer(200, {}, "<html>\xff\xfe"), false},
    EndpointFault{"Reset", Fault::reset_before()},
    EndpointFault{"HalfAnAnswer", Fault::truncate_body(3)},
};
const std::array kDeadEnds = {
    EndpointFault{"Refused", {}, true, EndpointFault::Way::Refused},
    EndpointFault{"Ignored", {}, true, EndpointFault::Way::Ignored},
};

std::string name_of(const testing::TestParamInfo<EndpointFault>& fault) { return fault.param.name; }

std::ostream& operator<<(std::ostream& out, const EndpointFault& fault) {
  return out << fault.name;
}

class FaultyEndpoint : public WireTest, public testing::WithParamInterface<EndpointFault> {
 protected:
  void SetUp() override {
    WireTest::SetUp();
    warehouse().telemetry().clear();
    if (GetParam().way == EndpointFault::Way::Open)
      warehouse().faults().add({.path = kExports, .count = 0, .fault = GetParam().fault});
  }

  /// Uploads that came and have no answer.
  static std::size_t unanswered() {
    std::size_t count = 0;
    for (const auto& entry : warehouse().journal().entries()) {
      if (entry.path == kExports && entry.status == 0) ++count;
    }
    return count;
  }
};

/// The whole driver.
using QueriesBesideAFaultyEndpoint = FaultyEndpoint;

TEST_P(QueriesBesideAFaultyEndpoint, DoNotFeelIt) {
  constexpr int kQueries = 40;
  // A name of its own: what is known of an endpoint is known of its host, for the whole process.
  const std::string dsn = std::string("http://token:any@") + GetParam().name +
                          ".localhost:" + std::to_string(warehouse().port()) +
                          warehouse().http_path() +
                          "?forceEnableTelemetry=true&telemetry_batch_size=1";
  {
    Connection connection = Connector::from_dsn(dsn).connect();
    EXPECT_TRUE(eventually([] { return warehouse().journal().count(kExports) > 0; }));
    for (int i = 0; i < kQueries; ++i) {
      Result result = connection.query("SELECT 1");
      EXPECT_EQ(count_rows(result), 1);
    }
    const Error error = capture_error([&] { connection.query("SELEC 1"); });
    EXPECT_EQ(error.kind(), ErrorKind::SqlSyntax);  // its own, not telemetry's
    if (GetParam().fault.kind == Fault::Kind::Stall) {
      EXPECT_GT(unanswered(), 0U);  // all that went on while nobody answered
    }
  }

  EXPECT_EQ(requests("ExecuteStatement"), kQueries + 1U);
  EXPECT_EQ(requests("CloseSession"), 1U);
}

INSTANTIATE_TEST_SUITE_P(Telemetry, QueriesBesideAFaultyEndpoint, testing::ValuesIn(kFaults),
                         name_of);

/// A real transport that can be led elsewhere, and whose patience is a test's: 10 s otherwise.
class LedTransport final : public http::Transport {
 public:
  http::Reply send(const http::Request& request, const base::CallContext& call) override {
    return real_.send(request, call);
  }
  void send_in_background(const http::Request& request, std::chrono::milliseconds limit,
                          Completion on_completion) override {
    ++requests;
    http::Request led = request;
    {
      const std::lock_guard lock(mutex_);
      if (!elsewhere_.empty()) led.url = elsewhere_;
      limit = std::min(limit, patience_);
    }
    real_.send_in_background(led, limit, std::move(on_completion));
  }

  /// \param url  where requests go; empty = where they want to
  void lead(std::string url, std::chrono::milliseconds patience) {
    const std::lock_guard lock(mutex_);
    elsewhere_ = std::move(url);
    patience_ = patience;
  }

  std::atomic<std::size_t> requests = 0;

 private:
  http::CurlTransport real_;
  std::mutex mutex_;
  std::string elsewhere_;                   // guarded by mutex_
  std::chrono::milliseconds patience_{50};  // guarded by mutex_
};

/// The telemetry of connections on a clock of the test's, over real sockets.
class EndpointOnAClock : public FaultyEndpoint {
 protected:
  void SetUp() override {
    FaultyEndpoint::SetUp();
    using Way = EndpointFault::Way;
    if (GetParam().way == Way::Refused) way_ = "http://127.0.0.1:" + std::to_string(unused_port());
    if (GetParam().way == Way::Ignored) way_ = nobody_.url();
    transport_->lead(way_, GetParam().is_failure ? 50ms : 10s);
  }

  std::shared_ptr<ConnectionTelemetry> connect(int batch_size) {
    telemetry::ConnectionSettings settings;
    settings.options.is_forced = true;
    settings.options.batch_size = batch_size;
    auto destination = std::make_shared<telemetry::Destination>();
    destination->host = "127.0.0.1:" + std::to_string(warehouse().port());
    destination->origin = "http://" + destination->host;
    destination->authorize = [](http::Headers& headers) {
      headers.push_back({"Authorization", "Bearer any"});
      return true;
    };
    destination->transport = transport_;
    settings.connection_host = destination->host;
    settings.destination = std::move(destination);
    settings.facts = telemetry::sample_facts();
    settings.registry = &registry_;
    settings.flags = &flags_;
    settings.clock = &clock_;
    health_ =
        registry_.health(settings.connection_host, telemetry::breaker_options_of(settings.options));
    return ConnectionTelemetry::create(std::move(settings));
  }
  static void record(ConnectionTelemetry& connection) {
    connection.record({.type = telemetry::OperationType::ExecuteStatement});
  }
  bool is_left_alone() const {
    return health_->is_suspended() || health_->breaker().state() == CircuitBreaker::State::Open;
  }

  FakeClock clock_;
  const UnansweringListener nobody_;
  std::shared_ptr<LedTransport> transport_ = std::make_shared<LedTransport>();
  telemetry::Registry registry_{clock_};
  telemetry::FeatureFlagCache flags_{clock_};
  std::shared_ptr<telemetry::EndpointHealth> health_;
  std::string way_;  ///< where exports go; empty = to the warehouse
};

TEST_P(EndpointOnAClock, IsLeftAloneAndTakenUpAgain) {
  constexpr std::uint64_t kMost = 30;
  const auto connection = connect(1);
  const auto stats = [&] { return connection->stats().value(); };
  for (std::uint64_t i = 1; i <= kMost && !is_left_alone(); ++i) {
    record(*connection);
    ASSERT_TRUE(eventually([&] { return stats().recorded == i && stats().in_flight == 0; }));
    clock_.advance(10s);  // what failed is tried again
  }
  EXPECT_EQ(is_left_alone(), GetParam().is_failure);
  EXPECT_EQ(health_->is_well(), !GetParam().is_failure);
  EXPECT_EQ(health_->breaker().hinted_wait() > 0s, GetParam().fault.status == 429);

  warehouse().faults().clear();
  transport_->lead({}, 10s);
  clock_.advance(20min);  // longer than it is left alone for anything
  const SenderStats before = stats();
  EXPECT_TRUE(eventually([&] {
    record(*connection);
    clock_.advance(30s);
    return health_->is_well() && stats().delivered > before.delivered && stats().pending == 0;
  }));
  EXPECT_EQ(health_->breaker().state(), CircuitBreaker::State::Closed);
  EXPECT_GT(warehouse().telemetry().counts().taken, 0U);
}

// Only the first one waits, and only for as long as it may.
TEST_P(EndpointOnAClock, HoldsUpNoneButTheFirstConnectionThatEnds) {
  transport_->lead(way_, 10s);
  const bool is_silent =
      GetParam().way == EndpointFault::Way::Ignored || GetParam().fault.kind == Fault::Kind::Stall;
  const auto first = connect(200);
  for (int i = 0; i < 5; ++i) record(*first);
  {
    const std::jthread closing([&] { first->close(); });
    if (is_silent) {
      clock_.await_waiters(2);  // the telemetry thread, and whoever closes
      clock_.advance(2s);
    }
  }
  EXPECT_EQ(registry_.size(), 0U);
  // Nobody moves the clock any more: whoever waited would wait for ever.
  for (int i = 0; i < 20; ++i) {
    const auto connection = connect(200);
    for (int j = 0; j < 5; ++j) record(*connection);
    connection->close();
  }

  EXPECT_EQ(registry_.size(), 0U);
  // Nor do they pile up requests.
  if (is_silent) {
    EXPECT_LE(transport_->requests, telemetry::EndpointHealth::kMostUnanswered);
  }
}

INSTANTIATE_TEST_SUITE_P(Telemetry, EndpointOnAClock, testing::ValuesIn(kFaults), name_of);
INSTANTIATE_TEST_SUITE_P(DeadEnd, EndpointOnAClock, testing::ValuesIn(kDeadEnds), name_of);

}  // namespace
}  // namespace dbsql::test
