#pragma once

#include <dbsql/error.h>

#include "base/clock.h"
#include "protocol/backend.h"
#include "protocol/listing.h"
#include "protocol/thrift/backend.h"
#include "protocol/thrift/features.h"
#include "protocol/thrift/pending_closes.h"
#include "protocol/thrift/rpc.h"

#include <atomic>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace dbsql::tcli {
class TSessionHandle;
class TExecuteStatementReq;
class TCloseOperationReq;
}  // namespace dbsql::tcli

namespace dbsql::protocol::thrift {

inline constexpr Method kCloseSession{"CloseSession", http::RequestClass::Close};

class ThriftOperation;

/// One server session. Operations share it, so that results can be read after the connection object
/// is gone.
///
/// Threads: safe from any thread.
class ThriftSession final : public Session, public std::enable_shared_from_this<ThriftSession> {
 public:
  ThriftSession(std::shared_ptr<Rpc> rpc, const ThriftOptions& options, base::Clock& clock,
                tcli::TSessionHandle handle, Features features);
  ~ThriftSession() override;

  const std::string& id() const noexcept override { return id_; }
  std::unique_ptr<Operation> execute(const ExecuteRequest& request,
                                     const base::CallContext& call) override;
  std::unique_ptr<Operation> attach(const std::string& statement_id,
                                    std::shared_ptr<observe::Observer> observer,
                                    const base::CallContext& call) override;
  std::unique_ptr<Operation> list(const ListingRequest& request,
                                  const base::CallContext& call) override;
  bool is_dead() const noexcept override { return dead_; }
  const Namespace& initial_namespace() const noexcept override { return initial_namespace_; }
  void close() noexcept override;
  void close_by(base::CallContext::TimePoint until) noexcept override;
  void abandon() noexcept override;

  // For the session's operations.
  Rpc& rpc() noexcept { return *rpc_; }
  const std::shared_ptr<Rpc>& shared_rpc() const noexcept { return rpc_; }
  const ThriftOptions& options() const noexcept { return options_; }
  base::Clock& clock() noexcept { return *clock_; }
  const Features& features() const noexcept { return features_; }
  /// Frees an operation in the background; `close()` waits for it.
  /// \param on_answer  called once, on any thread, with whether the server has done it; may be
  /// empty
  void notify_close(const Method& method, const tcli::TCloseOperationReq& request,
                    const base::Trace& trace, std::function<void(bool is_done)> on_answer) noexcept;
  /// The namespace that the server has put the session into. Before the session is used.
  void begin_in(Namespace initial) { initial_namespace_ = std::move(initial); }
  /// Who hears of the session's end. Before the session is used.
  void tell(std::shared_ptr<observe::Observer> observer) noexcept {
    observer_ = std::move(observer);
  }
  /// Passes on the error in flight, with ids, and remembers when it says that the session is gone.
  /// \param outcome_unknown  set in the error, beside what it says already
  [[noreturn]] void rethrow(ErrorFields fields, const base::CallContext& call,
                            bool outcome_unknown);
  /// The same for a call that names the session itself, and no statement.
  [[noreturn]] void rethrow_of_session(const Error& error, const base::CallContext& call);

 private:
  std::function<void(RpcReply)> cancel_when_late(const base::Trace& trace) const;
  void end(const base::CallContext& call);
  RpcReply ask_listing(const ListingRequest& request, const base::CallContext& call);
  template <class Request>
  RpcReply ask_listing(const Method& method, Request wire, const base::CallContext& call);
  std::unique_ptr<ThriftOperation> submit(const Method& method, const ExecuteRequest& request,
                                          const base::CallContext& call);
  tcli::TExecuteStatementReq prepare(const ExecuteRequest& request) const;

  std::shared_ptr<Rpc> rpc_;
  ThriftOptions options_;
  base::Clock* clock_;
  std::unique_ptr<const tcli::TSessionHandle> handle_;
  Features features_;
  std::string id_;
  Namespace initial_namespace_;
  std::shared_ptr<PendingCloses> pending_closes_ = std::make_shared<PendingCloses>();
  std::shared_ptr<observe::Observer> observer_;
  std::atomic<bool> dead_ = false;
  std::atomic<bool> closed_ = false;
  std::stop_source abandoned_;  // ends a close that is under way
};

}  // namespace dbsql::protocol::thrift
