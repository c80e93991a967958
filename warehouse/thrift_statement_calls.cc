// ExecuteStatement and what follows it: status, metadata, pages, cancel, close
// (reference/thrift.md 3.2 to 3.6).

#include "base/text.h"
#include "warehouse/catalog_table.h"
#include "warehouse/thrift_service_impl.h"
#include "warehouse/volume_statement.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace dbsql::warehouse {
namespace {

/// Runs an action at most once, whoever comes first, and lets go of it then.
class Once {
 public:
  explicit Once(std::function<void()> action) : action_(std::move(action)) {}

  void run() {
    if (done_.exchange(true)) return;
    const auto action = std::exchange(action_, nullptr);
    action();
  }

 private:
  std::atomic<bool> done_{false};
  std::function<void()> action_;
};

ResultOptions arrow_options(const tcli::TExecuteStatementReq& request, std::int32_t protocol) {
  ResultOptions options;
  const bool arrow = request.canReadArrowResult && protocol >= kSparkV5;
  options.format = arrow                 ? ResultOptions::Format::Arrow
                   : protocol >= kHiveV6 ? ResultOptions::Format::Columns
                                         : ResultOptions::Format::Rows;
  options.lz4 = arrow && request.canDecompressLZ4Result && protocol >= kSparkV6;
  const tcli::TSparkArrowTypes& native = request.useArrowNativeTypes;
  options.native_timestamp = native.timestampAsArrow;
  options.native_decimal = native.decimalAsArrow;
  options.native_complex = native.complexTypesAsArrow;
  options.native_interval = native.intervalTypesAsArrow;
  options.native_null = native.nullTypeAsArrow;
  return options;
}

EngineParameter engine_parameter(const tcli::TSparkParameterValueArg& argument) {
  EngineParameter parameter{.name = {}, .type = argument.type, .value = {}, .arguments = {}};
  if (argument.__isset.value) parameter.value = argument.value;
  for (const auto& nested : argument.arguments) {
    parameter.arguments.push_back(engine_parameter(nested));
  }
  return parameter;
}

std::optional<std::string> parameter_text(const tcli::TSparkParameter& parameter) {
  if (!parameter.__isset.value) return std::nullopt;
  const tcli::TSparkParameterValue& value = parameter.value;
  if (value.__isset.stringValue) return value.stringValue;
  if (value.__isset.doubleValue) return std::to_string(value.doubleValue);
  if (value.__isset.booleanValue) return value.booleanValue ? "true" : "false";
  return std::nullopt;
}

EngineParameter engine_parameter(const tcli::TSparkParameter& sent) {
  EngineParameter parameter{
      .name = sent.name, .type = sent.type, .value = parameter_text(sent), .arguments = {}};
  for (const auto& argument : sent.arguments) {
    parameter.arguments.push_back(engine_parameter(argument));
  }
  return parameter;
}

/// \param server_protocol  how old the server is: the official Python connector negotiates V7 and
/// sends parameters all the
///   same, so that only a server that does not know the field may ignore it
/// \param hides_counts  the server does not tell how many rows a statement has changed
Operation::Work statement_work(tcli::TExecuteStatementReq& request, std::int32_t protocol,
                               std::int32_t server_protocol, bool hides_counts) {
  std::vector<EngineParameter> parameters;
  if (server_protocol >= kSparkV8) {
    for (const auto& sent : request.parameters) parameters.push_back(engine_parameter(sent));
  }
  const std::int64_t row_limit =
      protocol >= kSparkV4 ? std::max<std::int64_t>(0, request.resultRowLimit) : 0;
  return [sql = std::move(request.statement), parameters = std::move(parameters), row_limit,
          hides_counts](EngineSession& session, std::stop_token stop) {
    auto result = session.execute(sql, parameters, row_limit, std::move(stop));
    if (hides_counts && result->kind() == EngineResult::Kind::Dml) return make_ddl_result();
    return result;
  };
}

/// Statements about volumes are answered before the SQL engine sees them.
Operation::Work volume_work(std::string sql, Volumes& volumes, std::chrono::milliseconds lifetime,
                            Operation::Work engine_work) {
  return [sql = std::move(sql), &volumes, lifetime, engine_work = std::move(engine_work)](
             EngineSession& session, std::stop_token stop) {
    if (const auto statement = parse_volume_statement(sql))
      return run_volume_statement(*statement, session, volumes, lifetime);
    return engine_work(session, std::move(stop));
  };
}

PageLimits page_limits(std::int64_t max_rows, bool has_max_bytes, std::int64_t max_bytes) {
  PageLimits limits;
  if (max_rows > 0) limits.max_rows = max_rows;
  if (has_max_bytes && max_bytes > 0) limits.max_bytes = max_bytes;
  return limits;
}

EngineError not_finished(OperationState state) {
  const std::string_view name = state == OperationState::Pending ? "PENDING" : "RUNNING";
  return {.sqlstate = "HY010",
          .error_class = "",
          .message = base::concat("Expected states: [FINISHED], but found ", name)};
}

EngineError unusable(const OperationStatus& status) {
  if (status.error) return *status.error;
  return is_over(status.state) ? interruption_error(status.state) : not_finished(status.state);
}

ResultPage page_in_order(ResultCursor& cursor, const tcli::TFetchResultsReq& request,
                         const PageLimits& limits) {
  switch (request.orientation) {
    case tcli::TFetchOrientation::FETCH_NEXT:
      return cursor.next_page(limits);
    case tcli::TFetchOrientation::FETCH_FIRST:
      return cursor.first_page(limits);
    case tcli::TFetchOrientation::FETCH_PRIOR:
      return cursor.previous_page(limits);
    default:
      throw EngineError{
          .sqlstate = "HY106",
          .error_class = "",
          .message = base::concat("The fetch type ", static_cast<std::int32_t>(request.orientation),
                                  " is not supported for this resultset")};
  }
}

/// Plain Hive servers see neither a byte limit nor a row offset, and want to be asked for rows
/// (reference/thrift.md 5.3).
ResultPage hive_page_for(ResultCursor& cursor, const tcli::TFetchResultsReq& request) {
  if (request.maxRows <= 0) {
    throw EngineError{
        .sqlstate = "HY000",
        .error_class = "",
        .message = base::concat("maxRows must be greater than zero, it is ", request.maxRows)};
  }
  ResultPage page = page_in_order(cursor, request, page_limits(request.maxRows, false, 0));
  if (page.row_count == 0) page.start_row = 0;  // an empty page has no place in the result
  return page;
}

ResultPage page_for(ResultCursor& cursor, const tcli::TFetchResultsReq& request,
                    const PageLimits& limits) {
  if (request.__isset.startRowOffset) return cursor.page_at(request.startRowOffset, limits);
  return page_in_order(cursor, request, limits);
}

}  // namespace

ResultOptions ThriftService::Impl::result_options(const tcli::TExecuteStatementReq& request,
                                                  std::int32_t protocol) {
  ResultOptions options = arrow_options(request, protocol);
  options.spark_columns = traits_.hive;
  if (!options_.cloudfetch || !request.canDownloadResult || protocol < kSparkV5) return options;
  options.storage = &storage_;
  options.inline_limit_bytes = options_.inline_limit_bytes;
  options.file_bytes = options_.file_bytes;
  if (request.__isset.maxBytesPerFile && request.maxBytesPerFile > 0)
    options.file_bytes = static_cast<std::size_t>(request.maxBytesPerFile);
  options.links_per_page = options_.links_per_page;
  options.link_lifetime = options_.link_lifetime;
  return options;
}

void ThriftService::Impl::execute_statement(const CallPtr& call,
                                            tcli::TExecuteStatementReq request) {
  journal_.set_statement(call->journal_number(), request.statement);
  const auto session = find_session(request.sessionHandle);
  if (!session) {
    return reply_status<tcli::TExecuteStatementResp>(
        call, invalid_session(request.sessionHandle, error_style()), refusal_fields());
  }
  Submission submission{
      .session = session,
      .result = result_options(request, session->protocol()),
      .work = {},
      .run_async = request.runAsync,
      .direct = {},
      .timeout = std::chrono::seconds(std::max<std::int64_t>(0, request.queryTimeout))};
  if (request.__isset.getDirectResults) submission.direct = request.getDirectResults;
  // The flag that tells clients what such an answer means came with V7 (reference/thrift.md 2).
  const bool has_volumes = options_.max_protocol > kSparkV6 && !traits_.hive;
  std::string volume_sql;
  if (has_volumes && may_be_volume_statement(request.statement)) volume_sql = request.statement;
  submission.work =
      statement_work(request, session->protocol(), options_.max_protocol, traits_.hive);
  if (!volume_sql.empty()) {
    submission.work = volume_work(std::move(volume_sql), storage_.volumes(), options_.link_lifetime,
                                  std::move(submission.work));
  }
  submit(call, std::move(submission));
}

void ThriftService::Impl::submit(const CallPtr& call, Submission submission) {
  const bool databricks = is_databricks(submission.session->protocol());
  if (!databricks) submission.direct.reset();
  const auto operation =
      std::make_shared<Operation>(Operation::Settings{.type = submission.type,
                                                      .session = submission.session->id(),
                                                      .result = submission.result,
                                                      .work = std::move(submission.work)});
  journal_.set_operation(call->journal_number(), operation->id().to_text());
  operations_.add(operation->id(), operation);
  arm_timeout(operation, submission.timeout);

  const SessionPtr session = submission.session;
  const bool answer_at_once = submission.run_async && !submission.direct;
  if (answer_at_once) {
    reply_submitted(call, submission, *operation, std::nullopt);
  } else {
    std::optional<std::chrono::milliseconds> limit;
    if (submission.run_async) limit = options_.direct_results_wait;
    // Registered before the statement can run, so that its worker makes the page and no I/O thread
    // does.
    await(*operation, limit, [this, call, submission = std::move(submission), operation] {
      answer_submission(call, submission, operation);
    });
  }
  session->submit(operation);
}

void ThriftService::Impl::arm_timeout(const OperationPtr& operation, std::chrono::seconds timeout) {
  if (timeout.count() == 0) return;
  const auto timer =
      timers_.after(std::min<std::chrono::milliseconds>(timeout, std::chrono::hours(24 * 365)),
                    [weak = std::weak_ptr(operation)] {
                      if (const auto alive = weak.lock()) alive->time_out();
                    });
  operation->when_over([timer] { timer->cancel(); });
}

void ThriftService::Impl::await(Operation& operation,
                                std::optional<std::chrono::milliseconds> limit,
                                std::function<void()> then) {
  const auto once = std::make_shared<Once>(std::move(then));
  std::shared_ptr<Timers::Timer> timer;
  if (limit) {
    timer = timers_.after(*limit, [this, once] { request_workers_.post([once] { once->run(); }); });
  }
  operation.when_over([once, timer] {
    if (timer) timer->cancel();
    once->run();
  });
}

void ThriftService::Impl::answer_submission(const CallPtr& call, const Submission& submission,
                                            const OperationPtr& operation) {
  const OperationStatus status = operation->status();
  const bool failed = is_over(status.state) && status.state != OperationState::Finished;
  if (failed && !submission.run_async) {
    // Somebody who waited for the end gets the error itself, and no handle
    // (reference/thrift.md 3.2).
    const ReplyStyle style = style_of(submission.session->protocol());
    operations_.take(operation->id());
    close_now(operation);
    return reply_status<tcli::TExecuteStatementResp>(
        call, error_status(unusable(status), style.errors), {.enabled = style.extensions});
  }
  std::optional<DirectResults> results;
  if (submission.direct) results = direct_results(submission, *operation);
  if (results && results->closed) {
    operations_.take(operation->id());
    close_now(operation);
  }
  reply_submitted(call, submission, *operation, std::move(results));
}

DirectResults ThriftService::Impl::failed_results(OperationStatus status, EngineError error,
                                                  const ReplyStyle& style) {
  status.state = OperationState::Error;
  status.error = std::move(error);
  DirectResults failure;
  failure.operation_status = status_reply(status, style);
  return failure;
}

DirectResults ThriftService::Impl::direct_results(const Submission& submission,
                                                  Operation& operation) {
  const OperationStatus status = operation.status();
  const ReplyStyle style = style_of(submission.session->protocol());
  DirectResults results;
  if (status.state == OperationState::Finished) {
    try {
      add_first_page(submission, operation, results);
    } catch (const EngineError& error) {
      return failed_results(status, error, style);
    } catch (const std::exception& error) {
      return failed_results(status, engine_error(error), style);
    }
  }
  results.operation_status = status_reply(status, style);
  return results;
}

void ThriftService::Impl::add_first_page(const Submission& submission, Operation& operation,
                                         DirectResults& results) {
  const auto cursor = operation.cursor();
  if (!cursor) return;  // closed in the meantime
  results.metadata =
      metadata_reply(*cursor.get(), operation.type(), style_of(submission.session->protocol()));
  const tcli::TSparkGetDirectResults& wanted = *submission.direct;
  if (wanted.maxRows <= 0) return;  // status and metadata only
  FetchReply fetch;
  fetch.page =
      cursor->next_page(page_limits(wanted.maxRows, wanted.__isset.maxBytes, wanted.maxBytes));
  fetch.format = cursor->options().format;
  fetch.has_more = fetch.page.has_more;
  // Links can only be renewed while the operation is open (reference/observed.md 3).
  results.closed = !fetch.has_more && fetch.page.links.empty();
  results.rows = std::move(fetch);
}

void ThriftService::Impl::reply_submitted(const CallPtr& call, const Submission& submission,
                                          Operation& operation,
                                          std::optional<DirectResults> results) {
  const ReplyStyle style = style_of(submission.session->protocol());
  tcli::TOperationHandle handle;
  handle.operationId = handle_of(operation.id());
  handle.operationType = static_cast<tcli::TOperationType>(operation.type());
  handle.hasResultSet = true;
  const auto fields = internal_fields(operation.type(), operation.status(), style);
  using apache::thrift::protocol::TProtocol;
  using apache::thrift::protocol::TType;
  call->reply_with(fields, [&](ReplyProtocol& reply) {
    TProtocol& out = reply;
    // The replies of all calls that make an operation have this one's fields
    // (reference/thrift.md 2.2).
    const char* name = operation.type() == OperationType::ExecuteStatement ? "TExecuteStatementResp"
                                                                           : "TMetadataCallResp";
    write_struct(out, name, [&] {
      write_field(out, TType::T_STRUCT, 1, [&] { success_status().write(&out); });
      write_field(out, TType::T_STRUCT, 2, [&] { handle.write(&out); });
      if (!results) return;
      write_field(out, TType::T_STRUCT, 0x501,
                  [&] { write_direct_results(reply, std::move(*results)); });
    });
  });
}

void ThriftService::Impl::get_operation_status(const CallPtr& call,
                                               const tcli::TGetOperationStatusReq& request) {
  const auto operation = find_operation(request.operationHandle);
  if (!operation) {
    return reply_status<tcli::TGetOperationStatusResp>(
        call, invalid_operation(request.operationHandle, error_style()), refusal_fields());
  }
  journal_.set_operation(call->journal_number(), operation->id().to_text());
  const ReplyStyle style = style_of(protocol_of(*operation));
  await(*operation, options_.long_poll_wait, [call, operation, style] {
    const OperationStatus status = operation->status();
    call->reply(status_reply(status, style), internal_fields(operation->type(), status, style));
  });
}

void ThriftService::Impl::get_result_set_metadata(const CallPtr& call,
                                                  const tcli::TGetResultSetMetadataReq& request) {
  auto operation = find_operation(request.operationHandle);
  if (!operation) {
    return reply_status<tcli::TGetResultSetMetadataResp>(
        call, invalid_operation(request.operationHandle, error_style()), refusal_fields());
  }
  journal_.set_operation(call->journal_number(), operation->id().to_text());
  // On a worker: a page of the same result may be in the making and has to be waited for.
  page_workers_.post([this, call, operation = std::move(operation)] {
    const OperationStatus status = operation->status();
    const ReplyStyle style = style_of(protocol_of(*operation));
    const auto fields = internal_fields(operation->type(), status, style);
    const auto cursor = operation->cursor();
    if (status.state != OperationState::Finished || !cursor) {
      return reply_status<tcli::TGetResultSetMetadataResp>(
          call, error_status(unusable(status), style.errors), fields);
    }
    call->reply(metadata_reply(*cursor.get(), operation->type(), style), fields);
  });
}

void ThriftService::Impl::fetch_results(const CallPtr& call, tcli::TFetchResultsReq request) {
  auto operation = find_operation(request.operationHandle);
  if (!operation) {
    return reply_status<tcli::TFetchResultsResp>(
        call, invalid_operation(request.operationHandle, error_style()), refusal_fields());
  }
  journal_.set_operation(call->journal_number(), operation->id().to_text());
  page_workers_.post([this, call, operation = std::move(operation), request = std::move(request)] {
    fetch_now(call, operation, request);
  });
}

void ThriftService::Impl::fetch_now(const CallPtr& call, const OperationPtr& operation,
                                    const tcli::TFetchResultsReq& request) {
  const OperationStatus status = operation->status();
  const std::int32_t protocol = protocol_of(*operation);
  const bool databricks = is_databricks(protocol);
  const ReplyStyle style = style_of(protocol);
  const auto fields = internal_fields(operation->type(), status, style);
  try {
    if (request.fetchType != 0) {
      throw EngineError{.sqlstate = "HYC00",
                        .error_class = "",
                        .message = "Operation logs are not kept: fetchType must be 0"};
    }
    const auto cursor = operation->cursor();
    if (status.state != OperationState::Finished || !cursor) throw unusable(status);
    FetchReply fetch;
    fetch.page =
        traits_.hive
            ? hive_page_for(*cursor.get(), request)
            : page_for(*cursor.get(), request,
                       page_limits(request.maxRows, request.__isset.maxBytes, request.maxBytes));
    fetch.format = cursor->options().format;
    // Hive's flag says nothing: its clients read until a page is empty (reference/thrift.md 3.5).
    fetch.has_more = databricks && fetch.page.has_more;
    if (request.includeResultSetMetadata && protocol >= kSparkV5) {
      fetch.metadata = metadata_reply(*cursor.get(), operation->type(), style);
    }
    call->reply_with(fields, [&](ReplyProtocol& out) { write_fetch_reply(out, std::move(fetch)); });
  } catch (const EngineError& error) {
    reply_status<tcli::TFetchResultsResp>(call, error_status(error, style.errors), fields);
  } catch (const std::exception& error) {
    reply_status<tcli::TFetchResultsResp>(call, error_status(engine_error(error), style.errors),
                                          fields);
  }
}

void ThriftService::Impl::cancel_operation(const CallPtr& call,
                                           const tcli::TCancelOperationReq& request) {
  const auto operation = find_operation(request.operationHandle);
  if (!operation) {
    return reply_status<tcli::TCancelOperationResp>(
        call, invalid_operation(request.operationHandle, error_style()), refusal_fields());
  }
  journal_.set_operation(call->journal_number(), operation->id().to_text());
  operation->cancel();
  reply_status<tcli::TCancelOperationResp>(call, success_status());
}

void ThriftService::Impl::close_operation(const CallPtr& call,
                                          const tcli::TCloseOperationReq& request) {
  const auto id = Guid::from_bytes(request.operationHandle.operationId.guid);
  auto operation = id ? operations_.take(*id) : nullptr;
  if (!operation) {
    // Warehouses forgive a second close, clusters do not (reference/observed.md 3).
    const bool forgiven =
        call->compute() == Compute::Warehouse && id && closed_operations_.contains(*id);
    return reply_status<tcli::TCloseOperationResp>(
        call,
        forgiven ? success_status() : invalid_operation(request.operationHandle, error_style()));
  }
  journal_.set_operation(call->journal_number(), operation->id().to_text());
  operation->abandon();
  const auto answer = [this, call] {
    reply_status<tcli::TCloseOperationResp>(call, success_status());
  };
  const auto session = sessions_.find(operation->session_id());
  if (!session) close_now(operation);
  // A client may go on at once to drop the table it has read, so the result is freed before the
  // answer; but when the session is busy with another statement, whoever closes a result does not
  // have to wait for that.
  const bool was_idle = session && session->enqueue([this, answer, operation] {
    close_now(operation);
    answer();
  });
  if (!was_idle) answer();
}

void ThriftService::Impl::close_now(const OperationPtr& operation) {
  closed_operations_.add(operation->id());
  operation->close();
}

EngineError ThriftService::Impl::engine_error(const std::exception& error) {
  return {.sqlstate = "XX000",
          .error_class = "INTERNAL_ERROR",
          .message = base::concat("[INTERNAL_ERROR] ", error.what(), " SQLSTATE: XX000")};
}

}  // namespace dbsql::warehouse
