#pragma once

#include "base/clock.h"
#include "base/timer.h"
#include "config/native_types.h"
#include "protocol/backend.h"
#include "protocol/thrift/rpc.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

namespace dbsql::tcli {
class TOpenSessionReq;
class TOpenSessionResp;
}  // namespace dbsql::tcli

namespace dbsql::protocol::thrift {

struct ThriftOptions {
  std::int64_t max_rows_per_fetch = 100'000;
  std::int64_t max_bytes_per_fetch = std::int64_t{100} << 20;
  bool lz4 = true;
  bool cloudfetch = true;
  bool arrow = true;  ///< false: column-based pages are asked for
  config::NativeTypes native_types;
  /// Longest silence about an open statement before the server is sent a heartbeat; 0 = none.
  std::chrono::milliseconds keep_alive_interval{60'000};
  base::Timer* timer = nullptr;  ///< sends heartbeats, on the backend's clock; null = none are sent
};

/// Databricks SQL over TCLIService (reference/thrift.md), and the servers whose protocol it grew
/// from: HiveServer2 and open-source Spark. Which one answers is found out when the first session
/// is opened.
///
/// Threads: safe from any thread.
class ThriftBackend final : public Backend {
 public:
  ThriftBackend(std::shared_ptr<Rpc> rpc, ThriftOptions options,
                base::Clock& clock = base::Clock::system())
      : rpc_(std::move(rpc)), options_(options), clock_(&clock) {}

  std::shared_ptr<Session> open_session(const SessionRequest& request,
                                        const base::CallContext& call) override;

 private:
  /// \param latency  receives how long the request took that was answered, here and below
  tcli::TOpenSessionResp negotiate(const SessionRequest& request, const base::CallContext& call,
                                   std::chrono::nanoseconds& latency);
  tcli::TOpenSessionResp open_on_hive(const SessionRequest& request, const Error& refusal,
                                      const base::CallContext& call,
                                      std::chrono::nanoseconds& latency);
  std::function<void(RpcReply)> close_when_late() const;
  tcli::TOpenSessionResp ask(const tcli::TOpenSessionReq& request, const base::CallContext& call,
                             std::chrono::nanoseconds& latency);

  static constexpr std::int32_t kNone = -1;
  std::shared_ptr<Rpc> rpc_;
  ThriftOptions options_;
  base::Clock* clock_;
  std::atomic<std::int32_t> hive_protocol_ = kNone;  // the version that a Hive server has taken
};

}  // namespace dbsql::protocol::thrift
