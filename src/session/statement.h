#pragma once

#include <dbsql/error.h>
#include <dbsql/execute_options.h>
#include <dbsql/result.h>
#include <dbsql/statement_handle.h>

#include "base/call_context.h"
#include "base/clock.h"
#include "base/linked_stop.h"
#include "protocol/backend.h"
#include "result/cloudfetch/pipeline.h"
#include "session/statement_observers.h"
#include "staging/transfer.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace dbsql::session {

/// Why a statement is to run once more.
enum class RunAgain : std::uint8_t {
  WithoutStorage,  ///< its files cannot be had from here
  SessionLost,     ///< the server has forgotten it together with its session
};

/// What a statement needs beside its operation.
struct StatementSettings {
  /// Ids, and the deadline and stop that hold for all of the statement, reading included.
  base::CallContext call;
  /// The server should have stopped the statement by then.
  std::optional<base::Clock::TimePoint> wait_until;
  std::int64_t row_limit = 0;
  std::function<void(const Progress&)> on_progress;
  result::CloudFetchEnvironment files;
  /// Runs the statement again; empty where that might do harm, or for that reason would not help.
  std::function<std::optional<Result>(RunAgain why, std::stop_token stop)> run_again;
  /// Whether it may run again when its session is lost.
  bool outlives_session = false;
  /// For a statement that moves a volume's file.
  StagingOptions staging;
  std::shared_ptr<const staging::Environment> staging_environment;
  /// It begins or ends a transaction: neither cancelled nor freed before it has ended.
  bool runs_on = false;
  /// Who listens to the statement, since before it was sent; null: its profile alone, from now on.
  std::shared_ptr<StatementObservers> observers;
};

/// Whether the server may have answered so because it has forgotten the session.
bool is_lost_with_session(const Error& error) noexcept;

/// One statement after its submission: what its handle, its result and its connection share.
///
/// Threads: safe from any thread.
/// Errors: once it was cancelled or closed on this side, everything but `state`, `cancel` and
/// `close` throws `Cancelled` or `StatementClosed`, at once, also in the middle of a wait.
class Statement : public std::enable_shared_from_this<Statement> {
 public:
  Statement(std::shared_ptr<protocol::Session> session,
            std::shared_ptr<protocol::Operation> operation, StatementSettings settings,
            base::Clock& clock);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  const std::string& id() const noexcept { return call_.statement_id; }
  const std::shared_ptr<protocol::Operation>& operation() const noexcept { return operation_; }
  bool is_open() const noexcept { return operation_->is_open(); }
  bool is_of(const protocol::Session& session) const noexcept { return session_.get() == &session; }
  /// Its handle or result is the user's now, who may come back to it at any time.
  void hand_out() noexcept { is_handed_out_ = true; }
  /// Whether somebody holds it for whom the end of its session would be a loss: a call that is
  /// under way hears of it by itself, and a result of which nothing was read can be had again.
  bool needs_session() const noexcept;
  /// Whether it was cancelled or closed on this side.
  bool is_ended_here() const noexcept { return ending_ != Ending::None; }

  /// The options of one call as the limits that the calls below take.
  base::CallContext limits_of(const WaitOptions& options) const;

  /// \param limits  deadline and stop of this call alone, here and below
  /// \return false when `limits.deadline` passed first; the statement then goes on
  bool wait(const base::CallContext& limits);

  /// Asks the server unless the answer is known.
  StatementState state(const base::CallContext& limits);

  /// Waits and opens the result: once. A call that failed because its limits were reached may be
  /// repeated.
  Result open_result(const base::CallContext& limits);
  bool has_given_result() const noexcept { return result_taken_; }

  /// Asks the server to stop the statement. When it agrees, all waits and reads end. Nothing when
  /// that has already been done, or while it is being done by another thread.
  void cancel(const base::CallContext& limits);

  /// Ends all waits and reads, and frees the statement on the server, which stops it if it runs.
  void close() noexcept;

  /// The statement need not end with its handle.
  void detach() noexcept { detached_ = true; }
  bool is_detached() const noexcept { return detached_; }

  // For the result.
  const base::CallContext& reading_call() const noexcept { return call_; }
  /// Ends waits and reads; the caller frees the statement.
  void end_reading() noexcept { end(Ending::Closed); }
  /// \throws Error when the statement was cancelled or closed on this side
  void require_open() const;
  /// Before the first row: nothing is begun that cannot be finished where it can be had again.
  /// \throws Error (StatementClosed) when that is so
  void require_session() const;
  /// A row was read: what runs again from now on would deliver it twice.
  void note_rows() noexcept { has_rows_ = true; }
  /// The rows by another run of the statement; empty when they cannot be had that way.
  /// \param failure  of this one
  std::optional<Result> run_again(const Error& failure, bool storage_is_unreachable);
  /// Throws what an error means: one that the statement's own end has caused says so.
  [[noreturn]] void rethrow(const Error& error) const;
  void tell(const observe::Event& event) const noexcept { observers_->on(event); }
  StatementProfile profile() const { return observers_->profile(); }

 private:
  enum class Ending : std::uint8_t { None, Cancelled, Closed };

  base::CallContext bounded_by(const base::CallContext& limits) const;
  bool is_of_this_wait(const Error& error, const base::CallContext& limits) const;
  StagingResult move_file(result::ResultStream& stream, const base::CallContext& call);
  template <class Action>
  auto within(const base::CallContext& limits, Action&& action);
  void await_end(const base::CallContext& call);
  void ask_to_cancel(const base::CallContext& call);
  void end(Ending how) noexcept;

  const std::shared_ptr<protocol::Session> session_;
  const std::shared_ptr<protocol::Operation> operation_;
  base::Clock& clock_;
  std::stop_source end_;
  const base::LinkedStop stop_;                          // the caller's, and ours
  const std::shared_ptr<StatementObservers> observers_;  // not null
  const base::CallContext call_;
  const std::optional<base::Clock::TimePoint> wait_until_;
  const std::int64_t row_limit_;
  const bool runs_on_;
  const std::function<void(const Progress&)> on_progress_;
  const result::CloudFetchEnvironment files_;
  const std::function<std::optional<Result>(RunAgain why, std::stop_token stop)> run_again_;
  const bool outlives_session_;
  const StagingOptions staging_;
  const std::shared_ptr<const staging::Environment> staging_environment_;
  // For whoever holds `result_taken_`.
  std::optional<staging::Instruction> instruction_;  // read, but not yet carried out with success
  std::unique_ptr<result::ResultStream> opening_;    // until it is open

  std::atomic<Ending> ending_ = Ending::None;
  std::atomic<bool> is_over_ = false;  // the server has told what came of it
  std::atomic<bool> cancelling_ = false;
  std::atomic<bool> result_taken_ = false;
  std::atomic<bool> detached_ = false;
  std::atomic<bool> is_handed_out_ = false;
  std::atomic<bool> has_rows_ = false;
};

}  // namespace dbsql::session
