#include "session/open_statements.h"

#include <algorithm>
#include <new>
#include <utility>

namespace dbsql::session {

void OpenStatements::add(const std::shared_ptr<Statement>& statement) {
  std::lock_guard lock(mutex_);
  if (statements_.size() >= tidy_at_) {
    std::erase_if(statements_, [](const auto& known) { return known.expired(); });
    tidy_at_ = std::max(tidy_at_, 2 * statements_.size());
  }
  statements_.push_back(statement);
}

std::size_t OpenStatements::count_needing(const protocol::Session& session) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(statements_, [&](const auto& known) {
    const auto statement = known.lock();
    return statement && statement->is_of(session) && statement->needs_session();
  }));
}

/// They are called outside the lock, and the last holder of one may be here.
template <class Action>
void OpenStatements::for_each(Action&& action) noexcept {
  std::vector<std::weak_ptr<Statement>> statements;
  {
    std::lock_guard lock(mutex_);
    statements.swap(statements_);
  }
  for (const auto& known : statements) {
    if (const auto statement = known.lock()) action(*statement);
  }
  try {
    std::lock_guard lock(mutex_);
    statements_.swap(statements);
    statements_.insert(statements_.end(), statements.begin(), statements.end());
  } catch (const std::bad_alloc&) {
    return;  // those that came meanwhile are forgotten
  }
}

void OpenStatements::close_all() noexcept {
  for_each([](Statement& statement) {
    if (statement.is_open()) statement.close();
  });
}

void OpenStatements::tell_of_end() noexcept {
  for_each([](const Statement& statement) { statement.tell(observe::ConnectionEnds{}); });
}

}  // namespace dbsql::session
