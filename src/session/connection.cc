#include <dbsql/connection.h>
#include <dbsql/error.h>

#include "otel/statement_trace.h"
#include "session/connection_impl.h"
#include "session/operation_name.h"
#include "session/progress.h"
#include "session/result_impl.h"
#include "session/tell_id.h"
#include "telemetry/record.h"
#include "telemetry/statement_telemetry.h"

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <utility>

namespace dbsql {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kServerTimeoutSlack{10};
/// Closing as a whole; it is shared out so that a server that answers nothing leaves each its part.
constexpr std::chrono::seconds kCloseLimit{5};

/// DML answers with one row of counters; older servers only there (reference/thrift.md 3.2).
std::optional<std::int64_t> affected_rows_in(Result& result) {
  const auto column = result.schema().find("num_affected_rows");
  if (!column || result.schema()[*column].type != TypeId::BigInt) return std::nullopt;
  for (const RowRef row : result.rows()) return row.get<std::optional<std::int64_t>>(*column);
  return std::nullopt;
}

/// What the statement does to the session. Where transactions are ignored nobody follows a text
/// that begins one, so nobody can end it for the next user of the session.
session::SessionChange change_of(std::string_view sql, bool has_parameters,
                                 bool are_transactions_ignored) {
  using session::TransactionCall;
  if (are_transactions_ignored) {
    const TransactionCall call = session::transaction_call_of(sql);
    if (call == TransactionCall::Begin || call == TransactionCall::AutocommitOff)
      return {session::SessionChange::What::Lasting, "a transaction that was to be ignored"};
  }
  return session::change_of(sql, has_parameters);
}

}  // namespace

Connection::Impl::Impl(ConnectionParts parts, base::Clock& clock)
    : session_(std::move(parts.session), recovery(std::move(parts.reopen)), clock),
      files_(std::move(parts.files)),
      staging_(std::move(parts.staging)),
      server_timeout_(parts.server_timeout),
      telemetry_(std::move(parts.telemetry)),
      telemetry_decision_(parts.telemetry_decision),
      trace_(std::move(parts.trace)),
      clock_(clock),
      side_session_(std::move(parts.open_side_session), clock),
      transactions_(
          session_, parts.transactions, [this] { open_statements_.close_all(); },
          [this] { return observers_of_own(); }, clock) {}

/// What holds for the statement as long as it lives.
void Connection::Impl::require_valid(const ExecuteOptions& options) {
  if (options.row_limit < 0)
    throw_error({.kind = ErrorKind::InvalidArgument,
                 .message = "row_limit must not be negative; 0 means all rows"});
  if (options.server_timeout && options.server_timeout->count() < 0)
    throw_error({.kind = ErrorKind::InvalidArgument,
                 .message = "server_timeout must not be negative; 0 means no limit"});
}

base::CallContext Connection::Impl::call_of(const ExecuteOptions& options) const {
  base::CallContext call;
  call.deadline = options.deadline;
  call.stop = options.stop;
  call.connection_id = id();
  call.correlation_id = options.correlation_id;
  return call;
}

/// What holds until there is a result.
base::CallContext Connection::Impl::limits_of(const ExecuteOptions& options) const {
  base::CallContext limits = call_of(options);
  return options.timeout ? limits.bounded_by(clock_.now() + *options.timeout) : limits;
}

base::CallContext Connection::Impl::limits_of(const WaitOptions& options) const {
  return limits_of(ExecuteOptions{.timeout = options.timeout, .stop = options.stop});
}

void Connection::Impl::require_open() const {
  if (!closed_) return;
  throw_error({.kind = ErrorKind::InvalidState,
               .message = "the connection is closed; open a new one",
               .connection_id = id()});
}

std::shared_ptr<session::Statement> Connection::Impl::track(
    std::shared_ptr<protocol::Session> session, std::unique_ptr<protocol::Operation> operation,
    session::StatementSettings settings) {
  auto statement = std::make_shared<Statement>(std::move(session), std::move(operation),
                                               std::move(settings), clock_);
  open_statements_.add(statement);  // also one that the server has closed: it may still be read
  if (closed_ && statement->is_open()) statement->close();  // by a thread that has not seen it
  return statement;
}

std::shared_ptr<session::Statement> Connection::Impl::start(std::string_view sql,
                                                            const Parameters& parameters,
                                                            const ExecuteOptions& options,
                                                            Reply reply, Purpose purpose,
                                                            const base::CallContext& limits) {
  require_valid(options);
  require_open();
  const Watch watch = watch_over(OperationType::ExecuteStatement, purpose, sql, options);
  const bool runs_on = session::transaction_call_of(sql) != session::TransactionCall::Execute;
  const std::chrono::seconds server_timeout =
      runs_on ? std::chrono::seconds(0) : options.server_timeout.value_or(server_timeout_);
  session::StatementSettings settings{.call = call_of(options),
                                      .wait_until = std::nullopt,
                                      .row_limit = options.row_limit,
                                      .on_progress = options.on_progress,
                                      .files = files_,
                                      .run_again = repeat_of(sql, parameters, options),
                                      .outlives_session = outlives_session(sql, purpose),
                                      .staging = options.staging,
                                      .staging_environment = staging_,
                                      .runs_on = runs_on,
                                      .observers = watch.observers};
  // The server stops it by itself. This is for servers that do not (reference/results.md 6.5).
  if (server_timeout.count() > 0)
    settings.wait_until = clock_.now() + server_timeout + kServerTimeoutSlack;
  base::CallContext call = limits;
  call.observer = watch.observers.get();
  settings.call.trace = call.trace = watch.trace;
  session::ProgressObserver progress(options.on_progress, call.observer);
  if (options.on_progress) call.observer = &progress;
  try {
    return session_.run(call, [&](const session::LiveSession::SessionPtr& session) {
      auto operation = session->execute({.sql = std::string(sql),
                                         .parameters = &parameters,
                                         .row_limit = options.row_limit,
                                         .server_timeout = server_timeout,
                                         .direct_results = reply == Reply::WithFirstRows,
                                         .query_tags = options.query_tags,
                                         .observer = settings.observers,
                                         .inline_only = storage_is_unreachable_,
                                         .runs_on = runs_on},
                                        call);
      session::tell_id(options.on_statement_id, operation->statement_id());
      return track(session, std::move(operation), std::move(settings));
    });
  } catch (const Error& error) {
    session::tell_id(options.on_statement_id, error.statement_id());  // it failed at once
    watch.observers->fail(error);
    throw;
  }
}

Connection::Impl::Watch Connection::Impl::watch_over(OperationType operation, Purpose purpose,
                                                     std::string_view sql,
                                                     const ExecuteOptions& options) const {
  const auto parent = otel::read_context(options.trace_parent, options.trace_state);
  auto told = options.telemetry ? tell_of(operation, purpose) : nullptr;
  std::shared_ptr<otel::StatementTrace> traced;
  if (trace_)
    traced = std::make_shared<otel::StatementTrace>(
        trace_,
        otel::StatementFacts{.operation = std::string(operation == OperationType::ExecuteStatement
                                                          ? session::operation_name_of(sql)
                                                          : telemetry::to_word(operation)),
                             .sql = std::string(sql),
                             .parent = parent});
  // Without spans of ours, what the caller gave is passed on as it came.
  base::Trace trace;
  if (traced) {
    trace = traced->headers();
  } else if (parent) {
    trace = otel::headers_of(*parent);
  }
  return {std::make_shared<session::StatementObservers>(clock_, std::move(told), std::move(traced)),
          std::move(trace)};
}

/// Of a statement of the driver's own.
std::shared_ptr<session::StatementObservers> Connection::Impl::observers_of_own() const {
  return std::make_shared<session::StatementObservers>(
      clock_, tell_of(OperationType::ExecuteStatement, {StatementType::Sql, /*is_internal=*/true}));
}

/// Null where nothing is told of the connection.
std::shared_ptr<observe::Observer> Connection::Impl::tell_of(OperationType operation,
                                                             Purpose purpose) const noexcept {
  if (!telemetry_) return nullptr;
  try {
    return std::make_shared<telemetry::StatementTelemetry>(telemetry_, operation, purpose.type,
                                                           purpose.is_internal);
  } catch (const std::bad_alloc&) {
    return nullptr;  // the statement itself may still find the memory that it needs
  }
}

template <class Action>
auto Connection::Impl::following(std::string_view sql, const Parameters& parameters,
                                 Action&& action) {
  const session::SessionChange change =
      change_of(sql, !parameters.empty(), transactions_.are_ignored());
  if (change.what == session::SessionChange::What::Nothing) return action();
  try {
    auto done = action();
    changes_.note(change, sql);
    return done;
  } catch (const Error& error) {
    if (error.outcome_unknown()) changes_.lose_track();
    throw;
  }
}

Result Connection::Impl::query(std::string_view sql, const Parameters& parameters,
                               const ExecuteOptions& options, Purpose purpose) {
  const base::CallContext limits = limits_of(options);
  require_open();
  return following(sql, parameters, [&] {
    return transactions_.run(
        sql, limits, [&] { return query_in_turn(sql, parameters, options, purpose, limits); });
  });
}

Result Connection::Impl::query_in_turn(std::string_view sql, const Parameters& parameters,
                                       const ExecuteOptions& options, Purpose purpose,
                                       const base::CallContext& limits) {
  {
    std::shared_ptr<Statement> statement;
    // Its owner until there is a result: when it goes without one, the statement ends on the
    // server.
    std::optional<StatementHandle> owner;
    try {
      statement = start(sql, parameters, options, Reply::WithFirstRows, purpose, limits);
      owner.emplace(statement);
      return statement->open_result(limits);
    } catch (const Error& error) {
      const bool is_ended_here = closed_ || (statement && statement->is_ended_here());
      if (purpose.is_repeat || is_ended_here || !may_run_again(sql, error)) throw;
    }
  }
  purpose.is_repeat = true;
  return query_in_turn(sql, parameters, options, purpose, limits);
}

StatementHandle Connection::Impl::submit(std::string_view sql, const Parameters& parameters,
                                         const ExecuteOptions& options) {
  const base::CallContext limits = limits_of(options);
  require_open();
  // Whether it succeeds is not known here, but that it may have changed the session is.
  return following(sql, parameters, [&] {
    auto statement = transactions_.run(sql, limits, [&] {
      return start(sql, parameters, options, Reply::AtOnce, {StatementType::Sql}, limits);
    });
    statement->hand_out();
    return StatementHandle(std::move(statement));
  });
}

StatementHandle Connection::Impl::attach(std::string_view statement_id,
                                         const WaitOptions& options) {
  require_open();
  const Watch watch =
      watch_over(OperationType::ExecuteStatement, {StatementType::Sql}, {}, ExecuteOptions{});
  session::StatementSettings settings;
  settings.observers = watch.observers;
  settings.call.connection_id = id();
  settings.call.trace = watch.trace;
  settings.files = files_;
  settings.staging_environment = staging_;
  base::CallContext call = settings.call;
  if (options.timeout) call.deadline = clock_.now() + *options.timeout;
  call.stop = options.stop;
  auto session = session_.current();
  call.observer = watch.observers.get();
  try {
    auto operation = session->attach(std::string(statement_id), watch.observers, call);
    auto statement = track(std::move(session), std::move(operation), std::move(settings));
    statement->hand_out();
    return StatementHandle(std::move(statement));
  } catch (const Error& error) {
    watch.observers->fail(error);
    throw;
  }
}

void Connection::Impl::close() noexcept {
  closed_ = true;
  // What is told of the connection takes its time at the end of the session.
  const auto telling = telemetry_ ? telemetry_->close_timeout() : std::chrono::milliseconds(0);
  const auto began = clock_.now();
  const auto fifth = std::max<std::chrono::milliseconds>(kCloseLimit - telling, 1s) / 5;
  open_statements_.close_all();
  open_statements_.tell_of_end();
  if (abandoned_.stop_requested()) return;
  base::CallContext limits;
  limits.deadline = began + 2 * fifth;
  limits.stop = abandoned_.get_token();
  transactions_.close(limits);
  side_session_.close(began + 3 * fifth);
  session_.close(began + 5 * fifth);
}

Connection::Connection(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Result Connection::query(std::string_view sql, const Parameters& parameters,
                         const ExecuteOptions& options) {
  return impl_->named(options, [&] { return impl_->query(sql, parameters, options); });
}

std::optional<std::int64_t> Connection::execute(std::string_view sql, const Parameters& parameters,
                                                const ExecuteOptions& options) {
  Result result = impl_->named(options, [&] {
    return impl_->query(sql, parameters, options, {telemetry::StatementType::Update});
  });
  if (const auto rows = result.affected_rows()) return rows;
  try {
    return affected_rows_in(result);
  } catch (const Error& error) {
    // The statement has run; only its count could not be read.
    ErrorFields fields = error.fields();
    fields.outcome_unknown = true;
    throw_error(std::move(fields));
  }
}

void Connection::ping(const WaitOptions& options) {
  impl_->named({}, [&] { impl_->ping(options); });
}
ConnectionStats Connection::stats() const { return impl_->stats(); }
std::string Connection::id() const { return impl_->id(); }
bool Connection::is_open() const noexcept { return impl_->is_open(); }
TelemetryStats Connection::telemetry_stats() const { return impl_->telemetry_stats(); }
void Connection::close() noexcept { impl_->close(); }

StatementHandle Connection::submit(std::string_view sql, const Parameters& parameters,
                                   const ExecuteOptions& options) {
  return impl_->named(options, [&] { return impl_->submit(sql, parameters, options); });
}

StatementHandle Connection::attach(std::string_view statement_id, const WaitOptions& options) {
  return impl_->named({}, [&] { return impl_->attach(statement_id, options); });
}

}  // namespace dbsql
