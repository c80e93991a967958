#pragma once

#include "arrow/c_data.h"
#include "base/call_context.h"
#include "base/clock.h"
#include "base/executor.h"
#include "observe/observer.h"
#include "protocol/backend.h"
#include "result/cloudfetch/download.h"
#include "result/cloudfetch/memory_budget.h"
#include "result/cloudfetch/server_clock.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace dbsql::result {

struct CloudFetchOptions {
  int threads = 0;  ///< parallel downloads; 0 = adaptive
  std::chrono::milliseconds stall_timeout{
      30'000};  ///< without a byte, a download is given up and repeated
  /// Links that expire sooner, by the server's clock, are renewed first; fresh ones are tried as
  /// they are.
  std::chrono::milliseconds refresh_margin{60'000};
  std::chrono::milliseconds retry_budget{300'000};  ///< of waiting, for each file
};

/// What a pipeline works with; the defaults are the process's own.
struct CloudFetchEnvironment {
  StartDownload start;
  std::shared_ptr<MemoryBudget> budget = MemoryBudget::process();
  base::Executor* executor = &base::Executor::cpu();
  base::Clock* clock = &base::Clock::system();
  CloudFetchOptions options;
  /// What copies of this environment have learnt of the servers' time, together.
  std::shared_ptr<ServerClock> server_clock = std::make_shared<ServerClock>();
  /// Hears of the files of one result; may be null.
  std::shared_ptr<observe::Observer> observer;
};

/// Asks the server for fresh links of the files from a row on.
using RefreshLinks = std::function<std::vector<protocol::ResultLink>(
    std::int64_t start_row, const base::CallContext& call)>;

/// Downloads the files of one result side by side, decodes them on the executor, and hands their
/// batches out in row order (reference/results.md 2.3).
///
///   add() -> slots in row order -> GET (I/O thread) -> decompress, decode (executor) -> next()
///
/// A file is decoded while it arrives: its first batches come out before its last byte is there.
/// Ownership: batches share the memory of their file and outlive the pipeline. The destructor
/// aborts what still runs. Threads: `add`, `wants_links`, `next` and `close` are for the consumer,
/// one thread at a time; completions come from
///   I/O and executor threads.
/// Errors: a file that cannot be had is reported when its turn comes, after all rows before it:
/// `LinkExpired`,
///   `Network`, `CorruptResult`. An error stays.
/// Cost: no thread of its own. Memory: within the budget, except for the file that the consumer
/// waits for, which may
///   always go ahead, so that every result makes progress.
class CloudFetchPipeline {
 public:
  /// \param schema  of the result; copied
  CloudFetchPipeline(const ArrowSchema& schema, CloudFetchEnvironment environment,
                     RefreshLinks refresh);
  ~CloudFetchPipeline();
  CloudFetchPipeline(const CloudFetchPipeline&) = delete;
  CloudFetchPipeline& operator=(const CloudFetchPipeline&) = delete;

  /// Appends the links of one page. \throws Error (CorruptResult) when rows are missing before or
  /// between them
  void add(std::vector<protocol::ResultLink> links);

  /// Whether more links would be of use now.
  bool wants_links() const;

  /// The next batch in row order, waiting for it as `call` allows; empty when all added links are
  /// used up.
  std::optional<arrow::UniqueArray> next(const base::CallContext& call);

  /// Whether the result failed because not one file could be had from storage at all: connections
  /// that do not come about, certificates of somebody else, a proxy that refuses, links refused
  /// however fresh. So it looks where a policy forbids the way to the storage host.
  bool storage_is_unreachable() const;

  /// Aborts downloads and frees what nobody holds. Never throws.
  void close() noexcept;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace dbsql::result
