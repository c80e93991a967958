#include "observe/profile_recorder.h"

#include "support/fake_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace dbsql::observe {
namespace {

using namespace std::chrono_literals;
using test::FakeClock;
using testing::HasSubstr;
using testing::Not;

class Profile : public testing::Test {
 protected:
  StatementProfile::Duration sum() const {
    const StatementProfile profile = recorder.profile();
    return profile.submit + profile.execute + profile.open + profile.read + profile.consume;
  }
  /// Time passes, and then something happens.
  void after(std::chrono::nanoseconds time, const Event& event) {
    clock.advance(time);
    recorder.on(event);
  }

  FakeClock clock;
  ProfileRecorder recorder{clock};
};

TEST_F(Profile, DividesTheTotalAmongItsParts) {
  after(5ms, StatementSubmitted{"01ef", 5ms});
  after(40ms, StatementReady{});
  after(2ms, ResultOpened{});
  after(10ms, ReadBegan{});
  after(30ms, RowsDelivered{100});
  after(7ms, ReadBegan{});
  after(3ms, RowsDelivered{50});
  after(1ms, ReadBegan{});
  after(4ms, RowsExhausted{});

  const StatementProfile profile = recorder.profile();
  EXPECT_EQ(profile.submit, 5ms);
  EXPECT_EQ(profile.execute, 40ms);
  EXPECT_EQ(profile.open, 2ms);
  EXPECT_EQ(profile.read, 37ms);
  EXPECT_EQ(profile.consume, 18ms);
  EXPECT_EQ(profile.total, 102ms);
  EXPECT_EQ(profile.first_row, 87ms);
  EXPECT_EQ(profile.rows, 150);
  EXPECT_EQ(profile.batches, 2);
  EXPECT_TRUE(profile.is_complete);
}

TEST_F(Profile, StandsStillOnceTheStatementIsOver) {
  after(5ms, StatementSubmitted{"01ef", 5ms});
  after(5ms, StatementEnded{});

  after(1h, ReadBegan{});
  after(1h, StatementEnded{});
  after(1h, RowsDelivered{1});

  EXPECT_EQ(recorder.profile().total, 10ms);
  EXPECT_EQ(sum(), 10ms);
}

TEST_F(Profile, GoesOnWhileTheStatementDoes) {
  after(5ms, StatementSubmitted{"01ef", 5ms});
  clock.advance(20ms);

  EXPECT_EQ(recorder.profile().execute, 20ms);
  clock.advance(20ms);
  EXPECT_EQ(recorder.profile().total, 45ms);
  EXPECT_FALSE(recorder.profile().is_complete);
}

TEST_F(Profile, TellsHowLongTheServerHadNotBegun) {
  using State = StatementPolled::State;
  EXPECT_FALSE(recorder.profile().queued);

  recorder.on(StatementPolled{"01ef", State::Pending, 1, 100ms, 3ms});
  recorder.on(StatementPolled{"01ef", State::Pending, 2, 200ms, 4ms});
  recorder.on(StatementPolled{"01ef", State::Running, 3, 300ms, 5ms});

  EXPECT_EQ(recorder.profile().queued, 200ms);
  EXPECT_EQ(recorder.profile().polls, 3);
  EXPECT_EQ(recorder.profile().polling, 12ms);
}

TEST_F(Profile, AddsUpWhatFilesAndPagesTook) {
  using Format = PageReceived::Format;
  recorder.on(PageReceived{"01ef", 0, 1000, Format::Arrow, true, 0, 9ms});
  recorder.on(PageReceived{"01ef", 10, 0, Format::None, false, 0, 1ms});  // no rows: no page
  recorder.on(PageDecoded{4000, 1ms, 2ms});
  recorder.on(ChunkReceived{.index = 1,
                            .latency = 80ms,
                            .wire_bytes = 500,
                            .repeats = 2,
                            .hedges = 1,
                            .bytes = 2000,
                            .decompress = 3ms,
                            .decode = 4ms});
  recorder.on(ChunkReceived{.index = 0, .latency = 20ms, .wire_bytes = 300});

  const StatementProfile profile = recorder.profile();
  EXPECT_EQ(profile.pages, 1);
  EXPECT_EQ(profile.page_bytes, 1000);
  EXPECT_EQ(profile.fetch, 9ms);
  EXPECT_EQ(profile.files, 2);
  EXPECT_EQ(profile.file_bytes, 800);
  EXPECT_EQ(profile.download, 100ms);
  EXPECT_EQ(profile.slowest_download, 80ms);
  EXPECT_EQ(profile.file_retries, 2);
  EXPECT_EQ(profile.file_hedges, 1);
  EXPECT_EQ(profile.decompress, 4ms);
  EXPECT_EQ(profile.decode, 6ms);
  EXPECT_EQ(profile.decoded_bytes, 6000);
}

TEST_F(Profile, KeepsTheFirstFailure) {
  const Error refused({.kind = ErrorKind::SqlSyntax});
  const Error closed({.kind = ErrorKind::StatementClosed});
  recorder.on(Failed{&refused});
  recorder.on(Failed{&closed});

  EXPECT_EQ(recorder.profile().error, ErrorKind::SqlSyntax);
}

TEST_F(Profile, HasNoFailureOnceAllWasRead) {
  recorder.on(RowsExhausted{});
  const Error closed({.kind = ErrorKind::StatementClosed});
  recorder.on(Failed{&closed});

  EXPECT_FALSE(recorder.profile().error);
}

TEST_F(Profile, HearsOfManyThreads) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < 1000; ++j) {
        recorder.on(ChunkReceived{.latency = 1ns, .wire_bytes = 1});
        static_cast<void>(recorder.profile());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(recorder.profile().files, 4000);
  EXPECT_EQ(recorder.profile().file_bytes, 4000);
}

TEST_F(Profile, IsShownAsText) {
  after(5ms, StatementSubmitted{"01ef", 5ms});
  recorder.on(StatementPolled{"01ef", StatementPolled::State::Pending, 1, 1500ms, 3ms});
  after(2s, StatementReady{});
  recorder.on(RequestRepeated{"FetchResults", 1, 100ms});
  after(1ms, ResultOpened{});
  recorder.on(ReadBegan{});
  recorder.on(ChunkReceived{.latency = 80ms, .wire_bytes = 3 << 20, .bytes = 10 << 20});
  after(250us, RowsDelivered{1});

  const std::string text = to_text(recorder.profile());
  EXPECT_THAT(text, HasSubstr("  total             2.01 s  so far\n"));
  EXPECT_THAT(text, HasSubstr("  submit           5.00 ms  1 request repeated so far\n"));
  EXPECT_THAT(text, HasSubstr("  execute           2.00 s  queued 1.50 s, 1 poll of 3.00 ms\n"));
  EXPECT_THAT(text, HasSubstr("  read              250 us  first row after 2.01 s\n"));
  EXPECT_THAT(text, HasSubstr("  consume          0.00 us  1 row in 1 batch\n"));
  EXPECT_THAT(text, HasSubstr("  (download)       80.0 ms  1 file, 3.00 MiB, slowest 80.0 ms\n"));
  EXPECT_THAT(text, Not(HasSubstr("(decompress)")));
}

TEST_F(Profile, SaysInItsTextThatItFailed) {
  const Error refused({.kind = ErrorKind::PermissionDenied});
  recorder.on(Failed{&refused});
  recorder.on(StatementEnded{});

  EXPECT_THAT(to_text(recorder.profile()), HasSubstr("failed: PermissionDenied\n"));
}

}  // namespace
}  // namespace dbsql::observe
