#pragma once

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

/// What a statement needs beside its operation.
struct StatementSettings {
  /// Ids, and the deadline and stop that hold for all of the statement, reading included.
  base::CallContext call;
  /// The server should have stopped the statement by then.
  std::optional<base::Clock::TimePoint> wait_until;
  std::int64_t row_limit = 0;
  std::function<void(const Progress&)> on_progress;
  result::CloudFetchEnvironment files;
  /// Runs the statement again, for rows without files; empty where that might do harm.
  std::function<Result()> run_inline;
  /// For a statement that moves a volume's file.
  StagingOptions staging;
  std::shared_ptr<const staging::Environment> staging_environment;
  /// Who listens to the statement, since before it was sent; null: its profile alone, from now on.
  std::shared_ptr<StatementObservers> observers;
};

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
  bool is_open() const noexcept { return operation_->is_open(); }
  bool is_of(const protocol::Session& session) const noexcept { return session_.get() == &session; }

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
  /// The same rows without files from storage; empty when they cannot be had that way.
  std::optional<Result> run_inline();
  /// Throws what an error means: one that the statement's own end has caused says so.
  [[noreturn]] void rethrow(const Error& error) const;
  void tell(const observe::Event& event) const noexcept { observers_->on(event); }
  StatementProfile profile() const { return observers_->profile(); }

 private:
  enum class Ending : std::uint8_t { None, Cancelled, Closed };

  base::CallContext bounded_by(const base::CallContext& limits) const;
  StagingResult move_file(result::ResultStream& stream, const base::CallContext& call);
  template <class Action>
  auto within(const base::CallContext& limits, Action&& action);
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
  const std::function<void(const Progress&)> on_progress_;
  const result::CloudFetchEnvironment files_;
  const std::function<Result()> run_inline_;
  const StagingOptions staging_;
  const std::shared_ptr<const staging::Environment> staging_environment_;
  /// Read, but not yet carried out with success: for whoever holds `result_taken_`.
  std::optional<staging::Instruction> instruction_;

  std::atomic<Ending> ending_ = Ending::None;
  std::atomic<bool> cancelling_ = false;
  std::atomic<bool> result_taken_ = false;
  std::atomic<bool> detached_ = false;
};

}  // namespace dbsql::session
