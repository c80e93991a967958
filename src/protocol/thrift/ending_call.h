#pragma once

#include <dbsql/error.h>

#include "observe/observer.h"

#include <atomic>

namespace dbsql::protocol::thrift {

/// Hears whether a COMMIT, or what else must not happen twice, was sent again after something had
/// answered it: then it may have been carried out before (reference/auth-http-config.md 7.6). A
/// gateway says 503 or 429 for a request that never arrived, but also in place of an answer that it
/// has lost; nobody can tell which.
///
/// Threads: safe from any thread.
class EarlierAttempts final : public observe::Observer {
 public:
  /// \param next  hears the same; may be null
  explicit EarlierAttempts(observe::Observer* next) : next_(next) {}

  void on(const observe::Event& event) noexcept override;
  bool may_have_run() const noexcept { return may_have_run_; }

 private:
  observe::Observer* const next_;
  std::atomic<bool> may_have_run_ = false;
};

/// Whether an answer says of the transaction that nothing of it was committed, by whichever of
/// several attempts.
bool says_not_committed(const Error& error) noexcept;

/// Whether the request may have been carried out although this is what came of its last attempt.
bool may_have_run(const Error& error) noexcept;

}  // namespace dbsql::protocol::thrift
