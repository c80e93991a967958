#pragma once

#include "base/clock.h"
#include "protocol/backend.h"
#include "protocol/thrift/backend.h"
#include "protocol/thrift/features.h"
#include "protocol/thrift/rpc.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace dbsql::tcli {
class TSessionHandle;
class TExecuteStatementReq;
}  // namespace dbsql::tcli

namespace dbsql::protocol::thrift {

/// One server session. Operations share it, so that results can be read after the connection object
/// is gone.
class ThriftSession final : public Session, public std::enable_shared_from_this<ThriftSession> {
 public:
  ThriftSession(std::shared_ptr<Rpc> rpc, const ThriftOptions& options, base::Clock& clock,
                tcli::TSessionHandle handle, Features features);
  ~ThriftSession() override;

  const std::string& id() const noexcept override { return id_; }
  std::unique_ptr<Operation> execute(const ExecuteRequest& request,
                                     const base::CallContext& call) override;
  bool is_dead() const noexcept override { return dead_; }
  void close() noexcept override;

  // For the session's operations.
  Rpc& rpc() noexcept { return *rpc_; }
  const ThriftOptions& options() const noexcept { return options_; }
  base::Clock& clock() noexcept { return *clock_; }
  const Features& features() const noexcept { return features_; }
  /// Passes on the error in flight, with ids, and remembers when it says that the session is gone.
  /// \param outcome_unknown  set in the error, beside what it says already
  [[noreturn]] void rethrow(const Error& error, const base::CallContext& call,
                            bool outcome_unknown = false);

 private:
  std::function<void(RpcReply)> cancel_when_late() const;
  tcli::TExecuteStatementReq prepare(const ExecuteRequest& request) const;

  std::shared_ptr<Rpc> rpc_;
  ThriftOptions options_;
  base::Clock* clock_;
  std::unique_ptr<const tcli::TSessionHandle> handle_;
  Features features_;
  std::string id_;
  std::atomic<bool> dead_ = false;
  std::atomic<bool> closed_ = false;
};

}  // namespace dbsql::protocol::thrift
