#pragma once

#include "base/clock.h"
#include "config/native_types.h"
#include "protocol/backend.h"
#include "protocol/thrift/rpc.h"

#include <cstdint>
#include <memory>

namespace dbsql::protocol::thrift {

struct ThriftOptions {
  std::int64_t max_rows_per_fetch = 100'000;
  std::int64_t max_bytes_per_fetch = std::int64_t{100} << 20;
  bool lz4 = true;
  bool cloudfetch = true;
  bool arrow = true;  ///< false: column-based pages are asked for
  config::NativeTypes native_types;
};

/// Databricks SQL over TCLIService (reference/thrift.md).
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
  std::shared_ptr<Rpc> rpc_;
  ThriftOptions options_;
  base::Clock* clock_;
};

}  // namespace dbsql::protocol::thrift
