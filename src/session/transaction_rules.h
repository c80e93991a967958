#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dbsql::session {

// What a client may do about transactions, and what it knows afterwards: the state machine of
// reference/auth-http-config.md 7.3 without anything that sends or waits.

enum class TransactionState : std::uint8_t {
  Auto,     ///< autocommit is on: every statement is its own transaction
  Idle,     ///< autocommit is off and no transaction has begun
  Active,   ///< a transaction has begun
  Aborted,  ///< it failed: the server takes nothing but ROLLBACK
  Unknown,  ///< an answer was lost: the server may be in any of the others
};

enum class TransactionCall : std::uint8_t {
  Execute,        ///< any statement that is none of the others
  Begin,          ///< `BEGIN` as a statement: a transaction although autocommit is on
  AutocommitOff,  ///< `SET AUTOCOMMIT = FALSE`
  AutocommitOn,   ///< `SET AUTOCOMMIT = TRUE`
  Commit,
  Rollback,
};

/// What to do with a call, before anything is sent.
enum class TransactionStep : std::uint8_t {
  Send,
  Nothing,        ///< it holds already
  CommitFirst,    ///< then send
  NotInProgress,  ///< refuse: there is no transaction that could end
  InProgress,     ///< refuse: one is in progress already
  RollbackFirst,  ///< refuse: only ROLLBACK is of use
};

enum class TransactionAnswer : std::uint8_t {
  Done,
  Refused,   ///< the server said no
  NoneOpen,  ///< the server knows of no transaction
  NotSent,   ///< it never reached the server
  Lost,      ///< nobody knows
};

TransactionStep step_for(TransactionState state, TransactionCall call) noexcept;

/// The state after a call that was sent.
/// \param is_explicit  the transaction came from `Begin`: autocommit is on outside of it
TransactionState state_after(TransactionState state, TransactionCall call, TransactionAnswer answer,
                             bool is_explicit) noexcept;

/// What a statement means for transactions, by its first words; leading blanks and comments are
/// passed over, upper and lower case are alike.
TransactionCall transaction_call_of(std::string_view sql) noexcept;

/// What a server calls autocommit: true, 1, on and their opposites, in any case; empty for anything
/// else.
std::optional<bool> autocommit_in(std::string_view text) noexcept;

}  // namespace dbsql::session
