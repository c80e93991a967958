#include "warehouse/power.h"
#include "wire/wire_test.h"

#include <gmock/gmock.h>

#include <stop_token>
#include <string>
#include <vector>

namespace dbsql::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using warehouse::Fault;
using State = warehouse::Power::State;

/// Warehouses that are not up when somebody wants something of them. Retries wait milliseconds
/// here.
class ColdStartTest : public WireTest {
 protected:
  static constexpr const char* kQuick = "retry.wait_min=1ms&retry.wait_max=5ms&retry.max_attempts=";

  void SetUp() override {
    WireTest::SetUp();
    warehouse().power().set(State::Running);
  }

  static Connector connector(const std::string& attempts = "2", const std::string& more = {}) {
    return Connector::from_dsn(warehouse().dsn() + "?" + kQuick + attempts + more);
  }

  /// The warehouse is down, and starts until `start_is_over`: not by time, for on a busy machine
  /// any time may be too short for some requests.
  static void begin_to_start(const std::string& method) {
    warehouse().faults().add(
        {.method = method,
         .count = 0,
         .fault = Fault::answer(503, {},
                                R"({"error_code":"TEMPORARILY_UNAVAILABLE",)"
                                R"("message":"The SQL warehouse local is starting."})")});
  }
  static void start_is_over() { warehouse().faults().clear(); }
};

TEST_F(ColdStartTest, ConnectingWaitsUntilTheWarehouseIsUp) {
  begin_to_start("OpenSession");
  std::vector<Progress> told;

  Connection connection = connector().connect({.on_progress = [&](const Progress& progress) {
    told.push_back(progress);
    if (told.size() == 4) start_is_over();
  }});

  EXPECT_TRUE(connection.is_open());
  EXPECT_EQ(requests("OpenSession"), 5U) << "more than retry.max_attempts";
  ASSERT_EQ(told.size(), requests("OpenSession") - 1);
  for (std::size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ(told[i].state, Progress::State::Starting);
    EXPECT_EQ(told[i].polls, static_cast<int>(i) + 1);
    EXPECT_GE(told[i].elapsed, told[i == 0 ? 0 : i - 1].elapsed);
  }
}

TEST_F(ColdStartTest, AStoppedWarehouseStartsWithTheFirstRequest) {
  warehouse().power().set(State::Stopped, 50ms);

  EXPECT_TRUE(connector().connect().is_open());

  EXPECT_GE(requests("OpenSession"), 2U);
}

TEST_F(ColdStartTest, AStatementWaitsAndRunsOnce) {
  Connection connection = connector().connect();
  connection.execute("CREATE OR REPLACE TABLE after_start (id INT)");
  begin_to_start("ExecuteStatement");
  warehouse().journal().clear();
  int told = 0;

  EXPECT_EQ(connection.execute("INSERT INTO after_start VALUES (1)", {},
                               {.on_progress =
                                    [&](const Progress& progress) {
                                      if (progress.state != Progress::State::Starting) return;
                                      if (++told == 4) start_is_over();
                                    }}),
            1);

  EXPECT_EQ(requests("ExecuteStatement"), 5U);
  EXPECT_EQ(told, 4);
  EXPECT_EQ(warehouse().scalar("SELECT count(*) FROM after_start"), 1);
}

TEST_F(ColdStartTest, ABareRefusalOfASessionIsWaitedForToo) {
  warehouse().faults().add({.method = "OpenSession", .count = 5, .fault = Fault::answer(503)});

  EXPECT_TRUE(connector().connect().is_open());

  EXPECT_EQ(requests("OpenSession"), 6U);
}

TEST_F(ColdStartTest, AStartThatTakesTooLongIsReported) {
  warehouse().power().set(State::Stopped, 1h);
  warehouse().faults().add(  // without the hint of an hour
      {.method = "OpenSession",
       .count = 0,
       .fault =
           Fault::answer(503, {}, R"({"error_code":"TEMPORARILY_UNAVAILABLE","message":"wait"})")});

  const Error error =
      capture_error([&] { connector("2", "&warehouse.start_timeout=1s").connect(); });

  EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
  EXPECT_EQ(error.sqlstate(), "08004");
  EXPECT_THAT(error.message(), HasSubstr("warehouse.start_timeout"));
  EXPECT_GT(error.attempts(), 2);
}

TEST_F(ColdStartTest, DeadlineAndStopEndTheWait) {
  warehouse().power().set(State::Stopped, 1h);

  EXPECT_THROW(connector().connect({.timeout = 50ms}), Error);
  std::stop_source stop;
  const Error stopped = capture_error([&] {
    connector().connect(
        {.stop = stop.get_token(), .on_progress = [&](const Progress&) { stop.request_stop(); }});
  });
  EXPECT_EQ(stopped.kind(), ErrorKind::Cancelled);
}

TEST_F(ColdStartTest, WithoutRetriesThereIsNoWait) {
  warehouse().power().set(State::Stopped, 1h);

  const Error error = capture_error([&] { connector("1").connect(); });

  EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
  EXPECT_EQ(requests("OpenSession"), 1U);
}

TEST_F(ColdStartTest, ADeletedWarehouseFailsAtOnce) {
  Connection connection = connector().connect();
  warehouse().power().set(State::Deleted);
  warehouse().journal().clear();

  for (const Error& error : {capture_error([&] { connector().connect(); }),
                             capture_error([&] { connection.query("SELECT 1"); })}) {
    EXPECT_EQ(error.kind(), ErrorKind::Configuration);
    EXPECT_THAT(error.message(), AllOf(HasSubstr("deleted"), HasSubstr("check the http path")));
    EXPECT_EQ(error.attempts(), 1);
  }
  EXPECT_EQ(requests("OpenSession"), 1U);
  EXPECT_EQ(requests("ExecuteStatement"), 1U);
}

TEST_F(ColdStartTest, ADeletionToldWith503IsNoReasonToWait) {
  warehouse().faults().add(
      {.method = "OpenSession",
       .count = 0,
       .fault = Fault::answer(
           503, {{"x-databricks-reason-phrase", "The SQL warehouse local does not exist"}})});

  const Error error = capture_error([&] { connector().connect(); });

  EXPECT_EQ(error.kind(), ErrorKind::Configuration);
  EXPECT_EQ(requests("OpenSession"), 1U);
}

}  // namespace
}  // namespace dbsql::test
