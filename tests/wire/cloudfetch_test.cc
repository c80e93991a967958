#include "base/clock.h"
#include "support/captured_log.h"
#include "wire/wire_test.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace dbsql::test {
namespace {

using warehouse::Fault;

/// The real time, but for a wall clock that can be put forward.
class LeapingClock final : public base::Clock {
 public:
  void leap(std::chrono::minutes ahead) { ahead_ = ahead; }

  TimePoint now() const override { return system().now(); }
  std::chrono::system_clock::time_point system_now() const override {
    return system().system_now() + ahead_.load();
  }

 protected:
  bool wait_until(std::unique_lock<std::mutex>& lock, std::condition_variable_any& changed,
                  const std::stop_token& stop, std::optional<TimePoint> until,
                  const std::function<bool()>& ready) override {
    if (until) return changed.wait_until(lock, stop, *until, ready);
    return changed.wait(lock, stop, ready);
  }

 private:
  std::atomic<std::chrono::minutes> ahead_{std::chrono::minutes(0)};
};

/// Results that travel as files of a storage host.
class CloudFetchWireTest : public WireTest {
 protected:
  void SetUp() override { server_ = start(options_of_files(15min)); }

  /// Files of some thousand rows, three of them to a page.
  static warehouse::ServerOptions options_of_files(std::chrono::milliseconds link_lifetime) {
    warehouse::ServerOptions options;
    options.service.inline_limit_bytes = 1000;
    options.service.file_bytes = 100'000;
    options.service.links_per_page = 3;
    options.service.link_lifetime = link_lifetime;
    return options;
  }

  Connection connect_here(std::string_view options = {}) { return connect_to(*server_, options); }

  std::size_t downloads() const { return server_->journal().count("/_storage/"); }

  std::size_t refused_downloads() const {
    std::size_t refused = 0;
    for (const auto& entry : server_->journal().entries())
      refused += entry.path.starts_with("/_storage/") && entry.status != 200 ? 1U : 0U;
    return refused;
  }

  /// Reads ids `next`, `next` + 1, ... and returns the first one that did not come in order.
  static std::int64_t read_in_order(Result& result, std::int64_t next = 0) {
    for (const auto [id, text] : result.rows<std::int64_t, std::string_view>()) {
      EXPECT_EQ(id, next);
      EXPECT_EQ(text, "row " + std::to_string(next));
      if (id != next) break;
      ++next;
    }
    return next;
  }

  static constexpr const char* kQuery =
      "SELECT id, concat('row ', CAST(id AS STRING)) AS t FROM range(60000) ORDER BY id";

  std::unique_ptr<warehouse::Server> server_;
};

TEST_F(CloudFetchWireTest, DeliversEveryRowInOrder) {
  Connection connection = connect_here();
  {
    Result result = connection.query(kQuery);
    EXPECT_EQ(read_in_order(result), 60'000);
  }

  EXPECT_GT(downloads(), 5U);
  EXPECT_TRUE(eventually([&] { return server_->journal().count("CloseOperation") == 1; }));
  EXPECT_TRUE(eventually([&] { return server_->storage().file_count() == 0; }));
}

TEST_F(CloudFetchWireTest, ReadsUncompressedFilesAsWell) {
  Connection connection = connect_here("result.lz4=false");
  Result result = connection.query(kQuery);

  EXPECT_EQ(read_in_order(result), 60'000);
  EXPECT_GT(downloads(), 5U);
}

TEST_F(CloudFetchWireTest, CanBeSwitchedOff) {
  Connection connection = connect_here("cloudfetch.enabled=false");
  Result result = connection.query(kQuery);

  EXPECT_EQ(read_in_order(result), 60'000);
  EXPECT_EQ(downloads(), 0U);
}

TEST_F(CloudFetchWireTest, SmallResultsStayInTheReply) {
  Connection connection = connect_here();
  Result result = connection.query("SELECT 1");

  EXPECT_EQ(count_rows(result), 1);
  EXPECT_EQ(downloads(), 0U);
}

TEST_F(CloudFetchWireTest, SendsNoCredentialsToTheStorage) {
  Connection connection = connect_here();
  Result result = connection.query(kQuery);
  read_in_order(result);

  for (const auto& entry : server_->journal().entries()) {
    if (!entry.path.starts_with("/_storage/")) continue;
    EXPECT_EQ(entry.status, 200);
    for (const auto& header : entry.headers) {
      EXPECT_NE(header.name, "authorization");
      EXPECT_NE(header.name, "Authorization");
    }
  }
}

TEST_F(CloudFetchWireTest, MendsEveryPassingFaultOfTheStorage) {
  const Fault faults[] = {Fault::answer(503, {{"Retry-After", "0"}}),
                          Fault::answer(500),
                          Fault::reset_body(500),
                          Fault::truncate_body(700),
                          Fault::reset_before(),
                          Fault::answer(403),
                          Fault::answer(404),
                          Fault::delayed(50ms)};
  Connection connection = connect_here();
  for (const Fault& fault : faults) {
    server_->faults().clear();
    server_->faults().add({.path = "/_storage/", .skip = 2, .count = 2, .fault = fault});
    Result result = connection.query(kQuery);
    EXPECT_EQ(read_in_order(result), 60'000) << to_string(fault.kind) << " " << fault.status;
  }
}

TEST_F(CloudFetchWireTest, MendsAFirstDownloadThatFailsWhileTheReaderWaitsForIt) {
  // No download has ended yet, so that no hedge is due: only the backoff can wake the reader.
  Connection connection = connect_here();
  for (int round = 0; round < 3; ++round) {
    server_->faults().clear();
    server_->faults().add({.path = "/_storage/", .count = 6, .fault = Fault::answer(500)});
    Result result = connection.query(kQuery);
    EXPECT_EQ(read_in_order(result), 60'000);
  }
}

TEST_F(CloudFetchWireTest, DamagedBytesAreDownloadedAgain) {
  server_->faults().add({.path = "/_storage/",
                         .skip = 1,
                         .count = 1,
                         .fault = Fault::answer(200, {}, "these are not the bytes of the file")});
  Connection connection = connect_here();
  Result result = connection.query(kQuery);

  EXPECT_EQ(read_in_order(result), 60'000);
}

TEST_F(CloudFetchWireTest, LinksAreRenewedBeforeTheyExpire) {
  {
    Connection connection = connect_here();
    Result result = connection.query(kQuery);
    EXPECT_EQ(read_in_order(result), 60'000);
  }
  const std::size_t pages = server_->journal().count("FetchResults");
  // By the driver's margin of a minute each link is too old, also a fresh one, which is then tried.
  server_ = start(options_of_files(30s));
  Connection connection = connect_here();
  Result result = connection.query(kQuery);

  EXPECT_EQ(read_in_order(result), 60'000);
  EXPECT_GT(server_->journal().count("FetchResults"), pages);
  EXPECT_EQ(refused_downloads(), 0U);
}

TEST_F(CloudFetchWireTest, LinksThatExpireWhileTheReaderSleepsAreRenewed) {
  LeapingClock clock;
  server_ = std::make_unique<warehouse::Server>(options_of_files(15min), clock);
  {
    Connection connection = connect_here("cloudfetch.threads=1");
    Result result = connection.query(kQuery);
    auto batch = result.next_batch();
    ASSERT_TRUE(batch.has_value());
    const std::int64_t first = batch->length;
    batch->release(&*batch);

    clock.leap(20min);

    EXPECT_EQ(read_in_order(result, first), 60'000);
    EXPECT_GT(refused_downloads(), 0U);
  }
  server_.reset();  // before its clock
}

TEST_F(CloudFetchWireTest, LinksThatAreDeadOnArrivalLeadToInlineRows) {
  server_ = start(options_of_files(0ms));
  Connection connection = connect_here();
  Result result = connection.query(kQuery);

  EXPECT_EQ(read_in_order(result), 60'000);
  EXPECT_EQ(server_->journal().count("ExecuteStatement"), 2U);
}

TEST_F(CloudFetchWireTest, AFileThatIsGoneIsAnErrorAfterTheRowsBeforeIt) {
  server_->faults().add({.path = "/_storage/", .skip = 1, .count = 0, .fault = Fault::answer(410)});
  Connection connection = connect_here("cloudfetch.threads=1");
  Result result = connection.query(kQuery);
  std::int64_t rows = 0;

  const Error error = capture_error([&] {
    for (const auto [id, text] : result.rows<std::int64_t, std::string_view>())
      rows = id == rows ? rows + 1 : -1;
  });

  EXPECT_EQ(error.http_status(), 410);
  EXPECT_GT(rows, 1000) << "the first file is whole";
  EXPECT_LT(rows, 60'000);
  EXPECT_EQ(error.message().find("Signature"), std::string::npos);
}

TEST_F(CloudFetchWireTest, AStalledDownloadEndsAtTheDeadline) {
  server_->faults().add({.path = "/_storage/", .count = 0, .fault = Fault::stall()});
  Connection connection = connect_here();
  ExecuteOptions options;
  options.deadline = std::chrono::steady_clock::now() + 2s;

  const Error error = capture_error([&] {
    Result result = connection.query(kQuery, {}, options);
    count_rows(result);
  });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_GT(downloads(), 0U);
}

TEST_F(CloudFetchWireTest, AResultDroppedInTheMiddleFreesItsFiles) {
  Connection connection = connect_here();
  {
    Result result = connection.query(kQuery);
    auto batch = result.next_batch();
    ASSERT_TRUE(batch.has_value());
    batch->release(&*batch);
  }

  EXPECT_TRUE(eventually([&] { return server_->storage().file_count() == 0; }));
}

TEST_F(CloudFetchWireTest, TheRowLimitHolds) {
  Connection connection = connect_here();
  ExecuteOptions options;
  options.row_limit = 12'345;
  Result result = connection.query(kQuery, {}, options);

  EXPECT_EQ(read_in_order(result), 12'345);
}

TEST_F(CloudFetchWireTest, ManyReadersWorkAtOnce) {
  std::vector<std::int64_t> counts(6);
  {
    std::vector<std::jthread> readers;
    for (std::int64_t& count : counts)
      readers.emplace_back([this, &count] {
        Connection connection = connect_here("result.memory_budget=1000000");
        Result result = connection.query(kQuery);
        count = read_in_order(result);
      });
  }

  for (const std::int64_t count : counts) EXPECT_EQ(count, 60'000);
}

TEST_F(CloudFetchWireTest, GoesOnInlineWhereThePolicyOfTheStorageForbidsDownloads) {
  server_->faults().add({.path = "/_storage/", .count = 0, .fault = Fault::answer(403)});
  Connection connection = connect_here();
  const CapturedLog log;
  for (int i = 0; i < 2; ++i) {
    Result result = connection.query(kQuery);
    EXPECT_EQ(read_in_order(result), 60'000);
  }

  EXPECT_EQ(server_->journal().count("ExecuteStatement"), 3U) << "the second one knows it already";
  EXPECT_EQ(log.lines(LogLevel::Warn).size(), 1U);
}

TEST_F(CloudFetchWireTest, GoesOnInlineWhereNobodyConnectsToTheStorage) {
  server_->storage().set_origin("http://127.0.0.1:1");
  Connection connection = connect_here();
  Result result = connection.query(kQuery);

  EXPECT_EQ(read_in_order(result), 60'000);
}

TEST_F(CloudFetchWireTest, ClosingEndsAStatementThatIsRunAgainForInlineRows) {
  for (const bool cancels : {false, true}) {
    server_->faults().clear();
    server_->faults().add({.path = "/_storage/", .count = 0, .fault = Fault::answer(403)});
    server_->faults().add({.method = "ExecuteStatement", .skip = 1, .fault = Fault::stall()});
    Connection connection = connect_here();
    StatementHandle statement = connection.submit(kQuery);
    Result result = statement.result();
    const CapturedLog log;
    Error error({});
    std::jthread reader([&] { error = capture_error([&] { skip_batch(result); }); });
    ASSERT_TRUE(eventually([&] { return !log.lines(LogLevel::Warn).empty(); }));

    cancels ? statement.cancel() : result.close();

    reader.join();
    EXPECT_EQ(error.kind(), cancels ? ErrorKind::Cancelled : ErrorKind::StatementClosed);
  }
}

TEST_F(CloudFetchWireTest, AStatementWhoseColumnsAreOthersWhenItIsRunAgainIsAnError) {
  const auto define = [&](const std::string& column) {
    connect_here().execute("CREATE OR REPLACE VIEW narrowed AS SELECT " + column +
                           " AS n FROM range(60000)");
  };
  for (const char* other : {"CAST(id % 100 AS TINYINT)", "CAST(id AS DECIMAL(20,4))"}) {
    server_->faults().clear();
    define("CAST(id AS DECIMAL(20,2))");
    server_->faults().add({.path = "/_storage/", .count = 0, .fault = Fault::answer(403)});
    Connection connection = connect_here();
    Result result = connection.query("SELECT n FROM narrowed");
    define(other);

    EXPECT_EQ(capture_error([&] { skip_batch(result); }).kind(), ErrorKind::CorruptResult) << other;
  }
}

TEST_F(CloudFetchWireTest, DoesNotRepeatAStatementThatMayChangeSomething) {
  server_->faults().add({.path = "/_storage/", .count = 0, .fault = Fault::answer(403)});
  Connection connection = connect_here();
  Result result = connection.query(std::string("WITH x AS (SELECT 1) ") + kQuery);

  EXPECT_EQ(capture_error([&] { read_in_order(result); }).kind(), ErrorKind::LinkExpired);
  EXPECT_EQ(server_->journal().count("ExecuteStatement"), 1U);
}

}  // namespace
}  // namespace dbsql::test
