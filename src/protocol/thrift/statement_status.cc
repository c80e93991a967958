#include "protocol/thrift/statement_status.h"

#include "base/error_ids.h"
#include "base/text.h"
#include "protocol/classify_error.h"
#include "protocol/thrift/rpc.h"

#include <tcli_service_types.h>

#include <string>
#include <string_view>

namespace dbsql::protocol::thrift {

namespace {

/// The error of a final state other than FINISHED. TIMEDOUT and CANCELED usually come without a
/// text (reference/thrift.md 4.2).
ErrorFields failure_of(const tcli::TGetOperationStatusResp& status) {
  const std::string& text = status.__isset.displayMessage && !status.displayMessage.empty()
                                ? status.displayMessage
                                : status.errorMessage;
  ErrorFields fields = classify({status.sqlState, text, status.errorCode});
  const auto known = [&](ErrorKind kind, std::string_view message, std::string_view sqlstate) {
    fields.kind = kind;
    if (text.empty()) fields.message = message;
    if (status.sqlState.size() != 5) fields.sqlstate = sqlstate;
  };
  switch (status.operationState) {
    case tcli::TIMEDOUT_STATE:
      known(ErrorKind::Timeout, "the statement ran into its time limit on the server", "HYT00");
      break;
    case tcli::CANCELED_STATE:
      known(ErrorKind::Cancelled, "the statement was cancelled on the server", "HY008");
      break;
    case tcli::CLOSED_STATE:
      known(ErrorKind::StatementClosed, "the statement was closed on the server", "HY010");
      break;
    case tcli::ERROR_STATE:
      break;
    default:
      if (text.empty())
        fields.message = base::concat("the statement ended in a state this driver does not know (",
                                      static_cast<int>(status.operationState), ")");
  }
  return fields;
}

}  // namespace

std::optional<StatementState> state_in(const tcli::TGetOperationStatusResp& status) {
  if (!status.__isset.operationState) return std::nullopt;
  switch (status.operationState) {
    case tcli::INITIALIZED_STATE:
    case tcli::PENDING_STATE:
      return StatementState::Pending;
    case tcli::RUNNING_STATE:
      return StatementState::Running;
    case tcli::FINISHED_STATE:
      return StatementState::Finished;
    case tcli::CANCELED_STATE:
      return StatementState::Cancelled;
    case tcli::CLOSED_STATE:
      return StatementState::Closed;
    case tcli::TIMEDOUT_STATE:
      return StatementState::TimedOut;
    default:
      return StatementState::Failed;
  }
}

void StatementStatus::absorb(const tcli::TGetOperationStatusResp& status,
                             const base::CallContext& call) {
  if (status.status.statusCode != tcli::STILL_EXECUTING_STATUS)
    require_success(&status.status, call);
  std::lock_guard lock(mutex_);
  if (status.__isset.numModifiedRows) affected_rows_ = status.numModifiedRows;
  if (status.__isset.hasResultSet) has_result_set_ = status.hasResultSet;
  const auto state = state_in(status);
  if (!state || is_final(state_)) return;
  state_ = *state;
  if (is_final(*state) && *state != StatementState::Finished) failure_ = failure_of(status);
  came_to_nothing_ = status.operationState == tcli::ERROR_STATE ||
                     status.operationState == tcli::CANCELED_STATE ||
                     status.operationState == tcli::TIMEDOUT_STATE;
}

StatementState StatementStatus::state() const noexcept {
  std::lock_guard lock(mutex_);
  return state_;
}

void StatementStatus::throw_failure(const base::CallContext& call) const {
  std::optional<ErrorFields> failure;
  {
    std::lock_guard lock(mutex_);
    failure = failure_;
  }
  if (failure) base::throw_with_ids(*std::move(failure), call);
}

bool StatementStatus::came_to_nothing() const noexcept {
  std::lock_guard lock(mutex_);
  return came_to_nothing_;
}

std::optional<std::int64_t> StatementStatus::affected_rows() const noexcept {
  std::lock_guard lock(mutex_);
  return affected_rows_;
}

std::optional<bool> StatementStatus::has_result_set() const noexcept {
  std::lock_guard lock(mutex_);
  return has_result_set_;
}

}  // namespace dbsql::protocol::thrift
