#include "protocol/thrift/session.h"

#include <dbsql/error.h>

#include "base/error_ids.h"
#include "base/log.h"
#include "base/text.h"
#include "observe/observer.h"
#include "protocol/query_tags.h"
#include "protocol/thrift/ending_call.h"
#include "protocol/thrift/message.h"
#include "protocol/thrift/operation.h"
#include "protocol/thrift/page_reader.h"
#include "protocol/thrift/parameters.h"
#include "protocol/thrift/session_error.h"

#include <tcli_service_types.h>

#include <utility>

namespace dbsql::protocol::thrift {

namespace {

constexpr Method kExecuteStatement{"ExecuteStatement", http::RequestClass::Execute};
/// The same for what ends a transaction, or begins one.
constexpr Method kEndTransaction{"ExecuteStatement", http::RequestClass::Commit};
constexpr Method kCancelOperation{"CancelOperation", http::RequestClass::Close};
constexpr Method kCloseOperation{"CloseOperation", http::RequestClass::Close};
constexpr std::chrono::seconds kCloseTimeout{5};
constexpr std::size_t kLongestShownId = 60;

bool is_closed_by(std::optional<RpcReply>& reply) noexcept {
  try {
    if (!reply) return false;
    const auto answer = decode_struct<tcli::TCloseOperationResp>(reply->reader);
    require_success(&answer.status, {});
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

tcli::TSparkArrowTypes native_types(const config::NativeTypes& types) {
  tcli::TSparkArrowTypes native;
  native.__set_timestampAsArrow(types.timestamp);
  native.__set_decimalAsArrow(types.decimal);
  native.__set_complexTypesAsArrow(types.nested);
  native.__set_intervalTypesAsArrow(types.interval);
  native.__set_nullTypeAsArrow(types.null);
  return native;
}

}  // namespace

ThriftSession::ThriftSession(std::shared_ptr<Rpc> rpc, const ThriftOptions& options,
                             base::Clock& clock, tcli::TSessionHandle handle, Features features)
    : rpc_(std::move(rpc)),
      options_(options),
      clock_(&clock),
      handle_(std::make_unique<const tcli::TSessionHandle>(std::move(handle))),
      features_(features) {
  const std::string& guid = handle_->sessionId.guid;
  id_ = base::to_uuid_text(std::as_bytes(std::span(guid.data(), guid.size())));
}

ThriftSession::~ThriftSession() { close(); }

tcli::TExecuteStatementReq ThriftSession::prepare(const ExecuteRequest& request) const {
  tcli::TExecuteStatementReq wire;
  wire.sessionHandle = *handle_;
  wire.statement = request.sql;
  wire.__set_runAsync(true);
  if (request.server_timeout.count() > 0) wire.__set_queryTimeout(request.server_timeout.count());
  if (features_.is_databricks() && request.direct_results) {
    tcli::TSparkGetDirectResults direct;
    direct.maxRows = options_.max_rows_per_fetch;
    direct.__set_maxBytes(options_.max_bytes_per_fetch);
    wire.__set_getDirectResults(direct);
  }
  const bool arrow = features_.has_arrow() && options_.arrow;
  if (arrow) {
    wire.__set_canReadArrowResult(true);
    wire.__set_useArrowNativeTypes(native_types(options_.native_types));
  }
  // Files hold Arrow data: links without the schema in the metadata would be of no use.
  if (features_.has_links() && arrow && options_.cloudfetch && !request.inline_only)
    wire.__set_canDownloadResult(true);
  if (features_.has_lz4() && options_.lz4) wire.__set_canDecompressLZ4Result(true);
  if (features_.has_row_limit() && request.row_limit > 0)
    wire.__set_resultRowLimit(request.row_limit);
  // Elsewhere nobody keeps labels of statements (reference/thrift.md 5.3).
  const std::string tags = encode_query_tags(request.query_tags);
  if (features_.is_databricks() && !tags.empty()) wire.__set_confOverlay({{"query_tags", tags}});
  if (request.parameters != nullptr && !request.parameters->empty()) {
    if (!features_.has_parameters())
      throw_error(
          {.kind = ErrorKind::NotSupported,
           .message = base::concat(
               "statement parameters need a Databricks server with protocol version 8; this one ",
               features_.is_databricks()
                   ? base::concat("speaks version ", features_.spark_version())
                   : std::string("is a HiveServer2 or Spark Thrift server"),
               "; write the values into the statement as literals")});
    wire.__set_parameters(encode_parameters(*request.parameters));
  }
  return wire;
}

std::function<void(RpcReply)> ThriftSession::cancel_when_late(const base::Trace& trace) const {
  // The caller gave up before the server told the statement's handle. Without the handle nothing
  // can be cancelled, so the reply is awaited in the background. It holds the calls weakly: it must
  // not be the last to keep the I/O alive.
  return [rpc = std::weak_ptr<Rpc>(rpc_), trace](RpcReply reply) {
    const ExecuteReply execute = read_execute_reply(reply.reader, reply.body);
    const auto calls = rpc.lock();
    if (!calls || !execute.operation || execute.closed_by_server) return;
    tcli::TCancelOperationReq cancel;
    cancel.operationHandle = *execute.operation;
    calls->notify(kCancelOperation, cancel, trace);
    tcli::TCloseOperationReq close;
    close.operationHandle = *execute.operation;
    calls->notify(kCloseOperation, close, trace);
  };
}

std::unique_ptr<Operation> ThriftSession::execute(const ExecuteRequest& request,
                                                  const base::CallContext& call) {
  if (!request.runs_on) return submit(kExecuteStatement, request, call);
  EarlierAttempts earlier(call.observer);
  base::CallContext own = call;
  own.observer = &earlier;
  try {
    auto operation = submit(kEndTransaction, request, own);
    if (earlier.may_have_run()) operation->note_earlier_attempts();
    return operation;
  } catch (const Error& error) {
    const bool is_unclear = earlier.may_have_run() || may_have_run(error);
    rethrow(error.fields(), call, is_unclear && !says_not_committed(error));
  }
}

std::unique_ptr<ThriftOperation> ThriftSession::submit(const Method& method,
                                                       const ExecuteRequest& request,
                                                       const base::CallContext& call) {
  const tcli::TExecuteStatementReq wire = prepare(request);
  const auto submitted = clock_->now();
  if (base::log_enabled(LogLevel::Debug))
    base::log(LogLevel::Debug, "thrift", call,
              base::concat("submitting ", base::sql_for_log(request.sql)));
  try {
    RpcReply reply =
        rpc_->call(method, wire, call,
                   request.runs_on ? [](const RpcReply&) {} : cancel_when_late(call.trace));
    ExecuteReply execute = read_execute_reply(reply.reader, reply.body);
    return ThriftOperation::start(shared_from_this(), std::move(execute), submitted,
                                  request.observer, call);
  } catch (const Error& error) {
    rethrow_of_session(error, call);
  }
}

std::unique_ptr<Operation> ThriftSession::attach(const std::string& statement_id,
                                                 std::shared_ptr<observe::Observer> observer,
                                                 const base::CallContext& call) {
  const auto guid = base::parse_uuid(statement_id);
  if (!guid)
    throw_error({.kind = ErrorKind::InvalidArgument,
                 .message = base::concat("\"", statement_id.substr(0, kLongestShownId),
                                         "\" is not a statement id: 32 hex digits in groups of "
                                         "8-4-4-4-12 are expected")});
  // The secret of somebody else's operation is not known. Servers look operations up by their id
  // alone; the id stands in for the secret (reference/results.md 6.4, 8).
  const auto handle = std::make_shared<tcli::TOperationHandle>();
  handle->operationId.guid = *guid;
  handle->operationId.secret = *guid;
  handle->operationType = tcli::EXECUTE_STATEMENT;
  handle->hasResultSet = true;
  return ThriftOperation::attach(shared_from_this(), handle, std::move(observer), call);
}

void ThriftSession::notify_close(const Method& method, const tcli::TCloseOperationReq& request,
                                 const base::Trace& trace,
                                 std::function<void(bool)> on_answer) noexcept {
  pending_closes_->begin();
  rpc_->call_in_background(
      method, request, trace, kCloseTimeout,
      [pending = pending_closes_, on_answer = std::move(on_answer)](std::optional<RpcReply> reply) {
        if (on_answer) on_answer(is_closed_by(reply));
        pending->end();
      });
}

void ThriftSession::rethrow_of_session(const Error& error, const base::CallContext& call) {
  rethrow(session_call_error(error), call, false);
}

void ThriftSession::rethrow(ErrorFields fields, const base::CallContext& call,
                            bool outcome_unknown) {
  // Credentials that are refused for good, and answers of who is no warehouse, end the connection
  // (reference/auth-http-config.md 6.4).
  if (fields.kind == ErrorKind::Protocol ||
      (fields.kind == ErrorKind::Unauthenticated && !fields.retryable))
    fields.connection_dead = true;
  if (fields.connection_dead) dead_ = true;
  if (fields.connection_id.empty()) fields.connection_id = id_;
  fields.outcome_unknown = fields.outcome_unknown || outcome_unknown;
  fields.retryable = fields.retryable && !fields.outcome_unknown;
  base::throw_with_ids(std::move(fields), call);
}

void ThriftSession::end(const base::CallContext& call) {
  tcli::TCloseSessionReq request;
  request.sessionHandle = *handle_;
  rpc_->call(kCloseSession, request, call, kCloseTimeout);
}

void ThriftSession::close() noexcept { close_by(clock_->now() + kCloseTimeout); }

void ThriftSession::close_by(base::CallContext::TimePoint until) noexcept {
  if (closed_.exchange(true)) return;
  observe::SessionClosed event{.session_id = id_, .latency = {}, .failed = dead_.load()};
  try {
    base::CallContext call;
    call.connection_id = id_;
    call.deadline = until;
    call.stop = abandoned_.get_token();
    if (!dead_) pending_closes_->wait(*clock_, call, until);
    const auto asked = clock_->now();
    if (!dead_) end(call);
    event.latency = clock_->now() - asked;
    base::log(LogLevel::Debug, "thrift", call,
              dead_ ? "the session is gone on the server" : "session closed");
  } catch (const std::exception& error) {
    event.failed = true;
    // The server closes idle sessions by itself; a failed clean-up is nobody's problem.
    base::log(LogLevel::Debug, "thrift",
              base::concat("CloseSession failed: ", std::string_view(error.what())));
  }
  if (observer_) observer_->on(event);
}

void ThriftSession::abandon() noexcept {
  closed_ = true;
  abandoned_.request_stop();
}

}  // namespace dbsql::protocol::thrift
