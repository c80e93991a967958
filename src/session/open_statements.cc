#include "session/open_statements.h"

#include <algorithm>
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

void OpenStatements::close_all() noexcept {
  std::vector<std::weak_ptr<Statement>> statements;
  {
    std::lock_guard lock(mutex_);
    statements.swap(statements_);
  }
  for (const auto& known : statements) {
    if (const auto statement = known.lock(); statement && statement->is_open()) statement->close();
  }
}

}  // namespace dbsql::session
