#pragma once

#include <dbsql/dbsql.h>

#include "support/capture_error.h"
#include "warehouse/faults.h"
#include "warehouse/journal.h"
#include "warehouse/server.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace dbsql::test {

using namespace std::chrono_literals;

/// Tests of the driver on the wire: one warehouse serves all of them, each test starts with no
/// faults, an empty journal and its own connections.
class WireTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    warehouse::ServerOptions options;
    // A real server waits for seconds; here statements shall be seen running.
    options.service.direct_results_wait = 50ms;
    options.service.long_poll_wait = 100ms;
    warehouse_slot() = start(std::move(options));
  }
  static void TearDownTestSuite() { warehouse_slot().reset(); }

  void SetUp() override {
    warehouse().faults().clear();
    warehouse().journal().clear();
  }

  static std::unique_ptr<warehouse::Server> start(warehouse::ServerOptions options) {
    return std::make_unique<warehouse::Server>(std::move(options));
  }

  static warehouse::Server& warehouse() { return *warehouse_slot(); }

  /// \param options  query part of the DSN, for instance "catalog=main&retry.max_attempts=1"
  static Connection connect(std::string_view options = {}) {
    return connect_to(warehouse(), options);
  }

  static Connection connect_to(const warehouse::Server& server, std::string_view options = {},
                               const ConnectOptions& how = {}) {
    std::string dsn = server.dsn();
    if (!options.empty())
      dsn += (dsn.find('?') == std::string::npos ? "?" : "&") + std::string(options);
    return Connector::from_dsn(dsn).connect(how);
  }

  static std::size_t requests(std::string_view method) {
    return warehouse().journal().count(method);
  }

  /// Waits until requests that nobody waits for have arrived; false when they do not within ten
  /// seconds.
  static bool eventually(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(2ms);
    }
    return true;
  }

  /// Takes the next batch and lets go of it; false at the end.
  static bool skip_batch(Result& result) {
    auto batch = result.next_batch();
    if (batch) batch->release(&*batch);
    return batch.has_value();
  }

  /// Reads a result to its end and returns the number of rows.
  static std::int64_t count_rows(Result& result) {
    std::int64_t rows = 0;
    while (auto batch = result.next_batch()) {
      rows += batch->length;
      batch->release(&*batch);
    }
    return rows;
  }

 private:
  static std::unique_ptr<warehouse::Server>& warehouse_slot() {
    static std::unique_ptr<warehouse::Server> server;
    return server;
  }
};

}  // namespace dbsql::test
