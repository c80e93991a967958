#pragma once

#include "base/clock.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

namespace dbsql::telemetry {

struct BreakerOptions {
  int failure_rate = 50;  ///< percent, from which on it opens
  int minimum_calls = 20;
  int window = 30;                              ///< outcomes that are remembered
  std::chrono::milliseconds open_wait{30'000};  ///< until it is tried again
  int probes = 3;                               ///< successes that close it again
  bool enabled = true;                          ///< false: everything is admitted

  friend bool operator==(const BreakerOptions&, const BreakerOptions&) = default;
};

/// Stays away from an endpoint that fails, and comes back carefully (reference/telemetry.md 1.7).
///
///   closed     everything is admitted; opens when enough of the last outcomes are failures
///   open       nothing is admitted until the wait, or what the server asked for, is over
///   half-open  a few probes are admitted; as many successes close it, one failure opens it
///
/// One per host, for the life of the process: its memory is what protects the endpoint.
/// Threads: safe from any thread; no lock is held while a call runs.
class CircuitBreaker {
 public:
  enum class State : std::uint8_t { Closed, Open, HalfOpen };

  /// Goes with an admitted call to its outcome. An outcome that comes after the state has changed
  /// says nothing about the new one, and is not counted.
  struct Permit {
    std::uint64_t generation = 0;
  };

  explicit CircuitBreaker(BreakerOptions options = {}, base::Clock& clock = base::Clock::system());
  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  /// Whether a call may be made now; nothing when it may not.
  std::optional<Permit> admit();

  void succeeded(Permit permit);
  void failed(Permit permit);
  /// The call was given up by ourselves: it says nothing about the endpoint.
  void abandoned(Permit permit);

  /// Runs `call`, which returns whether it succeeded. \return false when it was not run
  template <class Call>
  bool run(Call&& call) {
    const auto permit = admit();
    if (!permit) return false;
    call() ? succeeded(*permit) : failed(*permit);
    return true;
  }

  /// The server asked to be left alone for that long. Hints only grow until it has recovered; one
  /// given while closed counts when it opens.
  void hint(std::chrono::milliseconds wait);

  State state() const;
  int failure_rate() const;  ///< percent of the remembered outcomes, rounded down; 0 without any
  std::chrono::milliseconds hinted_wait() const;
  /// How long nothing is admitted from now on; zero unless open.
  std::chrono::milliseconds remaining_wait() const;

 private:
  using TimePoint = base::Clock::TimePoint;

  void record_locked(bool failed);
  void change_to_locked(State state);
  void forget_outcomes_locked();
  int failure_rate_locked() const;
  std::chrono::milliseconds wait_left_locked() const;

  const BreakerOptions options_;
  base::Clock& clock_;
  mutable std::mutex mutex_;
  State state_ = State::Closed;        // guarded by mutex_
  std::uint64_t generation_ = 1;       // guarded by mutex_: changes with the state
  std::vector<bool> outcomes_;         // guarded by mutex_: a ring, true = failed
  std::size_t next_ = 0;               // guarded by mutex_: where the next outcome goes
  int failures_ = 0;                   // guarded by mutex_: in the ring
  TimePoint opened_at_{};              // guarded by mutex_
  std::chrono::milliseconds hint_{0};  // guarded by mutex_
  int probes_admitted_ = 0;            // guarded by mutex_
  int probes_succeeded_ = 0;           // guarded by mutex_
};

}  // namespace dbsql::telemetry
