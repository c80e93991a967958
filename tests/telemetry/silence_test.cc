#include "support/scoped_environment.h"
#include "support/temporary_folder.h"
#include "telemetry/process_facts.h"
#include "telemetry/registry.h"
#include "telemetry/relay.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace dbsql::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// What a connection puts on the wire, seen from the wire: everything passes a relay that counts
/// network connections, and the warehouse lists every request.
class TelemetrySilence : public WireTest {
 protected:
  void SetUp() override {
    WireTest::SetUp();
    warehouse().telemetry().clear();
  }

  Connector connector(std::string_view options) const {
    return Connector::from_dsn("http://token:any@127.0.0.1:" + std::to_string(relay_.port()) +
                               warehouse().http_path() + "?retry.max_attempts=1&" +
                               std::string(options));
  }

  /// Something of everything that telemetry would tell of.
  static void work(Connection& connection) {
    EXPECT_EQ(count_rows(connection.query("SELECT 1")), 1);
    EXPECT_EQ(count_rows(connection.query("SELECT * FROM range(200000)")), 200'000);
    capture_error([&] { connection.query("SELEC 1"); });
    connection.schemas({}).close();
    StatementHandle handle = connection.submit(
        "SELECT sum(a.range * b.range) FROM range(100000) a, "
        "range(100000) b");
    handle.cancel();
    handle.close();
  }
  static std::int64_t count_rows(Result result) { return WireTest::count_rows(result); }

  /// Requests that carry no statement.
  static std::vector<std::string> other_requests() {
    std::vector<std::string> found;
    for (const auto& entry : warehouse().journal().entries()) {
      if (entry.thrift_method.empty() && !entry.path.starts_with("/_storage/"))
        found.push_back(entry.path);
    }
    return found;
  }
  static std::size_t connections() {
    std::set<std::uint64_t> numbers;
    for (const auto& entry : warehouse().journal().entries()) numbers.insert(entry.connection);
    return numbers.size();
  }

  Relay relay_{warehouse().port()};
};

struct Quiet {
  const char* name;
  const char* options;
  const char* variable = nullptr;  ///< of the environment, set to 1
};

class WaysToBeQuiet : public TelemetrySilence, public testing::WithParamInterface<Quiet> {};

TEST_P(WaysToBeQuiet, PutNothingOnTheWire) {
  std::map<std::string, std::string> variables;
  if (GetParam().variable != nullptr) variables.emplace(GetParam().variable, "1");
  const ScopedEnvironment environment(variables);
  {
    const Connector quiet = connector(GetParam().options);
    Connection connection = quiet.connect();
    work(connection);
    EXPECT_EQ(telemetry::Registry::process().size(), 0U);
    EXPECT_EQ(count_threads("dbsql-telemetry"), 0U);
  }
  capture_error([&] {  // one that fails tells nothing either
    Connector::from_dsn("http://token:any@127.0.0.1:" + std::to_string(relay_.port()) +
                        "/nowhere?retry.max_attempts=1&" + GetParam().options)
        .connect();
  });

  EXPECT_THAT(other_requests(), testing::Each(testing::Eq("/nowhere")));
  EXPECT_EQ(relay_.connection_count(), connections());
}

const std::array kWaysToBeQuiet = {
    Quiet{"ByDefault", ""}, Quiet{"OptedOut", "enableTelemetry=false"},
    Quiet{"KillSwitch", "forceEnableTelemetry=true", "DATABRICKS_TELEMETRY_DISABLED"},
    Quiet{"DoNotTrack", "forceEnableTelemetry=true", "DO_NOT_TRACK"}};

INSTANTIATE_TEST_SUITE_P(Telemetry, WaysToBeQuiet, testing::ValuesIn(kWaysToBeQuiet),
                         [](const auto& each) { return each.param.name; });

TEST_F(TelemetrySilence, EndsWhenItIsTurnedOn) {
  {
    Connection connection = connector("forceEnableTelemetry=true").connect();
    work(connection);
    EXPECT_EQ(count_threads("dbsql-telemetry"), 1U);
  }

  EXPECT_THAT(other_requests(), testing::Contains("/telemetry-ext"));
  EXPECT_EQ(count_threads("dbsql-telemetry"), 0U);
}

TEST_F(TelemetrySilence, IsKeptByAConnectionBesideOneThatTells) {
  const TemporaryFolder folder;
  const std::string path = (folder.path() / "sent").string();
  std::string quiet_session;
  std::vector<std::string> quiet_statements;
  std::string telling_session;
  {
    Connection telling =
        connector("forceEnableTelemetry=true&telemetrySink=file:" + path).connect();
    telling_session = telling.id();
    Connection quiet = connector("enableTelemetry=false").connect();
    quiet_session = quiet.id();
    for (int i = 0; i < 20; ++i) {
      Result mine = quiet.query("SELECT 1");
      quiet_statements.push_back(mine.statement_id());
      mine.close();
      telling.query("SELECT 1").close();
    }
    work(quiet);
    const Error error = capture_error([&] { quiet.query("SELECT * FROM no_such_table"); });
    quiet_statements.emplace_back(error.statement_id());
  }

  std::stringstream sent;
  sent << std::ifstream(path).rdbuf();
  EXPECT_THAT(sent.str(), HasSubstr(telling_session));
  EXPECT_THAT(sent.str(), Not(HasSubstr(quiet_session)));
  for (const std::string& id : quiet_statements) EXPECT_THAT(sent.str(), Not(HasSubstr(id)));
  const auto records = warehouse().telemetry().records();
  EXPECT_FALSE(records.empty());
  for (const std::string& record : records) {
    EXPECT_THAT(record, HasSubstr(telling_session));
    EXPECT_THAT(record, Not(HasSubstr(quiet_session)));
  }
  EXPECT_THAT(warehouse().telemetry().problems(), IsEmpty());
}

}  // namespace
}  // namespace dbsql::test
