#include "protocol/keep_alive.h"

#include "support/fake_clock.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace dbsql::protocol {
namespace {

using namespace std::chrono_literals;
using Answer = KeepAlive::Answer;

/// A statement whose server gives one answer after the other, and the last one for ever.
class KeepAliveTest : public testing::Test {
 protected:
  std::shared_ptr<KeepAlive> start(std::vector<Answer> answers) {
    answers_ = std::move(answers);
    return KeepAlive::start(timer_, clock_, 60s, [this](std::function<void(Answer)> done) {
      Answer answer;
      {
        std::lock_guard lock(mutex_);
        ++beats_;
        answer = answers_.front();
        if (answers_.size() > 1) answers_.erase(answers_.begin());
      }
      done(answer);
    });
  }

  /// Lets time pass second by second; everything that was due has run when this returns.
  void pass(std::chrono::seconds duration) {
    for (auto left = duration; left > 0s; left -= 1s) {
      std::promise<void> reached;
      clock_.advance(1s);
      timer_.at(clock_.now(), [&] { reached.set_value(); });
      reached.get_future().wait();
    }
  }

  int beats() {
    std::lock_guard lock(mutex_);
    return beats_;
  }

  test::FakeClock clock_;
  std::mutex mutex_;
  std::vector<Answer> answers_;  // guarded by mutex_
  int beats_ = 0;                // guarded by mutex_
  base::Timer timer_{clock_};
};

TEST_F(KeepAliveTest, BeatsOnceAnIntervalWhileNobodyAsks) {
  const auto keep_alive = start({Answer::Alive});

  pass(59s);
  EXPECT_EQ(beats(), 0);
  pass(71s);

  EXPECT_EQ(beats(), 2);
}

TEST_F(KeepAliveTest, RequestsCountAsHeartbeats) {
  const auto keep_alive = start({Answer::Alive});

  for (int i = 0; i < 10; ++i) {
    pass(50s);
    const KeepAlive::Activity request(keep_alive.get());
  }

  EXPECT_EQ(beats(), 0);
  pass(60s);
  EXPECT_EQ(beats(), 1);
}

TEST_F(KeepAliveTest, IsSilentWhileARequestIsUnderWay) {
  const auto keep_alive = start({Answer::Alive});
  {
    const KeepAlive::Activity request(keep_alive.get());
    pass(300s);
  }

  EXPECT_EQ(beats(), 0);
  pass(120s);
  EXPECT_GE(beats(), 1);
}

TEST_F(KeepAliveTest, StopsWhenItIsTold) {
  const auto keep_alive = start({Answer::Alive});
  pass(60s);

  keep_alive->stop();
  keep_alive->stop();
  pass(300s);

  EXPECT_EQ(beats(), 1);
}

TEST_F(KeepAliveTest, StopsWithItsStatement) {
  auto keep_alive = start({Answer::Alive});
  pass(60s);

  keep_alive.reset();
  pass(300s);

  EXPECT_EQ(beats(), 1);
}

TEST_F(KeepAliveTest, StopsWhenTheServerSaysThatTheStatementIsOver) {
  const auto keep_alive = start({Answer::Alive, Answer::Over, Answer::Alive});

  pass(600s);

  EXPECT_EQ(beats(), 2);
}

TEST_F(KeepAliveTest, GivesUpAfterTenFailuresInARow) {
  const auto keep_alive = start({Answer::Failed});

  pass(1200s);

  EXPECT_EQ(beats(), 10);
}

TEST_F(KeepAliveTest, AnAnswerMakesUpForFailures) {
  std::vector<Answer> answers(9, Answer::Failed);
  answers.push_back(Answer::Alive);
  answers.insert(answers.end(), 20, Answer::Failed);
  const auto keep_alive = start(answers);

  pass(1800s);

  EXPECT_EQ(beats(), 20);
}

TEST_F(KeepAliveTest, NeverSendsASecondHeartbeatBeforeTheFirstIsAnswered) {
  std::function<void(Answer)> pending;
  std::atomic<int> sent = 0;
  const auto keep_alive =
      KeepAlive::start(timer_, clock_, 60s, [&](std::function<void(Answer)> done) {
        pending = std::move(done);
        ++sent;
      });

  pass(200s);
  EXPECT_EQ(sent, 1);
  pending(Answer::Alive);
  pass(120s);

  EXPECT_GE(sent, 2);
}

}  // namespace
}  // namespace dbsql::protocol
