#include "protocol/thrift/operation.h"

#include <dbsql/error.h>

#include "base/text.h"
#include "observe/observer.h"
#include "protocol/poll_schedule.h"
#include "protocol/thrift/ending_call.h"
#include "protocol/thrift/message.h"

#include <tcli_service_types.h>

#include <span>
#include <utility>

namespace dbsql::protocol::thrift {

namespace {

constexpr Method kGetOperationStatus{"GetOperationStatus", http::RequestClass::Read};
constexpr Method kGetResultSetMetadata{"GetResultSetMetadata", http::RequestClass::Read};
// Without a row offset in the request a fetch moves the cursor: a lost reply means lost rows.
constexpr Method kFetchResults{"FetchResults", http::RequestClass::FetchNext};
// With the offset in the request the same rows come again, however often it is sent.
constexpr Method kFetchFrom{"FetchResults", http::RequestClass::Fetch};
constexpr Method kCancelOperation{"CancelOperation", http::RequestClass::Close};
constexpr Method kCloseOperation{"CloseOperation", http::RequestClass::Close};
constexpr std::chrono::seconds kPollTimeout{60};
constexpr std::chrono::seconds kCancelTimeout{10};
constexpr std::chrono::seconds kHeartbeatTimeout{30};

std::int64_t row_count(const Page& page) {
  if (const auto* batches = std::get_if<std::vector<ArrowBatch>>(&page.rows)) {
    std::int64_t rows = 0;
    for (const ArrowBatch& batch : *batches) rows += batch.row_count;
    return rows;
  }
  if (const auto* columns = std::get_if<ColumnarRows>(&page.rows))
    return columns->columns.front().count;
  if (const auto* links = std::get_if<std::vector<ResultLink>>(&page.rows))
    return links->back().start_row + links->back().row_count - links->front().start_row;
  return 0;
}

std::int64_t first_row(const Page& page) {
  const auto* links = std::get_if<std::vector<ResultLink>>(&page.rows);
  return links != nullptr ? links->front().start_row : page.start_row;
}

/// Whether the server may have answered, and the answer did not arrive. What failed more than once
/// has used up its attempts.
bool is_lost_reply(const Error& error) {
  const bool is_loss = error.kind() == ErrorKind::Network || error.http_status() >= 500;
  return is_loss && error.attempts() <= 1;
}

/// What the reply to a heartbeat says. Runs on any thread; nobody hears of errors.
KeepAlive::Answer heartbeat_answer(std::optional<RpcReply>& reply) noexcept {
  if (!reply) return KeepAlive::Answer::Failed;
  try {
    const auto status = decode_struct<tcli::TGetOperationStatusResp>(reply->reader);
    if (status.status.statusCode != tcli::STILL_EXECUTING_STATUS)
      require_success(&status.status, {});
    const auto state = state_in(status);
    const bool is_over = state && is_final(*state) && *state != StatementState::Finished;
    return is_over ? KeepAlive::Answer::Over : KeepAlive::Answer::Alive;
  } catch (const Error& error) {
    const bool is_gone =
        error.kind() == ErrorKind::StatementClosed || error.kind() == ErrorKind::SessionExpired;
    return is_gone ? KeepAlive::Answer::Over : KeepAlive::Answer::Failed;
  } catch (const std::exception&) {
    return KeepAlive::Answer::Failed;
  }
}

}  // namespace

template <class Action>
auto ThriftOperation::guarded(const base::CallContext& call, Phase phase, Action&& action) {
  const KeepAlive::Activity activity(keep_alive_.get());
  base::CallContext own = call;
  own.statement_id = statement_id_;
  try {
    return action(own);
  } catch (const Error& error) {
    // The server has the statement. Unless it said itself that it failed, it may have done its work
    // by now, or do it yet: whoever repeats a write without looking may apply it twice.
    const bool is_settled =
        status_.came_to_nothing() && (!has_earlier_attempts_ || says_not_committed(error));
    const bool unknown = phase == Phase::Running && !is_settled;
    session_->rethrow(error.fields(), own, unknown);
  }
}

ThriftOperation::ThriftOperation(std::shared_ptr<ThriftSession> session,
                                 std::shared_ptr<const tcli::TOperationHandle> operation,
                                 base::Clock::TimePoint submitted, base::Trace trace)
    : session_(std::move(session)),
      handle_(std::move(operation)),
      submitted_(submitted),
      answered_(session_->clock().now()),
      trace_(std::move(trace)) {
  const std::string& guid = handle_->operationId.guid;
  statement_id_ = base::to_uuid_text(std::as_bytes(std::span(guid.data(), guid.size())));
}

std::unique_ptr<ThriftOperation> ThriftOperation::start(std::shared_ptr<ThriftSession> session,
                                                        ExecuteReply reply,
                                                        base::Clock::TimePoint submitted,
                                                        std::shared_ptr<observe::Observer> observer,
                                                        const base::CallContext& call) {
  require_success(reply.status.get(), call);
  if (!reply.operation)
    throw_error({.kind = ErrorKind::Protocol,
                 .message = "the server accepted the statement but gave no handle for it",
                 .outcome_unknown = true});
  std::unique_ptr<ThriftOperation> operation(
      new ThriftOperation(std::move(session), reply.operation, submitted, call.trace));
  operation->observer_ = std::move(observer);
  // Before the direct results are looked at: they may say that it has failed.
  if (call.observer != nullptr)
    call.observer->on(
        observe::StatementSubmitted{operation->statement_id(), operation->answered_ - submitted});
  try {
    operation->guarded(call, Phase::Running, [&](const base::CallContext& own) {
      operation->take_direct_results(std::move(reply), own);
    });
  } catch (...) {
    operation->close();
    throw;
  }
  if (operation->is_open()) operation->keep_alive();
  return operation;
}

std::unique_ptr<ThriftOperation> ThriftOperation::attach(
    std::shared_ptr<ThriftSession> session, std::shared_ptr<const tcli::TOperationHandle> operation,
    std::shared_ptr<observe::Observer> observer, const base::CallContext& call) {
  const auto now = session->clock().now();
  std::unique_ptr<ThriftOperation> attached(
      new ThriftOperation(std::move(session), std::move(operation), now, call.trace));
  attached->observer_ = std::move(observer);
  if (call.observer != nullptr)
    call.observer->on(observe::StatementSubmitted{attached->statement_id(), {}});
  attached->guarded(call, Phase::Reading,
                    [&](const base::CallContext& own) { attached->ask_status(own); });
  if (attached->is_open()) attached->keep_alive();
  return attached;
}

void ThriftOperation::keep_alive() {
  const ThriftOptions& options = session_->options();
  if (options.timer == nullptr || options.keep_alive_interval.count() <= 0) return;
  // It holds the calls weakly: a heartbeat must not be the last to keep session and I/O alive.
  keep_alive_ = KeepAlive::start(
      *options.timer, session_->clock(), options.keep_alive_interval,
      [rpc = std::weak_ptr(session_->shared_rpc()), handle = handle_,
       trace = trace_](std::function<void(KeepAlive::Answer)> answer) {
        const auto calls = rpc.lock();
        if (!calls) return answer(KeepAlive::Answer::Over);
        tcli::TGetOperationStatusReq request;
        request.operationHandle = *handle;
        calls->call_in_background(
            kGetOperationStatus, request, trace, kHeartbeatTimeout,
            [answer](std::optional<RpcReply> reply) { answer(heartbeat_answer(reply)); });
      });
}

void ThriftOperation::take_direct_results(ExecuteReply reply, const base::CallContext& call) {
  // The server has closed the operation: the handle must never be used again, whatever else the
  // reply holds.
  if (reply.closed_by_server) over_ = true;
  if (reply.operation_status) {
    status_.absorb(*reply.operation_status, call);
    if (status_.state() == StatementState::Closed) over_ = true;
    status_.throw_failure(call);
  }
  if (reply.metadata) {
    require_success(reply.metadata->status.get(), call);
    metadata_ = std::move(reply.metadata->metadata);
  }
  if (reply.first_page) {
    require_success(reply.first_page->status.get(), call);
    if (!metadata_ && reply.first_page->metadata) metadata_ = std::move(reply.first_page->metadata);
    first_page_ = std::move(reply.first_page->page);
    if (reply.closed_by_server && first_page_->has_more)
      throw_error({.kind = ErrorKind::CorruptResult,
                   .message = "the server closed the statement although it has more rows"});
  }
  if (reply.closed_by_server && status_.state() != StatementState::Finished)
    throw_error({.kind = ErrorKind::Protocol,
                 .message = "the server closed the statement before it finished",
                 .outcome_unknown = true});
}

void ThriftOperation::wait(const base::CallContext& call) {
  if (status_.state() == StatementState::Finished) return;
  guarded(call, Phase::Running, [&](const base::CallContext& own) { poll(own); });
}

void ThriftOperation::poll(const base::CallContext& call) {
  std::chrono::nanoseconds last_poll{0};
  auto last_answer = answered_;
  while (!is_final(status_.state())) {
    // Whoever comes back to a statement after a while has done the waiting already.
    const auto now = session_->clock().now();
    const auto due = last_answer + next_poll_delay(now - submitted_, last_poll);
    if (due > now) session_->clock().sleep(due - now, call);
    const auto asked = session_->clock().now();
    ask_status(call);
    last_answer = session_->clock().now();
    last_poll = last_answer - asked;
    ++polls_;
    report_poll(call, last_poll);  // also of the one that tells of a failure
    status_.throw_failure(call);
  }
  status_.throw_failure(call);
}

void ThriftOperation::ask_status(const base::CallContext& call) {
  if (over_)
    throw_error({.kind = ErrorKind::StatementClosed, .message = "the statement is closed"});
  tcli::TGetOperationStatusReq request;
  request.operationHandle = *handle_;
  RpcReply reply = session_->rpc().call(kGetOperationStatus, request, call, kPollTimeout);
  status_.absorb(decode_struct<tcli::TGetOperationStatusResp>(reply.reader), call);
  if (status_.state() == StatementState::Closed) forget();
}

void ThriftOperation::report_poll(const base::CallContext& call,
                                  std::chrono::nanoseconds latency) const {
  using State = observe::StatementPolled::State;
  if (call.observer == nullptr) return;
  const StatementState state = status_.state();
  const State known = state == StatementState::Finished  ? State::Finished
                      : state == StatementState::Pending ? State::Pending
                      : is_final(state)                  ? State::Failed
                                                         : State::Running;
  call.observer->on(observe::StatementPolled{.statement_id = statement_id_,
                                             .state = known,
                                             .polls = polls_,
                                             .since_submit = session_->clock().now() - submitted_,
                                             .latency = latency});
}

StatementState ThriftOperation::state(const base::CallContext& call) {
  if (is_final(status_.state())) return status_.state();
  if (over_) return StatementState::Closed;
  try {
    guarded(call, Phase::Reading, [&](const base::CallContext& own) { ask_status(own); });
  } catch (const Error& error) {
    // The server, or this side in the meantime, knows the statement no more.
    if (error.kind() != ErrorKind::StatementClosed) throw;
    return StatementState::Closed;
  }
  return status_.state();
}

bool ThriftOperation::has_rows() const noexcept {
  return status_.has_result_set().value_or(handle_->hasResultSet);
}

const ResultMetadata& ThriftOperation::metadata(const base::CallContext& call) {
  if (!metadata_ && !has_rows())
    metadata_.emplace();  // nothing to ask for (reference/results.md 6.2)
  if (metadata_) return *metadata_;
  guarded(call, Phase::Running, [&](const base::CallContext& own) {
    if (over_)
      throw_error({.kind = ErrorKind::CorruptResult,
                   .message = "the server closed the statement without describing its result"});
    tcli::TGetResultSetMetadataReq request;
    request.operationHandle = *handle_;
    RpcReply reply = session_->rpc().call(kGetResultSetMetadata, request, own);
    MetadataReply metadata = read_metadata_reply(reply.reader, reply.body);
    require_success(metadata.status.get(), own);
    metadata_ = std::move(metadata.metadata);
  });
  return *metadata_;
}

tcli::TFetchResultsReq ThriftOperation::fetch_request() const {
  tcli::TFetchResultsReq request;
  request.operationHandle = *handle_;
  request.orientation = tcli::FETCH_NEXT;
  request.maxRows = session_->options().max_rows_per_fetch;
  if (session_->features().is_databricks())
    request.__set_maxBytes(session_->options().max_bytes_per_fetch);
  return request;
}

/// The next page, by the server's cursor as long as it is known where that stands. After a lost
/// reply the rows are asked for by their number, which moves no cursor and may be repeated.
RpcReply ThriftOperation::fetch_reply(const base::CallContext& call) {
  if (ahead_.is_asked()) {
    if (auto reply = ahead_.take(session_->clock(), call)) return *std::move(reply);
    cursor_unknown_ = true;
  }
  tcli::TFetchResultsReq request = fetch_request();
  if (!cursor_unknown_) {
    try {
      return session_->rpc().call(kFetchResults, request, call);
    } catch (const Error& error) {
      if (!session_->features().is_databricks()) throw;
      cursor_unknown_ = true;  // also for a caller who comes back after a timeout
      if (!is_lost_reply(error)) throw;
    }
  }
  request.__set_startRowOffset(expected_row_);
  return session_->rpc().call(kFetchFrom, request, call);
}

Page ThriftOperation::fetch(const base::CallContext& call) {
  RpcReply reply = fetch_reply(call);
  FetchReply fetched = read_fetch_reply(reply.reader, reply.body);
  require_success(fetched.status.get(), call);
  return std::move(fetched.page);
}

Page ThriftOperation::timed_fetch(const base::CallContext& call,
                                  std::chrono::nanoseconds& latency) {
  const auto asked = session_->clock().now();
  Page page = fetch(call);
  latency = session_->clock().now() - asked;
  return page;
}

void ThriftOperation::ask_ahead() {
  // Servers other than Databricks know no row offset, without which a lost reply loses rows.
  const bool has_more = !first_page_ && !at_end_ && !over_;
  if (!has_more || ahead_.is_asked() || !session_->features().is_databricks()) return;
  tcli::TFetchResultsReq request = fetch_request();
  if (cursor_unknown_) request.__set_startRowOffset(expected_row_);
  ahead_.ask(session_->rpc(), kFetchResults, request, trace_);
}

/// Databricks starts every page where the last one ended, an empty one included; anything else
/// means rows lost or repeated. Spark before 3 and HiveServer2 number none of their pages.
void ThriftOperation::require_continuous(const Page& page, std::int64_t rows) const {
  const std::int64_t first = first_row(page);
  const bool is_numbered = first != 0 || session_->features().is_databricks();
  const bool is_off = rows > 0 ? first != expected_row_ : first > expected_row_;
  if (is_numbered && is_off)
    throw_error({.kind = ErrorKind::CorruptResult,
                 .message = base::concat("the server's page starts at row ", first, " where row ",
                                         expected_row_, " was expected; rows were ",
                                         first > expected_row_ ? "skipped" : "repeated")});
}

void ThriftOperation::accept(Page& page) {
  const std::int64_t rows = row_count(page);
  require_continuous(page, rows);
  has_links_ = has_links_ || std::holds_alternative<std::vector<ResultLink>>(page.rows);
  expected_row_ += rows;
  // Hive and open-source Spark always say "no more": there only an empty page is the end
  // (reference/thrift.md 3.5).
  at_end_ = session_->features().is_databricks() ? !page.has_more : rows == 0;
}

void ThriftOperation::report_page(const Page& page, std::chrono::nanoseconds latency,
                                  const base::CallContext& call) const {
  using Format = observe::PageReceived::Format;
  if (call.observer == nullptr) return;
  observe::PageReceived event{.statement_id = statement_id_,
                              .start_row = page.start_row,
                              .wire_bytes = page.wire_bytes,
                              .is_compressed = metadata_ && metadata_->lz4_compressed,
                              .latency = latency};
  if (std::holds_alternative<std::vector<ArrowBatch>>(page.rows)) event.format = Format::Arrow;
  if (std::holds_alternative<ColumnarRows>(page.rows)) event.format = Format::Columns;
  if (const auto* links = std::get_if<std::vector<ResultLink>>(&page.rows)) {
    event.format = Format::Links;
    event.links = static_cast<int>(links->size());
  }
  call.observer->on(event);
}

std::optional<Page> ThriftOperation::next_page(const base::CallContext& call) {
  if (!first_page_ && !has_rows()) at_end_ = true;
  if (at_end_) {
    if (!has_links_) close();
    return std::nullopt;
  }
  return guarded(call, Phase::Reading, [&](const base::CallContext& own) -> std::optional<Page> {
    if (!first_page_ && over_)
      throw_error({.kind = ErrorKind::StatementClosed,
                   .message = "the statement was closed before all of its rows were read"});
    std::chrono::nanoseconds latency{0};
    Page page = first_page_ ? *std::exchange(first_page_, std::nullopt) : timed_fetch(own, latency);
    if (over_) page.has_more = false;
    accept(page);
    report_page(page, latency, own);
    // Expired links can only be renewed while the server knows the statement: then the reader
    // closes it.
    if (at_end_ && !has_links_) close();
    return page;
  });
}

std::vector<ResultLink> ThriftOperation::refresh_links(std::int64_t start_row,
                                                       const base::CallContext& call) {
  return guarded(call, Phase::Reading, [&](const base::CallContext& own) {
    if (over_)
      throw_error({.kind = ErrorKind::LinkExpired,
                   .message =
                       "the links of this result have expired, and the statement that could renew "
                       "them is closed; run it again"});
    tcli::TFetchResultsReq request;
    request.operationHandle = *handle_;
    request.orientation = tcli::FETCH_NEXT;
    request.maxRows = session_->options().max_rows_per_fetch;
    request.__set_startRowOffset(start_row);  // also when it is 0, or the cursor would move
    RpcReply reply = session_->rpc().call(kFetchFrom, request, own);
    FetchReply fetched = read_fetch_reply(reply.reader, reply.body);
    require_success(fetched.status.get(), own);
    if (auto* links = std::get_if<std::vector<ResultLink>>(&fetched.page.rows))
      return std::move(*links);
    throw_error({.kind = ErrorKind::LinkExpired,
                 .message = base::concat("the server gave no new links for the rows from ",
                                         start_row, " on; run the statement again")});
  });
}

bool ThriftOperation::claim_cancel() noexcept {
  return !over_ && !is_final(status_.state()) && !cancel_requested_.exchange(true);
}

void ThriftOperation::cancel(const base::CallContext& call) {
  if (!claim_cancel()) return;
  try {
    guarded(call, Phase::Reading, [&](const base::CallContext& own) {
      tcli::TCancelOperationReq request;
      request.operationHandle = *handle_;
      RpcReply reply = session_->rpc().call(kCancelOperation, request, own, kCancelTimeout);
      const auto answer = decode_struct<tcli::TCancelOperationResp>(reply.reader);
      require_success(&answer.status, own);
    });
  } catch (const Error& error) {
    // What the server no longer knows needs no cancelling (reference/thrift.md 3.6).
    if (error.kind() == ErrorKind::StatementClosed) return;
    cancel_requested_ = false;
    throw;
  }
}

void ThriftOperation::cancel_in_background() noexcept {
  if (!claim_cancel()) return;
  tcli::TCancelOperationReq request;
  request.operationHandle = *handle_;
  session_->rpc().notify(kCancelOperation, request, trace_);
}

void ThriftOperation::forget() noexcept {
  over_ = true;
  if (keep_alive_) keep_alive_->stop();
}

void ThriftOperation::close() noexcept {
  if (over_.exchange(true)) return;
  if (keep_alive_) keep_alive_->stop();
  tcli::TCloseOperationReq request;
  request.operationHandle = *handle_;
  session_->notify_close(kCloseOperation, request, trace_, tell_of_close());
}

std::function<void(bool)> ThriftOperation::tell_of_close() const {
  if (!observer_) return {};
  base::Clock& clock = session_->clock();
  return [observer = observer_, id = statement_id_, &clock, asked = clock.now()](bool is_done) {
    observer->on(observe::StatementClosed{
        .statement_id = id, .latency = clock.now() - asked, .failed = !is_done});
  };
}

}  // namespace dbsql::protocol::thrift
