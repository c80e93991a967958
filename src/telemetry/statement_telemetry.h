#pragma once

#include <dbsql/error.h>

#include "base/clock.h"
#include "observe/observer.h"
#include "telemetry/connection_telemetry.h"
#include "telemetry/record.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

namespace dbsql::telemetry {

/// What happens to one statement, gathered into one record, which is written down when the
/// statement is over: closed, read to its end, failed, or gone.
///
/// Made before the statement is sent, for that is where its time begins. It hears of the caller's
/// cancelling like of anything else, but is never subject to it.
///
/// Threads: safe from any thread: downloads, a reader and a cancel meet here.
/// Cost: one object per statement, no look-up; a clock is read where something begins or ends.
class StatementTelemetry final : public observe::Observer {
 public:
  /// \param is_internal  the driver's own statement, not the program's
  StatementTelemetry(std::shared_ptr<ConnectionTelemetry> connection, OperationType type,
                     StatementType statement_type, bool is_internal = false) noexcept;
  ~StatementTelemetry() override { finish(); }
  StatementTelemetry(const StatementTelemetry&) = delete;
  StatementTelemetry& operator=(const StatementTelemetry&) = delete;

  void on(const observe::Event& event) noexcept override;

  /// The statement has finished on the server. Its latency ends here: what a slow reader does with
  /// the rows is not the server's time.
  void ready() noexcept;
  /// Something failed, and the program hears of it. The first failure counts.
  void failed(ErrorCategory error) noexcept;
  void failed(const Error& error) noexcept;
  /// The reader asks for rows for the first time, or has read the last one.
  void reading() noexcept;
  void exhausted() noexcept;

  /// A cancel, which took so long. A record of its own.
  void cancelled(std::chrono::nanoseconds latency, ErrorCategory error) noexcept;

  /// Writes the record down: once.
  void finish() noexcept;

 private:
  using TimePoint = base::Clock::TimePoint;

  void take_locked(const observe::StatementPolled& event);
  void take_locked(const observe::PageReceived& event);
  void take_locked(const observe::ChunkReceived& event);
  void take_locked(const observe::ChunkConsumed& event);
  void take_locked(const observe::ChunkFailed& event);
  void take_locked(const observe::StagingTransferred& event);
  void take_locked(const observe::StagingFailed& event);

  // What is not for one record alone, or ends it: the methods above.
  void take(const observe::StatementSubmitted& event);
  void take(const observe::StatementReady&) { ready(); }
  void take(const observe::ReadBegan&) { reading(); }
  void take(const observe::RowsExhausted&) { exhausted(); }
  void take(const observe::CancelAsked& event);
  void take(const observe::Failed& event) { failed(*event.error); }
  void take(const observe::StatementEnded&) { finish(); }
  void take(const observe::ConnectionEnds&) { finish(); }  // afterwards nobody carries it
  void take(const observe::StatementClosed& event) { closed(event); }
  template <class Other>
  void take(const Other& event);

  void closed(const observe::StatementClosed& event) noexcept;
  void tell_beside(OperationType type, std::chrono::nanoseconds latency,
                   ErrorCategory error) noexcept;
  void freeze_locked();
  void name_locked(std::string_view statement_id);
  void move_locked(std::string_view operation, std::chrono::nanoseconds elapsed);
  void fail_locked(ErrorCategory error);
  ChunkDetails& chunks_locked();
  std::int64_t elapsed_ms(TimePoint from) const noexcept;

  const std::shared_ptr<ConnectionTelemetry> connection_;
  base::Clock& clock_;
  const TimePoint started_;

  std::mutex mutex_;
  Operation operation_;                     // guarded by mutex_
  bool is_frozen_ = false;                  // guarded by mutex_: the latency is known
  bool is_finished_ = false;                // guarded by mutex_
  bool is_cancelled_ = false;               // guarded by mutex_: the server agreed to end it
  std::optional<TimePoint> reading_since_;  // guarded by mutex_
};

}  // namespace dbsql::telemetry
