#pragma once

#include <dbsql/connection.h>

#include "base/clock.h"
#include "base/error_ids.h"
#include "otel/connection_trace.h"
#include "protocol/backend.h"
#include "result/cloudfetch/pipeline.h"
#include "session/live_session.h"
#include "session/open_statements.h"
#include "session/session_changes.h"
#include "session/side_session.h"
#include "session/statement.h"
#include "session/telemetry_stats.h"
#include "session/transactions.h"
#include "telemetry/connection_telemetry.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbsql {

/// What a connection is made of.
struct ConnectionParts {
  std::shared_ptr<protocol::Session> session;
  result::CloudFetchEnvironment files;
  std::shared_ptr<const staging::Environment> staging;
  std::chrono::seconds server_timeout{0};
  config::TransactionOptions transactions;
  /// Opens another session like `session`; empty where there may be none.
  session::SideSession::Open open_side_session;
  /// Opens a session to take the place of an expired one; empty where none may.
  session::Recovery::Open reopen;
  std::shared_ptr<telemetry::ConnectionTelemetry> telemetry;  ///< null where nothing is told
  telemetry::Decision telemetry_decision;                     ///< why not
  std::shared_ptr<otel::ConnectionTrace> trace;               ///< the same
};

/// What a statement is for, as it is told.
struct StatementPurpose {
  telemetry::StatementType type = telemetry::StatementType::Query;
  bool is_internal = false;  ///< the driver's own, not the program's
  bool is_repeat = false;    ///< runs in place of one that was lost; it is not replaced by another
};

/// Threads: safe from any thread.
class Connection::Impl : public std::enable_shared_from_this<Connection::Impl> {
 public:
  using Purpose = StatementPurpose;

  Impl(ConnectionParts parts, base::Clock& clock);

  /// Runs one public call: its errors name connection and correlation.
  template <class Action>
  auto named(const ExecuteOptions& options, Action&& action) const {
    return base::with_ids(call_of(options), std::forward<Action>(action));
  }
  Result query(std::string_view sql, const Parameters& parameters, const ExecuteOptions& options,
               Purpose purpose = {});
  StatementHandle submit(std::string_view sql, const Parameters& parameters,
                         const ExecuteOptions& options);
  StatementHandle attach(std::string_view statement_id, const WaitOptions& options);
  Result list(const protocol::ListingRequest& request, const ExecuteOptions& options);
  void ping(const WaitOptions& options);
  std::string id() const { return session_.id(); }
  ConnectionStats stats() const { return {.replaced_sessions = session_.replacements()}; }
  bool is_open() const noexcept {
    return !closed_ && !is_lost_ && !transactions_.is_broken() && session_.is_usable();
  }
  session::LiveSession& session() noexcept { return session_; }
  session::Transactions& transactions() noexcept { return transactions_; }
  std::uint64_t begin(const TransactionOptions& options);
  void set_autocommit(bool on, const WaitOptions& options);
  bool autocommit(const WaitOptions& options);
  void end_transaction(bool commits, const WaitOptions& options);
  void pause(std::chrono::milliseconds time) const { clock_.sleep(time, {}); }
  base::CallContext limits_of(const WaitOptions& options) const;
  TelemetryStats telemetry_stats() const {
    return session::telemetry_stats_of(telemetry_.get(), telemetry_decision_);
  }
  void close() noexcept;

  // For the pool. Nothing but `reset` waits for the server.
  /// Ends what is still running or being read.
  void end_statements() noexcept { open_statements_.close_all(); }
  /// Whether nothing is known to be wrong with the session it has now.
  bool is_sound() const noexcept {
    return !closed_ && !is_lost_ && !transactions_.is_broken() && !session_.current()->is_dead();
  }
  /// Whether everything that statements have made of the session can be undone.
  bool can_be_reset() const;
  bool needs_reset() const;
  /// Brings the session back to how it was opened (reference/auth-http-config.md 5.3).
  void reset(const base::CallContext& limits);
  /// Ends without a word to the server, also when it is just being closed.
  void abandon() noexcept;

 private:
  enum class Reply : std::uint8_t { AtOnce, WithFirstRows };
  using OperationType = telemetry::OperationType;
  using StatementType = telemetry::StatementType;
  using Statement = session::Statement;

  Result query_in_turn(std::string_view sql, const Parameters& parameters,
                       const ExecuteOptions& options, Purpose purpose,
                       const base::CallContext& limits);
  /// Who listens to a statement, and what its requests carry.
  struct Watch {
    std::shared_ptr<session::StatementObservers> observers;
    base::Trace trace;
  };
  Watch watch_over(OperationType operation, Purpose purpose, std::string_view sql,
                   const ExecuteOptions& options) const;
  std::shared_ptr<session::StatementObservers> observers_of_own() const;
  std::shared_ptr<observe::Observer> tell_of(OperationType operation,
                                             Purpose purpose) const noexcept;
  std::shared_ptr<Statement> start(std::string_view sql, const Parameters& parameters,
                                   const ExecuteOptions& options, Reply reply, Purpose purpose,
                                   const base::CallContext& limits);
  std::shared_ptr<Statement> track(std::shared_ptr<protocol::Session> session,
                                   std::unique_ptr<protocol::Operation> operation,
                                   session::StatementSettings settings);
  /// Runs `action`, which carries the statement out, and keeps in mind what it does to the session.
  template <class Action>
  auto following(std::string_view sql, const Parameters& parameters, Action&& action);
  session::Recovery recovery(session::Recovery::Open reopen);
  std::string objection_to_replacing(const std::shared_ptr<protocol::Session>& expired) const;
  std::vector<std::string> restoring() const;
  Result open_listing(std::unique_ptr<protocol::Operation> operation, const ExecuteOptions& options,
                      Watch watch, const base::CallContext& limits);
  static void require_valid(const ExecuteOptions& options);
  base::CallContext limits_of(const ExecuteOptions& options) const;
  base::CallContext call_of(const ExecuteOptions& options) const;
  void require_open() const;
  std::unique_ptr<protocol::Operation> ask(const protocol::ListingRequest& request,
                                           const base::CallContext& limits);
  bool may_run_again(std::string_view sql, const Error& error) const noexcept;
  bool outlives_session(std::string_view sql, Purpose purpose) const noexcept;
  std::function<std::optional<Result>(session::RunAgain, std::stop_token)> repeat_of(
      std::string_view sql, const Parameters& parameters, const ExecuteOptions& options);

  session::LiveSession session_;
  const result::CloudFetchEnvironment files_;
  const std::shared_ptr<const staging::Environment> staging_;
  const std::chrono::seconds server_timeout_;
  const std::shared_ptr<telemetry::ConnectionTelemetry> telemetry_;  // null where nothing is told
  const telemetry::Decision telemetry_decision_;
  const std::shared_ptr<otel::ConnectionTrace> trace_;  // the same
  base::Clock& clock_;
  std::atomic<bool> closed_ = false;
  std::stop_source abandoned_;                        // ends a close that is under way
  std::atomic<bool> is_lost_ = false;                 // a ping did not come through
  std::atomic<bool> storage_is_unreachable_ = false;  // found out once, true for the session
  session::OpenStatements open_statements_;
  session::SessionChanges changes_;
  session::SideSession side_session_;
  session::Transactions transactions_;
};

}  // namespace dbsql
