#include "protocol/thrift/operation.h"

#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"
#include "observe/observer.h"
#include "protocol/classify_error.h"
#include "protocol/poll_schedule.h"
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
// With the offset in the request the same rows are described again, however often it is sent.
constexpr Method kRefreshLinks{"FetchResults", http::RequestClass::Fetch};
constexpr Method kCancelOperation{"CancelOperation", http::RequestClass::Close};
constexpr Method kCloseOperation{"CloseOperation", http::RequestClass::Close};
constexpr std::chrono::seconds kPollTimeout{60};

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

}  // namespace

template <class Action>
auto ThriftOperation::guarded(const base::CallContext& call, Phase phase, Action&& action) {
  base::CallContext own = call;
  own.statement_id = statement_id_;
  try {
    return action(own);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Timeout || error.kind() == ErrorKind::Cancelled) cancel();
    // The server has the statement. Unless it said itself that it failed, it may have done its work
    // by now, or do it yet: whoever repeats a write without looking may apply it twice.
    const bool unknown = phase == Phase::Running && !failed_on_server_;
    session_->rethrow(error, own, unknown);
  }
}

ThriftOperation::ThriftOperation(std::shared_ptr<ThriftSession> session, ExecuteReply reply,
                                 base::Clock::TimePoint submitted)
    : session_(std::move(session)), handle_(std::move(reply.operation)), submitted_(submitted) {
  const std::string& guid = handle_->operationId.guid;
  statement_id_ = base::to_uuid_text(std::as_bytes(std::span(guid.data(), guid.size())));
}

std::unique_ptr<ThriftOperation> ThriftOperation::start(std::shared_ptr<ThriftSession> session,
                                                        ExecuteReply reply,
                                                        base::Clock::TimePoint submitted,
                                                        const base::CallContext& call) {
  require_success(reply.status.get(), call);
  if (!reply.operation)
    throw_error({.kind = ErrorKind::Protocol,
                 .message = "the server accepted the statement but gave no handle for it",
                 .outcome_unknown = true});
  auto* raw = new ThriftOperation(std::move(session), reply, submitted);
  std::unique_ptr<ThriftOperation> operation(raw);
  try {
    operation->guarded(call, Phase::Running, [&](const base::CallContext& own) {
      operation->take_direct_results(std::move(reply), own);
    });
  } catch (...) {
    operation->close();
    throw;
  }
  return operation;
}

void ThriftOperation::take_direct_results(ExecuteReply reply, const base::CallContext& call) {
  // The server has closed the operation: the handle must never be used again, whatever else the
  // reply holds.
  if (reply.closed_by_server) over_ = true;
  if (reply.operation_status) finished_ = absorb_status(*reply.operation_status, call);
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
  if (reply.closed_by_server && !finished_)
    throw_error({.kind = ErrorKind::Protocol,
                 .message = "the server closed the statement before it finished",
                 .outcome_unknown = true});
}

bool ThriftOperation::absorb_status(const tcli::TGetOperationStatusResp& status,
                                    const base::CallContext& call) {
  if (status.status.statusCode != tcli::STILL_EXECUTING_STATUS)
    require_success(&status.status, call);
  if (status.__isset.numModifiedRows) affected_rows_ = status.numModifiedRows;
  if (!status.__isset.operationState) return false;  // absent: keep polling
  switch (status.operationState) {
    case tcli::FINISHED_STATE:
      return true;
    case tcli::INITIALIZED_STATE:
    case tcli::PENDING_STATE:
    case tcli::RUNNING_STATE:
      return false;
    default:
      fail(status, call);
  }
}

void ThriftOperation::fail(const tcli::TGetOperationStatusResp& status,
                           const base::CallContext& call) {
  const std::string& text = status.__isset.displayMessage && !status.displayMessage.empty()
                                ? status.displayMessage
                                : status.errorMessage;
  ErrorFields fields = classify({status.sqlState, text, status.errorCode});
  const auto without_text = [&](ErrorKind kind, std::string_view message,
                                std::string_view sqlstate) {
    fields.kind = kind;
    if (text.empty()) fields.message = message;
    if (status.sqlState.size() != 5) fields.sqlstate = sqlstate;
  };
  failed_on_server_ = status.operationState == tcli::ERROR_STATE ||
                      status.operationState == tcli::CANCELED_STATE ||
                      status.operationState == tcli::TIMEDOUT_STATE;
  switch (status.operationState) {
    case tcli::TIMEDOUT_STATE:
      without_text(ErrorKind::Timeout, "the statement ran into its time limit on the server",
                   "HYT00");
      break;
    case tcli::CANCELED_STATE:
      without_text(ErrorKind::Cancelled, "the statement was cancelled on the server", "HY008");
      break;
    case tcli::CLOSED_STATE:
      without_text(ErrorKind::StatementClosed, "the statement was closed on the server", "HY010");
      over_ = true;
      break;
    case tcli::ERROR_STATE:
      break;
    default:
      if (text.empty())
        fields.message = base::concat("the statement ended in a state this driver does not know (",
                                      static_cast<int>(status.operationState), ")");
  }
  throw_with_ids(std::move(fields), call);
}

void ThriftOperation::wait(const base::CallContext& call) {
  if (finished_) return;
  guarded(call, Phase::Running, [&](const base::CallContext& own) { poll(own); });
}

void ThriftOperation::poll(const base::CallContext& call) {
  std::chrono::nanoseconds last_poll{0};
  while (!finished_) {
    session_->clock().sleep(next_poll_delay(session_->clock().now() - submitted_, last_poll), call);
    const auto asked = session_->clock().now();
    tcli::TGetOperationStatusReq request;
    request.operationHandle = *handle_;
    RpcReply reply = session_->rpc().call(kGetOperationStatus, request, call, kPollTimeout);
    const auto status = decode_struct<tcli::TGetOperationStatusResp>(reply.reader);
    last_poll = session_->clock().now() - asked;
    ++polls_;
    finished_ = absorb_status(status, call);
    report_poll(status.operationState, call);
  }
}

void ThriftOperation::report_poll(std::int32_t state, const base::CallContext& call) const {
  using State = observe::StatementPolled::State;
  if (call.observer == nullptr) return;
  const State known = finished_                      ? State::Finished
                      : state == tcli::PENDING_STATE ? State::Pending
                                                     : State::Running;
  call.observer->on(
      observe::StatementPolled{statement_id_, known, polls_, session_->clock().now() - submitted_});
}

const ResultMetadata& ThriftOperation::metadata(const base::CallContext& call) {
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

Page ThriftOperation::fetch(const base::CallContext& call) {
  tcli::TFetchResultsReq request;
  request.operationHandle = *handle_;
  request.orientation = tcli::FETCH_NEXT;
  request.maxRows = session_->options().max_rows_per_fetch;
  if (session_->features().is_databricks())
    request.__set_maxBytes(session_->options().max_bytes_per_fetch);
  RpcReply reply = session_->rpc().call(kFetchResults, request, call);
  FetchReply fetched = read_fetch_reply(reply.reader, reply.body);
  require_success(fetched.status.get(), call);
  return std::move(fetched.page);
}

void ThriftOperation::accept(Page& page) {
  const std::int64_t rows = row_count(page);
  // Databricks starts every page where the last one ended; anything else means rows lost or
  // repeated.
  const std::int64_t first = first_row(page);
  if (rows > 0 && first != expected_row_)
    throw_error({.kind = ErrorKind::CorruptResult,
                 .message = base::concat("the server's page starts at row ", first, " where row ",
                                         expected_row_, " was expected; rows were ",
                                         first > expected_row_ ? "skipped" : "repeated")});
  has_links_ = has_links_ || std::holds_alternative<std::vector<ResultLink>>(page.rows);
  expected_row_ += rows;
  // Hive and open-source Spark always say "no more": there only an empty page is the end
  // (reference/thrift.md 3.5).
  at_end_ = session_->features().is_databricks() ? !page.has_more : rows == 0;
}

std::optional<Page> ThriftOperation::next_page(const base::CallContext& call) {
  if (at_end_) return std::nullopt;
  return guarded(call, Phase::Reading, [&](const base::CallContext& own) -> std::optional<Page> {
    if (!first_page_ && over_)
      throw_error({.kind = ErrorKind::StatementClosed,
                   .message = "the statement was closed before all of its rows were read"});
    Page page = first_page_ ? *std::exchange(first_page_, std::nullopt) : fetch(own);
    if (over_) page.has_more = false;
    accept(page);
    if (own.observer != nullptr)
      own.observer->on(observe::PageReceived{statement_id_, page.start_row, page.wire_bytes});
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
    RpcReply reply = session_->rpc().call(kRefreshLinks, request, own);
    FetchReply fetched = read_fetch_reply(reply.reader, reply.body);
    require_success(fetched.status.get(), own);
    if (auto* links = std::get_if<std::vector<ResultLink>>(&fetched.page.rows))
      return std::move(*links);
    throw_error({.kind = ErrorKind::LinkExpired,
                 .message = base::concat("the server gave no new links for the rows from ",
                                         start_row, " on; run the statement again")});
  });
}

void ThriftOperation::cancel() noexcept {
  if (over_) return;
  tcli::TCancelOperationReq request;
  request.operationHandle = *handle_;
  session_->rpc().notify(kCancelOperation, request);
}

void ThriftOperation::close() noexcept {
  if (over_.exchange(true)) return;
  tcli::TCloseOperationReq request;
  request.operationHandle = *handle_;
  session_->rpc().notify(kCloseOperation, request);
}

}  // namespace dbsql::protocol::thrift
