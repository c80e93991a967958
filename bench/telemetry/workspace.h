#pragma once

#include "http/transport.h"
#include "telemetry/connection_telemetry.h"
#include "telemetry/destination.h"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace dbsql::bench {

/// Takes whatever is sent, at once, without a network: what is measured ends where sending begins.
class TakingTransport final : public http::Transport {
 public:
  http::Reply send(const http::Request&, const base::CallContext&) override {
    return http::Failure{.kind = ErrorKind::Internal, .message = "telemetry never waits"};
  }
  void send_in_background(const http::Request&, std::chrono::milliseconds,
                          Completion on_completion) override {
    http::Response response;
    response.status = 200;
    on_completion(std::move(response));
  }
};

inline std::shared_ptr<const telemetry::ConnectionFacts> usual_facts() {
  auto facts = std::make_shared<telemetry::ConnectionFacts>();
  facts->user_agent = "DatabricksSqlCpp/0.1.0";
  facts->workspace_id = 7;
  facts->parameters.http_path = "/sql/1.0/warehouses/abc";
  return facts;
}

inline std::shared_ptr<const telemetry::Destination> destination_to(
    std::shared_ptr<http::Transport> transport, std::string origin = "https://h.example.com") {
  auto destination = std::make_shared<telemetry::Destination>();
  destination->origin = std::move(origin);
  destination->host = "h.example.com";
  destination->transport = std::move(transport);
  return destination;
}

/// Connections of a program whose telemetry is on, all to one host: they share a sender.
class Workspace {
 public:
  /// \param batch_size  as each Go benchmark has it; sending at intervals is put off
  explicit Workspace(int batch_size = 200) {
    using namespace std::chrono_literals;
    settings_.options.is_forced = true;
    settings_.options.batch_size = batch_size;
    settings_.options.flush_interval = 10min;
    settings_.destination = destination_to(std::make_shared<TakingTransport>());
    settings_.connection_host = settings_.destination->host;
    settings_.facts = usual_facts();
    settings_.registry = &registry_;
    settings_.flags = &flags_;
  }

  std::shared_ptr<telemetry::ConnectionTelemetry> connect() const {
    auto connection = telemetry::ConnectionTelemetry::create(settings_);
    connection->on(observe::SessionOpened{"01ef-session", std::chrono::milliseconds(1)});
    return connection;
  }

 private:
  telemetry::Registry registry_;
  telemetry::FeatureFlagCache flags_;
  telemetry::ConnectionSettings settings_;
};

}  // namespace dbsql::bench
