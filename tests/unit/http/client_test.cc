#include "http/client.h"

#include "support/capture_error.h"
#include "support/captured_log.h"
#include "support/fake_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::http {
namespace {

using namespace std::chrono_literals;
using test::capture_error;
using test::FakeClock;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::Not;

/// Answers with one step after the other; the last one for ever.
class ScriptedTransport final : public Transport {
 public:
  using Step = std::function<Reply(const Request&, const base::CallContext&)>;

  ScriptedTransport(FakeClock& clock, std::vector<Step> steps)
      : clock_(clock), steps_(std::move(steps)) {}

  Reply send(const Request& request, const base::CallContext& call) override {
    sent_at_.push_back(clock_.elapsed());
    requests_.push_back(request);
    const std::size_t step = std::min(requests_.size(), steps_.size()) - 1;
    return steps_[step](request, call);
  }

  void send_in_background(const Request& request, std::chrono::milliseconds,
                          Completion on_completion) override {
    Reply reply = send(request, {});
    if (on_completion) on_completion(std::move(reply));
  }

  std::size_t count() const { return requests_.size(); }
  const std::vector<Request>& requests() const { return requests_; }
  /// The pauses between the requests.
  std::vector<double> waits() const {
    std::vector<double> waits;
    for (std::size_t i = 1; i < sent_at_.size(); ++i) {
      waits.push_back(std::chrono::duration<double>(sent_at_[i] - sent_at_[i - 1]).count());
    }
    return waits;
  }

 private:
  FakeClock& clock_;
  std::vector<Step> steps_;
  std::vector<Request> requests_;
  std::vector<std::chrono::nanoseconds> sent_at_;
};

ScriptedTransport::Step status(int code, Headers headers = {}, std::string body = {}) {
  return [=](const Request&, const base::CallContext&) -> Reply {
    return Response{code, headers, base::Buffer::copy_of(body)};
  };
}

ScriptedTransport::Step failure(Failure failed) {
  return [=](const Request&, const base::CallContext&) -> Reply { return failed; };
}

const Failure kRefused{.message = "cannot connect to https://h:443: refused"};
const Failure kLost{.message = "the connection to https://h:443 was lost", .bytes_sent = true};

class ClientTest : public testing::Test {
 protected:
  ClientTest() { clock_.advance_when_waited_on(true); }

  Client client(std::vector<ScriptedTransport::Step> steps, RetryOptions options = {},
                Client::Credentials credentials = {}) {
    transport_ = std::make_shared<ScriptedTransport>(clock_, std::move(steps));
    return Client(transport_, options, std::move(credentials), clock_);
  }

  static Request request(RequestClass request_class, std::string name = "Call") {
    Request request;
    request.url = "https://h:443/sql?secret=value";
    request.request_class = request_class;
    request.name = std::move(name);
    return request;
  }

  FakeClock clock_;
  std::shared_ptr<ScriptedTransport> transport_;
};

TEST_F(ClientTest, ReturnsASuccessAtOnce) {
  const Client sender = client({status(204)});

  EXPECT_EQ(sender.send(request(RequestClass::Read), {}).status, 204);
  EXPECT_EQ(transport_->count(), 1u);
}

TEST_F(ClientTest, RepeatsAReadThroughGatewayErrors) {  // case H1
  const Client sender = client({status(502), status(502), status(200, {}, "ok")});

  EXPECT_EQ(sender.send(request(RequestClass::Read), {}).body.text(), "ok");
  EXPECT_EQ(transport_->count(), 3u);
}

TEST_F(ClientTest, DoesNotRepeatAStatementAfterAGatewayError) {  // case H2
  const Client sender = client({status(502)});

  const Error error = capture_error([&] { sender.send(request(RequestClass::Execute), {}); });

  EXPECT_EQ(transport_->count(), 1u);
  EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
  EXPECT_TRUE(error.outcome_unknown());
  EXPECT_FALSE(error.retryable());
  EXPECT_EQ(error.http_status(), 502);
  EXPECT_THAT(error.message(), HasSubstr("look before repeating"));
}

TEST_F(ClientTest, RepeatsAStatementThatWasRateLimited) {  // case H3
  const Client sender = client({status(429, {{"Retry-After", "3"}}), status(200)});

  EXPECT_EQ(sender.send(request(RequestClass::Execute), {}).status, 200);
  EXPECT_THAT(transport_->waits(), ElementsAre(Ge(3.0)));
}

TEST_F(ClientTest, RepeatsAStatementWhileTheWarehouseStarts) {  // case H4
  const Client sender = client({status(503), status(200)});

  EXPECT_EQ(sender.send(request(RequestClass::Execute), {}).status, 200);
}

TEST_F(ClientTest, NeverRepeatsWhatTheServerCannotDo) {  // case H5
  const Client sender = client({status(501)});

  const Error error = capture_error([&] { sender.send(request(RequestClass::Read), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::NotSupported);
  EXPECT_EQ(transport_->count(), 1u);
}

TEST_F(ClientTest, SaysHowOftenAndHowLongItTriedUntilTheRateLimitWon) {  // case H6
  const Client sender = client({status(429, {{"retry-after", "10"}})});

  const Error error = capture_error([&] { sender.send(request(RequestClass::Read), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::RateLimited);
  EXPECT_EQ(error.attempts(), 6);
  EXPECT_EQ(error.retry_after(), 10s);
  EXPECT_TRUE(error.retryable());
  EXPECT_EQ(error.elapsed(),
            std::chrono::duration_cast<std::chrono::milliseconds>(clock_.elapsed()));
  EXPECT_GE(error.elapsed(), 50s);
}

TEST_F(ClientTest, FailsNowWhenTheServerAsksForMoreThanTheTotalTime) {  // case H7
  const Client sender = client({status(503, {{"Retry-After", "120"}})}, {.total_timeout = 60s});

  const Error error = capture_error([&] { sender.send(request(RequestClass::Read), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
  EXPECT_EQ(error.retry_after(), 120s);
  EXPECT_EQ(transport_->count(), 1u);
  EXPECT_EQ(clock_.elapsed(), 0s);
}

TEST_F(ClientTest,
       WaitsUntilTheDateTheServerNames) {  // case H8; FakeClock's wall time is 1,750,000,000
  const Client sender =
      client({status(503, {{"Retry-After", "Sun, 15 Jun 2025 15:06:50 GMT"}}), status(200)});

  sender.send(request(RequestClass::Read), {});

  EXPECT_THAT(transport_->waits(), ElementsAre(AllOf(Ge(10.0), Le(11.0))));
}

TEST_F(ClientTest, IgnoresAHintThatMakesNoSense) {  // case H9
  const Client sender = client(
      {status(503, {{"Retry-After", "-5"}}), status(503, {{"Retry-After", "abc"}}), status(200)});

  sender.send(request(RequestClass::Read), {});

  EXPECT_THAT(transport_->waits(), ElementsAre(AllOf(Ge(0.75), Le(1.25)), AllOf(Ge(1.5), Le(2.5))));
}

TEST_F(ClientTest, RepeatsAStatementThatNeverLeft) {  // case H10
  const Client sender = client({failure(kRefused), status(200)});

  EXPECT_EQ(sender.send(request(RequestClass::Execute), {}).status, 200);
  EXPECT_EQ(transport_->count(), 2u);
}

TEST_F(ClientTest, DoesNotRepeatAStatementWhoseReplyWasLost) {  // case H10
  const Client sender = client({failure(kLost)});

  const Error error = capture_error([&] { sender.send(request(RequestClass::Execute), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Network);
  EXPECT_TRUE(error.outcome_unknown());
  EXPECT_EQ(transport_->count(), 1u);
}

TEST_F(ClientTest, EndsAFetchThatMayHaveMovedTheCursor) {
  for (const auto& step : {failure(kLost), status(500), status(502)}) {
    const Client sender = client({step});

    const Error error = capture_error([&] { sender.send(request(RequestClass::FetchNext), {}); });

    EXPECT_EQ(transport_->count(), 1u);
    EXPECT_FALSE(error.outcome_unknown());
    EXPECT_FALSE(error.retryable());
    EXPECT_THAT(error.message(), HasSubstr("skipped rows"));
  }
}

TEST_F(ClientTest, RepeatsAFetchThatTheServerDidNotStart) {
  const Client sender = client({failure(kRefused), status(503), status(429), status(200)});

  EXPECT_EQ(sender.send(request(RequestClass::FetchNext), {}).status, 200);
  EXPECT_EQ(transport_->count(), 4u);
}

TEST_F(ClientTest, StopsWaitingWhenAsked) {  // case H12
  clock_.advance_when_waited_on(false);
  const Client sender = client({status(503, {{"Retry-After", "60"}})});
  std::stop_source source;
  Error error({});
  std::jthread caller([&] {
    error = capture_error(
        [&] { sender.send(request(RequestClass::Read), {.stop = source.get_token()}); });
  });
  clock_.await_waiters(1);

  source.request_stop();
  caller.join();

  EXPECT_EQ(error.kind(), ErrorKind::Cancelled);
  EXPECT_EQ(error.attempts(), 1);
  ASSERT_NE(error.cause(), nullptr);
  EXPECT_EQ(error.cause()->http_status(), 503);
}

TEST_F(ClientTest, WaitsTwiceAsLongEachTime) {  // case H14
  const Client sender = client({status(503), status(503), status(503), status(200)});

  sender.send(request(RequestClass::Read), {});

  EXPECT_THAT(transport_->waits(), ElementsAre(AllOf(Ge(0.75), Le(1.25)), AllOf(Ge(1.5), Le(2.5)),
                                               AllOf(Ge(3.0), Le(5.0))));
}

TEST_F(ClientTest, SendsOnceWhenToldNotToRepeat) {
  const Client sender = client({status(503)}, {.max_attempts = 1});

  const Error error = capture_error([&] { sender.send(request(RequestClass::Read), {}); });

  EXPECT_EQ(transport_->count(), 1u);
  EXPECT_TRUE(error.retryable());
}

TEST_F(ClientTest, DoesNotWaitForAnAttemptBeyondTheDeadline) {
  const Client sender = client({status(503, {{"Retry-After", "30"}})});

  const Error error = capture_error(
      [&] { sender.send(request(RequestClass::Read), {.deadline = clock_.now() + 10s}); });

  EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
  EXPECT_EQ(error.retry_after(), 30s);
  EXPECT_EQ(clock_.elapsed(), 0s);
}

TEST_F(ClientTest, ThrowsAtOnceWhenTheDeadlineHasPassed) {
  const Client sender = client({status(200)});

  const Error error =
      capture_error([&] { sender.send(request(RequestClass::Read), {.deadline = clock_.now()}); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_EQ(transport_->count(), 0u);
}

TEST_F(ClientTest, KeepsTheFirstFailureBesideTheLast) {
  const Client sender = client({failure(kRefused), status(503), status(400)});

  const Error error = capture_error([&] { sender.send(request(RequestClass::Read), {}); });

  EXPECT_EQ(error.http_status(), 400);
  EXPECT_EQ(error.attempts(), 3);
  ASSERT_NE(error.cause(), nullptr);
  EXPECT_EQ(error.cause()->kind(), ErrorKind::Network);
}

TEST_F(ClientTest, AddsTheIdsOfTheCall) {
  const Client sender = client({status(400)});

  const Error error = capture_error([&] {
    sender.send(request(RequestClass::Read),
                {.connection_id = "c", .correlation_id = "x", .statement_id = "s"});
  });

  EXPECT_EQ(error.connection_id(), "c");
  EXPECT_EQ(error.correlation_id(), "x");
  EXPECT_EQ(error.statement_id(), "s");
}

TEST_F(ClientTest, AsksForCredentialsAnewBeforeEachAttempt) {
  int asked = 0;
  const Client sender = client({status(503), status(503), status(200)}, {},
                               [&](Headers& headers, const base::CallContext&) {
                                 headers.push_back({"Authorization", std::to_string(++asked)});
                               });
  Request sent = request(RequestClass::Read);
  sent.headers = {{"Accept", "x"}};

  sender.send(std::move(sent), {});

  ASSERT_EQ(transport_->count(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(transport_->requests()[i].headers.size(), 2u);
    EXPECT_EQ(find_header(transport_->requests()[i].headers, "authorization"),
              std::to_string(i + 1));
  }
}

TEST_F(ClientTest, AddsCredentialsAtHandToABackgroundRequestAndSendsItOnce) {
  const Client sender =
      client({status(503)}, {},
             {[](Headers&, const base::CallContext&) { ADD_FAILURE() << "nobody is to be asked"; },
              {},
              [](Headers& headers) {
                headers.push_back({"Authorization", "x"});
                return true;
              }});

  sender.send_in_background(request(RequestClass::Close), 5s);

  ASSERT_EQ(transport_->count(), 1u);
  EXPECT_EQ(find_header(transport_->requests()[0].headers, "authorization"), "x");
}

/// Credentials that come when the test says so.
class LateCredentials {
 public:
  Client::Credentials credentials() {
    return {[this](Headers& headers, const base::CallContext& call) { wait(headers, call); },
            {},
            [](Headers&) { return false; }};
  }
  void come() {
    const std::lock_guard lock(mutex_);
    are_here_ = true;
    changed_.notify_all();
  }
  void await_question() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return asked_by_.has_value(); });
  }
  std::thread::id asked_by() const {
    const std::lock_guard lock(mutex_);
    return asked_by_.value_or(std::thread::id{});
  }

 private:
  void wait(Headers& headers, const base::CallContext& call) {
    std::unique_lock lock(mutex_);
    asked_by_ = std::this_thread::get_id();
    changed_.notify_all();
    base::Clock::system().wait(lock, changed_, {.stop = call.stop}, [this] { return are_here_; });
    headers.push_back({"Authorization", "late"});
  }

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool are_here_ = false;                    // guarded by mutex_
  std::optional<std::thread::id> asked_by_;  // guarded by mutex_
};

TEST_F(ClientTest, WaitsElsewhereForTheCredentialsOfABackgroundRequest) {
  LateCredentials late;
  const Client sender = client({status(200)}, {}, late.credentials());
  std::promise<Reply> outcome;

  sender.send_in_background(request(RequestClass::Close), 5s,
                            [&](Reply reply) { outcome.set_value(std::move(reply)); });
  late.await_question();
  EXPECT_NE(late.asked_by(), std::this_thread::get_id());
  EXPECT_EQ(transport_->count(), 0u);
  late.come();

  EXPECT_EQ(std::get<Response>(outcome.get_future().get()).status, 200);
  EXPECT_EQ(find_header(transport_->requests()[0].headers, "authorization"), "late");
}

TEST_F(ClientTest, SendsWhatWaitedForTheSameCredentialsInItsOrder) {
  LateCredentials late;
  const Client sender = client({status(200)}, {}, late.credentials());
  std::promise<void> done;

  for (const char* name : {"CancelOperation", "CloseOperation"})
    sender.send_in_background(request(RequestClass::Close, name), 5s);
  sender.send_in_background(request(RequestClass::Close, "Last"), 5s,
                            [&](const Reply&) { done.set_value(); });
  late.come();
  done.get_future().wait();

  std::vector<std::string> names;
  for (const Request& sent : transport_->requests()) names.push_back(sent.name);
  EXPECT_THAT(names, ElementsAre("CancelOperation", "CloseOperation", "Last"));
}

TEST_F(ClientTest, GoesWithoutWaitingForCredentialsOfBackgroundRequests) {
  LateCredentials late;
  std::promise<Reply> outcomes[2];
  {
    const Client sender = client({status(200)}, {}, late.credentials());
    for (std::promise<Reply>& outcome : outcomes)
      sender.send_in_background(request(RequestClass::Close), 5s,
                                [&](Reply reply) { outcome.set_value(std::move(reply)); });
    late.await_question();
  }  // or this test would never end

  for (std::promise<Reply>& outcome : outcomes)
    EXPECT_TRUE(std::holds_alternative<Failure>(outcome.get_future().get()));
  EXPECT_EQ(transport_->count(), 0u);
}

TEST_F(ClientTest, TellsWhyABackgroundRequestHadNoCredentials) {
  const Client sender =
      client({status(200)}, {}, {[](Headers&, const base::CallContext&) {
               throw_error({.kind = ErrorKind::Unauthenticated, .message = "the vault is sealed"});
             }});
  std::promise<Reply> outcome;

  sender.send_in_background(request(RequestClass::Close, "CloseOperation"), 5s,
                            [&](Reply reply) { outcome.set_value(std::move(reply)); });

  const Reply reply = outcome.get_future().get();
  EXPECT_THAT(std::get<Failure>(reply).message,
              AllOf(HasSubstr("CloseOperation"), HasSubstr("the vault is sealed")));
  EXPECT_EQ(transport_->count(), 0u);
}

TEST_F(ClientTest, TellsHowABackgroundRequestEnded) {
  const Client sender = client({status(503)});
  std::optional<Reply> outcome;

  sender.send_in_background(request(RequestClass::Read), 5s,
                            [&](Reply reply) { outcome = std::move(reply); });

  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(std::get<Response>(*outcome).status, 503);
}

TEST_F(ClientTest, NeverRepeatsAnUntrustedCertificate) {  // case H20
  const Client sender =
      client({failure({.kind = ErrorKind::Tls, .message = "certificate", .permanent = true})});

  const Error error = capture_error([&] { sender.send(request(RequestClass::Read), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Tls);
  EXPECT_EQ(transport_->count(), 1u);
}

TEST_F(ClientTest, KnowsThatARefusedReplyMayBelongToAWrite) {
  const Client sender = client({failure({.kind = ErrorKind::ResourceExhausted,
                                         .message = "the reply is too long",
                                         .bytes_sent = true,
                                         .permanent = true})});

  const Error error = capture_error([&] { sender.send(request(RequestClass::Commit), {}); });

  EXPECT_TRUE(error.outcome_unknown());
  EXPECT_EQ(transport_->count(), 1u);
}

TEST_F(ClientTest, PassesATimeoutOfTheTransportOnWithItsHistory) {
  const Client sender = client({[this](const Request&, const base::CallContext&) -> Reply {
    clock_.advance(5s);
    throw_error(
        {.kind = ErrorKind::Timeout, .message = "the deadline passed", .outcome_unknown = true});
  }});

  const Error error =
      capture_error([&] { sender.send(request(RequestClass::Execute, "ExecuteStatement"), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_TRUE(error.outcome_unknown());
  EXPECT_EQ(error.attempts(), 1);
  EXPECT_EQ(error.elapsed(), 5s);
  EXPECT_THAT(error.message(), HasSubstr("ExecuteStatement"));
}

TEST_F(ClientTest, KeepsAllCallersAwayFromAServerThatAskedForIt) {
  const Client sender =
      client({status(429, {{"Retry-After", "20"}}), status(200)}, {.max_attempts = 1});
  capture_error([&] { sender.send(request(RequestClass::Read), {}); });

  sender.send(request(RequestClass::Read), {});

  EXPECT_THAT(transport_->waits(), ElementsAre(Ge(20.0)));
}

TEST_F(ClientTest, CancelsOnAServerThatAskedToBeLeftAlone) {
  const Client sender =
      client({status(429, {{"Retry-After", "20"}}), status(200)}, {.max_attempts = 1});
  capture_error([&] { sender.send(request(RequestClass::Read), {}); });

  sender.send(request(RequestClass::Close, "CancelOperation"), {.deadline = clock_.now() + 5s});

  EXPECT_THAT(transport_->waits(), ElementsAre(0.0));
}

TEST_F(ClientTest, DoesNotWaitForAClosedServerBeyondTheDeadline) {
  const Client sender =
      client({status(429, {{"Retry-After", "20"}}), status(200)}, {.max_attempts = 1});
  capture_error([&] { sender.send(request(RequestClass::Read), {}); });

  const Error error = capture_error(
      [&] { sender.send(request(RequestClass::Read), {.deadline = clock_.now() + 5s}); });

  EXPECT_EQ(error.kind(), ErrorKind::RateLimited);
  EXPECT_EQ(error.retry_after(), 20s);
  EXPECT_EQ(transport_->count(), 1u);
}

TEST_F(ClientTest, ExplainsEachRetryInTheLogWithoutSecrets) {
  const test::CapturedLog log;
  const Client sender = client(
      {status(503, {}, "token dapi0123456789abcdef0123456789abcdef was not used"), status(200)}, {},
      [](Headers& headers, const base::CallContext&) {
        headers.push_back({"Authorization", "Bearer dapi0123456789abcdef0123456789abcdef"});
      });

  sender.send(request(RequestClass::Read, "GetOperationStatus"), {});

  const auto lines = log.lines(LogLevel::Info);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0],
              AllOf(HasSubstr("GetOperationStatus"), HasSubstr("503"), HasSubstr("attempt 1 of 6"),
                    Not(HasSubstr("dapi0123")), Not(HasSubstr("secret=value"))));
}

TEST_F(ClientTest, SendsARefusedRequestOnceMoreWithOtherCredentials) {
  transport_ = std::make_shared<ScriptedTransport>(
      clock_, std::vector<ScriptedTransport::Step>{status(401), status(200)});
  int number = 0;
  std::vector<std::string> refused;
  const Client::Credentials credentials(
      [&](Headers& headers, const base::CallContext&) {
        headers.push_back({"Authorization", std::to_string(++number)});
      },
      [&](const Headers& headers) {
        refused.emplace_back(find_header(headers, "Authorization"));
        return true;
      });
  const Client sender(transport_, {}, credentials, clock_);

  EXPECT_EQ(sender.send(request(RequestClass::Execute), {}).status, 200)
      << "a refused statement was not run";
  EXPECT_THAT(refused, ElementsAre("1"));
  EXPECT_EQ(find_header(transport_->requests()[1].headers, "Authorization"), "2");
}

TEST_F(ClientTest, GivesUpWhenTheOtherCredentialsAreRefusedToo) {
  for (const bool may_renew : {true, false}) {
    transport_ = std::make_shared<ScriptedTransport>(
        clock_, std::vector<ScriptedTransport::Step>{status(401)});
    const Client::Credentials credentials([](Headers&, const base::CallContext&) {},
                                          [&](const Headers&) { return may_renew; });
    const Client sender(transport_, {}, credentials, clock_);

    const Error error = capture_error([&] { sender.send(request(RequestClass::Read), {}); });

    EXPECT_EQ(error.kind(), ErrorKind::Unauthenticated);
    EXPECT_EQ(transport_->count(), may_renew ? 2U : 1U);
  }
}

Request get(std::string url) {
  Request request;
  request.method = "GET";
  request.url = std::move(url);
  return request;
}

TEST_F(ClientTest, FollowsARedirectOfAReadOnTheSameHostWithCredentials) {
  const Client sender = client({status(302, {{"Location", "/there"}}), status(200)}, {},
                               [](Headers& headers, const base::CallContext&) {
                                 headers.push_back({"Authorization", "Bearer x"});
                               });

  EXPECT_EQ(sender.send(get("https://h/here"), {}).status, 200);

  EXPECT_EQ(transport_->requests().at(1).url, "https://h/there");
  EXPECT_EQ(transport_->requests().at(1).headers.size(), 1U);
}

TEST_F(ClientTest, SendsCredentialsNowhereElse) {  // case H15
  const Client sender = client({status(302, {{"Location", "https://elsewhere/login?secret=1"}})});
  Request post = request(RequestClass::Open);

  for (const Request& each : {get("https://h/here"), post}) {
    const Error error = capture_error([&] { sender.send(each, {}); });

    EXPECT_EQ(error.kind(), ErrorKind::Redirect);
    EXPECT_EQ(error.attempts(), 1);
    EXPECT_THAT(error.message(),
                AllOf(HasSubstr("https://elsewhere"), HasSubstr("?o="), Not(HasSubstr("secret"))));
  }
  for (const Request& each : transport_->requests()) EXPECT_THAT(each.url, HasSubstr("//h"));
}

TEST_F(ClientTest, FollowsNoMoreThanThreeRedirects) {
  const Client sender = client({status(307, {{"Location", "/again"}})});

  const Error error = capture_error([&] { sender.send(get("https://h/here"), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Redirect);
  EXPECT_EQ(transport_->count(), 4U);
}

/// Holds requests until they are let go, and counts those that are under way at one time.
class HoldingTransport final : public Transport {
 public:
  Reply send(const Request&, const base::CallContext&) override {
    std::unique_lock lock(mutex_);
    most_ = std::max(most_, ++running_);
    changed_.notify_all();
    changed_.wait(lock, [&] { return released_; });
    --running_;
    return Response{.status = 200};
  }
  void send_in_background(const Request&, std::chrono::milliseconds, Completion) override {}

  void await_running(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return running_ >= count; });
  }
  void release() {
    std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  int most() const {
    std::lock_guard lock(mutex_);
    return most_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int running_ = 0;        // guarded by mutex_
  int most_ = 0;           // guarded by mutex_
  bool released_ = false;  // guarded by mutex_
};

class ClientLimitTest : public testing::Test {
 protected:
  ~ClientLimitTest() override { transport_->release(); }

  std::jthread sender(RequestClass request_class) {
    return std::jthread([this, request_class] {
      client_.send({.url = "https://h/", .request_class = request_class}, {});
    });
  }

  FakeClock clock_;
  std::shared_ptr<HoldingTransport> transport_ = std::make_shared<HoldingTransport>();
  Client client_{transport_, RetryOptions{}, {}, clock_, 2};
};

TEST_F(ClientLimitTest, KeepsToTheNumberOfRequestsAtOneTime) {
  std::vector<std::jthread> senders;
  for (int i = 0; i < 6; ++i) senders.push_back(sender(RequestClass::Execute));
  transport_->await_running(2);
  clock_.await_waiters(4);

  transport_->release();
  senders.clear();

  EXPECT_EQ(transport_->most(), 2);
}

TEST_F(ClientLimitTest, LetsPassWhatEndsAStatement) {
  std::vector<std::jthread> senders;
  for (int i = 0; i < 2; ++i) senders.push_back(sender(RequestClass::Execute));
  transport_->await_running(2);

  senders.push_back(sender(RequestClass::Close));

  transport_->await_running(3);  // or this test would never end
  transport_->release();
}

TEST_F(ClientLimitTest, EndsTheWaitForATurnWithTheCallsDeadline) {
  std::vector<std::jthread> senders;
  for (int i = 0; i < 2; ++i) senders.push_back(sender(RequestClass::Execute));
  transport_->await_running(2);
  base::CallContext call;
  call.deadline = clock_.now() + 1s;
  std::optional<Error> error;
  {
    std::jthread late([&] {
      error = capture_error([&] {
        client_.send({.url = "https://h/", .request_class = RequestClass::Execute}, call);
      });
    });
    clock_.await_waiters(1);
    clock_.advance(1s);
  }
  transport_->release();

  EXPECT_EQ(error->kind(), ErrorKind::Timeout);
  EXPECT_FALSE(error->outcome_unknown()) << "it was never sent";
}

}  // namespace
}  // namespace dbsql::http
