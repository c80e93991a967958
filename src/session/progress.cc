#include "session/progress.h"

#include "base/log.h"

#include <chrono>
#include <optional>
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
    case observe::StatementPolled::State::Failed:
      break;
  }
  return Progress::State::Finished;
}

std::optional<Progress> progress_of(const observe::Event& event) {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  const auto* polled = std::get_if<observe::StatementPolled>(&event);
  // A failure is told by the error that comes of it.
  if (polled != nullptr && polled->state == observe::StatementPolled::State::Failed)
    return std::nullopt;
  if (polled != nullptr)
    return Progress{.state = to_public(polled->state),
                    .elapsed = duration_cast<milliseconds>(polled->since_submit),
                    .polls = polled->polls,
                    .statement_id = std::string(polled->statement_id)};
  const auto* repeated = std::get_if<observe::RequestRepeated>(&event);
  if (repeated == nullptr || !repeated->is_starting) return std::nullopt;
  return Progress{.state = Progress::State::Starting,
                  .elapsed = repeated->elapsed,
                  .polls = repeated->attempts,
                  .statement_id = {}};
}

}  // namespace

void ProgressObserver::on(const observe::Event& event) noexcept {
  if (next_ != nullptr) next_->on(event);
  if (!on_progress_) return;
  const auto progress = progress_of(event);
  if (!progress) return;
  try {
    on_progress_(*progress);
  } catch (...) {
    base::log(LogLevel::Warn, "session", "a progress callback threw an exception; it is ignored");
  }
}

}  // namespace dbsql::session
