#pragma once

#include <dbsql/error.h>
#include <dbsql/transaction.h>

#include "base/call_context.h"
#include "base/clock.h"
#include "config/connection_config.h"
#include "session/live_session.h"
#include "session/statement.h"
#include "session/transaction_rules.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <type_traits>

namespace dbsql::session {

/// The transactions of one session: who may send what, when, and what is known of the server's
/// state (reference/auth-http-config.md 7.3).
///
/// While autocommit is on, statements run side by side. Otherwise each has its turn alone: servers
/// abort a transaction that two statements use at once. Turns are in the order of arrival: nobody
/// waits for those that came later.
/// Threads: safe from any thread.
class Transactions {
 public:
  /// Makes those who hear of a statement of our own; never null.
  using Observe = std::function<std::shared_ptr<StatementObservers>()>;

  /// \param end_results  closes what is still being read, before a transaction ends
  /// \param session  outlives this object
  Transactions(LiveSession& session, config::TransactionOptions options,
               std::function<void()> end_results, Observe observe, base::Clock& clock);
  Transactions(const Transactions&) = delete;
  Transactions& operator=(const Transactions&) = delete;

  /// Runs `action`, which sends the statement and waits for its end, in its turn. What begins or
  /// ends a transaction as a text is treated as the calls below are, and has ended when this
  /// returns, also where `action` does not wait.
  /// \throws Error (TransactionState) when the statement is of no use now: nothing was sent
  /// \throws Error (TransactionUnknown) when it was a COMMIT whose answer was lost
  template <class Action>
  auto run(std::string_view sql, const base::CallContext& limits, Action&& action) {
    Turn turn(*this, sql, limits);
    try {
      auto result = action();
      if constexpr (std::is_same_v<decltype(result), std::shared_ptr<Statement>>)
        turn.hand_on(result, limits);
      turn.complete(limits);
      return result;
    } catch (const Error& error) {
      turn.fail(error);
    }
  }

  /// Begins a transaction that a `Transaction` object ends.
  /// \return its number; 0 = transactions are ignored
  std::uint64_t begin(const dbsql::TransactionOptions& options, const base::CallContext& limits);
  void set_autocommit(bool on, const base::CallContext& limits);
  bool autocommit(const base::CallContext& limits);
  /// \param number  of the transaction that is meant; empty = whichever is open
  void commit(std::optional<std::uint64_t> number, const base::CallContext& limits);
  void rollback(std::optional<std::uint64_t> number, const base::CallContext& limits);
  bool is_open(std::uint64_t number) const noexcept;

  /// Whether requests other than its statements would disturb a transaction.
  bool is_in_transaction() const noexcept;
  /// A COMMIT is lost, or the session has expired inside a transaction: nobody may use it any more.
  bool is_broken() const noexcept;
  /// Whether the server's autocommit is off and no transaction has begun: another session that
  /// takes the place of this one has to be told, also when it is to be switched on again before the
  /// next statement. So what is known here stays true of whatever session the connection has.
  bool is_autocommit_off() const noexcept;
  bool are_ignored() const noexcept { return options_.ignored; }

  /// Whether `reset` has anything to do.
  bool needs_reset() const noexcept;
  /// Rolls back what is open and switches autocommit on: as the session began.
  void reset(const base::CallContext& limits);

  /// Rolls back what is open, if nobody is using the session.
  void close(const base::CallContext& limits) noexcept;

 private:
  /// One statement's turn: waits for it, and tells what became of the statement.
  class Turn {
   public:
    Turn(Transactions& owner, std::string_view sql, const base::CallContext& limits);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    /// The statement runs on: whoever comes next waits for its end.
    void hand_on(const std::shared_ptr<Statement>& statement, const base::CallContext& limits);
    void complete(const base::CallContext& limits);
    /// Throws the error, or what it means for a transaction.
    [[noreturn]] void fail(const Error& error);

   private:
    void settle(TransactionAnswer answer) noexcept;

    Transactions& owner_;
    const TransactionCall call_;
    const bool alone_;
    const Transactions* const outer_;  // that this thread is already inside of
    bool settled_ = false;
  };

  /// The session for oneself.
  class Alone {
   public:
    Alone(Transactions& owner, const base::CallContext& limits);
    ~Alone();
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;

   private:
    Transactions& owner_;
  };

  static TransactionAnswer answer_of(const Error& error) noexcept;
  [[noreturn]] static void rethrow(TransactionCall call, TransactionAnswer answer,
                                   const Error& error);

  bool admit(bool may_share, const base::CallContext& limits);
  bool enter(TransactionCall call, const base::CallContext& limits);
  void leave(bool alone) noexcept;
  void require_usable_locked() const;
  void require_step(TransactionStep step) const;
  void settle_statement(TransactionCall call, TransactionAnswer answer) noexcept;
  void await_running(const base::CallContext& limits);
  void restore_autocommit(const base::CallContext& limits);
  void set_autocommit_off(const base::CallContext& limits);
  void send(TransactionCall call, const base::CallContext& limits);
  void run_on_server(std::string_view sql, const base::CallContext& limits);
  bool ask_autocommit(const base::CallContext& limits);
  void end(TransactionCall call, const base::CallContext& limits);
  void recover(const base::CallContext& limits);
  void learn_autocommit(const base::CallContext& limits);
  void end_guard(bool wants_autocommit) noexcept;
  void warn_ignored();
  void note_expiry(TransactionCall call, const Error& error) noexcept;
  TransactionState state() const noexcept;

  LiveSession& session_;
  const config::TransactionOptions options_;
  const std::function<void()> end_results_;
  const Observe observe_;
  base::Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  int side_by_side_ = 0;                             // guarded by mutex_
  bool is_taken_ = false;                            // guarded by mutex_: somebody has it alone
  std::deque<std::uint64_t> queue_;                  // guarded by mutex_: tickets of who waits
  std::uint64_t last_ticket_ = 0;                    // guarded by mutex_
  TransactionState state_ = TransactionState::Auto;  // guarded by mutex_
  bool is_explicit_ = false;                         // guarded by mutex_: from BEGIN
  bool is_broken_ = false;                           // guarded by mutex_
  bool has_expired_ = false;       // guarded by mutex_: inside a transaction; broken, too
  bool wants_autocommit_ = false;  // guarded by mutex_: to be switched on before the next statement
  std::uint64_t open_number_ = 0;  // guarded by mutex_: of a `Transaction`; 0 = none
  std::uint64_t last_number_ = 0;  // guarded by mutex_
  bool has_warned_ = false;        // guarded by mutex_
  /// Of a statement that was submitted inside a transaction; null when its end is known. Not the
  /// statement, which ends with its handle: what the server made of it is wanted.
  std::shared_ptr<protocol::Operation> running_;  // guarded by mutex_
};

}  // namespace dbsql::session
