#pragma once

#include <dbsql/profile.h>

#include "base/clock.h"
#include "observe/observer.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace dbsql::observe {

/// Gathers the profile of one statement. Its time begins when this object is made.
///
/// Threads: safe from any thread: downloads, a reader and a cancel meet here.
/// Cost: a lock and, where a part of the time ends, a look at the clock.
class ProfileRecorder final : public Observer {
 public:
  explicit ProfileRecorder(base::Clock& clock) noexcept
      : clock_(clock), started_(clock.now()), since_(started_) {}

  void on(const Event& event) noexcept override;

  /// What is known so far.
  StatementProfile profile() const;

 private:
  using TimePoint = base::Clock::TimePoint;
  /// The parts of the total, each at its place in `spent_`.
  enum class Part : std::uint8_t { Submit, Execute, Open, Read, Consume, Over };

  void take_locked(const RequestRepeated& event);
  void take_locked(const StatementSubmitted& event);
  void take_locked(const StatementPolled& event);
  void take_locked(const StatementReady& event);
  void take_locked(const ResultOpened& event);
  void take_locked(const PageReceived& event);
  void take_locked(const PageDecoded& event);
  void take_locked(const ChunkReceived& event);
  void take_locked(const ReadBegan& event);
  void take_locked(const RowsDelivered& event);
  void take_locked(const RowsExhausted& event);
  void take_locked(const Failed& event);
  void take_locked(const StatementEnded& event);
  template <class Other>
  void take_locked(const Other&) {}

  /// What comes from now on belongs to that part. Nothing once it is over.
  void enter_locked(Part part);

  base::Clock& clock_;
  const TimePoint started_;

  mutable std::mutex mutex_;
  StatementProfile facts_;  // guarded by mutex_; all but the parts of the total
  std::array<std::chrono::nanoseconds, static_cast<std::size_t>(Part::Over) + 1>
      spent_{};               // guarded by mutex_
  Part part_ = Part::Submit;  // guarded by mutex_
  TimePoint since_;           // guarded by mutex_
};

}  // namespace dbsql::observe
