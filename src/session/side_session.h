#pragma once

#include "base/call_context.h"
#include "protocol/backend.h"

#include <functional>
#include <memory>
#include <mutex>

namespace dbsql::session {

/// A second session of a connection, for what the first one must not be asked while a transaction
/// is open there (reference/auth-http-config.md 7.5). Opened at the first need, closed with the
/// connection.
///
/// Threads: safe from any thread.
class SideSession {
 public:
  using Open = std::function<std::shared_ptr<protocol::Session>(const base::CallContext& call)>;

  /// \param open  empty = there may be none
  explicit SideSession(Open open) : open_(std::move(open)) {}

  /// \throws Error (NotSupported) when there may be none; of opening it
  std::shared_ptr<protocol::Session> get(const base::CallContext& call);
  void close() noexcept;

 private:
  const Open open_;
  std::mutex mutex_;
  std::shared_ptr<protocol::Session> session_;  // guarded by mutex_; null until needed
};

}  // namespace dbsql::session
