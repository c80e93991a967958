#include "support/scripted_server.h"
#include "telemetry/feature_flag_cache.h"
#include "telemetry/host_key.h"
#include "telemetry/process_facts.h"
#include "telemetry/registry.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <array>
#include <atomic>
#include <map>
#include <optional>
#include <random>

namespace dbsql::test {
namespace {

using telemetry::FeatureFlagCache;
using telemetry::Registry;
using testing::IsEmpty;
using warehouse::Fault;

constexpr int kThreads = 100;
constexpr int kConnectionsOfAThread = 10;
constexpr int kHosts = 50;
constexpr const char* kExports = "/telemetry-ext";
constexpr const char* kFlags = "/api/2.0/connector-service/feature-flags/";
constexpr const char* kFlag =
    "databricks.partnerplatform.clientConfigsFeatureFlags.enableTelemetryForCppDriver";

/// Ways to be told of, and not to be.
constexpr std::array<const char*, 4> kModes = {"forceEnableTelemetry=true", "enableTelemetry=true",
                                               "enableTelemetry=false", ""};

/// What of telemetry is still there.
struct LeftOver {
  std::size_t senders = Registry::process().size();
  std::size_t telemetry_threads = count_threads("dbsql-telemetry");
  std::size_t threads = thread_names().size();
  std::size_t sockets = count_sockets();
};

std::ostream& operator<<(std::ostream& out, const LeftOver& left) {
  return out << left.senders << " senders, " << left.telemetry_threads << " telemetry threads, "
             << left.threads << " threads, " << left.sockets << " sockets";
}

/// Many connections of many threads to many hosts, all of them names of this machine that one
/// warehouse answers for, while requests fail in every way.
class TelemetryStorm : public WireTest {
 protected:
  void SetUp() override {
    // What a process starts once and keeps is there from the first connection on.
    start_warehouse();
    for (std::size_t mode = 0; mode < kModes.size(); ++mode)
      connect_as(mode, 0).query("SELECT 1").close();
    server_->stop();
    before_ = settled();
    start_warehouse();
  }

  void start_warehouse() {
    warehouse::ServerOptions options;
    options.telemetry.flags = {{kFlag, "true"}};
    server_ = start(std::move(options));
  }

  static std::string host(int number) { return "h" + std::to_string(number) + ".localhost"; }
  std::string authority(int number) const {
    return host(number) + ":" + std::to_string(server_->port());
  }
  Connector connector_for(std::size_t mode, int number, std::string_view authority) const {
    return Connector::from_dsn("http://token:any@" + std::string(authority) + server_->http_path() +
                               "?retry.max_attempts=1&telemetry.close_timeout=100ms&"
                               "telemetry.batch_size=2&telemetry.breaker_open_wait=" +
                               std::to_string(1 + number) + "ms&" + kModes[mode]);
  }
  Connection connect_as(std::size_t mode, int number) const {
    return connector_for(mode, number, authority(number)).connect();
  }

  /// Here and there a request fails, in an order that is the same in each run.
  void let_requests_fail(std::mt19937& random) {
    const std::array<Fault, 9> faults = {Fault::answer(500),
                                         Fault::answer(429, {{"Retry-After", "1"}}),
                                         Fault::answer(401),
                                         Fault::answer(404),
                                         Fault::answer(200, {}, "<html>"),
                                         Fault::reset_before(),
                                         Fault::reset_after(),
                                         Fault::stall(),
                                         Fault::delayed(20ms)};
    const auto some = [&](std::uint64_t most) { return random() % most; };
    for (int i = 0; i < 60; ++i) {
      const Fault& fault = faults[some(faults.size())];
      server_->faults().add(
          {.path = kExports, .skip = some(300), .count = 1 + some(5), .fault = fault});
    }
    for (int i = 0; i < 20; ++i) {
      const Fault& fault = faults[some(faults.size())];
      server_->faults().add({.path = kFlags, .skip = some(30), .count = 1, .fault = fault});
    }
    for (const char* method : {"OpenSession", "ExecuteStatement", "CloseSession"}) {
      for (int i = 0; i < 25; ++i) {  // queries would rightly wait for an answer
        const Fault& fault = faults[some(7)];
        server_->faults().add({.method = method, .skip = some(800), .count = 1, .fault = fault});
      }
    }
  }

  void make_connections(std::uint32_t seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < kConnectionsOfAThread; ++i) {
      const auto mode = static_cast<std::size_t>(random() % kModes.size());
      const int number = static_cast<int>(random() % kHosts);
      const bool shares = random() % 2 == 0;
      const bool is_unreachable = random() % 20 == 0;
      const bool closes = random() % 2 == 0;
      const bool fails = random() % 4 == 0;
      try {
        const Connector connector =
            is_unreachable ? connector_for(mode, number, host(number) + ":" + closed_port_)
            : shares       ? shared_connector(mode, number)
                           : connector_for(mode, number, authority(number));
        Connection connection = connector.connect();
        connection.query(fails ? "SELEC 1" : "SELECT 1").close();
        ++queries_;
        if (closes) connection.close();
      } catch (const Error&) {
        ++errors_;
      }
    }
  }

  Connector shared_connector(std::size_t mode, int number) {
    const std::lock_guard lock(mutex_);
    const auto found = connectors_.find({mode, number});
    if (found != connectors_.end()) return found->second;
    Connector made = connector_for(mode, number, authority(number));
    connectors_.emplace(std::pair(mode, number), made);
    return made;
  }

  std::size_t pins() const {
    std::size_t sum = 0;
    for (int number = 0; number < kHosts; ++number) {
      telemetry::Destination destination;
      destination.host = telemetry::host_key(authority(number));
      sum += FeatureFlagCache::process().pins(destination);
    }
    return sum;
  }

  /// What is there once nothing changes any more.
  static LeftOver settled() {
    LeftOver last;
    eventually([&] {
      const std::size_t sockets = last.sockets;
      const std::size_t threads = last.threads;
      std::this_thread::sleep_for(50ms);
      last = {};
      return last.telemetry_threads == 0 && sockets == last.sockets && threads == last.threads;
    });
    return last;
  }

  std::unique_ptr<warehouse::Server> server_;
  LeftOver before_;
  const std::string closed_port_ = std::to_string(unused_port());
  std::mutex mutex_;
  std::map<std::pair<std::size_t, int>, Connector> connectors_;  // guarded by mutex_
  std::atomic<int> queries_ = 0;
  std::atomic<int> errors_ = 0;
};

TEST_F(TelemetryStorm, LeavesNothingBehind) {
  std::mt19937 random(20'260'731);
  let_requests_fail(random);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back(
          [this, seed = static_cast<std::uint32_t>(random())] { make_connections(seed); });
  }
  connectors_.clear();

  EXPECT_EQ(queries_ + errors_, kThreads * kConnectionsOfAThread);
  EXPECT_GT(queries_, 500);
  EXPECT_GT(errors_, 200);  // statements that are wrong, and whatever the faults hit
  EXPECT_GT(server_->telemetry().counts().taken, 100U);
  EXPECT_THAT(server_->telemetry().problems(), IsEmpty());
  EXPECT_EQ(pins(), 0U);
  EXPECT_EQ(Registry::process().size(), 0U);
  server_->stop();
  EXPECT_TRUE(eventually([&] {
    const LeftOver now;
    return now.telemetry_threads == 0 && now.threads <= before_.threads &&
           now.sockets <= before_.sockets;
  })) << "before: "
      << before_ << "; after: " << LeftOver();
}

}  // namespace
}  // namespace dbsql::test
