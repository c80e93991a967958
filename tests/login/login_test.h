#pragma once

#include <dbsql/dbsql.h>

#include "support/capture_error.h"
#include "warehouse/faults.h"
#include "warehouse/identity_service.h"
#include "warehouse/journal.h"
#include "warehouse/oidc_form.h"
#include "warehouse/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql::test {

/// A warehouse that lets nobody in without a token of its own, and the driver before it. Each test
/// has its own: the driver remembers what it has found out about a host.
class LoginTest : public testing::Test {
 protected:
  static constexpr const char* kTokens = "/oidc/v1/token";
  static constexpr const char* kDiscovery = "/oidc/.well-known/oauth-authorization-server";
  static constexpr const char* kSecret = "a:b+c/\xC3\xA4";

  static warehouse::ServerOptions demanding() {
    warehouse::ServerOptions options;
    options.identity.requires_tokens = true;
    options.identity.clients.push_back({.id = "machine", .secret = kSecret, .public_key_pem = {}});
    return options;
  }

  warehouse::Server& start(warehouse::ServerOptions options = demanding()) {
    return server_.emplace(std::move(options));
  }
  warehouse::Server& server() {
    if (!server_) start();
    return *server_;
  }

  /// The DSN of the warehouse without credentials.
  std::string place() {
    return "http://127.0.0.1:" + std::to_string(server().port()) + server().http_path();
  }
  std::string dsn(std::string_view options) { return place() + "?" + std::string(options); }
  std::string machine_dsn(std::string_view secret = kSecret, std::string_view more = {}) {
    return dsn("authType=oauth-m2m&clientID=machine&clientSecret=" +
               warehouse::encode_form_text(secret) + std::string(more));
  }
  Connection connect(const std::string& dsn) { return Connector::from_dsn(dsn).connect(); }

  static std::int32_t one_of(Connection& connection) {
    std::int32_t value = 0;
    auto result = connection.query("SELECT 1");
    for (const auto& [one] : result.rows<std::int32_t>()) value = one;
    return value;
  }

  std::size_t requests(std::string_view method_or_path) {
    return server().journal().count(method_or_path);
  }
  /// The forms that the token endpoint has seen.
  std::vector<std::vector<std::pair<std::string, std::string>>> forms() {
    std::vector<std::vector<std::pair<std::string, std::string>>> forms;
    for (const auto& entry : server().journal().entries())
      if (entry.path == kTokens) forms.push_back(entry.form);
    return forms;
  }
  /// Another reply to that many requests of a path.
  void answer(const char* path, int status, std::string body = {}, std::uint64_t count = 1) {
    server().faults().add({.path = path,
                           .count = count,
                           .fault = warehouse::Fault::answer(status, {}, std::move(body))});
  }
  void revoke_tokens() { server().identity().ledger().revoke_access(); }

 private:
  std::optional<warehouse::Server> server_;
};

}  // namespace dbsql::test
