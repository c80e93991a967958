#include "session/side_session.h"

#include <dbsql/error.h>

#include "support/capture_error.h"
#include "support/fake_clock.h"
#include "unit/session/fake_sessions.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

namespace dbsql::session {
namespace {

using namespace std::chrono_literals;
using test::capture_error;

/// A session that takes until the test says so to be opened.
class SideSessionTest : public testing::Test {
 protected:
  SideSession::SessionPtr open(const base::CallContext& call) {
    ++opening_;
    if (is_slow_) clock_.sleep(1h, call);
    if (fails_) throw_error({.kind = ErrorKind::PermissionDenied, .message = "not for you"});
    return server_.open_session();
  }
  void ask(const base::CallContext& call = {}) {
    side_.run(call, [](const SideSession::SessionPtr& session) { return session->id(); });
  }
  /// One more thread sleeps on the clock, in the opening or for it.
  void await_waiters(std::size_t count) { clock_.await_waiters(count); }

  test::FakeClock clock_;
  test::FakeSessions server_{clock_};
  std::atomic<int> opening_ = 0;
  std::atomic<bool> is_slow_ = false;
  std::atomic<bool> fails_ = false;
  SideSession side_{[this](const base::CallContext& call) { return open(call); }, clock_};
};

TEST_F(SideSessionTest, IsOpenedOnce) {
  ask();
  ask();
  EXPECT_EQ(server_.opened(), 1);
}

TEST_F(SideSessionTest, WhoeverWaitsForItKeepsToTheirOwnLimits) {
  is_slow_ = true;
  std::jthread opener([this] { ask(); });
  await_waiters(1);
  std::optional<Error> late;
  std::jthread waiter([&] {
    base::CallContext call;
    call.deadline = clock_.now() + 1s;
    late = capture_error([&] { ask(call); });
  });
  std::stop_source stop;
  std::optional<Error> stopped;
  std::jthread other([&] {
    base::CallContext call;
    call.stop = stop.get_token();
    stopped = capture_error([&] { ask(call); });
  });
  await_waiters(3);

  clock_.advance(1s);
  waiter.join();
  stop.request_stop();
  other.join();

  EXPECT_EQ(late->kind(), ErrorKind::Timeout);
  EXPECT_EQ(stopped->kind(), ErrorKind::Cancelled);
  EXPECT_EQ(opening_, 1);
  clock_.advance(1h);
  opener.join();
  EXPECT_EQ(server_.open_count(), 1);
}

TEST_F(SideSessionTest, ClosingWaitsForNoOpeningAndEndsIt) {
  is_slow_ = true;
  std::vector<std::optional<Error>> errors(2);
  std::vector<std::jthread> threads;
  for (auto& error : errors) threads.emplace_back([&] { error = capture_error([&] { ask(); }); });
  await_waiters(2);

  side_.close(clock_.now() + 5s);  // on a clock that stands still
  threads.clear();

  for (const auto& error : errors) EXPECT_EQ(error->kind(), ErrorKind::InvalidState);
  EXPECT_EQ(server_.open_count(), 0);
  EXPECT_EQ(capture_error([&] { ask(); }).kind(), ErrorKind::InvalidState) << "there is no other";
}

TEST_F(SideSessionTest, AFailureIsThatOfAllWhoWaited) {
  is_slow_ = true;
  fails_ = true;
  std::vector<std::optional<Error>> errors(3);
  std::vector<std::jthread> threads;
  for (auto& error : errors) threads.emplace_back([&] { error = capture_error([&] { ask(); }); });
  await_waiters(3);
  clock_.advance(1h);
  threads.clear();

  for (const auto& error : errors) EXPECT_EQ(error->kind(), ErrorKind::PermissionDenied);
  EXPECT_EQ(opening_, 1);
}

TEST_F(SideSessionTest, AnotherCallGoesOnWhereTheOpenersTimeIsUp) {
  is_slow_ = true;
  std::optional<Error> late;
  std::jthread opener([&] {
    base::CallContext call;
    call.deadline = clock_.now() + 1s;
    late = capture_error([&] { ask(call); });
  });
  await_waiters(1);
  std::jthread waiter([this] { EXPECT_NO_THROW(ask()); });
  await_waiters(2);
  is_slow_ = false;

  clock_.advance(1s);
  opener.join();
  waiter.join();

  EXPECT_EQ(late->kind(), ErrorKind::Timeout);
  EXPECT_EQ(server_.opened(), 1);
}

}  // namespace
}  // namespace dbsql::session
