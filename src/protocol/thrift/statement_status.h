#pragma once

#include <dbsql/error.h>
#include <dbsql/statement_state.h>

#include "base/call_context.h"

#include <cstdint>
#include <mutex>
#include <optional>

namespace dbsql::tcli {
class TGetOperationStatusResp;
}

namespace dbsql::protocol::thrift {

/// The state a status reply names; empty when it names none, which says nothing new
/// (reference/results.md 6.4). States this driver does not know are failures.
std::optional<StatementState> state_in(const tcli::TGetOperationStatusResp& status);

/// What the server has said so far about one statement.
///
/// Threads: safe from any thread.
class StatementStatus {
 public:
  /// Takes in one reply; a final state stays. \throws Error when the server did not answer the
  /// question
  void absorb(const tcli::TGetOperationStatusResp& status, const base::CallContext& call);

  StatementState state() const noexcept;

  /// Throws why the statement came to nothing; returns when it has finished or still runs.
  void throw_failure(const base::CallContext& call) const;

  /// Whether the server itself said that the statement came to nothing: then nothing was written.
  bool came_to_nothing() const noexcept;

  std::optional<std::int64_t> affected_rows() const noexcept;

  /// Whether the statement has rows, where a status reply said so.
  std::optional<bool> has_result_set() const noexcept;

 private:
  mutable std::mutex mutex_;
  StatementState state_ = StatementState::Pending;  // guarded by mutex_
  bool came_to_nothing_ = false;                    // guarded by mutex_
  std::optional<ErrorFields> failure_;              // guarded by mutex_
  std::optional<std::int64_t> affected_rows_;       // guarded by mutex_
  std::optional<bool> has_result_set_;              // guarded by mutex_
};

}  // namespace dbsql::protocol::thrift
