#include "session/statement.h"

#include <dbsql/error.h>

#include "base/log.h"
#include "result/result_stream.h"
#include "session/progress.h"
#include "session/result_impl.h"
#include "session/session_zone.h"

#include <chrono>
#include <utility>

namespace dbsql::session {

namespace {

constexpr std::chrono::seconds kCancelLimit{10};

base::CallContext with(base::CallContext call, const std::string& statement_id,
                       std::stop_token stop, observe::Observer* observer) {
  call.statement_id = statement_id;
  call.stop = std::move(stop);
  call.observer = observer;
  return call;
}

result::CloudFetchEnvironment with(result::CloudFetchEnvironment files,
                                   std::shared_ptr<observe::Observer> observer) {
  files.observer = std::move(observer);
  return files;
}

/// What was given for a transfer must not be left unread or unwritten without a word.
void require_no_streams(const StagingOptions& options) {
  if (!staging::has_stream(options)) return;
  throw_error({.kind = ErrorKind::InvalidArgument,
               .message = "an input or an output was given, but the statement was no PUT or GET of "
                          "a volume's file; it has run all the same",
               .outcome_unknown = true});
}

}  // namespace

bool is_lost_with_session(const Error& error) noexcept {
  return error.kind() == ErrorKind::StatementClosed || error.kind() == ErrorKind::SessionExpired;
}

Statement::Statement(std::shared_ptr<protocol::Session> session,
                     std::shared_ptr<protocol::Operation> operation, StatementSettings settings,
                     base::Clock& clock)
    : session_(std::move(session)),
      operation_(std::move(operation)),
      clock_(clock),
      stop_(settings.call.stop, end_.get_token()),
      observers_(settings.observers ? std::move(settings.observers)
                                    : std::make_shared<StatementObservers>(clock)),
      call_(with(std::move(settings.call), operation_->statement_id(), stop_.token(),
                 observers_.get())),
      wait_until_(settings.wait_until),
      row_limit_(settings.row_limit),
      runs_on_(settings.runs_on),
      on_progress_(std::move(settings.on_progress)),
      files_(with(std::move(settings.files), observers_)),
      run_again_(std::move(settings.run_again)),
      outlives_session_(settings.outlives_session),
      staging_(std::move(settings.staging)),
      staging_environment_(std::move(settings.staging_environment)) {}

base::CallContext Statement::limits_of(const WaitOptions& options) const {
  base::CallContext limits;
  if (options.timeout) limits.deadline = clock_.now() + *options.timeout;
  limits.stop = options.stop;
  return limits;
}

base::CallContext Statement::bounded_by(const base::CallContext& limits) const {
  return limits.deadline ? call_.bounded_by(*limits.deadline) : call_;
}

template <class Action>
auto Statement::within(const base::CallContext& limits, Action&& action) {
  require_open();
  const base::LinkedStop stop(call_.stop, limits.stop);
  ProgressObserver progress(on_progress_, observers_.get());
  base::CallContext call = bounded_by(limits);
  if (wait_until_) call = call.bounded_by(*wait_until_);
  call.stop = stop.token();
  call.observer = &progress;
  try {
    return action(call);
  } catch (const Error& error) {
    rethrow(error);
  }
}

bool Statement::wait(const base::CallContext& limits) {
  try {
    within(limits, [&](const base::CallContext& call) { await_end(call); });
    tell(observe::StatementReady{});
    return true;
  } catch (const Error& error) {
    if (is_of_this_wait(error, limits)) return false;
    tell(observe::Failed{&error});
    throw;
  }
}

/// Whether nothing has come to its end but the time that a caller had for one call.
bool Statement::is_of_this_wait(const Error& error, const base::CallContext& limits) const {
  const auto passed = [now = clock_.now()](std::optional<base::Clock::TimePoint> moment) {
    return moment && *moment <= now;
  };
  return error.kind() == ErrorKind::Timeout && passed(limits.deadline) && !passed(call_.deadline) &&
         !passed(wait_until_);
}

void Statement::await_end(const base::CallContext& call) {
  try {
    operation_->wait(call);
  } catch (const Error& error) {
    if (!error.outcome_unknown()) is_over_ = true;
    throw;
  }
  is_over_ = true;
}

StatementState Statement::state(const base::CallContext& limits) {
  // Also after a cancel, which ends all other calls: whoever cancelled wants to know what came of
  // it.
  base::CallContext call = call_;
  call.deadline = limits.deadline;
  call.stop = limits.stop;
  return operation_->state(call);
}

Result Statement::open_result(const base::CallContext& limits) {
  if (result_taken_.exchange(true))
    throw_error({.kind = ErrorKind::InvalidState,
                 .message = "the result of this statement was already taken",
                 .statement_id = id()});
  try {
    return within(limits, [&](const base::CallContext& call) {
      await_end(call);
      base::log(LogLevel::Debug, "session", call_, "the statement has finished");
      tell(observe::StatementReady{});
      // A stream that cannot be opened would close the operation.
      const bool is_staging = operation_->metadata(call).is_staging;
      if (!is_staging) require_no_streams(staging_);
      // It stays when the time for this call is over: it holds what was read of the result by then.
      if (!opening_)
        opening_ =
            std::make_unique<result::ResultStream>(operation_, files_, is_staging ? 0 : row_limit_);
      opening_->open(call, [&](const base::CallContext& asking) {
        return ask_time_zone(*session_, files_, asking);
      });
      std::optional<StagingResult> moved;
      if (is_staging) {
        // The server's time for the statement does not count here: it has finished.
        base::CallContext transfer = call;
        transfer.deadline = bounded_by(limits).deadline;
        moved = move_file(*opening_, transfer);
      }
      tell(observe::ResultOpened{});
      hand_out();
      return Result(std::make_unique<Result::Impl>(shared_from_this(), std::move(opening_), moved));
    });
  } catch (const Error& error) {
    if (!is_of_this_wait(error, limits)) tell(observe::Failed{&error});
    if (error.kind() != ErrorKind::Timeout && error.kind() != ErrorKind::Cancelled)
      opening_.reset();
    result_taken_ = false;
    throw;
  } catch (...) {
    result_taken_ = false;
    throw;
  }
}

StagingResult Statement::move_file(result::ResultStream& stream, const base::CallContext& call) {
  if (!staging_environment_)
    throw_error({.kind = ErrorKind::Protocol,
                 .message = "the server answered a catalog call with a transfer of a file"});
  if (!instruction_) instruction_ = staging::read_instruction(stream, call);
  stream.discard();
  return staging::Transfer(*instruction_, staging_, *staging_environment_).run(call);
}

void Statement::cancel(const base::CallContext& limits) {
  if (ending_ != Ending::None || cancelling_.exchange(true)) return;
  // Never with the statement's own deadline: it may be what the cancel is about.
  base::CallContext call = call_;
  call.deadline = limits.deadline.value_or(clock_.now() + kCancelLimit);
  call.stop = limits.stop;
  try {
    ask_to_cancel(call);
  } catch (...) {
    cancelling_ = false;
    throw;
  }
  end(Ending::Cancelled);
}

void Statement::ask_to_cancel(const base::CallContext& call) {
  const auto asked = clock_.now();
  try {
    operation_->cancel(call);
    tell(observe::CancelAsked{clock_.now() - asked});
  } catch (const Error& error) {
    tell(observe::CancelAsked{clock_.now() - asked, &error});
    throw;
  }
}

void Statement::close() noexcept {
  end(Ending::Closed);
  if (!runs_on_ || is_over_) {
    operation_->cancel_in_background();
    operation_->close();
  }
  tell(observe::StatementEnded{});
}

void Statement::end(Ending how) noexcept {
  Ending none = Ending::None;
  ending_.compare_exchange_strong(none, how);
  end_.request_stop();
}

void Statement::require_open() const {
  const auto fail = [&](ErrorKind kind, const char* message) {
    throw_error({.kind = kind,
                 .message = message,
                 .statement_id = id(),
                 .connection_id = call_.connection_id,
                 .correlation_id = call_.correlation_id});
  };
  switch (ending_.load()) {
    case Ending::None:
      return;
    case Ending::Cancelled:
      return fail(ErrorKind::Cancelled, "the statement was cancelled");
    case Ending::Closed:
      return fail(ErrorKind::StatementClosed,
                  "the statement or its result was closed, so there is nothing more to read");
  }
}

bool Statement::needs_session() const noexcept {
  const bool can_be_had_again = outlives_session_ && result_taken_ && !has_rows_;
  return is_open() && is_handed_out_ && !can_be_had_again;
}

void Statement::require_session() const {
  if (!outlives_session_ || !is_open() || !session_->is_dead()) return;
  throw_error({.kind = ErrorKind::StatementClosed,
               .message = "the session of this result has expired, and its rows with it"});
}

std::optional<Result> Statement::run_again(const Error& failure, bool storage_is_unreachable) {
  if (!run_again_ || operation_->affected_rows()) return std::nullopt;
  if (storage_is_unreachable) return run_again_(RunAgain::WithoutStorage, call_.stop);
  const bool is_lost = outlives_session_ && !is_ended_here() && is_lost_with_session(failure);
  return is_lost ? run_again_(RunAgain::SessionLost, call_.stop) : std::nullopt;
}

void Statement::rethrow(const Error& error) const {
  if (error.kind() == ErrorKind::Cancelled) require_open();
  throw;
}

}  // namespace dbsql::session
