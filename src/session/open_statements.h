#pragma once

#include "session/statement.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace dbsql::session {

/// The statements of one connection that somebody holds, so that those for which the server may
/// have something can be ended before the session is, and all be told of its end.
///
/// Ownership: knows them without keeping them. Threads: safe from any thread.
/// Cost: a lock and an entry per statement; entries of those that are gone are dropped now and
/// then.
class OpenStatements {
 public:
  void add(const std::shared_ptr<Statement>& statement);

  /// How many of that session somebody holds who would lose something with it.
  std::size_t count_needing(const protocol::Session& session) const;

  /// Closes all that are left, in the order they came.
  void close_all() noexcept;

  /// The connection goes: who listens to the statements hears of it, whether they are open or not.
  void tell_of_end() noexcept;

 private:
  template <class Action>
  void for_each(Action&& action) noexcept;

  mutable std::mutex mutex_;
  std::vector<std::weak_ptr<Statement>> statements_;  // guarded by mutex_
  std::size_t tidy_at_ = 16;                          // guarded by mutex_
};

}  // namespace dbsql::session
