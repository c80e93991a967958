#pragma once

#include <dbsql/connection.h>

#include "base/clock.h"
#include "protocol/backend.h"
#include "result/cloudfetch/pipeline.h"

#include <chrono>
#include <memory>

namespace dbsql {

class Connection::Impl {
 public:
  Impl(std::shared_ptr<protocol::Session> session, result::CloudFetchEnvironment files,
       std::chrono::seconds server_timeout, base::Clock& clock)
      : session_(std::move(session)),
        id_(session_->id()),
        files_(std::move(files)),
        server_timeout_(server_timeout),
        clock_(&clock) {}

  Result query(std::string_view sql, const Parameters& parameters, const ExecuteOptions& options);
  const std::string& id() const noexcept { return id_; }
  bool is_open() const noexcept { return session_ != nullptr && !session_->is_dead(); }
  void close() noexcept;

 private:
  base::CallContext context_of(const ExecuteOptions& options) const;
  protocol::Session& session() const;

  std::shared_ptr<protocol::Session> session_;  // null after close()
  std::string id_;
  result::CloudFetchEnvironment files_;
  std::chrono::seconds server_timeout_;
  base::Clock* clock_;
};

}  // namespace dbsql
