#include "warehouse/operation.h"

#include <exception>
#include <utility>

namespace dbsql::warehouse {
namespace {

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

EngineError internal_error(const char* what) {
  return {.sqlstate = "XX000",
          .error_class = "INTERNAL_ERROR",
          .message = std::string("[INTERNAL_ERROR] ") + what + " SQLSTATE: XX000"};
}

}  // namespace

Operation::Operation(Settings settings) : settings_(std::move(settings)) {}

OperationStatus Operation::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void Operation::when_over(std::function<void()> callback) {
  {
    std::lock_guard lock(mutex_);
    if (!is_over(status_.state)) {
      on_over_.push_back(std::move(callback));
      return;
    }
  }
  callback();
}

std::vector<std::function<void()>> Operation::end_locked(OperationState state) {
  if (is_over(status_.state)) return {};
  status_.state = state;
  status_.completed_ms = now_ms();
  return std::exchange(on_over_, {});
}

void Operation::run(EngineSession& session, std::shared_ptr<const void> owner) {
  {
    std::lock_guard lock(mutex_);
    if (status_.state != OperationState::Pending) return;
    status_.state = OperationState::Running;
    status_.started_ms = now_ms();
  }
  try {
    auto cursor = produce(session);
    {
      std::lock_guard lock(cursor_mutex_);
      owner_ = std::move(owner);
      cursor_ = std::move(cursor);
    }
    finish(OperationState::Finished, std::nullopt);
  } catch (const EngineError& error) {
    finish(OperationState::Error, error);
  } catch (const std::exception& error) {
    finish(OperationState::Error, internal_error(error.what()));
  }
}

std::unique_ptr<ResultCursor> Operation::produce(EngineSession& session) {
  auto result = settings_.work(session, stop_.get_token());
  auto cursor =
      std::make_unique<ResultCursor>(std::move(result), settings_.result, session.time_zone());
  cursor->prime();  // what is wrong with the first rows is an error of the statement
  std::lock_guard lock(mutex_);
  status_.result_kind = cursor->kind();
  status_.affected_rows = cursor->affected_rows();
  return cursor;
}

void Operation::finish(OperationState state, std::optional<EngineError> error) {
  std::vector<std::function<void()>> callbacks;
  bool lost = false;
  {
    std::lock_guard lock(mutex_);
    lost = is_over(status_.state);  // cancelled, timed out or closed while it ran
    if (!lost) status_.error = std::move(error);
    callbacks = end_locked(state);
  }
  if (lost) drop_result();
  for (const auto& callback : callbacks) callback();
}

void Operation::interrupt(OperationState state) {
  std::vector<std::function<void()>> callbacks;
  {
    std::lock_guard lock(mutex_);
    callbacks = end_locked(state);
  }
  stop_.request_stop();
  for (const auto& callback : callbacks) callback();
}

void Operation::abandon() {
  interrupt(OperationState::Closed);
  std::lock_guard lock(mutex_);
  status_.state = OperationState::Closed;
}

void Operation::close() {
  abandon();
  drop_result();
}

void Operation::drop_result() {
  std::shared_ptr<const void> owner;  // goes last, outside the lock
  std::lock_guard lock(cursor_mutex_);
  cursor_.reset();
  owner.swap(owner_);
}

Operation::LockedCursor Operation::cursor() {
  std::unique_lock lock(cursor_mutex_);
  ResultCursor* cursor = cursor_.get();
  return {std::move(lock), cursor};
}

}  // namespace dbsql::warehouse
