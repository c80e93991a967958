#include "telemetry/sink.h"

#include <dbsql/error.h>

#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "support/temporary_folder.h"
#include "telemetry/sender.h"
#include "unit/telemetry/sample_record.h"
#include "unit/telemetry/scripted_transport.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace dbsql::telemetry {
namespace {

using nlohmann::json;
using test::FakeClock;

std::vector<json> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
  return lines;
}

Operation operation() {
  Operation made;
  made.type = OperationType::ExecuteStatement;
  return made;
}

/// Sends one record through a sender with that sink.
SenderStats send_one(const std::shared_ptr<Sink>& sink,
                     const std::shared_ptr<http::Transport>& server) {
  FakeClock clock;
  std::optional<Exporter> exporter;
  if (server)
    exporter.emplace(destination_to(server),
                     std::make_shared<EndpointHealth>(BreakerOptions{}, clock), clock);
  const auto sender = std::make_shared<Sender>(
      SenderOptions{}, exporter, sink, [] {}, clock);
  const auto outbox = std::make_shared<Outbox>(sample_facts());
  sender->attach(outbox);
  outbox->append(operation(), true);
  sender->step();
  sender->step();
  return sender->stats();
}

TEST(TelemetrySink, GetsWhatTheServerGetsByteForByte) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() / "sent.ndjson";
  const auto server = std::make_shared<ScriptedTransport>(response_of(200));

  send_one(make_sink("file:" + path), server);

  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["body"].get<std::string>(), server->request(0).body.text());
  EXPECT_EQ(lines[0]["url"], "https://h.example.com/telemetry-ext");
  EXPECT_EQ(lines[0]["status"], 200);
  struct stat facts {};
  ASSERT_EQ(stat(path.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST(TelemetrySink, IsWrittenToWhenNothingIsSent) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() / "dry.ndjson";

  send_one(make_sink("file:" + path), nullptr);

  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0]["status"], "dry-run");
  EXPECT_EQ(json::parse(lines[0]["body"].get<std::string>())["protoLogs"].size(), 1U);
}

TEST(TelemetrySink, MayThrowWithoutHarm) {
  const auto server = std::make_shared<ScriptedTransport>(response_of(200));
  const auto sink =
      std::make_shared<CallbackSink>([](const ExportedBatch&) { throw std::runtime_error("no"); });

  EXPECT_EQ(send_one(sink, server).delivered, 1U);
}

TEST(TelemetrySink, KeepsAFewFilesOfBoundedSize) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() / "x";
  FileSink sink(path, {.bytes = 300, .files = 3});
  const std::string body(100, 'b');
  for (int i = 0; i < 20; ++i) sink.on_batch({.url = "u", .body = body});

  for (const std::string& each : {path, path + ".1", path + ".2"}) {
    EXPECT_FALSE(lines_of(each).empty()) << each;
    struct stat facts {};
    ASSERT_EQ(stat(each.c_str(), &facts), 0);
    EXPECT_LE(facts.st_size, 300);
  }
  EXPECT_TRUE(lines_of(path + ".3").empty());
}

TEST(TelemetrySink, IsNamedByItsKind) {
  EXPECT_EQ(make_sink(""), nullptr);
  for (const char* none : {"file:", "x", "/tmp/x", "http://h"}) {
    EXPECT_EQ(test::capture_error([&] { make_sink(none); }).kind(), ErrorKind::Configuration)
        << none;
  }
}

TEST(TelemetrySink, IsSilentWhenItsFileCannotBeWritten) {
  EXPECT_EQ(send_one(make_sink("file:/no/such/folder/x"), nullptr).delivered, 1U);
}

}  // namespace
}  // namespace dbsql::telemetry
