#include "tests/cli/program.h"
#include "warehouse/faults.h"
#include "warehouse/journal.h"
#include "warehouse/server.h"
#include "warehouse/telemetry_service.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

namespace dbsql::test {
namespace {

using namespace std::chrono_literals;
using cli::test::Outcome;
using cli::test::Program;
using warehouse::Fault;

constexpr const char* kExports = "/telemetry-ext";
/// The promise is five seconds; a request to an endpoint that never answers takes ten.
constexpr std::chrono::milliseconds kPatience{9'000};

struct LeavingWithOpenConnections : testing::Test {
  Outcome leave(const std::string& how) const {
    const std::string dsn = server->dsn();
    const std::string forced =
        dsn + (dsn.find('?') == std::string::npos ? "?" : "&") + "forceEnableTelemetry=true";
    return Program(DBSQL_LEAVER, {forced, how}).wait();
  }
  void let_nobody_answer() {
    server->faults().add({.path = kExports, .count = 0, .fault = Fault::stall()});
  }

  std::unique_ptr<warehouse::Server> server =
      std::make_unique<warehouse::Server>(warehouse::ServerOptions());
};

TEST_F(LeavingWithOpenConnections, IsDoneInTimeHoweverOneLeaves) {
  for (const char* how : {"leak", "static", "running", "shutdown"}) {
    const Outcome outcome = leave(how);
    EXPECT_EQ(outcome.exit_code, 0) << how << ": " << outcome.err;
    EXPECT_LT(outcome.elapsed, kPatience) << how;
  }
}

TEST_F(LeavingWithOpenConnections, IsDoneInTimeWhenNobodyAnswers) {
  let_nobody_answer();
  for (const char* how : {"leak", "static", "running", "shutdown", "hosts"}) {
    const Outcome outcome = leave(how);
    EXPECT_EQ(outcome.exit_code, 0) << how << ": " << outcome.err;
    EXPECT_LT(outcome.elapsed, kPatience) << how;
  }
}

TEST_F(LeavingWithOpenConnections, DeliversWhatIsThereAtAShutdown) {
  leave("shutdown");

  EXPECT_EQ(server->telemetry().records().size(), 2U);  // the session's start, and its statement
}

}  // namespace
}  // namespace dbsql::test
