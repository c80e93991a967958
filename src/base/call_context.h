#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace dbsql::observe {
class Observer;
}

namespace dbsql::base {

/// The headers that tie a request to a trace, as W3C Trace Context has them.
struct TraceHeaders {
  std::string parent;  ///< `traceparent`
  std::string state;   ///< `tracestate`; empty = none
};
using Trace = std::shared_ptr<const TraceHeaders>;  ///< null = none

/// What every call that can wait carries from the public entry point down to the innermost wait.
///
/// Copies are cheap enough to make once per public call; inner layers take it by const reference.
struct CallContext {
  using TimePoint = std::chrono::steady_clock::time_point;

  std::optional<TimePoint> deadline;  ///< on the connection's `Clock`
  std::stop_token stop;
  std::string connection_id;
  std::string correlation_id;
  std::string statement_id;
  Trace trace;                            ///< for requests to the warehouse, and nobody else
  observe::Observer* observer = nullptr;  ///< outlives the call; null = nobody listens

  /// The same call with a deadline no later than `limit`.
  CallContext bounded_by(TimePoint limit) const {
    CallContext bounded = *this;
    if (!bounded.deadline || *bounded.deadline > limit) bounded.deadline = limit;
    return bounded;
  }
};

}  // namespace dbsql::base
