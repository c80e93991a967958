#pragma once

#include <dbsql/export.h>

#include <cstdint>
#include <string_view>

namespace dbsql {

/// Where a statement stands on the server. The last five are final.
enum class StatementState : std::uint8_t {
  Pending,  ///< accepted; waits for its turn or for the warehouse to start
  Running,
  Finished,   ///< its result can be read
  Failed,     ///< waiting for it throws why
  Cancelled,  ///< by its owner, or by somebody with the right to
  TimedOut,   ///< it ran into its time limit on the server
  Closed,     ///< the server has let go of it, or this side has asked for that
};

/// Whether the state can no longer change.
constexpr bool is_final(StatementState state) noexcept {
  return state != StatementState::Pending && state != StatementState::Running;
}

/// The state's name as it is written in this header, for instance "Running".
DBSQL_EXPORT std::string_view to_string(StatementState state) noexcept;

}  // namespace dbsql
