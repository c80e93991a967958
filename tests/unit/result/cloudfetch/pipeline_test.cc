#include "result/cloudfetch/pipeline.h"

#include <dbsql/error.h>

#include "arrow/builder.h"
#include "arrow/ipc_writer.h"
#include "support/capture_error.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"
#include "unit/result/cloudfetch/scripted_storage.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::result {
namespace {

using namespace std::chrono_literals;
using protocol::ResultLink;
using test::capture_error;
using test::file_of;
using Values = std::vector<std::int64_t>;

/// A pipeline over a scripted storage service, with time that passes only in waits.
class CloudFetchTest : public testing::Test {
 protected:
  CloudFetchTest() { clock_.advance_when_waited_on(true); }

  ResultLink link(const std::string& url, std::int64_t start, std::int64_t rows) {
    return {.url = test::ScriptedStorage::address_of(url),
            .expiry = clock_.system_now() + 15min,
            .start_row = start,
            .row_count = rows,
            .size_bytes = 1000};
  }

  CloudFetchPipeline& pipeline() {
    if (!pipeline_)
      pipeline_ =
          std::make_unique<CloudFetchPipeline>(*test::bigint_schema(),
                                               CloudFetchEnvironment{.start = storage_.start(),
                                                                     .budget = budget_,
                                                                     .executor = &executor_,
                                                                     .clock = &clock_,
                                                                     .options = options_},
                                               [this](std::int64_t row, const base::CallContext&) {
                                                 refreshed_.push_back(row);
                                                 return fresh_links_;
                                               });
    return *pipeline_;
  }

  static Values values_of(const arrow::UniqueArray& batch) {
    const ArrowArray& column = *batch->children[0];
    const auto* data = static_cast<const std::int64_t*>(column.buffers[1]) + column.offset;
    return {data, data + batch->length};
  }

  Values rest() {
    Values values;
    while (auto batch = pipeline().next({})) {
      const Values some = values_of(*batch);
      values.insert(values.end(), some.begin(), some.end());
    }
    return values;
  }

  /// The last task of a file may still be on its way out when its rows are there.
  static bool eventually(const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + 10s;
    while (!condition() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    return condition();
  }

  test::FakeClock clock_;
  test::ScriptedStorage storage_;
  std::shared_ptr<MemoryBudget> budget_ = MemoryBudget::create(std::size_t{64} << 20);
  CloudFetchOptions options_;
  Values refreshed_;
  std::vector<ResultLink> fresh_links_;
  base::Executor executor_{2};
  std::unique_ptr<CloudFetchPipeline> pipeline_;
};

TEST_F(CloudFetchTest, DeliversFilesInRowOrder) {
  storage_.answer("a", file_of({1, 2}));
  storage_.answer("b", file_of({3}, test::Wire::Plain));
  storage_.answer("c", file_of({4, 5}));
  pipeline().add({link("a", 0, 2), link("b", 2, 1), link("c", 3, 2)});

  EXPECT_EQ(rest(), (Values{1, 2, 3, 4, 5}));
}

TEST_F(CloudFetchTest, ASlowFirstFileDoesNotHoldUpTheOthers) {
  for (const char* url : {"a", "b", "c"}) storage_.answer(url, file_of({1}));
  storage_.hold("a");
  pipeline().add({link("a", 0, 1), link("b", 1, 1), link("c", 2, 1)});
  std::jthread releaser([&] {
    storage_.await_requests(3);
    storage_.finish("a");
  });

  EXPECT_EQ(rest(), (Values{1, 1, 1}));
}

TEST_F(CloudFetchTest, CutsPaddingRows) {
  storage_.answer("a", file_of({1, 2, 3, 4, 5, 6}));
  pipeline().add({link("a", 0, 4)});

  EXPECT_EQ(rest(), (Values{1, 2, 3, 4}));
}

TEST_F(CloudFetchTest, AFileShorterThanDeclaredIsAnErrorAfterOneFreshDownload) {
  clock_.advance_when_waited_on(false);  // or a second download may be started beside a slow one
  storage_.answer("a", file_of({1, 2}));
  pipeline().add({link("a", 0, 100)});

  EXPECT_EQ(capture_error([&] { rest(); }).kind(), ErrorKind::CorruptResult);
  EXPECT_EQ(storage_.count("a"), 2);
}

TEST_F(CloudFetchTest, ADamagedFileIsDownloadedAgain) {
  http::Response damaged = file_of({7, 8});
  std::string bytes(damaged.body.text());
  bytes.resize(bytes.size() / 2);
  storage_.answer("a", http::Response{.status = 200, .body = base::Buffer::copy_of(bytes)});
  storage_.answer("a", file_of({7, 8}));
  pipeline().add({link("a", 0, 2)});

  EXPECT_EQ(rest(), (Values{7, 8}));
}

TEST_F(CloudFetchTest, RetriesWhatMayPass) {
  storage_.answer("a", http::Response{.status = 503});
  storage_.answer("a", http::Failure{.message = "connection reset", .bytes_sent = true});
  storage_.answer("a", http::Response{.status = 500});
  storage_.answer("a", file_of({9}));
  pipeline().add({link("a", 0, 1)});

  EXPECT_EQ(rest(), Values{9});
  EXPECT_EQ(storage_.count("a"), 4);
}

TEST_F(CloudFetchTest, WaitsAsLongAsTheStorageAsks) {
  storage_.answer("a", http::Response{.status = 429, .headers = {{"Retry-After", "2"}}});
  storage_.answer("a", file_of({9}));
  pipeline().add({link("a", 0, 1)});
  const auto before = clock_.elapsed();

  EXPECT_EQ(rest(), Values{9});
  EXPECT_GE(clock_.elapsed() - before, 2s);
}

TEST_F(CloudFetchTest, GivesUpOnAStorageThatStaysDown) {
  storage_.answer("a", http::Response{.status = 503});
  pipeline().add({link("a", 0, 1)});

  const Error error = capture_error([&] { rest(); });

  EXPECT_EQ(error.kind(), ErrorKind::Network);
  EXPECT_EQ(error.http_status(), 503);
  EXPECT_EQ(storage_.count("a"), 10);
}

TEST_F(CloudFetchTest, RenewsALinkBeforeItExpires) {
  ResultLink old = link("old", 0, 1);
  old.expiry = clock_.system_now() + 28s;
  fresh_links_ = {link("new", 0, 1)};
  storage_.answer("new", file_of({1}));
  pipeline().add({old});

  EXPECT_EQ(rest(), Values{1});
  EXPECT_EQ(refreshed_, Values{0});
  EXPECT_EQ(storage_.count("old"), 0);
}

TEST_F(CloudFetchTest, UsesAFreshLinkHoweverOldItLooks) {
  ResultLink by_another_clock = link("a", 0, 1);
  by_another_clock.expiry = clock_.system_now() - 1min;  // ours is fast
  fresh_links_ = {by_another_clock};
  storage_.answer("a", http::Response{.status = 503});
  storage_.answer("a", file_of({1}));
  pipeline().add({by_another_clock});

  EXPECT_EQ(rest(), Values{1});
  EXPECT_EQ(refreshed_, Values{0}) << "once, and not again for the second attempt";
}

TEST_F(CloudFetchTest, LearnsTheServersTimeFromTheStorage) {
  http::Response file = file_of({1});
  file.headers = {{"Date", "Sun, 15 Jun 2025 14:50:40 GMT"}};  // 16 minutes before our time
  std::vector<ResultLink> links;
  for (int i = 0; i < 3; ++i) {
    links.push_back(link(std::to_string(i), i, 1));
    links.back().expiry -= 16min;
    storage_.answer(std::to_string(i), file);
  }
  fresh_links_ = {links[0]};
  options_.threads = 1;
  pipeline().add({links[0]});
  EXPECT_EQ(rest(), Values{1});
  pipeline().add({links[1], links[2]});

  EXPECT_EQ(rest(), (Values{1, 1}));
  EXPECT_EQ(refreshed_, Values{0}) << "the others are known to be good for 15 minutes";
}

TEST_F(CloudFetchTest, RenewsLinksThatExpireByAServersClockThatIsAheadOfOurs) {
  http::Response file = file_of({1});
  file.headers = {{"Date", "Sun, 15 Jun 2025 15:26:40 GMT"}};  // 20 minutes after our time
  storage_.answer("a", file);
  pipeline().add({link("a", 0, 1)});
  EXPECT_EQ(rest(), Values{1});
  fresh_links_ = {link("new", 1, 1)};
  fresh_links_[0].expiry += 20min;
  storage_.answer("new", file_of({2}));
  pipeline().add({link("old", 1, 1)});  // good for 15 minutes by our clock

  EXPECT_EQ(rest(), Values{2});
  EXPECT_EQ(storage_.count("old"), 0);
}

TEST_F(CloudFetchTest, RenewsARefusedLink) {
  storage_.answer("old", http::Response{.status = 403});
  fresh_links_ = {link("new", 0, 1)};
  storage_.answer("new", file_of({1}));
  pipeline().add({link("old", 0, 1)});

  EXPECT_EQ(rest(), Values{1});
  EXPECT_EQ(storage_.count("old"), 1);
}

TEST_F(CloudFetchTest, RenewsAllLinksThatExpiredTogetherInOneRequest) {
  std::vector<ResultLink> links;
  for (int i = 0; i < 6; ++i) {
    const std::string name = std::to_string(i);
    links.push_back(link("old" + name, i, 1));
    links.back().expiry = clock_.system_now();
    fresh_links_.push_back(link("new" + name, i, 1));
    storage_.answer("new" + name, file_of({i}));
  }
  pipeline().add(links);

  EXPECT_EQ(rest(), (Values{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(refreshed_, Values{0});
}

TEST_F(CloudFetchTest, GivesUpOnALinkThatIsRefusedHoweverFresh) {
  storage_.answer("a", http::Response{.status = 403});
  fresh_links_ = {link("a", 0, 1)};
  pipeline().add({link("a", 0, 1)});

  const Error error = capture_error([&] { rest(); });

  EXPECT_EQ(error.kind(), ErrorKind::LinkExpired);
  EXPECT_EQ(error.http_status(), 403);
  EXPECT_EQ(refreshed_.size(), 3U);
}

TEST_F(CloudFetchTest, RefusesAFreshLinkForOtherRows) {
  storage_.answer("a", http::Response{.status = 403});
  fresh_links_ = {link("b", 0, 7)};
  pipeline().add({link("a", 0, 1)});

  EXPECT_EQ(capture_error([&] { rest(); }).kind(), ErrorKind::CorruptResult);
}

TEST_F(CloudFetchTest, DeliversTheRowsBeforeAFileThatCannotBeHad) {
  storage_.answer("a", file_of({1}));
  storage_.answer("b", http::Response{.status = 410});
  storage_.answer("c", file_of({3}));
  pipeline().add({link("a", 0, 1), link("b", 1, 1), link("c", 2, 1)});

  EXPECT_EQ(values_of(*pipeline().next({})), Values{1});
  EXPECT_EQ(capture_error([&] { pipeline().next({}); }).http_status(), 410);
  EXPECT_EQ(capture_error([&] { pipeline().next({}); }).http_status(), 410);
}

TEST_F(CloudFetchTest, FailsWhenAPageOfLinksLeavesRowsOut) {
  pipeline().add({link("a", 0, 5)});

  EXPECT_EQ(capture_error([&] { pipeline().add({link("b", 6, 5)}); }).kind(),
            ErrorKind::CorruptResult);
}

TEST_F(CloudFetchTest, TakesTheCountOfAFileWithoutOneFromTheNextFile) {
  storage_.answer("a", file_of({1, 2}));
  storage_.answer("c", file_of({3}));
  pipeline().add({link("a", 0, 0), link("empty", 2, 0), link("c", 2, 1)});

  EXPECT_EQ(rest(), (Values{1, 2, 3}));
  EXPECT_EQ(storage_.count("empty"), 0);
}

TEST_F(CloudFetchTest, DownloadsALastFileWithoutACountAndTakesAllOfItsRows) {
  storage_.answer("a", file_of({1, 2}));
  storage_.answer("b", file_of({3, 4, 5}));
  storage_.answer("c", file_of({6, 7}, test::Wire::Plain));
  pipeline().add({link("a", 0, 2), link("b", 2, 0)});
  EXPECT_EQ(rest(), (Values{1, 2, 3, 4, 5}));
  EXPECT_EQ(storage_.count("b"), 1);

  pipeline_.reset();
  pipeline().add({link("c", 0, 0)});
  EXPECT_EQ(rest(), (Values{6, 7}));
}

TEST_F(CloudFetchTest, TakesTheCountOfTheLastFileOfAPageFromTheNextPage) {
  storage_.answer("a", file_of({1, 2, 9, 9}));
  storage_.answer("c", file_of({3}));
  pipeline().add({link("a", 0, 0)});
  pipeline().add({link("empty", 2, 0)});
  pipeline().add({link("c", 2, 1)});

  EXPECT_EQ(rest(), (Values{1, 2, 3}));
  EXPECT_EQ(storage_.count("empty"), 0);
}

TEST_F(CloudFetchTest, AnEmptyResultMayComeAsOneFile) {
  storage_.answer("a", file_of({}));
  pipeline().add({link("a", 0, 0)});

  EXPECT_EQ(rest(), Values{});
  EXPECT_EQ(storage_.count("a"), 1);
}

TEST_F(CloudFetchTest, ALinkAfterAFileThatWasTakenForTheLastIsAnError) {
  storage_.answer("a", file_of({1, 2}));
  pipeline().add({link("a", 0, 0)});
  EXPECT_EQ(rest(), (Values{1, 2}));

  EXPECT_EQ(capture_error([&] { pipeline().add({link("b", 0, 1)}); }).kind(),
            ErrorKind::CorruptResult);
}

TEST_F(CloudFetchTest, SendsTheLinksHeadersAndNoOthers) {
  storage_.answer("a", file_of({1}));
  ResultLink with_header = link("a", 0, 1);
  with_header.headers = {{"x-amz-server-side-encryption-customer-key", "k"}};
  pipeline().add({with_header});
  rest();

  const auto sent = storage_.requests().front();
  ASSERT_EQ(sent.headers.size(), 1U);
  EXPECT_EQ(sent.headers[0].value, "k");
}

TEST_F(CloudFetchTest, StaysWithinTheBudgetAndStillMakesProgress) {
  budget_ = MemoryBudget::create(4000);
  std::vector<ResultLink> links;
  for (int i = 0; i < 20; ++i) {
    const std::string url = std::to_string(i);
    storage_.answer(url, file_of({i}));
    links.push_back(link(url, i, 1));  // each is taken for 1,750 bytes
  }
  pipeline().add(links);

  EXPECT_EQ(rest().size(), 20U);
  EXPECT_LE(budget_->peak(), 4000U + 1750U);
  EXPECT_TRUE(eventually([&] { return budget_->in_use() == 0; }));
}

TEST_F(CloudFetchTest, AFileLargerThanTheBudgetIsDelivered) {
  budget_ = MemoryBudget::create(10);
  storage_.answer("a", file_of({1, 2, 3}));
  pipeline().add({link("a", 0, 3)});

  EXPECT_EQ(rest(), (Values{1, 2, 3}));
}

TEST_F(CloudFetchTest, CountsMemoryUntilTheLastBatchIsReleased) {
  storage_.answer("a", file_of({1}));
  pipeline().add({link("a", 0, 1)});
  auto batch = pipeline().next({});
  EXPECT_FALSE(pipeline().next({}).has_value());

  EXPECT_GT(budget_->in_use(), 0U);
  batch.reset();
  EXPECT_TRUE(eventually([&] { return budget_->in_use() == 0; }));
}

TEST_F(CloudFetchTest, AWaitEndsAtOnceWhenAStopIsRequested) {
  clock_.advance_when_waited_on(false);
  storage_.hold("a");
  pipeline().add({link("a", 0, 1)});
  std::stop_source stop;
  base::CallContext call;
  call.stop = stop.get_token();
  std::jthread canceller([&] {
    storage_.await_requests(1);
    stop.request_stop();
  });

  EXPECT_EQ(capture_error([&] { pipeline().next(call); }).kind(), ErrorKind::Cancelled);
}

TEST_F(CloudFetchTest, ClosingAbortsWhatRuns) {
  storage_.hold("a");
  storage_.hold("b");
  pipeline().add({link("a", 0, 1), link("b", 1, 1)});
  std::stop_source stop;
  base::CallContext call;
  call.deadline = clock_.now() + 1s;
  capture_error([&] { pipeline().next(call); });

  pipeline().close();
  pipeline().close();

  EXPECT_EQ(storage_.aborts(), 2);
  EXPECT_TRUE(eventually([&] { return budget_->in_use() == 0; }));
}

TEST_F(CloudFetchTest, ASecondDownloadIsStartedWhenTheFirstIsFarTooSlow) {
  storage_.answer("a", file_of({1}));
  storage_.answer("b", file_of({2}));
  pipeline().add({link("a", 0, 1)});
  EXPECT_EQ(rest(), Values{1});  // teaches what a usual download takes
  storage_.hold("b");
  pipeline().add({link("b", 1, 1)});
  std::jthread releaser([&] {
    storage_.await_requests(3);  // a, b, and b again
    storage_.finish("b");
  });

  EXPECT_EQ(rest(), Values{2});
  EXPECT_EQ(storage_.count("b"), 2);
}

/// The end of any download looks whether it is time for another one: `c`, `d` and `e` are there to
/// end.
TEST_F(CloudFetchTest, ASecondDownloadThatFailsIsRepeatedAfterAPauseAndNotForEver) {
  clock_.advance_when_waited_on(false);
  const http::Response busy{.status = 503, .headers = {{"Retry-After", "30"}}};
  storage_.answer("a", file_of({1}));
  pipeline().add({link("a", 0, 1)});
  EXPECT_EQ(rest(), Values{1});
  std::vector<ResultLink> links;
  for (const char* url : {"b", "c", "d", "e"}) {
    storage_.hold(url);
    links.push_back(link(url, static_cast<std::int64_t>(links.size()) + 1, 1));
    links.back().expiry = clock_.system_now() + 24h;
  }
  pipeline().add(links);
  std::jthread storage([&] {
    storage_.await_requests(5);
    clock_.advance(5s);
    storage_.await_requests(6);
    storage_.finish_request(5, busy);
    EXPECT_EQ(storage_.count("b"), 2) << "not at once";
    clock_.advance(29s);
    storage_.finish_request(2, file_of({3}));
    EXPECT_EQ(storage_.count("b"), 2) << "not before the storage allows it";
    clock_.advance(10min);
    storage_.await_requests(7);
    storage_.finish_request(6, busy);
    clock_.advance(29s);
    storage_.finish_request(3, file_of({4}));
    EXPECT_EQ(storage_.count("b"), 3);
    clock_.advance(1s);
    storage_.await_requests(8);
    storage_.finish_request(7, busy);
    clock_.advance(10h);
    storage_.finish_request(4, file_of({5}));
    EXPECT_EQ(storage_.count("b"), 4) << "three of them are enough";
    storage_.finish_request(1, file_of({2}));
  });

  EXPECT_EQ(rest(), (Values{2, 3, 4, 5}));
}

TEST_F(CloudFetchTest, AFileThatIsGoneIsAskedForWithOneFreshLink) {
  storage_.answer("a", http::Response{.status = 404});
  fresh_links_ = {link("a", 0, 1)};
  pipeline().add({link("a", 0, 1)});

  const Error error = capture_error([&] { rest(); });

  EXPECT_EQ(error.http_status(), 404);
  EXPECT_EQ(storage_.count("a"), 2);
  EXPECT_EQ(refreshed_, Values{0});
}

TEST_F(CloudFetchTest, ALinkThatExpiresDuringABackoffIsRenewedBeforeItIsUsedAgain) {
  ResultLink old = link("old", 0, 1);
  old.expiry = clock_.system_now() + 62s;
  storage_.answer("old", http::Response{.status = 503, .headers = {{"Retry-After", "5"}}});
  fresh_links_ = {link("new", 0, 1)};
  storage_.answer("new", file_of({1}));
  pipeline().add({old});

  EXPECT_EQ(rest(), Values{1});
  EXPECT_EQ(storage_.count("old"), 1);
  EXPECT_EQ(storage_.count("new"), 1);
}

TEST_F(CloudFetchTest, ACancelEndsABackoffAtOnce) {
  clock_.advance_when_waited_on(false);
  storage_.answer("a", http::Response{.status = 503, .headers = {{"Retry-After", "50"}}});
  pipeline().add({link("a", 0, 1)});
  std::stop_source stop;
  base::CallContext call;
  call.stop = stop.get_token();
  std::jthread canceller([&] {
    clock_.await_waiters(1);
    stop.request_stop();
  });

  EXPECT_EQ(capture_error([&] { pipeline().next(call); }).kind(), ErrorKind::Cancelled);
  EXPECT_EQ(clock_.elapsed(), 0s);
}

TEST_F(CloudFetchTest, GivesUpWhenEveryDownloadBreaksOff) {
  storage_.answer("a", http::Failure{.message = "reset in the middle", .bytes_sent = true});
  pipeline().add({link("a", 0, 1)});

  const Error error = capture_error([&] { rest(); });

  EXPECT_EQ(error.kind(), ErrorKind::Network);
  EXPECT_EQ(error.attempts(), 10);
  EXPECT_NE(error.message().find("reset in the middle"), std::string::npos);
}

TEST_F(CloudFetchTest, TakesNamesFromTheResultAndRefusesFilesOfOtherTypes) {
  const auto stream_of = [](const ArrowSchema& schema, const ArrowArray& batch) {
    return http::Response{.status = 200,
                          .body = base::Buffer::copy_of(arrow::write_stream(schema, batch))};
  };
  const auto renamed = arrow::struct_schema(arrow::children(arrow::make_schema("l", "another")));
  const auto of_text = arrow::struct_schema(arrow::children(arrow::make_schema("u", "n")));
  arrow::BatchBuilder text(*of_text);
  text.column<arrow::Utf8Builder>(0).append("seven");
  storage_.answer("a", stream_of(*renamed, *test::bigint_batch({7})));
  storage_.answer("b", stream_of(*of_text, *text.finish()));
  pipeline().add({link("a", 0, 1), link("b", 1, 1)});

  EXPECT_EQ(values_of(*pipeline().next({})), Values{7});
  EXPECT_EQ(capture_error([&] { pipeline().next({}); }).kind(), ErrorKind::CorruptResult);
}

TEST_F(CloudFetchTest, AnEmptyFileInTheMiddleIsNotTheEnd) {
  storage_.answer("a", file_of({1}));
  storage_.answer("empty", file_of({}));
  storage_.answer("c", file_of({3}));
  pipeline().add({link("a", 0, 1), link("empty", 1, 0), link("c", 1, 1)});

  EXPECT_EQ(rest(), (Values{1, 3}));
}

TEST_F(CloudFetchTest, TakesFilesWhoseSizeNobodyTells) {
  for (const std::int64_t size : {std::int64_t{0}, std::int64_t{-1}}) {
    storage_.answer("a", file_of({1, 2}));
    ResultLink unsized = link("a", 0, 2);
    unsized.size_bytes = size;
    pipeline_.reset();
    pipeline().add({unsized});
    EXPECT_EQ(rest(), (Values{1, 2})) << size;
  }
}

TEST_F(CloudFetchTest, OnlyFilesOfAFreshAnswerChangeTheirLink) {
  for (const char* url : {"a", "b", "c"}) storage_.answer(url, http::Response{.status = 403});
  fresh_links_ = {link("b2", 1, 1), link("a2", 0, 1)};
  storage_.answer("a2", file_of({1}));
  storage_.answer("b2", file_of({2}));
  pipeline().add({link("a", 0, 1), link("b", 1, 1), link("c", 2, 1)});

  EXPECT_EQ(values_of(*pipeline().next({})), Values{1});
  EXPECT_EQ(values_of(*pipeline().next({})), Values{2});
  EXPECT_EQ(capture_error([&] { pipeline().next({}); }).kind(), ErrorKind::LinkExpired)
      << "the third was not among them";
}

TEST_F(CloudFetchTest, ClosingFromAnotherThreadEndsAWait) {
  clock_.advance_when_waited_on(false);
  storage_.hold("a");
  pipeline().add({link("a", 0, 1)});
  std::jthread closer([&] {
    storage_.await_requests(1);
    pipeline_->close();
  });

  EXPECT_EQ(capture_error([&] { pipeline().next({}); }).kind(), ErrorKind::InvalidState);
}

TEST_F(CloudFetchTest, WarnsOnceOfSlowDownloadsAndShowsNoLink) {
  const test::CapturedLog log;
  std::vector<std::int64_t> many(20'000);
  for (std::int64_t i = 0; i < 20'000; ++i) many[static_cast<std::size_t>(i)] = i * 7919 % 20'011;
  for (int i = 0; i < 3; ++i) {
    const std::string url = "https://storage.example.com/file" + std::to_string(i) +
                            "?X-Amz-Signature=s3cret&sig=s3cret";
    storage_.answer(url, file_of(many, test::Wire::Plain));
    storage_.hold(url);
    pipeline().add({link(url, i * 20'000, 20'000)});
  }
  std::jthread slow([&] {
    storage_.await_requests(3);
    clock_.advance(60s);  // 160,000 bytes in a minute
    for (const auto& request : storage_.requests()) storage_.finish(request.url);
  });

  EXPECT_EQ(rest().size(), 60'000U);
  EXPECT_EQ(log.lines(LogLevel::Warn).size(), 1U);
  for (const auto& [level, line] : log.lines())
    EXPECT_EQ(line.find("s3cret"), std::string::npos) << line;
}

class EarlyBatchesTest : public CloudFetchTest, public testing::WithParamInterface<test::Wire> {
 protected:
  EarlyBatchesTest() {
    clock_.advance_when_waited_on(false);
    storage_.answer("a", test::file_of_batches({{1, 2}, {3}, {4, 5}}, GetParam(), ends_));
    storage_.hold("a");
  }

  /// The rows of the first batch, which comes while the download is still held.
  Values first_batch() {
    pipeline().add({link("a", 0, 5)});
    std::jthread grower([&] {
      storage_.await_requests(1);
      storage_.grow("a", ends_[0] + 3);
    });
    return values_of(*pipeline().next({}));
  }

  std::vector<std::size_t> ends_;
};

TEST_P(EarlyBatchesTest, ComeBeforeTheirFileIsComplete) {
  EXPECT_EQ(first_batch(), (Values{1, 2}));

  storage_.grow("a", ends_[1]);
  EXPECT_EQ(values_of(*pipeline().next({})), Values{3});
  storage_.finish("a");
  EXPECT_EQ(rest(), (Values{4, 5}));
  EXPECT_EQ(storage_.count("a"), 1);
  EXPECT_TRUE(eventually([&] { return budget_->in_use() == 0; }));
}

TEST_P(EarlyBatchesTest, AreNotRepeatedWhenTheDownloadIs) {
  storage_.answer("a", http::Failure{.message = "connection reset", .bytes_sent = true});
  storage_.answer("a", test::file_of_batches({{1, 2}, {3}, {4, 5}}, GetParam(), ends_));
  EXPECT_EQ(first_batch(), (Values{1, 2}));
  clock_.advance_when_waited_on(true);
  storage_.drop("a");

  storage_.finish("a");

  EXPECT_EQ(rest(), (Values{3, 4, 5}));
  EXPECT_EQ(storage_.count("a"), 2);
}

TEST_P(EarlyBatchesTest, AreNeverFollowedByTheRowsOfAnotherFile) {
  std::vector<std::size_t> ends;
  storage_.answer("a", http::Failure{.message = "connection reset", .bytes_sent = true});
  storage_.answer("a", test::file_of_batches({{2, 1}, {3}, {4, 5}}, GetParam(), ends));
  EXPECT_EQ(first_batch(), (Values{1, 2}));
  clock_.advance_when_waited_on(true);
  storage_.drop("a");

  storage_.finish("a");

  EXPECT_EQ(capture_error([&] { rest(); }).kind(), ErrorKind::CorruptResult);
}

TEST_P(EarlyBatchesTest, AreCountedAgainstTheBudget) {
  EXPECT_EQ(first_batch(), (Values{1, 2}));
  EXPECT_GT(budget_->in_use(), 0U);
  pipeline().close();
  pipeline_.reset();
  EXPECT_TRUE(eventually([&] { return budget_->in_use() == 0; }));
}

INSTANTIATE_TEST_SUITE_P(Wires, EarlyBatchesTest,
                         testing::Values(test::Wire::Lz4, test::Wire::Plain));

TEST_F(CloudFetchTest, AMalformedLinkIsAnErrorAfterTheRowsBeforeItAndIsNotFollowed) {
  storage_.answer("a", file_of({1, 2}));
  std::vector<ResultLink> malformed(3, link("b", 2, 1));
  malformed[0].url.clear();
  malformed[1].url = "ftp://storage.test/b";
  malformed[2].headers = {{"x-key", "1\r\nX-Other: 2"}};
  for (const ResultLink& bad : malformed) {
    pipeline_.reset();
    pipeline().add({link("a", 0, 2), bad, link("a", 3, 2)});

    EXPECT_EQ(values_of(*pipeline().next({})), (Values{1, 2})) << bad.url;
    EXPECT_EQ(capture_error([&] { pipeline().next({}); }).kind(), ErrorKind::CorruptResult);
    EXPECT_EQ(capture_error([&] { pipeline().next({}); }).kind(), ErrorKind::CorruptResult);
  }
  EXPECT_EQ(storage_.count("b"), 0);
}

TEST_F(CloudFetchTest, AMalformedFreshLinkIsAnError) {
  storage_.answer("a", http::Response{.status = 403});
  fresh_links_ = {link("ftp://storage.test/a", 0, 1)};
  pipeline().add({link("a", 0, 1)});

  EXPECT_EQ(capture_error([&] { rest(); }).kind(), ErrorKind::CorruptResult);
}

/// Downloads are started by whoever sees that there is room for one: none of them may be hurt.
TEST_F(CloudFetchTest, ADownloadThatCannotBeStartedFailsItsOwnFileWhoeverStartsIt) {
  options_.threads = 1;
  storage_.answer("a", file_of({1}));
  storage_.refuse_to_start("b", {.kind = ErrorKind::InvalidArgument, .message = "not like that"});
  storage_.hold("a");
  pipeline().add({link("a", 0, 1), link("b", 1, 1)});
  std::jthread io([&]() noexcept {
    storage_.await_requests(1);
    storage_.finish("a");  // makes room for the second one
  });

  EXPECT_EQ(values_of(*pipeline().next({})), Values{1});
  const Error error = capture_error([&] { pipeline().next({}); });
  EXPECT_EQ(error.kind(), ErrorKind::InvalidArgument);
  EXPECT_NE(error.message().find("not like that"), std::string::npos);
}

TEST_F(CloudFetchTest, ReportsAStorageThatNobodyCanConnectTo) {
  storage_.answer("a", http::Failure{.message = "connection refused", .bytes_sent = false});
  pipeline().add({link("a", 0, 1)});

  EXPECT_EQ(capture_error([&] { rest(); }).kind(), ErrorKind::Network);
  EXPECT_TRUE(pipeline().storage_is_unreachable());
  EXPECT_EQ(storage_.count("a"), 3);
}

TEST_F(CloudFetchTest, ReportsAStorageThatNobodyIsLetThroughTo) {
  const http::Failure untrusted{
      .kind = ErrorKind::Tls, .message = "not trusted", .permanent = true};
  const http::Failure refused{
      .message = "the proxy refuses", .permanent = true, .sqlstate = "08001"};
  for (const http::Failure& failure : {untrusted, refused}) {
    pipeline_.reset();
    storage_.answer("f" + std::to_string(failure.sqlstate.size()), failure);
    pipeline().add({link("f" + std::to_string(failure.sqlstate.size()), 0, 1)});

    EXPECT_EQ(capture_error([&] { rest(); }).kind(), failure.kind);
    EXPECT_TRUE(pipeline().storage_is_unreachable()) << failure.message;
  }
}

TEST_F(CloudFetchTest, AFailureOfThisProcessSaysNothingOfTheStorage) {
  storage_.answer("a", http::Failure{.kind = ErrorKind::ResourceExhausted,
                                     .message = "there is not enough memory for it",
                                     .bytes_sent = true,
                                     .permanent = true});
  pipeline().add({link("a", 0, 1)});

  const Error error = capture_error([&] { rest(); });

  EXPECT_EQ(error.kind(), ErrorKind::ResourceExhausted);
  EXPECT_NE(error.message().find("not enough memory"), std::string::npos);
  EXPECT_EQ(storage_.count("a"), 1);
  EXPECT_FALSE(pipeline().storage_is_unreachable());
}

TEST_F(CloudFetchTest, AStorageThatHasServedAFileIsNotUnreachable) {
  storage_.answer("a", file_of({1}));
  storage_.answer("b", http::Failure{.message = "connection refused", .bytes_sent = false});
  pipeline().add({link("a", 0, 1), link("b", 1, 1)});

  EXPECT_EQ(capture_error([&] { rest(); }).attempts(), 10);
  EXPECT_FALSE(pipeline().storage_is_unreachable());
}

}  // namespace
}  // namespace dbsql::result
