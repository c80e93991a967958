#include "session/transaction_rules.h"

#include "session/sql_words.h"

namespace dbsql::session {

namespace {

using State = TransactionState;
using Call = TransactionCall;
using Step = TransactionStep;
using Answer = TransactionAnswer;

constexpr int kCalls = 6;

// clang-format off
/// Rows: the state. Columns: Execute, Begin, AutocommitOff, AutocommitOn, Commit, Rollback.
constexpr Step kSteps[][kCalls] = {
    /* Auto    */ {Step::Send, Step::Send, Step::Send, Step::Nothing, Step::NotInProgress, Step::NotInProgress},
    /* Idle    */ {Step::Send, Step::InProgress, Step::Nothing, Step::Send, Step::Nothing, Step::Nothing},
    /* Active  */ {Step::Send, Step::InProgress, Step::InProgress, Step::CommitFirst, Step::Send, Step::Send},
    /* Aborted */ {Step::RollbackFirst, Step::RollbackFirst, Step::RollbackFirst, Step::RollbackFirst, Step::RollbackFirst, Step::Send},
    /* Unknown */ {Step::RollbackFirst, Step::RollbackFirst, Step::RollbackFirst, Step::RollbackFirst, Step::RollbackFirst, Step::Send},
};
// clang-format on

State after_statement(State state, Answer answer) noexcept {
  if (state == State::Auto || answer == Answer::NotSent) return state;
  if (answer == Answer::Done) return State::Active;
  return answer == Answer::Lost ? State::Unknown : State::Aborted;
}

State after_end(State state, Call call, Answer answer, State outside) noexcept {
  switch (answer) {
    case Answer::Done:
    case Answer::NoneOpen:
      // Nobody knows whether autocommit is on: it has to be asked for.
      return state == State::Unknown ? State::Unknown : outside;
    case Answer::NotSent:
      return state;
    case Answer::Refused:
      return call == Call::Commit ? State::Aborted : State::Unknown;
    case Answer::Lost:
      break;
  }
  return State::Unknown;
}

/// `BEGIN` is also how a script of several statements starts.
bool begins_transaction(SqlWords& words) noexcept {
  const std::string_view rest = words.rest();
  return rest.empty() || rest.front() == ';' || is_word(words.next(), "transaction");
}

/// Blanks, an optional `=`, and then a word that means yes or no.
Call autocommit_of(std::string_view rest) noexcept {
  SqlWords words(rest);
  words.skip('=');
  const auto on = autocommit_in(words.next());
  if (!on) return Call::Execute;  // a question, or nothing that a server takes
  return *on ? Call::AutocommitOn : Call::AutocommitOff;
}

}  // namespace

Step step_for(State state, Call call) noexcept {
  return kSteps[static_cast<int>(state)][static_cast<int>(call)];
}

State state_after(State state, Call call, Answer answer, bool is_explicit) noexcept {
  const bool was_open = state != State::Auto && state != State::Idle;
  switch (call) {
    case Call::Execute:
      return after_statement(state, answer);
    case Call::Begin:
    case Call::AutocommitOff:
      if (answer == Answer::Lost) return State::Unknown;
      if (answer != Answer::Done) return state;
      return call == Call::Begin ? State::Active : State::Idle;
    case Call::AutocommitOn:
      if (answer == Answer::NotSent) return state;
      if (answer == Answer::Done) return State::Auto;
      return state == State::Active && answer == Answer::Refused ? State::Aborted : State::Unknown;
    case Call::Commit:
    case Call::Rollback:
      if (!was_open) return answer == Answer::Lost ? State::Unknown : state;
      return after_end(state, call, answer, is_explicit ? State::Auto : State::Idle);
  }
  return State::Unknown;
}

Call transaction_call_of(std::string_view sql) noexcept {
  SqlWords words(sql);
  const std::string_view first = words.next();
  if (is_word(first, "begin")) return begins_transaction(words) ? Call::Begin : Call::Execute;
  if (is_word(first, "commit")) return Call::Commit;
  if (is_word(first, "rollback")) return Call::Rollback;
  if (is_word(first, "set") && is_word(words.next(), "autocommit"))
    return autocommit_of(words.rest());
  return Call::Execute;
}

std::optional<bool> autocommit_in(std::string_view text) noexcept {
  if (is_word(text, "true") || is_word(text, "on") || text == "1") return true;
  if (is_word(text, "false") || is_word(text, "off") || text == "0") return false;
  return std::nullopt;
}

}  // namespace dbsql::session
