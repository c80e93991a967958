#include "session/progress.h"

#include "base/log.h"

#include <chrono>
#include <variant>

namespace dbsql::session {

namespace {

Progress::State to_public(observe::StatementPolled::State state) noexcept {
  switch (state) {
    case observe::StatementPolled::State::Pending:
      return Progress::State::Pending;
    case observe::StatementPolled::State::Running:
      return Progress::State::Running;
    case observe::StatementPolled::State::Finished:
      break;
  }
  return Progress::State::Finished;
}

}  // namespace

void ProgressObserver::on(const observe::Event& event) noexcept {
  if (next_ != nullptr) next_->on(event);
  const auto* polled = std::get_if<observe::StatementPolled>(&event);
  if (polled == nullptr || !on_progress_) return;
  try {
    on_progress_(
        {.state = to_public(polled->state),
         .elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(polled->since_submit),
         .polls = polled->polls,
         .statement_id = std::string(polled->statement_id)});
  } catch (...) {
    base::log(LogLevel::Warn, "session", "a progress callback threw an exception; it is ignored");
  }
}

}  // namespace dbsql::session
