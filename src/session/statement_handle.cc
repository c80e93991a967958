#include <dbsql/statement_handle.h>

#include "base/error_ids.h"
#include "session/statement.h"

#include <utility>

namespace dbsql {

std::string_view to_string(StatementState state) noexcept {
  switch (state) {
    case StatementState::Pending:
      return "Pending";
    case StatementState::Running:
      return "Running";
    case StatementState::Finished:
      return "Finished";
    case StatementState::Failed:
      return "Failed";
    case StatementState::Cancelled:
      return "Cancelled";
    case StatementState::TimedOut:
      return "TimedOut";
    case StatementState::Closed:
      return "Closed";
  }
  return "?";
}

StatementHandle::StatementHandle(std::shared_ptr<session::Statement> statement)
    : statement_(std::move(statement)) {}

StatementHandle::StatementHandle(StatementHandle&&) noexcept = default;

StatementHandle& StatementHandle::operator=(StatementHandle&& other) noexcept {
  if (this == &other) return *this;
  let_go();
  statement_ = std::move(other.statement_);
  return *this;
}

StatementHandle::~StatementHandle() { let_go(); }

void StatementHandle::let_go() noexcept {
  if (!statement_ || statement_->is_detached() || statement_->has_given_result()) return;
  statement_->close();
}

const std::string& StatementHandle::id() const noexcept { return statement_->id(); }

StatementState StatementHandle::state(const WaitOptions& options) {
  return base::with_ids(statement_->reading_call(),
                        [&] { return statement_->state(statement_->limits_of(options)); });
}

bool StatementHandle::wait(const WaitOptions& options) {
  return base::with_ids(statement_->reading_call(),
                        [&] { return statement_->wait(statement_->limits_of(options)); });
}

Result StatementHandle::result(const WaitOptions& options) {
  return base::with_ids(statement_->reading_call(),
                        [&] { return statement_->open_result(statement_->limits_of(options)); });
}

StatementProfile StatementHandle::profile() const { return statement_->profile(); }

void StatementHandle::cancel(const WaitOptions& options) {
  base::with_ids(statement_->reading_call(),
                 [&] { statement_->cancel(statement_->limits_of(options)); });
}

void StatementHandle::close() noexcept { statement_->close(); }
void StatementHandle::detach() noexcept { statement_->detach(); }

}  // namespace dbsql
