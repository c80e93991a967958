#include "http/retry_policy.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace dbsql::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto R = Verdict::Retry;
constexpr auto F = Verdict::Fail;
constexpr auto U = Verdict::OutcomeUnknown;

struct TableRow {
  RequestClass request_class;
  std::array<Verdict, 7> verdicts;  // in the order of kColumns
};

constexpr std::array kColumns = {
    Outcome::RateLimited,   Outcome::UnavailableHint, Outcome::Unavailable, Outcome::GatewayError,
    Outcome::ConnectFailed, Outcome::LostAfterSend,   Outcome::Permanent};

// The table of the specification, written a second time: each cell is a promise to somebody's data.
constexpr std::array<TableRow, 10> kTable = {{
    {RequestClass::Read, {R, R, R, R, R, R, F}},
    {RequestClass::Close, {R, R, R, R, R, R, F}},
    {RequestClass::Fetch, {R, R, R, R, R, R, F}},
    {RequestClass::FetchNext, {R, R, R, F, R, F, F}},
    {RequestClass::Open, {R, R, R, R, R, R, F}},
    {RequestClass::Execute, {R, R, R, U, R, U, F}},
    {RequestClass::Commit, {R, R, R, U, R, U, F}},
    {RequestClass::Auth, {R, R, R, R, R, R, F}},
    {RequestClass::Storage, {R, R, R, R, R, R, F}},
    {RequestClass::Telemetry, {F, F, F, F, F, F, F}},
}};

class RetryTable : public testing::TestWithParam<TableRow> {};

TEST_P(RetryTable, DecidesEachCellAsSpecified) {
  for (std::size_t column = 0; column < kColumns.size(); ++column) {
    EXPECT_EQ(verdict_for(GetParam().request_class, kColumns[column]), GetParam().verdicts[column])
        << "column " << column;
  }
}

INSTANTIATE_TEST_SUITE_P(AllClasses, RetryTable, testing::ValuesIn(kTable), [](const auto& row) {
  return "Class" + std::to_string(static_cast<int>(row.param.request_class));
});

TEST(RetryOutcome, SortsStatuses) {
  EXPECT_EQ(outcome_of(429, false), Outcome::RateLimited);
  EXPECT_EQ(outcome_of(503, true), Outcome::UnavailableHint);
  EXPECT_EQ(outcome_of(503, false), Outcome::Unavailable);
  for (const int status : {408, 500, 502, 504})
    EXPECT_EQ(outcome_of(status, true), Outcome::GatewayError) << status;
  for (const int status : {302, 400, 401, 403, 404, 405, 407, 409, 410, 416, 501, 505}) {
    EXPECT_EQ(outcome_of(status, true), Outcome::Permanent) << status;
  }
}

TEST(RetryOutcome, SortsFailuresByWhatMayHaveLeft) {
  EXPECT_EQ(outcome_of(Failure{.message = ""}), Outcome::ConnectFailed);
  EXPECT_EQ(outcome_of(Failure{.message = "", .bytes_sent = true}), Outcome::LostAfterSend);
  EXPECT_EQ(outcome_of(Failure{.kind = ErrorKind::Tls, .message = ""}), Outcome::Permanent);
  EXPECT_EQ(outcome_of(Failure{.message = "", .bytes_sent = true, .permanent = true}),
            Outcome::Permanent);
}

TEST(RetryBackoff, DoublesWithinAQuarterOfJitter) {
  const RetryOptions options;
  for (int retry = 0; retry < 6; ++retry) {
    const auto base = 1000ms * (1 << retry);
    EXPECT_EQ(backoff(options, retry, 0), base * 3 / 4);
    EXPECT_EQ(backoff(options, retry, 0.5), base);
    EXPECT_EQ(backoff(options, retry, 1), base * 5 / 4);
  }
}

TEST(RetryBackoff, StopsGrowingAtItsMaximum) {
  const RetryOptions options{.wait_min = 1s, .wait_max = 5s};

  EXPECT_EQ(backoff(options, 3, 0.5), 5s);
  EXPECT_EQ(backoff(options, 100'000, 0.5), 5s);
}

constexpr auto kNow =
    std::chrono::system_clock::time_point(784'111'777s);  // Sun, 06 Nov 1994 08:49:37 GMT

TEST(RetryAfter, ReadsSeconds) {
  EXPECT_EQ(parse_retry_after("120", kNow), 120s);
  EXPECT_EQ(parse_retry_after(" 7 ", kNow), 7s);
  EXPECT_EQ(parse_retry_after("0", kNow), 0s);
}

TEST(RetryAfter, ReadsAllFormsOfDates) {
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:39 GMT", kNow), 2s);
  EXPECT_EQ(parse_retry_after("Sunday, 06-Nov-94 08:49:40 GMT", kNow), 3s);
  EXPECT_EQ(parse_retry_after("Sun Nov  6 08:50:37 1994", kNow), 60s);
}

TEST(RetryAfter, TakesNegativeAndPastForNow) {
  EXPECT_EQ(parse_retry_after("-5", kNow), 0s);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", kNow), 0s);
}

TEST(RetryAfter, IgnoresGarbage) {
  for (const char* text :
       {"", "abc", "1.5", "12 s", "99999999999999999999", "Tue:", ":::", "1e3"}) {
    EXPECT_FALSE(parse_retry_after(text, kNow)) << text;
  }
}

TEST(RetryAfter, SurvivesAnAbsurdNumber) {
  const auto hint = parse_retry_after("9223372036854775807", kNow);
  ASSERT_TRUE(hint);
  EXPECT_FALSE(next_wait({}, Outcome::Unavailable, {.attempts = 1}, hint, 0.5));
}

TEST(RetryWait, TakesTheServersHintForAFloor) {
  EXPECT_EQ(next_wait({}, Outcome::UnavailableHint, {.attempts = 1}, 30s, 0.5), 30s);
  EXPECT_EQ(next_wait({}, Outcome::UnavailableHint, {.attempts = 1}, 0s, 0.5), 1s);
}

TEST(RetryWait, EndsWithTheLastAttempt) {
  const RetryOptions options{.max_attempts = 3};

  EXPECT_TRUE(next_wait(options, Outcome::Unavailable, {.attempts = 2}, {}, 0.5));
  EXPECT_FALSE(next_wait(options, Outcome::Unavailable, {.attempts = 3}, {}, 0.5));
  EXPECT_FALSE(next_wait({.max_attempts = 1}, Outcome::Unavailable, {.attempts = 1}, {}, 0.5));
}

TEST(RetryWait, NeverGoesPastTheTotalTime) {
  const RetryOptions options{.total_timeout = 60s};

  EXPECT_FALSE(next_wait(options, Outcome::UnavailableHint, {.attempts = 1}, 120s, 0.5));
  EXPECT_TRUE(
      next_wait(options, Outcome::UnavailableHint, {.attempts = 1, .elapsed = 10s}, 50s, 0.5));
  EXPECT_FALSE(
      next_wait(options, Outcome::UnavailableHint, {.attempts = 1, .elapsed = 11s}, 50s, 0.5));
}

TEST(RetryWait, HasAShorterLimitForRateLimiting) {
  EXPECT_FALSE(next_wait({}, Outcome::RateLimited, {.attempts = 1}, 121s, 0.5));
  EXPECT_TRUE(next_wait({}, Outcome::UnavailableHint, {.attempts = 1}, 121s, 0.5));
  EXPECT_FALSE(
      next_wait({}, Outcome::RateLimited, {.attempts = 2, .rate_limited = 110s}, 11s, 0.5));
}

TEST(RetryWait, NeverGoesPastTheCallsDeadline) {
  EXPECT_TRUE(next_wait({}, Outcome::Unavailable, {.attempts = 1, .remaining = 1000ms}, {}, 0.5));
  EXPECT_FALSE(next_wait({}, Outcome::Unavailable, {.attempts = 1, .remaining = 999ms}, {}, 0.5));
}

}  // namespace
}  // namespace dbsql::http
