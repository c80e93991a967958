#pragma once

#include "wire/wire_test.h"

#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

namespace dbsql::test {

/// Tests with a warehouse for each, which keeps what one test made it hear from the next. Its
/// smaller results come inline, larger ones as several files.
class OwnWarehouseTest : public WireTest {
 protected:
  void SetUp() override {
    warehouse::ServerOptions options;
    options.service.direct_results_wait = direct_results_wait_;
    options.service.long_poll_wait = 100ms;
    options.service.inline_limit_bytes = 100'000;
    options.service.file_bytes = 100'000;
    server_ = start(std::move(options));
  }

  Connection connect_here(std::string_view options = {}, const ConnectOptions& how = {}) {
    return connect_to(*server_, options, how);
  }

  /// How long the server waits for a statement to finish before it answers without its rows.
  std::chrono::milliseconds direct_results_wait_ = 50ms;
  std::unique_ptr<warehouse::Server> server_;
};

}  // namespace dbsql::test
