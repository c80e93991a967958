#include "telemetry/connection_telemetry.h"
#include "unit/telemetry/sample_record.h"
#include "unit/telemetry/scripted_transport.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace dbsql::telemetry {
namespace {

/// Everything that could turn it on.
ConnectionSettings eager_settings(const std::shared_ptr<ScriptedTransport>& server) {
  ConnectionSettings settings;
  settings.options.is_forced = true;
  settings.options.enabled = true;
  settings.options.requires_opt_in = false;
  settings.destination = destination_to(server);
  settings.connection_host = settings.destination->host;
  settings.facts = sample_facts();
  return settings;
}

TEST(WithoutTelemetry, NothingTurnsItOn) {
  const auto server = std::make_shared<ScriptedTransport>(response_of(200));

  EXPECT_EQ(ConnectionTelemetry::create(eager_settings(server)), nullptr);
  EXPECT_EQ(ConnectionTelemetry::decision_of(eager_settings(server)),
            (Decision{Decision::State::Off, Decision::Reason::NotBuilt}));
  EXPECT_EQ(to_word(Decision::Reason::NotBuilt), "not_built");
}

TEST(WithoutTelemetry, ASinkIsShownWhatWouldBeSent) {
  const auto server = std::make_shared<ScriptedTransport>(response_of(200));
  auto settings = eager_settings(server);
  int batches = 0;
  settings.sink = std::make_shared<CallbackSink>([&](const ExportedBatch& batch) {
    ++batches;
    EXPECT_FALSE(batch.is_sent);
  });
  const auto connection = ConnectionTelemetry::create(settings);
  ASSERT_TRUE(connection);
  connection->on(observe::SessionOpened{"01ef-session", {}});
  connection->on(observe::SessionClosed{"01ef-session", {}});

  EXPECT_GT(batches, 0);
  EXPECT_EQ(server->count(), 0U);
}

/// The paths of the endpoints are in no part of this program.
TEST(WithoutTelemetry, ThereIsNoCodeThatSends) {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  const std::string program{std::istreambuf_iterator<char>(file), {}};
  const auto is_there = [&](const std::string& first, const std::string& second) {
    return program.find(first + second) != std::string::npos;  // not in this file in one piece
  };

  ASSERT_TRUE(is_there("DATABRICKS_TELEMETRY", "_DISABLED"));
  EXPECT_FALSE(is_there("/telemetry", "-ext"));
  EXPECT_FALSE(is_there("connector-service/feature", "-flags"));
}

}  // namespace
}  // namespace dbsql::telemetry
