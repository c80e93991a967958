#include "telemetry/registry.h"

#include "support/fake_clock.h"
#include "unit/telemetry/sample_record.h"
#include "unit/telemetry/scripted_transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <iterator>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace dbsql::telemetry {
namespace {

using namespace std::chrono_literals;
using test::FakeClock;
using Token = Registry::Token;

SenderKey key_of(std::string host, std::string identity = {}, std::string org = {}) {
  return {.host = std::move(host), .org_id = std::move(org), .identity = std::move(identity)};
}

Operation operation() {
  Operation made;
  made.type = OperationType::ExecuteStatement;
  return made;
}

template <class Act>
void in_parallel(int count, Act&& act) {
  std::vector<std::jthread> threads;
  threads.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) threads.emplace_back([&act, i] { act(i); });
}

struct TelemetryRegistry : testing::Test {
  std::shared_ptr<Sender> acquire(const SenderKey& key, Token token, SenderOptions options = {}) {
    return registry.acquire(key, token, destination_to(server, key.host), nullptr, options, {});
  }
  void release(const SenderKey& key, Token token) {
    registry.release(key, token, clock.now() + 2s);
  }

  FakeClock clock;
  std::shared_ptr<ScriptedTransport> server = std::make_shared<ScriptedTransport>(response_of(200));
  Registry registry{clock};
  const SenderKey h = key_of("h.example.com");
};

TEST_F(TelemetryRegistry, SharesOneSenderForOneHost) {
  const auto first = acquire(h, 1);
  const auto second = acquire(h, 2);

  EXPECT_EQ(first, second);
  EXPECT_EQ(registry.holders(h), 2U);
  EXPECT_EQ(registry.size(), 1U);
  release(h, 1);
  release(h, 2);
}

TEST_F(TelemetryRegistry, SharesNothingAcrossIdentitiesAndWorkspaces) {
  const auto a = acquire(key_of("h", "alice"), 1);
  const auto b = acquire(key_of("h", "bob"), 2);
  const auto c = acquire(key_of("h", "alice", "7"), 3);

  EXPECT_NE(a, b);
  EXPECT_NE(a, c);
  EXPECT_EQ(registry.size(), 3U);
  registry.shutdown(5s);
}

TEST_F(TelemetryRegistry, EndsASenderWithItsLastHolder) {
  const auto sender = acquire(h, 1);
  acquire(h, 2);
  release(h, 1);
  EXPECT_EQ(registry.size(), 1U);

  release(h, 2);

  EXPECT_EQ(registry.size(), 0U);
  const auto outbox = std::make_shared<Outbox>(sample_facts());
  sender->attach(outbox);
  outbox->append(operation(), true);
  EXPECT_EQ(sender->stats().recorded, 0U);
}

TEST_F(TelemetryRegistry, IgnoresAReleaseOfWhatIsNotHeld) {
  release(key_of("unknown"), 1);
  acquire(h, 1);
  acquire(h, 2);
  release(h, 1);
  release(h, 1);
  release(h, 1);

  EXPECT_EQ(registry.holders(h), 1U);
  release(h, 2);
}

TEST_F(TelemetryRegistry, CountsHoldersFromManyThreads) {
  in_parallel(100, [&](int i) { acquire(h, static_cast<Token>(i) + 1); });
  EXPECT_EQ(registry.size(), 1U);
  EXPECT_EQ(registry.holders(h), 100U);

  in_parallel(100, [&](int i) { release(h, static_cast<Token>(i) + 1); });

  EXPECT_EQ(registry.size(), 0U);
}

TEST_F(TelemetryRegistry, CountsHoldersOfManyHosts) {
  const auto key = [](int host) { return key_of("h" + std::to_string(host)); };
  in_parallel(50, [&](int i) {
    for (int host = 0; host < 5; ++host) acquire(key(host), static_cast<Token>(i) + 1);
  });

  EXPECT_EQ(registry.size(), 5U);
  for (int host = 0; host < 5; ++host) EXPECT_EQ(registry.holders(key(host)), 50U);
  registry.shutdown(5s);
}

TEST_F(TelemetryRegistry, MakesANewSenderAfterTheLastOneEnded) {
  const auto first = acquire(h, 1);
  release(h, 1);

  const auto second = acquire(h, 2);

  EXPECT_NE(first, second);
  EXPECT_EQ(registry.holders(h), 1U);
  release(h, 2);
}

TEST_F(TelemetryRegistry, NeverHandsOutASenderThatHasEnded) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 250;
  std::mutex mutex;
  std::set<std::shared_ptr<Sender>> senders;
  in_parallel(kThreads, [&](int i) {
    for (int round = 0; round < kRounds; ++round) {
      const auto token = static_cast<Token>(i) + 1;
      const auto sender = acquire(h, token, {.jitter = 1});
      const auto outbox = std::make_shared<Outbox>(sample_facts());
      sender->attach(outbox);
      outbox->append(operation(), false);
      sender->detach(outbox);
      release(h, token);
      const std::lock_guard lock(mutex);
      senders.insert(sender);
    }
  });

  std::uint64_t delivered = 0;
  for (const auto& sender : senders) delivered += sender->stats().delivered;
  EXPECT_EQ(delivered, static_cast<std::uint64_t>(kThreads * kRounds));
  EXPECT_EQ(registry.size(), 0U);
}

TEST_F(TelemetryRegistry, DeliversEverythingBeforeItsLastHolderIsGone) {
  const auto sender = acquire(h, 1);
  const auto outbox = std::make_shared<Outbox>(sample_facts());
  sender->attach(outbox);
  for (int i = 0; i < 20; ++i) outbox->append(operation(), false);

  sender->detach(outbox);
  release(h, 1);

  const SenderStats stats = sender->stats();
  EXPECT_EQ(stats.recorded, 20U);
  EXPECT_EQ(stats.delivered, 20U);
}

TEST_F(TelemetryRegistry, WaitsForAnAnswerNoLongerThanItMay) {
  server->hold();
  const auto sender = acquire(h, 1);
  const auto outbox = std::make_shared<Outbox>(sample_facts());
  sender->attach(outbox);
  outbox->append(operation(), true);
  server->await(1);
  sender->detach(outbox);

  std::jthread closer([&] { release(h, 1); });
  clock.await_waiters(2);  // the telemetry thread, and the one that closes
  clock.advance(2s);
  closer.join();

  EXPECT_EQ(sender->stats().dropped(), 1U);
  EXPECT_FALSE(registry.health(h.host, {})->is_well());
  server->let_go(http::Failure{.kind = ErrorKind::Cancelled});
}

TEST_F(TelemetryRegistry, DoesNotWaitForAnEndpointThatKeptPeopleWaiting) {
  registry.health(h.host, {})->keeps_people_waiting();
  server->hold();
  const auto sender = acquire(h, 1);
  const auto outbox = std::make_shared<Outbox>(sample_facts());
  sender->attach(outbox);
  outbox->append(operation(), true);
  server->await(1);

  sender->detach(outbox);
  release(h, 1);  // the clock stands still

  EXPECT_EQ(registry.size(), 0U);
  server->let_go();
}

/// One host after the other keeps people waiting: all of them together no longer than five seconds.
TEST_F(TelemetryRegistry, WaitsInVainForManyHostsNoLongerThanForAFew) {
  server->hold();
  constexpr std::size_t kHosts = 5;
  std::vector<SenderKey> keys;
  for (std::size_t host = 0; host < kHosts; ++host) {
    keys.push_back(key_of("h" + std::to_string(host)));
    const auto sender = acquire(keys.back(), 1);
    const auto outbox = std::make_shared<Outbox>(sample_facts());
    sender->attach(outbox);
    outbox->append(operation(), true);
    server->await(host + 1);
    sender->detach(outbox);
  }

  const std::chrono::seconds waits[] = {2s, 2s, 1s};
  for (std::size_t host = 0; host < std::size(waits); ++host) {
    std::jthread closer([&] { release(keys[host], 1); });
    clock.await_waiters(2);
    clock.advance(waits[host]);
  }
  release(keys[3], 1);  // the clock stands still
  release(keys[4], 1);

  EXPECT_EQ(registry.size(), 0U);
  server->let_go();
}

/// An endpoint that answers gives no time back to those that do not.
TEST_F(TelemetryRegistry, WaitsInVainNoLongerWhereOthersAnswerInBetween) {
  server->hold();
  constexpr std::size_t kHosts = 4;
  std::vector<SenderKey> keys;
  for (std::size_t host = 0; host < kHosts; ++host) {
    keys.push_back(key_of("h" + std::to_string(host)));
    const auto sender = acquire(keys.back(), 1);
    const auto outbox = std::make_shared<Outbox>(sample_facts());
    sender->attach(outbox);
    outbox->append(operation(), true);
    server->await(host + 1);
    sender->detach(outbox);
  }

  const std::chrono::seconds waits[] = {2s, 2s, 1s};
  for (std::size_t host = 0; host < std::size(waits); ++host) {
    std::jthread closer([&] { release(keys[host], 1); });
    clock.await_waiters(2);
    clock.advance(waits[host]);
    closer.join();
    server->hold(false);
    const SenderKey well = key_of("well" + std::to_string(host));
    acquire(well, 1);
    release(well, 1);
    server->hold();
  }
  release(keys[3], 1);  // the clock stands still

  EXPECT_EQ(registry.size(), 0U);
  server->let_go();
}

TEST_F(TelemetryRegistry, MayBeClosedByASinkOfTheProgramsOwn) {
  std::atomic<bool> has_released = false;
  const SenderKey key{
      .host = "own", .org_id = {}, .identity = {}, .sink = "own", .is_sending = false};
  const auto sink = std::make_shared<CallbackSink>([&](const ExportedBatch&) {
    registry.release(key, 1, clock.now() + 2s);
    has_released = true;
    has_released.notify_all();
  });
  const auto sender = registry.acquire(key, 1, nullptr, sink, {}, {});
  const auto outbox = std::make_shared<Outbox>(sample_facts());
  sender->attach(outbox);
  outbox->append(operation(), true);

  has_released.wait(false);

  EXPECT_EQ(registry.size(), 0U);
}

TEST(TelemetrySlowSink, HoldsUpNobodyAndWhatFindsNoRoomIsCounted) {
  static FakeClock clock;  // the thread that is left to itself may look at it later
  static Registry registry(clock);
  std::atomic<bool> is_called = false;
  static std::atomic<bool> may_end = false;
  const auto sink = std::make_shared<CallbackSink>([&is_called](const ExportedBatch&) {
    is_called = true;
    is_called.notify_all();
    may_end.wait(false);
  });
  const SenderKey key{
      .host = "slow", .org_id = {}, .identity = {}, .sink = "slow", .is_sending = false};
  const auto sender = registry.acquire(key, 1, nullptr, sink, {}, {});
  const auto outbox = std::make_shared<Outbox>(sample_facts());
  sender->attach(outbox);
  outbox->append(operation(), true);
  is_called.wait(false);

  for (int i = 0; i < 3'000; ++i) outbox->append(operation(), false);
  sender->detach(outbox);
  clock.advance_when_waited_on(true);
  const auto before = clock.now();
  registry.release(key, 1, before + 2s);

  EXPECT_LE(clock.now() - before, 2s + Worker::kLeastPatience);
  EXPECT_EQ(sender->stats().lost_by(Loss::NoRoom), 3'000 - Outbox::kCapacity);
  EXPECT_EQ(sender->stats().lost_by(Loss::NoTime), Outbox::kCapacity);
  may_end = true;
  may_end.notify_all();
}

TEST_F(TelemetryRegistry, EndsInsteadOfTryingAgain) {
  server->always_answer_with(response_of(503));
  const auto sender = acquire(h, 1);
  const auto outbox = std::make_shared<Outbox>(sample_facts());
  sender->attach(outbox);
  for (int i = 0; i < 5; ++i) outbox->append(operation(), false);

  sender->detach(outbox);
  release(h, 1);

  EXPECT_EQ(sender->stats().dropped(), 5U);
  EXPECT_LE(server->count(), 1U);
}

TEST_F(TelemetryRegistry, ShutsDownHoweverManyHoldIt) {
  for (int host = 0; host < 3; ++host) acquire(key_of("h" + std::to_string(host)), 1);
  registry.shutdown(5s);
  EXPECT_EQ(registry.size(), 0U);

  release(key_of("h0"), 1);
  in_parallel(2, [&](int) { registry.shutdown(5s); });
  registry.shutdown(5s);

  EXPECT_EQ(registry.size(), 0U);
  EXPECT_NE(acquire(h, 2), nullptr);
  release(h, 2);
}

TEST_F(TelemetryRegistry, ShutsDownInTimeWhenNobodyAnswers) {
  server->hold();
  std::vector<std::shared_ptr<Outbox>> outboxes;
  for (int host = 0; host < 3; ++host) {
    const auto sender = acquire(key_of("h" + std::to_string(host)), 1);
    outboxes.push_back(std::make_shared<Outbox>(sample_facts()));
    sender->attach(outboxes.back());
    outboxes.back()->append(operation(), true);
  }
  server->await(3);

  std::jthread closer([&] { registry.shutdown(5s); });
  clock.await_waiters(2);
  clock.advance(5s);
  closer.join();

  EXPECT_EQ(registry.size(), 0U);
  server->let_go();
}

TEST_F(TelemetryRegistry, LetsTheFirstConnectionDecideTheNumbers) {
  const auto sender = acquire(h, 1, {.batch_size = 5});

  EXPECT_EQ(acquire(h, 2, {.batch_size = 50})->options().batch_size, 5);
  registry.shutdown(5s);
}

TEST_F(TelemetryRegistry, HasRoomForManyHosts) {
  for (int host = 0; host < 200; ++host) acquire(key_of("h" + std::to_string(host)), 1);

  EXPECT_EQ(registry.size(), 200U);
  registry.shutdown(5s);
}

TEST_F(TelemetryRegistry, RemembersTheBreakerOfAHostWhenItsSenderIsGone) {
  acquire(h, 1);
  const auto health = registry.health(h.host, {});
  release(h, 1);
  acquire(key_of("h.example.com", "bob"), 2);

  EXPECT_EQ(registry.health(h.host, {}), health);
  EXPECT_NE(registry.health("other.example.com", {}), health);
  registry.shutdown(5s);
}

TEST(TelemetryWorker, EndsWhileAStepTakesItsTime) {
  struct Slow final : Task {
    base::Clock::TimePoint step() noexcept override {
      started = true;
      started.notify_all();
      may_end.wait(false);
      return {};
    }
    std::atomic<bool> started = false;
    std::atomic<bool> may_end = false;
  };
  static FakeClock clock;  // the thread that is left to itself may look at it later
  const auto task = std::make_shared<Slow>();
  {
    auto worker = std::make_unique<Worker>(clock);
    worker->add(task);
    task->started.wait(false);
    std::jthread owner([&] { worker.reset(); });
    clock.await_waiters(1);
    clock.advance(Worker::kPatience);
    owner.join();
  }

  task->may_end = true;
  task->may_end.notify_all();
  SUCCEED();
}

}  // namespace
}  // namespace dbsql::telemetry
