#pragma once

#include "tests/warehouse/fake_engine.h"
#include "tests/warehouse/thrift_client.h"
#include "warehouse/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace dbsql::test {

using namespace std::chrono_literals;

/// A warehouse with a scripted engine, and a client with an open session on it.
class ServerTest : public testing::Test {
 protected:
  ServerTest() = default;
  ~ServerTest() override { script->open_gate(); }

  /// Waits are short here: a statement behind the gate makes ExecuteStatement answer soon.
  static warehouse::ServerOptions quick_options() {
    warehouse::ServerOptions options;
    options.service.direct_results_wait = 400ms;
    options.service.long_poll_wait = 50ms;
    return options;
  }

  warehouse::Server& start(warehouse::ServerOptions options = quick_options()) {
    server.emplace(std::move(options), make_fake_engine(script));
    return *server;
  }

  /// A client with an open session.
  ThriftClient connect(std::int64_t protocol = 0xA509, std::string_view path = kWarehousePath) {
    if (!server) start();
    ThriftClient client(server->port(), path);
    client.open(protocol);
    return client;
  }

  /// Whether a condition that another thread brings about holds within ten seconds.
  static bool eventually(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }

  std::shared_ptr<EngineScript> script = std::make_shared<EngineScript>();
  std::optional<warehouse::Server> server;
};

}  // namespace dbsql::test
