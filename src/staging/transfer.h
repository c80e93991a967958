#pragma once

#include <dbsql/error.h>
#include <dbsql/staging.h>

#include "base/call_context.h"
#include "base/clock.h"
#include "http/client.h"
#include "staging/allowed_paths.h"
#include "staging/instruction.h"

#include <chrono>
#include <memory>

namespace dbsql::staging {

/// What transfers of one connection share.
struct Environment {
  /// Adds no credentials to anything: storage hosts must never see any.
  std::shared_ptr<const http::Client> client;
  AllowedPaths allowed_paths;
  /// Whether links to other machines may be plain http: only where the connection itself is.
  bool allow_insecure_http = false;
  /// Longest silence of a storage host.
  std::chrono::milliseconds silence_limit{120'000};
  base::Clock* clock = &base::Clock::system();
};

/// Whether the caller gave a stream or memory for the bytes of a file.
bool has_stream(const StagingOptions& options) noexcept;

/// The transfer that one staging answer asks for (reference/results.md 5.4).
///
/// Nothing is sent before everything local is in order: path allowed, file there and readable,
/// streams given where the statement names them and nowhere else.
/// Ownership: refers to options and environment, which outlive it.
class Transfer {
 public:
  /// \throws Error  PermissionDenied, NotFound, InvalidArgument ...: what is not in order
  Transfer(Instruction instruction, const StagingOptions& options, const Environment& environment);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Moves the file, with as many attempts as the retry options allow.
  /// \throws Error  of the storage host, with `http_status()` and its code as `error_class()`;
  /// LinkExpired when only a fresh answer can help, `retryable()` when the same bytes can be moved
  /// again: running the statement anew is the only way to another link (reference/results.md 5.5);
  /// TimeoutError, CancelledError as `call` demands
  StagingResult run(const base::CallContext& call);

 private:
  class Body;

  void move(const base::CallContext& call);
  http::Response send(const base::CallContext& call);
  void tell_of_failure(const Error& error, std::chrono::nanoseconds elapsed,
                       const base::CallContext& call) const;
  [[noreturn]] void fail(const Error& error);
  void require_moved(const http::Response& response) const;
  void report(const StagingResult& result, const base::CallContext& call) const;

  Instruction instruction_;
  const Environment& environment_;
  std::unique_ptr<Body> body_;  // null for REMOVE
};

}  // namespace dbsql::staging
