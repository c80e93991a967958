#pragma once

#include <dbsql/error.h>

#include "arrow/ipc_reader.h"
#include "result/cloudfetch/parallelism.h"
#include "result/cloudfetch/pipeline.h"
#include "result/cloudfetch/slot.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace dbsql::result {

/// Everything that completions touch; it outlives the pipeline while any of them is under way.
///
/// pipeline.cc is the consumer's side, pipeline_downloads.cc schedules GETs and judges their ends,
/// pipeline_decoding.cc turns what has arrived into batches.
class CloudFetchPipeline::State : public std::enable_shared_from_this<State> {
 public:
  using TimePoint = base::Clock::TimePoint;

  State(const ArrowSchema& schema, CloudFetchEnvironment environment, RefreshLinks refresh)
      : schema_(std::make_shared<const arrow::UniqueSchema>(arrow::copy_schema(schema))),
        environment_(std::move(environment)),
        refresh_(std::move(refresh)),
        parallelism_(environment_.options.threads) {
    // A schema that no file can be decoded by is reported to the caller, not to an I/O thread.
    const arrow::StreamDecoder decoder(schema);
  }

  void add(std::vector<protocol::ResultLink> links);
  bool wants_links() const;
  std::optional<arrow::UniqueArray> next(const base::CallContext& call);
  bool storage_is_unreachable() const;
  void close() noexcept;

 private:
  struct Start {
    std::uint64_t sequence = 0;
    std::uint64_t transfer = 0;
    http::Request request;
  };

  // The consumer's side.
  std::optional<arrow::UniqueArray> take_batch_locked();
  bool head_has_news_locked() const;
  std::optional<arrow::UniqueArray> next_batch(const base::CallContext& call);
  void count_last_locked(std::int64_t next_start);
  void take_uncounted_locked();
  void append_locked(protocol::ResultLink link);
  void refuse_malformed_locked(Slot& slot);
  static void end_with_locked(Slot& slot, ErrorFields fields);
  void tell_of_consumption();
  void tell_of_failure(const Error& error);
  void wait_for_head(std::unique_lock<std::mutex>& lock, const base::CallContext& call);
  void renew_links(std::unique_lock<std::mutex>& lock, const base::CallContext& call);
  void apply_locked(std::vector<protocol::ResultLink> links);

  // Scheduling.
  void pump();
  void launch(const Start& start);
  std::vector<Start> choose_starts_locked();
  bool may_start_locked(Slot& slot, bool is_head);
  bool is_stale_locked(const Slot& slot) const;
  bool is_near_expiry_locked(const protocol::ResultLink& link) const;
  std::chrono::system_clock::time_point server_now_locked() const;
  void note_time_locked(const http::Reply& reply, TimePoint started);
  Start begin_locked(Slot& slot, std::uint64_t sequence);
  std::optional<TimePoint> next_event_locked() const;
  std::optional<TimePoint> hedge_time_locked(const Slot& slot) const;

  // Completions.
  void downloaded(std::uint64_t sequence, std::uint64_t transfer, http::Reply reply);
  std::vector<AbortDownload> absorb_locked(Slot& slot, std::uint64_t sequence,
                                           const Transfer& transfer, http::Reply reply);
  std::vector<AbortDownload> drop_transfers_locked(Slot& slot);
  std::optional<std::chrono::seconds> read_hint_locked(const http::Reply& reply);
  void retry_later_locked(Slot& slot, const http::Reply& reply);
  void hedge_later_locked(Slot& slot, const http::Reply& reply);
  void give_up_locked(Slot& slot, const http::Reply& reply);
  void fail_locked(Slot& slot, ErrorKind kind);
  void log_speed_locked(const Slot& slot, std::size_t size, std::chrono::nanoseconds duration);
  bool never_connects_locked(const Slot& slot, const http::Reply& reply) const;

  // Decoding.
  void grown(std::uint64_t sequence, std::uint64_t transfer, const base::Buffer& so_far);
  void feed_locked(Slot& slot, std::uint64_t sequence, std::uint64_t transfer,
                   const base::Buffer& so_far, bool is_complete);
  struct Decoded {
    std::vector<arrow::UniqueArray> batches;
    FileDecoder::HandedOut handed_out;
    DecodeWork work;  // of the whole file, once it is complete
    std::optional<Error> problem;
  };
  void run(std::uint64_t sequence, DecodeJob& job);
  static Decoded decode(DecodeJob& job, const base::Buffer& arrived, bool is_complete);
  void tell_of_file(std::uint64_t sequence, const DecodeJob& job, const DecodeWork& work);
  bool deliver(std::uint64_t sequence, const DecodeJob& job, Decoded decoded, bool is_complete);
  std::vector<AbortDownload> damaged_locked(Slot& slot, const Error& error);
  Slot* slot_of_locked(std::uint64_t sequence, const DecodeJob& job);

  Slot* find_locked(std::uint64_t sequence);
  TimePoint now() const { return environment_.clock->now(); }

  const std::shared_ptr<const arrow::UniqueSchema> schema_;
  const CloudFetchEnvironment environment_;
  const RefreshLinks refresh_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Slot> slots_;            // guarded by mutex_; front = the file being consumed
  std::uint64_t first_sequence_ = 0;  // guarded by mutex_; number of the front slot
  std::uint64_t next_transfer_ = 1;   // guarded by mutex_
  std::int64_t next_row_ = 0;         // guarded by mutex_; first row of the next link
  bool any_link_ = false;             // guarded by mutex_
  std::optional<protocol::ResultLink>
      uncounted_;                         // guarded by mutex_; the last one, if it has none
  int running_ = 0;                       // guarded by mutex_; downloads under way
  bool closed_ = false;                   // guarded by mutex_
  int slow_files_ = 0;                    // guarded by mutex_
  bool any_file_ = false;                 // guarded by mutex_; storage has served one
  bool unreachable_ = false;              // guarded by mutex_; and never will, as it seems
  Parallelism parallelism_;               // guarded by mutex_
  std::optional<std::uint64_t> told_of_;  // of the consumer: the file that it was last told to read
  std::deque<std::chrono::nanoseconds> durations_;  // guarded by mutex_; of the last downloads
};

}  // namespace dbsql::result
