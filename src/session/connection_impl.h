#pragma once

#include <dbsql/connection.h>

#include "base/clock.h"
#include "base/error_ids.h"
#include "protocol/backend.h"
#include "result/cloudfetch/pipeline.h"
#include "session/open_statements.h"
#include "session/side_session.h"
#include "session/statement.h"
#include "session/transactions.h"
#include "telemetry/connection_telemetry.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace dbsql {

/// Threads: safe from any thread.
class Connection::Impl : public std::enable_shared_from_this<Connection::Impl> {
 public:
  using OpenSession = session::SideSession::Open;

  /// \param open_side_session  opens another one like `session`; empty where there may be none
  Impl(std::shared_ptr<protocol::Session> session, result::CloudFetchEnvironment files,
       std::shared_ptr<const staging::Environment> staging, std::chrono::seconds server_timeout,
       config::TransactionOptions transactions, OpenSession open_side_session,
       std::shared_ptr<telemetry::ConnectionTelemetry> telemetry, base::Clock& clock)
      : session_(std::move(session)),
        files_(std::move(files)),
        staging_(std::move(staging)),
        server_timeout_(server_timeout),
        telemetry_(std::move(telemetry)),
        clock_(clock),
        side_session_(std::move(open_side_session)),
        transactions_(
            session_, transactions, [this] { open_statements_.close_all(); }, clock) {}

  /// Runs one public call: its errors name connection and correlation.
  template <class Action>
  auto named(const ExecuteOptions& options, Action&& action) const {
    return base::with_ids(call_of(options), std::forward<Action>(action));
  }
  Result query(std::string_view sql, const Parameters& parameters, const ExecuteOptions& options,
               telemetry::StatementType type = telemetry::StatementType::Query);
  StatementHandle submit(std::string_view sql, const Parameters& parameters,
                         const ExecuteOptions& options);
  StatementHandle attach(std::string_view statement_id, const WaitOptions& options);
  Result list(const protocol::ListingRequest& request, const ExecuteOptions& options);
  const std::string& id() const noexcept { return session_->id(); }
  bool is_open() const noexcept {
    return !closed_ && !session_->is_dead() && !transactions_.is_broken();
  }
  session::Transactions& transactions() noexcept { return transactions_; }
  std::uint64_t begin(const TransactionOptions& options);
  void set_autocommit(bool on, const WaitOptions& options);
  bool autocommit(const WaitOptions& options);
  void end_transaction(bool commits, const WaitOptions& options);
  void pause(std::chrono::milliseconds time) const { clock_.sleep(time, {}); }
  base::CallContext limits_of(const WaitOptions& options) const;
  void close() noexcept;

 private:
  enum class Reply : std::uint8_t { AtOnce, WithFirstRows };
  using OperationType = telemetry::OperationType;
  using StatementType = telemetry::StatementType;
  using Statement = session::Statement;

  Result query_once(std::string_view sql, const Parameters& parameters,
                    const ExecuteOptions& options, StatementType type,
                    const base::CallContext& limits);
  std::shared_ptr<session::StatementObservers> observers_of(OperationType operation,
                                                            StatementType type) const;
  std::shared_ptr<Statement> start(std::string_view sql, const Parameters& parameters,
                                   const ExecuteOptions& options, Reply reply, StatementType type,
                                   const base::CallContext& limits);
  std::shared_ptr<Statement> track(std::unique_ptr<protocol::Operation> operation,
                                   session::StatementSettings settings);
  Result open_listing(std::unique_ptr<protocol::Operation> operation, const ExecuteOptions& options,
                      std::shared_ptr<session::StatementObservers> observers,
                      const base::CallContext& limits);
  static void require_valid(const ExecuteOptions& options);
  base::CallContext limits_of(const ExecuteOptions& options) const;
  base::CallContext call_of(const ExecuteOptions& options) const;
  void require_open() const;
  std::shared_ptr<protocol::Session> listing_session(const base::CallContext& limits);
  std::function<Result()> inline_run_of(std::string_view sql, const Parameters& parameters,
                                        const ExecuteOptions& options);

  const std::shared_ptr<protocol::Session> session_;
  const result::CloudFetchEnvironment files_;
  const std::shared_ptr<const staging::Environment> staging_;
  const std::chrono::seconds server_timeout_;
  const std::shared_ptr<telemetry::ConnectionTelemetry> telemetry_;  // null where nothing is told
  base::Clock& clock_;
  std::atomic<bool> closed_ = false;
  std::atomic<bool> storage_is_unreachable_ = false;  // found out once, true for the session
  session::OpenStatements open_statements_;
  session::SideSession side_session_;
  session::Transactions transactions_;
};

}  // namespace dbsql
