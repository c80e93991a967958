#include "session/transactions.h"

#include "base/log.h"
#include "base/text.h"

#include <utility>

namespace dbsql::session {

namespace {

using State = TransactionState;
using Call = TransactionCall;
using Step = TransactionStep;
using Answer = TransactionAnswer;

constexpr std::string_view text_of(Call call) noexcept {
  switch (call) {
    case Call::Begin:
      return "BEGIN TRANSACTION";
    case Call::AutocommitOff:
      return "SET AUTOCOMMIT = FALSE";
    case Call::AutocommitOn:
      return "SET AUTOCOMMIT = TRUE";
    case Call::Commit:
      return "COMMIT";
    case Call::Rollback:
      return "ROLLBACK";
    case Call::Execute:
      break;
  }
  return {};
}

[[noreturn]] void fail(ErrorKind kind, std::string message) {
  throw_error({.kind = kind, .message = std::move(message)});
}

/// Servers without transactions take the setting for a mistake (reference/auth-http-config.md 7.1:
/// how they say so is not confirmed).
bool is_unknown_setting(const Error& error) {
  const std::string& state = error.sqlstate();
  return dynamic_cast<const SqlError*>(&error) != nullptr &&
         (state.starts_with("42") || state.starts_with("0A") || state.starts_with("22"));
}

void require_supported(const dbsql::TransactionOptions& options) {
  switch (options.isolation) {
    case IsolationLevel::Default:
    case IsolationLevel::Snapshot:
    case IsolationLevel::RepeatableRead:
      break;
    default:
      fail(ErrorKind::NotSupported,
           "transactions see a snapshot (repeatable read); no other isolation level can be had");
  }
  if (options.read_only)
    fail(ErrorKind::NotSupported, "there are no read-only transactions; begin a usual one");
}

/// The object whose turn a thread is in. What it runs from a callback there does not wait for those
/// who wait for that turn.
thread_local const Transactions* inside = nullptr;

}  // namespace

Transactions::Transactions(LiveSession& session, config::TransactionOptions options,
                           std::function<void()> end_results, Observe observe, base::Clock& clock)
    : session_(session),
      options_(options),
      end_results_(std::move(end_results)),
      observe_(std::move(observe)),
      clock_(clock) {}

// ---- turns

Transactions::Turn::Turn(Transactions& owner, std::string_view sql, const base::CallContext& limits)
    : owner_(owner),
      call_(owner.options_.ignored ? Call::Execute : transaction_call_of(sql)),
      alone_(owner.enter(call_, limits)),
      outer_(std::exchange(inside, &owner)) {}

Transactions::Turn::~Turn() {
  inside = outer_;
  settle(Answer::Lost);
}

void Transactions::Turn::settle(Answer answer) noexcept {
  if (std::exchange(settled_, true)) return;
  if (alone_) owner_.settle_statement(call_, answer);
  owner_.leave(alone_);
}

void Transactions::Turn::hand_on(const std::shared_ptr<Statement>& statement,
                                 const base::CallContext& limits) {
  if (call_ == Call::Execute) {
    if (!alone_) return;
    const std::lock_guard lock(owner_.mutex_);
    owner_.running_ = statement->operation();
    return;
  }
  // Whoever comes next has to know what came of it.
  try {
    if (!statement->wait(limits))
      throw_error({.kind = ErrorKind::Timeout,
                   .message = "the time was up before the statement had ended",
                   .statement_id = statement->id(),
                   .outcome_unknown = true});
  } catch (...) {
    statement->close();
    throw;
  }
}

void Transactions::Turn::complete(const base::CallContext& limits) {
  if (call_ == Call::Rollback && owner_.state() == State::Unknown) owner_.learn_autocommit(limits);
  settle(Answer::Done);
}

void Transactions::Turn::fail(const Error& error) {
  owner_.note_expiry(call_, error);
  const Answer answer = answer_of(error);
  settle(answer);
  rethrow(call_, answer, error);
}

Transactions::Alone::Alone(Transactions& owner, const base::CallContext& limits) : owner_(owner) {
  owner_.admit(/*may_share=*/false, limits);
  try {
    owner_.await_running(limits);
  } catch (...) {
    owner_.leave(true);
    throw;
  }
}

Transactions::Alone::~Alone() { owner_.leave(true); }

/// Waits for the turn of the caller. \param may_share  side by side with others, while autocommit
/// is on \return whether it has the session for itself
bool Transactions::admit(bool may_share, const base::CallContext& limits) {
  std::unique_lock lock(mutex_);
  const bool is_nested = inside == this;
  const std::uint64_t ticket = ++last_ticket_;
  queue_.push_back(ticket);
  const auto shares = [&] { return may_share && state_ == State::Auto; };
  try {
    clock_.wait(lock, changed_, limits, [&] {
      const bool is_next = is_nested || queue_.front() == ticket;
      return is_next && !is_taken_ && (shares() || side_by_side_ == 0);
    });
  } catch (...) {
    std::erase(queue_, ticket);
    changed_.notify_all();
    throw;
  }
  std::erase(queue_, ticket);
  if (!queue_.empty()) changed_.notify_all();  // the next one may share
  const bool is_shared = shares();
  if (is_shared) {
    ++side_by_side_;
  } else {
    is_taken_ = true;
  }
  return !is_shared;
}

/// Waits until the call may go ahead; true when it has the session for itself.
bool Transactions::enter(Call call, const base::CallContext& limits) {
  const bool alone = admit(call == Call::Execute, limits);
  try {
    const auto require_usable = [this] {
      const std::lock_guard lock(mutex_);
      require_usable_locked();
    };
    require_usable();
    if (!alone) return false;
    await_running(limits);
    require_usable();
    restore_autocommit(limits);
    // The server answers texts for which there is nothing to do: COMMIT without a transaction is an
    // error there.
    const Step step = step_for(state(), call);
    if (step == Step::RollbackFirst || step == Step::InProgress) require_step(step);
    if ((call == Call::Commit || call == Call::Rollback) && step == Step::Send) end_results_();
  } catch (...) {
    leave(alone);
    throw;
  }
  return true;
}

void Transactions::leave(bool alone) noexcept {
  const std::lock_guard lock(mutex_);
  if (alone) {
    is_taken_ = false;
  } else {
    --side_by_side_;
  }
  changed_.notify_all();
}

/// What was submitted before is at its end, well or badly.
void Transactions::await_running(const base::CallContext& limits) {
  std::shared_ptr<protocol::Operation> running;
  {
    const std::lock_guard lock(mutex_);
    running = running_;
  }
  if (!running) return;
  Answer answer = Answer::Done;
  try {
    running->wait(limits);
  } catch (const Error& error) {
    if (limits.stop.stop_requested() || (limits.deadline && *limits.deadline <= clock_.now())) {
      ErrorFields fields = error.fields();
      fields.message =
          base::concat("another statement of the transaction is still running: ", error.message());
      fields.outcome_unknown = false;  // what the caller wanted was not sent
      throw_error(std::move(fields));
    }
    note_expiry(Call::Execute, error);
    answer = answer_of(error);  // whoever submitted it hears of it there
  }
  const std::lock_guard lock(mutex_);
  running_.reset();
  state_ = state_after(state_, Call::Execute, answer, is_explicit_);
}

// ---- what is known

TransactionState Transactions::state() const noexcept {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool Transactions::is_in_transaction() const noexcept {
  const State now = state();
  return now == State::Active || now == State::Aborted || now == State::Unknown;
}

bool Transactions::is_broken() const noexcept {
  const std::lock_guard lock(mutex_);
  return is_broken_;
}

bool Transactions::is_autocommit_off() const noexcept { return state() == State::Idle; }

bool Transactions::needs_reset() const noexcept {
  const std::lock_guard lock(mutex_);
  return state_ != State::Auto || open_number_ != 0 || is_taken_ || side_by_side_ != 0 ||
         running_ != nullptr;
}

bool Transactions::is_open(std::uint64_t number) const noexcept {
  const std::lock_guard lock(mutex_);
  return number != 0 && open_number_ == number && !is_broken_;
}

void Transactions::require_usable_locked() const {
  if (!is_broken_) return;
  if (has_expired_)
    throw_error({.kind = ErrorKind::SessionExpired,
                 .message = "the session expired inside a transaction, which the server has rolled "
                            "back; open a new connection",
                 .connection_dead = true});
  throw_error({.kind = ErrorKind::InvalidState,
               .message = "the answer to a COMMIT was lost on this connection; close it and look "
                          "whether the changes are there",
               .connection_dead = true});
}

void Transactions::require_step(Step step) const {
  switch (step) {
    case Step::NotInProgress:
      fail(ErrorKind::InvalidState,
           "no transaction is in progress: autocommit is on; see Connection::begin()");
    case Step::InProgress:
      fail(ErrorKind::InvalidState,
           "transaction already in progress: commit it or roll it back first");
    case Step::RollbackFirst:
      fail(ErrorKind::TransactionState,
           state() == State::Aborted
               ? "a statement of this transaction has failed: roll it back, and run it again"
               : "an answer of the server was lost in this transaction: roll it back");
    case Step::Send:
    case Step::Nothing:
    case Step::CommitFirst:
      break;
  }
}

Answer Transactions::answer_of(const Error& error) noexcept {
  if (error.outcome_unknown()) return Answer::Lost;
  if (error.error_class().find("NO_ACTIVE_TRANSACTION") != std::string::npos)
    return Answer::NoneOpen;
  const bool by_server = dynamic_cast<const SqlError*>(&error) != nullptr ||
                         error.kind() == ErrorKind::TransactionState ||
                         error.kind() == ErrorKind::TransactionConflict ||
                         !error.statement_id().empty();
  if (by_server) return Answer::Refused;
  // A gateway may say 503 or 429 in place of an answer that it has lost.
  const int status = error.http_status();
  return status == 429 || status == 408 || status >= 500 ? Answer::Lost : Answer::NotSent;
}

/// The transaction went with its session (reference/auth-http-config.md 7.3); unless a COMMIT that
/// may have come first has ended it.
void Transactions::note_expiry(Call call, const Error& error) noexcept {
  if (error.kind() != ErrorKind::SessionExpired) return;
  if (call == Call::Commit && error.outcome_unknown()) return;
  const std::lock_guard lock(mutex_);
  if (state_ != State::Active && state_ != State::Aborted && state_ != State::Unknown) return;
  is_broken_ = true;
  has_expired_ = true;
}

void Transactions::rethrow(Call call, Answer answer, const Error& error) {
  if (call != Call::Commit || answer != Answer::Lost) throw;
  ErrorFields fields = error.fields();
  fields.kind = ErrorKind::TransactionUnknown;
  fields.sqlstate.clear();
  fields.message = base::concat(
      "the answer to COMMIT was lost, so the transaction may have been committed or not; look "
      "before running it again: ",
      error.message());
  fields.outcome_unknown = true;
  fields.retryable = false;
  fields.connection_dead = true;
  fields.cause = std::make_shared<const Error>(error);
  throw_error(std::move(fields));
}

void Transactions::settle_statement(Call call, Answer answer) noexcept {
  const std::lock_guard lock(mutex_);
  const State before = state_;
  state_ = state_after(state_, call, answer, is_explicit_);
  if (call == Call::Begin && answer == Answer::Done) is_explicit_ = true;
  if (state_ == State::Auto) is_explicit_ = false;
  const bool has_ended = (call == Call::Commit || call == Call::Rollback) &&
                         before != State::Idle && state_ == State::Idle;
  if (has_ended && open_number_ != 0) {  // by a text of the user's
    open_number_ = 0;
    wants_autocommit_ = true;
  }
  if (call == Call::Commit && answer == Answer::Lost) is_broken_ = true;
}

// ---- what is sent; by whoever has the session alone

void Transactions::run_on_server(std::string_view sql, const base::CallContext& limits) {
  static const Parameters kNone;
  const auto observers = observe_();
  base::CallContext call = limits;
  call.observer = observers.get();
  observers->watch([&] {
    const auto operation = session_.run(call, [&](const LiveSession::SessionPtr& session) {
      return session->execute(
          {.sql = std::string(sql), .parameters = &kNone, .observer = observers, .runs_on = true},
          call);
    });
    operation->wait(call);
    operation->close();
  });
}

void Transactions::send(Call call, const base::CallContext& limits) {
  try {
    run_on_server(text_of(call), limits);
  } catch (const Error& error) {
    note_expiry(call, error);
    const Answer answer = answer_of(error);
    settle_statement(call, answer);
    rethrow(call, answer, error);
  }
  settle_statement(call, Answer::Done);
}

/// After a transaction of a `Transaction` object: not at once, for another one may follow.
void Transactions::restore_autocommit(const base::CallContext& limits) {
  {
    const std::lock_guard lock(mutex_);
    if (!wants_autocommit_ || state_ != State::Idle) return;
  }
  send(Call::AutocommitOn, limits);
  end_guard(false);
}

void Transactions::end_guard(bool wants_autocommit) noexcept {
  const std::lock_guard lock(mutex_);
  open_number_ = 0;
  wants_autocommit_ = wants_autocommit;
}

/// COMMIT or ROLLBACK of an open transaction.
void Transactions::end(Call call, const base::CallContext& limits) {
  end_results_();
  send(call, limits);
}

/// After lost answers: ROLLBACK, and what the server then says of autocommit.
void Transactions::recover(const base::CallContext& limits) {
  try {
    run_on_server(text_of(Call::Rollback), limits);
  } catch (const Error&) {
    const std::lock_guard lock(mutex_);
    is_broken_ = true;
    throw;
  }
  learn_autocommit(limits);
}

/// After a ROLLBACK of whatever there was.
void Transactions::learn_autocommit(const base::CallContext& limits) {
  try {
    const bool is_on = ask_autocommit(limits);
    const std::lock_guard lock(mutex_);
    state_ = is_on ? State::Auto : State::Idle;
    is_explicit_ = false;
    wants_autocommit_ = !is_on && open_number_ != 0;
    open_number_ = 0;
  } catch (const Error&) {
    const std::lock_guard lock(mutex_);
    is_broken_ = true;
    throw;
  }
}

bool Transactions::ask_autocommit(const base::CallContext& limits) {
  static const Parameters kNone;
  const auto observers = observe_();
  base::CallContext call = limits;
  call.observer = observers.get();
  auto statement = session_.run(call, [&](const LiveSession::SessionPtr& session) {
    auto operation = session->execute(
        {.sql = "SET AUTOCOMMIT", .parameters = &kNone, .observer = observers}, call);
    return std::make_shared<Statement>(session, std::move(operation),
                                       StatementSettings{.call = limits, .observers = observers},
                                       clock_);
  });
  Result result = statement->open_result(limits);
  std::string text;
  for (const RowRef row : result.rows()) {
    text = row.text(0);
    break;
  }
  if (const auto on = autocommit_in(text)) return *on;
  fail(ErrorKind::Protocol, base::concat("the server calls autocommit '", text.substr(0, 40),
                                         "', which is neither on nor off"));
}

// ---- what the user asks for

void Transactions::warn_ignored() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(has_warned_, true)) return;
  }
  base::log(LogLevel::Warn, "transaction",
            base::concat("conn=", session_.id(),
                         " transactions.mode=ignore: every statement is committed at once, and a "
                         "rollback undoes nothing"));
}

std::uint64_t Transactions::begin(const dbsql::TransactionOptions& options,
                                  const base::CallContext& limits) {
  require_supported(options);
  if (options_.ignored) {
    warn_ignored();
    return 0;
  }
  const Alone alone(*this, limits);
  {
    const std::lock_guard lock(mutex_);
    require_usable_locked();
    if (wants_autocommit_ && state_ == State::Idle) {  // as the last one left it
      wants_autocommit_ = false;
      return open_number_ = ++last_number_;
    }
    if (state_ == State::Idle && open_number_ == 0)
      fail(ErrorKind::InvalidState,
           "autocommit is off: the next statement begins a transaction by itself; end it with "
           "commit() or rollback() of the connection");
  }
  if (state() != State::Auto)
    require_step(state() == State::Idle ? Step::InProgress : step_for(state(), Call::Begin));
  set_autocommit_off(limits);
  const std::lock_guard lock(mutex_);
  return open_number_ = ++last_number_;
}

/// From autocommit to its opposite.
void Transactions::set_autocommit_off(const base::CallContext& limits) {
  try {
    send(Call::AutocommitOff, limits);
  } catch (const Error& error) {
    if (!is_unknown_setting(error)) throw;
    ErrorFields fields = error.fields();
    fields.kind = ErrorKind::NotSupported;
    fields.sqlstate.clear();
    fields.message = base::concat(
        "this server has no transactions of several statements: ", error.message(),
        " (transactions.mode=ignore makes programs run that cannot do without autocommit off, at "
        "the price that every statement is committed at once)");
    fields.cause = std::make_shared<const Error>(error);
    throw_error(std::move(fields));
  }
}

void Transactions::set_autocommit(bool on, const base::CallContext& limits) {
  if (options_.ignored) return on ? void() : warn_ignored();
  const Alone alone(*this, limits);
  bool is_left_off = false;
  {
    const std::lock_guard lock(mutex_);
    require_usable_locked();
    is_left_off = wants_autocommit_ && state_ == State::Idle;
    if (is_left_off && !on) {
      wants_autocommit_ = false;
      return;
    }
  }
  if (is_left_off) return restore_autocommit(limits);
  const Call call = on ? Call::AutocommitOn : Call::AutocommitOff;
  const Step step = step_for(state(), call);
  require_step(step);
  if (step == Step::Nothing) return;
  if (!on) return set_autocommit_off(limits);
  if (step == Step::CommitFirst) {
    end(Call::Commit, limits);
    if (state() == State::Auto) return;  // it came from BEGIN
  }
  send(call, limits);
  end_guard(false);
}

bool Transactions::autocommit(const base::CallContext& limits) {
  if (options_.ignored) return true;
  const auto known = [this] {
    const std::lock_guard lock(mutex_);
    return state_ == State::Auto || is_explicit_ || wants_autocommit_;
  };
  if (!options_.asks_server) return known();
  const Alone alone(*this, limits);
  {
    const std::lock_guard lock(mutex_);
    require_usable_locked();
  }
  const State now = state();
  if (now == State::Aborted || now == State::Unknown) return known();
  restore_autocommit(limits);
  return ask_autocommit(limits);
}

void Transactions::commit(std::optional<std::uint64_t> number, const base::CallContext& limits) {
  if (options_.ignored) return warn_ignored();
  const Alone alone(*this, limits);
  bool is_left_off = false;
  {
    const std::lock_guard lock(mutex_);
    require_usable_locked();
    is_left_off = wants_autocommit_;
    if (number && open_number_ != *number)
      fail(ErrorKind::InvalidState, "the transaction has ended");
  }
  const Step step = is_left_off ? Step::NotInProgress : step_for(state(), Call::Commit);
  require_step(step);
  if (step == Step::Send) end(Call::Commit, limits);
  if (number) end_guard(true);
}

void Transactions::rollback(std::optional<std::uint64_t> number, const base::CallContext& limits) {
  if (options_.ignored) return warn_ignored();
  const Alone alone(*this, limits);
  bool is_left_off = false;
  {
    const std::lock_guard lock(mutex_);
    if (number && open_number_ != *number) return;  // it has ended
    if (has_expired_) return;                       // the server has done it
    require_usable_locked();
    is_left_off = wants_autocommit_;
  }
  const State now = state();
  const Step step = is_left_off ? Step::NotInProgress : step_for(now, Call::Rollback);
  require_step(step);
  if (now == State::Unknown) {
    end_results_();
    return recover(limits);
  }
  if (step == Step::Send) end(Call::Rollback, limits);
  if (number) end_guard(true);
}

void Transactions::reset(const base::CallContext& limits) {
  const Alone alone(*this, limits);
  {
    const std::lock_guard lock(mutex_);
    require_usable_locked();
  }
  const State now = state();
  if (now == State::Unknown) recover(limits);
  if (now == State::Active || now == State::Aborted) send(Call::Rollback, limits);
  if (state() == State::Idle) send(Call::AutocommitOn, limits);
  end_guard(false);
}

void Transactions::close(const base::CallContext& limits) noexcept {
  {
    const std::lock_guard lock(mutex_);
    const bool is_open = state_ == State::Active || state_ == State::Aborted;
    if (!is_open || is_broken_ || is_taken_ || side_by_side_ != 0) return;
    is_taken_ = true;
  }
  try {
    send(Call::Rollback, limits);
  } catch (const std::exception& error) {
    // The server rolls back with the end of the session.
    base::log(LogLevel::Debug, "transaction",
              base::concat("conn=", session_.id(),
                           " rollback at close: ", std::string_view(error.what())));
  }
  leave(true);
}

}  // namespace dbsql::session
