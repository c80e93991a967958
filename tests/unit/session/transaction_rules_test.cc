#include "session/transaction_rules.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace dbsql::session {

std::string name_of(TransactionState state) {
  constexpr const char* kNames[] = {"autocommit", "idle", "active", "aborted", "unknown"};
  return kNames[static_cast<int>(state)];
}

void PrintTo(TransactionState state, std::ostream* out) { *out << name_of(state); }

namespace {

using State = TransactionState;
using Call = TransactionCall;
using Step = TransactionStep;
using Answer = TransactionAnswer;

std::string name_of(Call call) {
  constexpr const char* kNames[] = {"execute",       "begin",  "autocommit off",
                                    "autocommit on", "commit", "rollback"};
  return kNames[static_cast<int>(call)];
}
std::string name_of(Answer answer) {
  constexpr const char* kNames[] = {"done", "refused", "none open", "not sent", "lost"};
  return kNames[static_cast<int>(answer)];
}

// Before anything is sent (reference/auth-http-config.md 7.3).

struct StepRow {
  State state;
  Call call;
  Step step;
};

constexpr StepRow kSteps[] = {
    {State::Auto, Call::Execute, Step::Send},
    {State::Auto, Call::Begin, Step::Send},
    {State::Auto, Call::AutocommitOff, Step::Send},
    {State::Auto, Call::AutocommitOn, Step::Nothing},
    {State::Auto, Call::Commit, Step::NotInProgress},
    {State::Auto, Call::Rollback, Step::NotInProgress},
    {State::Idle, Call::Execute, Step::Send},
    {State::Idle, Call::Begin, Step::InProgress},
    {State::Idle, Call::AutocommitOff, Step::Nothing},
    {State::Idle, Call::AutocommitOn, Step::Send},
    {State::Idle, Call::Commit, Step::Nothing},
    {State::Idle, Call::Rollback, Step::Nothing},
    {State::Active, Call::Execute, Step::Send},
    {State::Active, Call::Begin, Step::InProgress},
    {State::Active, Call::AutocommitOff, Step::InProgress},
    {State::Active, Call::AutocommitOn, Step::CommitFirst},
    {State::Active, Call::Commit, Step::Send},
    {State::Active, Call::Rollback, Step::Send},
    {State::Aborted, Call::Execute, Step::RollbackFirst},
    {State::Aborted, Call::Begin, Step::RollbackFirst},
    {State::Aborted, Call::AutocommitOff, Step::RollbackFirst},
    {State::Aborted, Call::AutocommitOn, Step::RollbackFirst},
    {State::Aborted, Call::Commit, Step::RollbackFirst},
    {State::Aborted, Call::Rollback, Step::Send},
    {State::Unknown, Call::Execute, Step::RollbackFirst},
    {State::Unknown, Call::Begin, Step::RollbackFirst},
    {State::Unknown, Call::AutocommitOff, Step::RollbackFirst},
    {State::Unknown, Call::AutocommitOn, Step::RollbackFirst},
    {State::Unknown, Call::Commit, Step::RollbackFirst},
    {State::Unknown, Call::Rollback, Step::Send},
};

TEST(TransactionRules, SayWhatMayBeSentInEachState) {
  for (const StepRow& row : kSteps) {
    EXPECT_EQ(step_for(row.state, row.call), row.step)
        << name_of(row.state) << ", " << name_of(row.call);
  }
}

// After the server's answer.

struct AnswerRow {
  State from;
  Call call;
  Answer answer;
  State to;
  bool is_explicit = false;
};

constexpr AnswerRow kAnswers[] = {
    {State::Auto, Call::Execute, Answer::Done, State::Auto},
    {State::Auto, Call::Execute, Answer::Refused, State::Auto},
    {State::Auto, Call::Execute, Answer::Lost, State::Auto},
    {State::Auto, Call::Begin, Answer::Done, State::Active},
    {State::Auto, Call::Begin, Answer::Refused, State::Auto},
    {State::Auto, Call::Begin, Answer::NotSent, State::Auto},
    {State::Auto, Call::Begin, Answer::Lost, State::Unknown},
    {State::Auto, Call::AutocommitOff, Answer::Done, State::Idle},
    {State::Auto, Call::AutocommitOff, Answer::Refused, State::Auto},
    {State::Auto, Call::AutocommitOff, Answer::NotSent, State::Auto},
    {State::Auto, Call::AutocommitOff, Answer::Lost, State::Unknown},
    // As texts of the user's, which are always sent.
    {State::Auto, Call::AutocommitOn, Answer::Done, State::Auto},
    {State::Auto, Call::Commit, Answer::NoneOpen, State::Auto},
    {State::Auto, Call::Commit, Answer::Refused, State::Auto},
    {State::Auto, Call::Rollback, Answer::Done, State::Auto},
    {State::Auto, Call::Rollback, Answer::Lost, State::Unknown},
    {State::Idle, Call::Commit, Answer::NoneOpen, State::Idle},
    {State::Idle, Call::Rollback, Answer::Done, State::Idle},
    {State::Idle, Call::Execute, Answer::Done, State::Active},
    {State::Idle, Call::Execute, Answer::Refused, State::Aborted},
    {State::Idle, Call::Execute, Answer::NotSent, State::Idle},
    {State::Idle, Call::Execute, Answer::Lost, State::Unknown},
    {State::Idle, Call::AutocommitOn, Answer::Done, State::Auto},
    {State::Idle, Call::AutocommitOn, Answer::Refused, State::Unknown},
    {State::Idle, Call::AutocommitOn, Answer::NotSent, State::Idle},
    {State::Idle, Call::AutocommitOn, Answer::Lost, State::Unknown},
    {State::Active, Call::Execute, Answer::Done, State::Active},
    {State::Active, Call::Execute, Answer::Refused, State::Aborted},
    {State::Active, Call::Execute, Answer::NotSent, State::Active},
    {State::Active, Call::Execute, Answer::Lost, State::Unknown},
    {State::Active, Call::AutocommitOn, Answer::Refused, State::Aborted},
    {State::Active, Call::AutocommitOn, Answer::Lost, State::Unknown},
    {State::Active, Call::Commit, Answer::Done, State::Idle},
    {State::Active, Call::Commit, Answer::Done, State::Auto, true},
    {State::Active, Call::Commit, Answer::NoneOpen, State::Idle},
    {State::Active, Call::Commit, Answer::NoneOpen, State::Auto, true},
    {State::Active, Call::Commit, Answer::Refused, State::Aborted},
    {State::Active, Call::Commit, Answer::NotSent, State::Active},
    {State::Active, Call::Commit, Answer::Lost, State::Unknown},
    {State::Active, Call::Rollback, Answer::Done, State::Idle},
    {State::Active, Call::Rollback, Answer::Done, State::Auto, true},
    {State::Active, Call::Rollback, Answer::Refused, State::Unknown},
    {State::Active, Call::Rollback, Answer::NotSent, State::Active},
    {State::Active, Call::Rollback, Answer::Lost, State::Unknown},
    {State::Aborted, Call::Rollback, Answer::Done, State::Idle},
    {State::Aborted, Call::Rollback, Answer::Done, State::Auto, true},
    {State::Aborted, Call::Rollback, Answer::Refused, State::Unknown},
    {State::Aborted, Call::Rollback, Answer::NotSent, State::Aborted},
    {State::Unknown, Call::Rollback, Answer::Done, State::Unknown},  // until autocommit is known
    {State::Unknown, Call::Rollback, Answer::Refused, State::Unknown},
    {State::Unknown, Call::Rollback, Answer::NotSent, State::Unknown},
};

TEST(TransactionRules, SayWhereEachAnswerLeads) {
  for (const AnswerRow& row : kAnswers) {
    EXPECT_EQ(state_after(row.from, row.call, row.answer, row.is_explicit), row.to)
        << name_of(row.from) << ", " << name_of(row.call) << ": " << name_of(row.answer)
        << (row.is_explicit ? ", after BEGIN" : "");
  }
}

struct TextRow {
  const char* sql;
  Call call;
};

constexpr TextRow kTexts[] = {
    {"SELECT 1", Call::Execute},
    {"", Call::Execute},
    {"COMMIT", Call::Commit},
    {" /*c*/ commit", Call::Commit},
    {"-- note\nRollback;", Call::Rollback},
    {"commitment", Call::Execute},
    {"BEGIN", Call::Begin},
    {"begin ;", Call::Begin},
    {"Begin /* a */ Transaction", Call::Begin},
    {"BEGIN SELECT 1; END", Call::Execute},
    {"BEGIN TRANSACTIONS", Call::Execute},
    {"SET AUTOCOMMIT = FALSE", Call::AutocommitOff},
    {"set autocommit=off", Call::AutocommitOff},
    {"set autocommit 0", Call::AutocommitOff},
    {"SET /* x */ Autocommit = True", Call::AutocommitOn},
    {"SET AUTOCOMMIT=1", Call::AutocommitOn},
    {"SET AUTOCOMMIT = on ;", Call::AutocommitOn},
    {"SET AUTOCOMMIT", Call::Execute},
    {"SET AUTOCOMMIT = maybe", Call::Execute},
    {"SET AUTOCOMMITS = FALSE", Call::Execute},
    {"/* COMMIT", Call::Execute},
};

TEST(TransactionRules, KnowStatementsThatBeginAndEndTransactions) {
  for (const TextRow& row : kTexts) {
    EXPECT_EQ(name_of(transaction_call_of(row.sql)), name_of(row.call)) << row.sql;
  }
}

TEST(TransactionRules, ReadWhatServersCallAutocommit) {
  for (const char* on : {"1", "true", "TRUE", "on"}) EXPECT_EQ(autocommit_in(on), true) << on;
  for (const char* off : {"0", "FALSE", "false", "Off"})
    EXPECT_EQ(autocommit_in(off), false) << off;
  for (const char* neither : {"maybe", "", "2", "truee"})
    EXPECT_EQ(autocommit_in(neither), std::nullopt) << neither;
}

}  // namespace
}  // namespace dbsql::session
