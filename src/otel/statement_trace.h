#pragma once

#include <dbsql/error.h>

#include "base/call_context.h"
#include "base/clock.h"
#include "observe/observer.h"
#include "otel/connection_trace.h"
#include "otel/span.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::otel {

/// What is known of a statement before it is sent.
struct StatementFacts {
  std::string operation;               ///< `SELECT`, `LIST_TABLES`: of a small set of words
  std::string sql;                     ///< left out unless the settings say otherwise
  std::optional<TraceContext> parent;  ///< the caller's; nothing = a new trace begins
};

/// What one statement tells its connection's collector: the span `db.query`, below it `db.fetch`
/// for each page and `db.cloudfetch.chunk` for each file, and its share of the figures.
///
/// Where the caller's trace is not sampled there are figures, but no spans.
/// Threads: safe from any thread. Cost: on the caller's thread, a few notes and, for each span, one
/// entry in a queue.
class StatementTrace final : public observe::Observer {
 public:
  /// Spans of pages and files; the rest are counted in the statement's own.
  static constexpr int kMostChildren = 128;
  static constexpr std::size_t kLongestSql = 16 << 10;

  StatementTrace(const std::shared_ptr<ConnectionTrace>& connection, StatementFacts facts);
  ~StatementTrace() override { end(); }
  StatementTrace(const StatementTrace&) = delete;
  StatementTrace& operator=(const StatementTrace&) = delete;

  void on(const observe::Event& event) noexcept override;

  /// For the statement's requests to the warehouse.
  const base::Trace& headers() const noexcept { return headers_; }

 private:
  using TimePoint = base::Clock::TimePoint;

  void take_locked(const observe::RequestRepeated& event);
  void take_locked(const observe::StatementSubmitted& event);
  void take_locked(const observe::StatementPolled& event);
  void take_locked(const observe::PageReceived& event);
  void take_locked(const observe::ChunkReceived& event);
  void take_locked(const observe::ChunkFailed& event);
  void take_locked(const observe::RowsDelivered& event);
  void take_locked(const observe::RowsExhausted& event);
  void take_locked(const observe::StagingTransferred& event);
  void take_locked(const observe::CancelAsked& event);
  void take_locked(const observe::Failed& event);
  void take_locked(const observe::StatementEnded& event);
  template <class Other>
  void take_locked(const Other&) {}

  void end() noexcept;
  void finish_locked();
  Span child_locked(std::string_view name, std::chrono::nanoseconds latency);
  void add_child_locked(Span span);
  std::chrono::system_clock::time_point at(TimePoint time) const;

  std::mutex mutex_;
  std::shared_ptr<Exporter> exporter_;  // guarded by mutex_; let go when the statement is over
  base::Clock& clock_;
  const TimePoint started_;
  const std::chrono::system_clock::time_point started_at_;
  const std::string operation_;
  Span span_;                  // guarded by mutex_
  const base::Trace headers_;  // of `span_`
  std::int64_t rows_ = 0;      // guarded by mutex_
  int polls_ = 0;              // guarded by mutex_
  int retries_ = 0;            // guarded by mutex_
  int children_ = 0;           // guarded by mutex_
  int cancels_ = 0;            // guarded by mutex_
  bool is_over_ = false;       // guarded by mutex_
};

}  // namespace dbsql::otel
