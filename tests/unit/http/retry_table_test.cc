#include "http/client.h"
#include "support/capture_error.h"
#include "support/fake_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace dbsql::http {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using test::FakeClock;

// What happens to a request after its first attempt, for each combination of what it is, what came
// of it, what the server asked for, and how much of the limits is left: the table of
// reference/auth-http-config.md 4.7, written a second time and asked of the whole client.

/// R: sent again; F: an error; U: an error that says that the server may have done it.
struct Row {
  RequestClass request_class;
  const char* name;
  const char* cells;  // in the order of kColumns
};

constexpr std::array kColumns = {"429", "503", "500", "502", "504", "408", "connect", "lost"};

// clang-format off
constexpr std::array<Row, 10> kRows{{
    //                                    429 503 500 502 504 408 connect lost
    {RequestClass::Read,      "READ",      "R   R   R   R   R   R   R       R"},
    {RequestClass::Close,     "CLOSE",     "R   R   R   R   R   R   R       R"},
    {RequestClass::Fetch,     "FETCH",     "R   R   R   R   R   R   R       R"},
    {RequestClass::FetchNext, "FETCHNEXT", "R   R   F   F   F   F   R       F"},
    {RequestClass::Open,      "OPEN",      "R   R   R   R   R   R   R       R"},
    {RequestClass::Execute,   "EXECUTE",   "R   R   U   U   U   U   R       U"},
    {RequestClass::Commit,    "COMMIT",    "R   R   U   U   U   U   R       U"},
    {RequestClass::Auth,      "AUTH",      "R   R   R   R   R   R   R       R"},
    {RequestClass::Storage,   "UPLOAD",    "R   R   R   R   R   R   R       R"},
    {RequestClass::Telemetry, "TELEMETRY", "F   F   F   F   F   F   F       F"},
}};
// clang-format on

/// What is never sent again, whatever was asked. Redirects are for tests of their own.
constexpr std::array kNever = {"400", "401", "403", "404", "405", "407", "409", "410", "411", "412",
                               "413", "414", "415", "416", "422", "501", "505", "507", "tls"};

struct Hint {
  const char* name;
  const char* value;                  // of Retry-After
  std::optional<milliseconds> floor;  // of the wait; nothing = the header is ignored
};

// The clock's wall time at its start is 2025-06-15 15:06:40 UTC.
constexpr std::array<Hint, 8> kHints{{{"none", nullptr, {}},
                                      {"seconds", "7", 7000ms},
                                      {"date", "Sun, 15 Jun 2025 15:06:47 GMT", 7000ms},
                                      {"zero", "0", 0ms},
                                      {"negative", "-5", 0ms},
                                      {"past", "Sun, 15 Jun 2025 15:00:00 GMT", 0ms},
                                      {"garbage", "abc", {}},
                                      {"too long", "100000", 100'000'000ms}}};

enum class Limit { Ample, LastAttempt, TotalTime, RateLimitTime, Deadline };
constexpr std::array<std::pair<Limit, const char*>, 5> kLimits{
    {{Limit::Ample, "ample"},
     {Limit::LastAttempt, "last attempt"},
     {Limit::TotalTime, "no total time left"},
     {Limit::RateLimitTime, "no time left for 429"},
     {Limit::Deadline, "deadline too near"}}};

Reply reply_of(const std::string& outcome, const Hint& hint) {
  if (outcome == "connect") return Failure{.message = "refused"};
  if (outcome == "lost") return Failure{.message = "lost", .bytes_sent = true};
  if (outcome == "tls") return Failure{.kind = ErrorKind::Tls, .message = "untrusted"};
  Response response{.status = std::stoi(outcome)};
  if (hint.value != nullptr) response.headers.push_back({"Retry-After", hint.value});
  return response;
}

/// Fails once, then succeeds.
class OneFailure final : public Transport {
 public:
  OneFailure(FakeClock& clock, std::string outcome, const Hint& hint)
      : clock_(clock), outcome_(std::move(outcome)), hint_(hint) {}

  Reply send(const Request&, const base::CallContext&) override {
    if (++count == 1) return reply_of(outcome_, hint_);
    second_at = clock_.elapsed();
    return Response{.status = 200};
  }
  void send_in_background(const Request&, milliseconds, Completion) override {}

  int count = 0;
  std::chrono::nanoseconds second_at{0};

 private:
  FakeClock& clock_;
  const std::string outcome_;
  const Hint hint_;
};

struct Cell {
  const Row& row;
  std::string outcome;
  char verdict;
  const Hint& hint;
  Limit limit;

  bool is_reply() const { return outcome != "connect" && outcome != "lost" && outcome != "tls"; }
  std::optional<milliseconds> floor() const { return is_reply() ? hint.floor : std::nullopt; }

  /// Whether limits and hint leave room for another attempt.
  bool has_room() const {
    if (limit == Limit::Ample) return !floor() || *floor() < 1h;
    return limit == Limit::RateLimitTime && outcome != "429" && (!floor() || *floor() < 1h);
  }
};

RetryOptions options_for(Limit limit) {
  RetryOptions options;
  // The shortest wait before a first retry is 750 ms.
  if (limit == Limit::LastAttempt) options.max_attempts = 1;
  if (limit == Limit::TotalTime) options.total_timeout = 700ms;
  if (limit == Limit::RateLimitTime) options.rate_limit_timeout = 700ms;
  return options;
}

void expect_second_attempt(const Cell& cell, const OneFailure& transport) {
  EXPECT_EQ(transport.count, 2);
  const auto waited = std::chrono::duration_cast<milliseconds>(transport.second_at);
  const milliseconds floor = cell.floor().value_or(0ms);
  EXPECT_GE(waited, std::max(floor, 750ms));
  EXPECT_LE(waited, std::max(floor, 1250ms));
}

void expect_error(const Cell& cell, const OneFailure& transport, const Error& error) {
  EXPECT_EQ(transport.count, 1);
  EXPECT_EQ(error.attempts(), 1);
  EXPECT_EQ(error.outcome_unknown(), cell.verdict == 'U');
  EXPECT_EQ(error.retryable(), cell.verdict == 'R') << "the caller may, when the limits do not";
  const auto hint = cell.floor();
  EXPECT_EQ(error.retry_after().has_value(), hint.has_value());
  if (hint && error.retry_after()) {
    EXPECT_EQ(milliseconds(*error.retry_after()), *hint);
  }
}

void check(const Cell& cell, const char* limit_name) {
  SCOPED_TRACE(std::string("cell: ") + cell.row.name + " x " + cell.outcome + " x Retry-After " +
               cell.hint.name + " x " + limit_name + " -> " + cell.verdict);
  FakeClock clock;
  clock.advance_when_waited_on(true);
  const auto transport = std::make_shared<OneFailure>(clock, cell.outcome, cell.hint);
  const Client client(transport, options_for(cell.limit), {}, clock);
  base::CallContext call;
  if (cell.limit == Limit::Deadline) call.deadline = clock.now() + 700ms;
  std::optional<Error> error;
  try {
    client.send({.url = "https://h/sql", .request_class = cell.row.request_class, .name = "Call"},
                call);
  } catch (const Error& thrown) {
    error = thrown;
  }
  const bool is_repeated = cell.verdict == 'R' && cell.has_room();
  EXPECT_EQ(error.has_value(), !is_repeated);
  if (is_repeated && !error) expect_second_attempt(cell, *transport);
  if (!is_repeated && error) expect_error(cell, *transport, *error);
}

class RetryTableCells : public testing::TestWithParam<Row> {
 protected:
  static void check_everywhere(const std::string& outcome, char verdict) {
    for (const Hint& hint : kHints) {
      for (const auto& [limit, name] : kLimits)
        check({GetParam(), outcome, verdict, hint, limit}, name);
    }
  }
};

TEST_P(RetryTableCells, AreDecidedAsSpecifiedWithEachHintAndLimit) {
  std::string verdicts;
  for (const char* cell = GetParam().cells; *cell != '\0'; ++cell)
    if (*cell != ' ') verdicts += *cell;
  ASSERT_EQ(verdicts.size(), kColumns.size());

  for (std::size_t i = 0; i < kColumns.size(); ++i) check_everywhere(kColumns[i], verdicts[i]);
}

TEST_P(RetryTableCells, NeverRepeatWhatRepeatingCannotHelp) {
  for (const char* outcome : kNever) check_everywhere(outcome, 'F');
}

INSTANTIATE_TEST_SUITE_P(AllClasses, RetryTableCells, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

/// Fails for ever, in the same way.
class AlwaysFails final : public Transport {
 public:
  explicit AlwaysFails(Failure failure) : failure_(std::move(failure)) {}
  explicit AlwaysFails(int status) : status_(status) {}
  Reply send(const Request&, const base::CallContext&) override {
    ++count;
    if (status_ == 0) return failure_;
    Response response;
    response.status = status_;
    return response;
  }
  void send_in_background(const Request&, milliseconds, Completion) override {}
  int count = 0;

 private:
  const Failure failure_;
  const int status_ = 0;
};

TEST(RetryLimits, EndWithTheLastAttemptAndTellOfAll) {
  for (const int most : {1, 2, 3, 6}) {
    FakeClock clock;
    clock.advance_when_waited_on(true);
    const auto transport = std::make_shared<AlwaysFails>(503);
    const Client client(transport, {.max_attempts = most, .start_timeout = 0ms}, {}, clock);

    const Error error = test::capture_error(
        [&] { client.send({.url = "https://h/", .request_class = RequestClass::Open}, {}); });

    EXPECT_EQ(transport->count, most);
    EXPECT_EQ(error.attempts(), most);
    EXPECT_EQ(error.elapsed(), std::chrono::duration_cast<milliseconds>(clock.elapsed()));
    EXPECT_EQ(error.http_status(), 503);
    EXPECT_EQ(error.sqlstate(), "08004") << "where sessions are opened";
    EXPECT_EQ(error.cause() != nullptr, most > 1) << "the first failure beside the last";
  }
}

RetryOptions with_dangerous(std::vector<int> statuses) {
  RetryOptions options;
  options.dangerous_statuses = std::move(statuses);
  return options;
}

TEST(DangerousCodes, LetAStatementBeSentAgainAfterThatStatusAlone) {
  const RetryOptions options = with_dangerous({502, 599});
  const auto verdict = [&](RequestClass request_class, int status) {
    return verdict_for(request_class, outcome_of(status, false), status, options);
  };

  EXPECT_EQ(verdict(RequestClass::Execute, 502), Verdict::Retry);
  EXPECT_EQ(verdict(RequestClass::Execute, 599), Verdict::Retry);
  EXPECT_EQ(verdict(RequestClass::Execute, 504), Verdict::OutcomeUnknown);
  EXPECT_EQ(verdict(RequestClass::Commit, 502), Verdict::OutcomeUnknown);
  EXPECT_EQ(verdict(RequestClass::FetchNext, 502), Verdict::Fail);
  EXPECT_EQ(verdict(RequestClass::Telemetry, 502), Verdict::Fail);
}

TEST(DangerousCodes, SayNothingOfALostReply) {
  FakeClock clock;
  clock.advance_when_waited_on(true);
  const auto lost = std::make_shared<AlwaysFails>(Failure{.message = "lost", .bytes_sent = true});
  const Client client(lost, with_dangerous({502}), {}, clock);

  const Error error = test::capture_error(
      [&] { client.send({.url = "https://h/", .request_class = RequestClass::Execute}, {}); });

  EXPECT_EQ(lost->count, 1);
  EXPECT_TRUE(error.outcome_unknown());
}

}  // namespace
}  // namespace dbsql::http
