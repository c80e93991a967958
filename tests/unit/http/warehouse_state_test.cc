#include "http/warehouse_state.h"

#include "http/retry_policy.h"

#include <gtest/gtest.h>

#include <string_view>

namespace dbsql::http {
namespace {

using namespace std::chrono_literals;
using State = WarehouseState;

TEST(WarehouseState, IsReadOutOfTextsAndClasses) {
  struct Case {
    std::string_view text;
    std::string_view error_class;
    State state;
  };
  constexpr Case kCases[] = {
      {"The SQL warehouse abc is starting.", "", State::Starting},
      {"Cluster 0123-456 is not ready yet", "", State::Starting},
      {"SQL Endpoint abc is RESUMING, please retry", "", State::Starting},
      {"warehouse abc is stopped and will be started", "", State::Starting},
      {"busy", "TEMPORARILY_UNAVAILABLE", State::Starting},
      {"The warehouse was stopped by an administrator", "", State::Stopped},
      {"warehouse abc is STOPPING", "", State::Stopped},
      {"The warehouse abc was deleted while starting", "", State::Deleted},
      {"Warehouse abc does not exist", "", State::Deleted},
      {"gone", "RESOURCE_DOES_NOT_EXIST", State::Deleted},
      {"The SQL warehouse 'abc' has been deleted.", "", State::Deleted},
      {"TEMPORARILY_UNAVAILABLE: SQL warehouse abc is starting", "", State::Starting},
      {"Cannot connect. The cluster is not yet ready; try again", "", State::Starting},
      {"Service Unavailable", "", State::Unknown},
      {"starting the job on time", "", State::Unknown},
      {"table t was deleted by the warehouse", "", State::Unknown},
      {"No API found for 'POST /sql'", "ENDPOINT_NOT_FOUND", State::Unknown},
      {"dbfs:/user/hive/warehouse/t/part-0 does not exist", "", State::Unknown},
      {"The warehouse could not read /t: it does not exist", "", State::Unknown},
      {"warehouse/t was deleted", "", State::Unknown},
      {"Clusters are starting", "", State::Unknown},
      {"", "", State::Unknown},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(warehouse_state_in(c.text, c.error_class), c.state) << c.text;
}

// What statements fail with may quote anything: only what names the compute itself counts.
TEST(WarehouseState, IsReadOutOfFailuresThatNameTheCompute) {
  struct Case {
    std::string_view text;
    std::string_view error_class;
    State state;
  };
  constexpr Case kCases[] = {
      {"The SQL warehouse 0123456789abcdef was stopped", "", State::Stopped},
      {"SQL warehouse 0123456789ABCDEF is stopping.", "", State::Stopped},
      {"Warehouse '0123456789abcdef' has been deleted", "", State::Deleted},
      {"SQL endpoint 0123456789abcdef is starting, please retry", "", State::Starting},
      {"Cluster 0123-456789-abcdefgh does not exist", "", State::Deleted},
      {"busy", "TEMPORARILY_UNAVAILABLE", State::Starting},
      {"gone", "WAREHOUSE_DELETED", State::Deleted},

      {"Error while reading file dbfs:/user/hive/warehouse/t/part-0.parquet. File does not exist",
       "", State::Unknown},
      {"Path does not exist: s3://b/warehouse/t", "", State::Unknown},
      {"warehouse 0123456789abcdef: the file dbfs:/x was deleted", "", State::Unknown},
      {"Warehouse north does not exist", "", State::Unknown},
      {"Cluster column does not exist", "", State::Unknown},
      {"Endpoint my-model does not exist", "", State::Unknown},
      {"Endpoint 'llm' was stopped", "", State::Unknown},
      {"the job on cluster 0123-456789-abcdefgh was deleted", "", State::Unknown},
      {"Failed: SQL warehouse 0123456789abcdef was stopped", "", State::Unknown},
      {"SQL warehouse 0123456789abcdef was deleted", "USER_RAISED_EXCEPTION", State::Unknown},
      {"the model is gone", "RESOURCE_DOES_NOT_EXIST", State::Unknown},
      {"SQL warehouse", "", State::Unknown},
      {"SQL warehouse ''", "", State::Unknown},
      {"cluster 0123-", "", State::Unknown},
      {"", "", State::Unknown},
  };
  for (const Case& c : kCases)
    EXPECT_EQ(warehouse_state_in_failure(c.text, c.error_class), c.state) << c.text;
}

TEST(WarehouseState, MayBeStartingWhereNothingWasDispatchedYet) {
  EXPECT_TRUE(may_be_starting(RequestClass::Open, 503, false, State::Unknown))
      << "none must say why";
  EXPECT_FALSE(may_be_starting(RequestClass::Open, 503, true, State::Deleted));
  EXPECT_FALSE(may_be_starting(RequestClass::Open, 502, true, State::Starting));
  for (const RequestClass asks : {RequestClass::Execute, RequestClass::Commit, RequestClass::Read,
                                  RequestClass::Fetch, RequestClass::FetchNext}) {
    EXPECT_FALSE(may_be_starting(asks, 503, false, State::Unknown));
    EXPECT_TRUE(may_be_starting(asks, 503, true, State::Unknown));
    EXPECT_TRUE(may_be_starting(asks, 503, false, State::Starting));
    EXPECT_TRUE(may_be_starting(asks, 503, false, State::Stopped));
    EXPECT_FALSE(may_be_starting(asks, 404, false, State::Starting));
  }
  for (const RequestClass other :
       {RequestClass::Close, RequestClass::Auth, RequestClass::Storage, RequestClass::Telemetry})
    EXPECT_FALSE(may_be_starting(other, 503, true, State::Starting));
}

class StartWait : public testing::Test {
 protected:
  std::optional<std::chrono::milliseconds> wait(
      std::optional<std::chrono::seconds> hint = {}) const {
    return next_wait(options, Outcome::Unavailable, state, hint, 0.5);
  }

  RetryOptions options{.max_attempts = 3, .start_timeout = 300s};
  RetryState state{.attempts = 40, .elapsed = 200s, .is_starting = true};
};

TEST_F(StartWait, GoesOnPastTheLastAttemptUntilItsOwnTimeIsOver) {
  EXPECT_EQ(wait(), 10s) << "not the minute that other failures would wait by now";
  state.elapsed = 290s;
  EXPECT_EQ(wait(), 10s);
  state.elapsed = 291s;
  EXPECT_EQ(wait(), std::nullopt);
}

TEST_F(StartWait, TakesTheServersHintAsTheLeast) {
  EXPECT_EQ(wait(30s), 30s);
  EXPECT_EQ(wait(1s), 10s);
  EXPECT_EQ(wait(101s), std::nullopt) << "longer than there is time";
}

TEST_F(StartWait, StaysWithinTheTimeForAllAttemptsAndTheDeadline) {
  options.total_timeout = 205s;
  EXPECT_EQ(wait(), std::nullopt);
  options.total_timeout = 900s;
  state.remaining = 9s;
  EXPECT_EQ(wait(), std::nullopt);
}

TEST_F(StartWait, IsNoneWhereTheUserWantsNoRetriesOrNoBudget) {
  options.max_attempts = 1;
  EXPECT_EQ(wait(), std::nullopt);
  options = {.max_attempts = 3, .start_timeout = 0s};
  EXPECT_EQ(wait(), std::nullopt);
  options.start_timeout = 300s;
  state.is_starting = false;
  EXPECT_EQ(wait(), std::nullopt);
}

}  // namespace
}  // namespace dbsql::http
