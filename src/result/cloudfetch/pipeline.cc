#include "result/cloudfetch/pipeline.h"

#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"
#include "http/retry_policy.h"
#include "http/url.h"
#include "result/cloudfetch/download_policy.h"
#include "result/cloudfetch/file_decoder.h"
#include "result/cloudfetch/parallelism.h"
#include "result/cloudfetch/slot.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <random>
#include <utility>

namespace dbsql::result {

namespace {

using TimePoint = base::Clock::TimePoint;
using std::chrono::milliseconds;

constexpr std::size_t kKnownLinks =
    128;  // links live for minutes: hoarding more would only let them expire
constexpr int kMostRefreshes = 3;
constexpr int kMostAttempts = 10;
constexpr std::size_t kUnknownSize = std::size_t{20} << 20;
constexpr auto kShortestHedge = std::chrono::seconds(5);
constexpr std::size_t kTimedDownloads = 16;

double random_unit() {
  thread_local std::minstd_rand engine{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(engine);
}

std::string host_of(const std::string& url) {
  const auto parsed = http::Url::parse(url);
  return parsed ? parsed->authority() : std::string("an unreadable address");
}

/// The decompressed file, and the compressed one beside it while it is being decoded.
std::size_t size_estimate(const protocol::ResultLink& link) {
  const auto size = link.size_bytes > 0 ? static_cast<std::size_t>(link.size_bytes) : kUnknownSize;
  return size + size / 5 * 2;
}

std::string describe(const http::Reply& reply) {
  if (const auto* failure = std::get_if<http::Failure>(&reply)) return failure->message;
  return base::concat("HTTP ", std::get<http::Response>(reply).status);
}

}  // namespace

/// Everything that completions touch; it outlives the pipeline while any of them is under way.
class CloudFetchPipeline::State : public std::enable_shared_from_this<State> {
 public:
  State(const ArrowSchema& schema, CloudFetchEnvironment environment, RefreshLinks refresh)
      : schema_(std::make_shared<const arrow::UniqueSchema>(arrow::copy_schema(schema))),
        environment_(std::move(environment)),
        refresh_(std::move(refresh)),
        parallelism_(environment_.options.threads) {}

  void add(std::vector<protocol::ResultLink> links);
  bool wants_links() const;
  std::optional<arrow::UniqueArray> next(const base::CallContext& call);
  void close() noexcept;

 private:
  struct Start {
    std::uint64_t sequence;
    std::uint64_t transfer;
    http::Request request;
  };

  // The consumer's side.
  std::optional<arrow::UniqueArray> take_batch_locked();
  bool head_has_news_locked() const;
  void wait_for_head(std::unique_lock<std::mutex>& lock, const base::CallContext& call);
  void renew_links(std::unique_lock<std::mutex>& lock, const base::CallContext& call);
  void apply_locked(std::vector<protocol::ResultLink> links);

  // Scheduling.
  void pump();
  std::vector<Start> choose_starts_locked();
  bool may_start_locked(Slot& slot, bool is_head);
  bool is_stale_locked(const Slot& slot) const;
  Start begin_locked(Slot& slot, std::uint64_t sequence);
  std::optional<TimePoint> next_event_locked() const;
  std::optional<TimePoint> hedge_time_locked(const Slot& slot) const;

  // Completions.
  void downloaded(std::uint64_t sequence, std::uint64_t transfer, http::Reply reply);
  std::vector<AbortDownload> absorb_locked(Slot& slot, std::uint64_t sequence,
                                           const Transfer& transfer, http::Reply reply);
  void decode(std::uint64_t sequence, base::Buffer body, std::int64_t row_count,
              std::size_t size_hint, MemoryBudget::Reservation reservation);
  void decoded_locked(Slot& slot, std::vector<arrow::UniqueArray> batches);
  void damaged_locked(Slot& slot, const Error& error);
  void retry_later_locked(Slot& slot, const http::Reply& reply);
  void fail_locked(Slot& slot, ErrorKind kind);

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
  int running_ = 0;                   // guarded by mutex_; downloads under way
  bool closed_ = false;               // guarded by mutex_
  Parallelism parallelism_;           // guarded by mutex_
  std::deque<std::chrono::nanoseconds> durations_;  // guarded by mutex_; of the last downloads
};

void CloudFetchPipeline::State::add(std::vector<protocol::ResultLink> links) {
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < links.size(); ++i) {
    protocol::ResultLink& link = links[i];
    if (!any_link_) next_row_ = link.start_row;
    any_link_ = true;
    if (link.start_row != next_row_)
      throw_error({.kind = ErrorKind::CorruptResult,
                   .message = base::concat("a result file starts at row ", link.start_row,
                                           " where row ", next_row_, " was expected")});
    // A count of 0 has been seen for files with rows: then the next file's start tells
    // (reference/results.md 2.3).
    if (link.row_count == 0 && i + 1 < links.size())
      link.row_count = links[i + 1].start_row - link.start_row;
    if (link.row_count < 0)
      throw_error(
          {.kind = ErrorKind::CorruptResult, .message = "result files overlap in their rows"});
    next_row_ += link.row_count;
    if (link.row_count == 0) continue;
    slots_.emplace_back().link = std::move(link);
  }
}

bool CloudFetchPipeline::State::wants_links() const {
  std::lock_guard lock(mutex_);
  const auto waiting = std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return slot.state == Slot::State::Waiting || slot.state == Slot::State::Stale;
  });
  return static_cast<std::size_t>(waiting) <
         std::min<std::size_t>(kKnownLinks, 2 * static_cast<std::size_t>(parallelism_.limit()));
}

Slot* CloudFetchPipeline::State::find_locked(std::uint64_t sequence) {
  if (sequence < first_sequence_ || sequence - first_sequence_ >= slots_.size()) return nullptr;
  return &slots_[static_cast<std::size_t>(sequence - first_sequence_)];
}

// ---------------------------------------------------------------------------------------- consumer

std::optional<arrow::UniqueArray> CloudFetchPipeline::State::take_batch_locked() {
  while (!slots_.empty()) {
    Slot& head = slots_.front();
    if (!head.batches.empty()) {
      arrow::UniqueArray batch = std::move(head.batches.front());
      head.batches.pop_front();
      return batch;
    }
    if (head.state == Slot::State::Failed) std::rethrow_exception(head.error);
    if (head.state != Slot::State::Ready) return std::nullopt;
    slots_.pop_front();
    ++first_sequence_;
  }
  return std::nullopt;
}

bool CloudFetchPipeline::State::head_has_news_locked() const {
  if (closed_ || slots_.empty()) return true;
  const Slot& head = slots_.front();
  return head.state == Slot::State::Ready || head.state == Slot::State::Failed ||
         head.state == Slot::State::Stale;
}

std::optional<arrow::UniqueArray> CloudFetchPipeline::State::next(const base::CallContext& call) {
  for (;;) {
    pump();
    std::unique_lock lock(mutex_);
    if (closed_) throw_error({.kind = ErrorKind::InvalidState, .message = "the result is closed"});
    if (auto batch = take_batch_locked()) return batch;
    if (slots_.empty()) return std::nullopt;
    if (slots_.front().state == Slot::State::Stale) {
      renew_links(lock, call);
    } else {
      wait_for_head(lock, call);
    }
  }
}

void CloudFetchPipeline::State::wait_for_head(std::unique_lock<std::mutex>& lock,
                                              const base::CallContext& call) {
  // Any change of state ends the wait: a download that has failed is due again after its backoff,
  // and the consumer is the one who keeps that time.
  const Slot::State awaited = slots_.front().state;
  const auto ready = [this, awaited] {
    return head_has_news_locked() || slots_.front().state != awaited;
  };
  if (const auto event = next_event_locked()) {
    environment_.clock->wait_at_most(lock, changed_, call, *event, ready);
  } else {
    environment_.clock->wait(lock, changed_, call, ready);
  }
}

void CloudFetchPipeline::State::renew_links(std::unique_lock<std::mutex>& lock,
                                            const base::CallContext& call) {
  Slot& head = slots_.front();
  if (head.refreshes++ >= kMostRefreshes) {
    fail_locked(head, ErrorKind::LinkExpired);
    return;
  }
  const std::int64_t start_row = head.link.start_row;
  lock.unlock();
  base::log(LogLevel::Debug, "cloudfetch", call,
            base::concat("asking for fresh links from row ", start_row, " on"));
  std::vector<protocol::ResultLink> links = refresh_(start_row, call);
  lock.lock();
  apply_locked(std::move(links));
}

void CloudFetchPipeline::State::apply_locked(std::vector<protocol::ResultLink> links) {
  // One answer serves every slot that has not been downloaded yet: links that expire together are
  // renewed together.
  for (Slot& slot : slots_) {
    if (slot.state != Slot::State::Waiting && slot.state != Slot::State::Stale) continue;
    const auto fresh = std::find_if(links.begin(), links.end(), [&](const auto& link) {
      return link.start_row == slot.link.start_row;
    });
    if (fresh == links.end()) continue;
    if (fresh->row_count != 0 && fresh->row_count != slot.link.row_count)
      throw_error({.kind = ErrorKind::CorruptResult,
                   .message = base::concat("the fresh link for row ", slot.link.start_row,
                                           " declares ", fresh->row_count,
                                           " rows, the old one declared ", slot.link.row_count)});
    const std::int64_t row_count = slot.link.row_count;
    slot.link = std::move(*fresh);
    slot.link.row_count = row_count;
    slot.state = Slot::State::Waiting;
  }
  if (!slots_.empty() && slots_.front().state == Slot::State::Stale)
    throw_error(
        {.kind = ErrorKind::LinkExpired,
         .message = base::concat("the server gave no fresh link for the rows from ",
                                 slots_.front().link.start_row, " on; run the statement again")});
}

// -------------------------------------------------------------------------------------- scheduling

void CloudFetchPipeline::State::pump() {
  std::vector<Start> starts;
  {
    std::lock_guard lock(mutex_);
    if (!closed_) starts = choose_starts_locked();
  }
  for (Start& start : starts) {
    AbortDownload abort =
        environment_.start(start.request, [self = shared_from_this(), sequence = start.sequence,
                                           transfer = start.transfer](http::Reply reply) {
          self->downloaded(sequence, transfer, std::move(reply));
        });
    std::unique_lock lock(mutex_);
    Slot* slot = closed_ ? nullptr : find_locked(start.sequence);
    const auto running = slot == nullptr ? nullptr : [&]() -> Transfer* {
      for (Transfer& transfer : slot->transfers)
        if (transfer.id == start.transfer) return &transfer;
      return nullptr;
    }();
    if (running != nullptr) {
      running->abort = std::move(abort);
    } else {
      lock.unlock();
      abort();  // it has ended, or nobody wants it any more
    }
  }
}

bool CloudFetchPipeline::State::is_stale_locked(const Slot& slot) const {
  return environment_.clock->system_now() + environment_.options.refresh_margin >= slot.link.expiry;
}

bool CloudFetchPipeline::State::may_start_locked(Slot& slot, bool is_head) {
  if (slot.reservation.size() != 0) return true;  // kept from an attempt that failed
  const std::size_t size = size_estimate(slot.link);
  // The file that the consumer waits for always goes ahead: otherwise a budget smaller than one
  // file, or batches that the consumer keeps, would stop everything.
  slot.reservation =
      is_head ? environment_.budget->force_reserve(size) : environment_.budget->try_reserve(size);
  return slot.reservation.size() != 0;
}

std::vector<CloudFetchPipeline::State::Start> CloudFetchPipeline::State::choose_starts_locked() {
  std::vector<Start> starts;
  const TimePoint time = now();
  const std::size_t window =
      std::min(slots_.size(), 2 * static_cast<std::size_t>(parallelism_.limit()));
  for (std::size_t i = 0; i < window; ++i) {
    Slot& slot = slots_[i];
    if (i == 0 && slot.state == Slot::State::Fetching && slot.transfers.size() == 1) {
      const auto hedge = hedge_time_locked(slot);
      if (hedge && *hedge <= time) starts.push_back(begin_locked(slot, first_sequence_));
      continue;
    }
    if (slot.state != Slot::State::Waiting || slot.not_before > time) continue;
    if (is_stale_locked(slot)) {
      slot.state = Slot::State::Stale;
      continue;
    }
    if (running_ >= parallelism_.limit() && i != 0) break;
    if (!may_start_locked(slot, i == 0)) break;
    starts.push_back(begin_locked(slot, first_sequence_ + i));
  }
  return starts;
}

CloudFetchPipeline::State::Start CloudFetchPipeline::State::begin_locked(Slot& slot,
                                                                         std::uint64_t sequence) {
  slot.state = Slot::State::Fetching;
  slot.transfers.push_back({.id = next_transfer_++, .started = now()});
  ++running_;
  Start start{.sequence = sequence, .transfer = slot.transfers.back().id};
  start.request.method = "GET";
  start.request.url = slot.link.url;
  start.request.headers =
      slot.link.headers;  // these and no others: storage must not see who we are
  start.request.name = "CloudFetch";
  start.request.request_class = http::RequestClass::Fetch;
  start.request.first_byte_timeout = environment_.options.stall_timeout;
  return start;
}

std::optional<TimePoint> CloudFetchPipeline::State::hedge_time_locked(const Slot& slot) const {
  if (durations_.empty() || slot.transfers.size() != 1) return std::nullopt;
  std::vector<std::chrono::nanoseconds> sorted(durations_.begin(), durations_.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return slot.transfers.front().started +
         std::max<std::chrono::nanoseconds>(3 * *middle, kShortestHedge);
}

std::optional<TimePoint> CloudFetchPipeline::State::next_event_locked() const {
  const Slot& head = slots_.front();
  if (head.state == Slot::State::Waiting) return std::max(head.not_before, now() + milliseconds(1));
  if (head.state == Slot::State::Fetching) return hedge_time_locked(head);
  return std::nullopt;
}

// ------------------------------------------------------------------------------------- completions

void CloudFetchPipeline::State::downloaded(std::uint64_t sequence, std::uint64_t transfer,
                                           http::Reply reply) {
  std::vector<AbortDownload> losers;
  {
    std::lock_guard lock(mutex_);
    Slot* slot = closed_ ? nullptr : find_locked(sequence);
    if (slot == nullptr) return;
    const auto found = std::find_if(slot->transfers.begin(), slot->transfers.end(),
                                    [&](const Transfer& one) { return one.id == transfer; });
    if (found == slot->transfers.end()) return;
    const Transfer ended = std::move(*found);
    slot->transfers.erase(found);
    --running_;
    losers = absorb_locked(*slot, sequence, ended, std::move(reply));
  }
  for (const AbortDownload& abort : losers) {
    if (abort) abort();
  }
  changed_.notify_all();
  pump();
}

std::vector<AbortDownload> CloudFetchPipeline::State::absorb_locked(Slot& slot,
                                                                    std::uint64_t sequence,
                                                                    const Transfer& transfer,
                                                                    http::Reply reply) {
  std::vector<AbortDownload> losers;
  const DownloadVerdict verdict = judge(reply);
  if (verdict != DownloadVerdict::Done && !slot.transfers.empty())
    return losers;  // its twin still runs
  switch (verdict) {
    case DownloadVerdict::Done: {
      for (Transfer& loser : slot.transfers) {
        losers.push_back(std::move(loser.abort));
        --running_;
      }
      slot.transfers.clear();
      auto& response = std::get<http::Response>(reply);
      durations_.push_back(now() - transfer.started);
      if (durations_.size() > kTimedDownloads) durations_.pop_front();
      parallelism_.completed(response.body.size(), now());
      slot.state = Slot::State::Decoding;
      environment_.executor->post(
          [self = shared_from_this(), sequence, body = std::move(response.body),
           rows = slot.link.row_count,
           hint = static_cast<std::size_t>(std::max<std::int64_t>(slot.link.size_bytes, 0)),
           reservation =
               std::make_shared<MemoryBudget::Reservation>(std::move(slot.reservation))]() mutable {
            self->decode(sequence, std::move(body), rows, hint, std::move(*reservation));
          });
      break;
    }
    case DownloadVerdict::Retry:
      retry_later_locked(slot, reply);
      break;
    case DownloadVerdict::Refresh:
      slot.last_problem = describe(reply);
      slot.last_status = std::get<http::Response>(reply).status;
      ++slot.attempts;
      slot.state = Slot::State::Stale;
      break;
    case DownloadVerdict::Fatal:
      slot.last_problem = describe(reply);
      ++slot.attempts;
      if (const auto* response = std::get_if<http::Response>(&reply))
        slot.last_status = response->status;
      fail_locked(
          slot, std::holds_alternative<http::Failure>(reply) ? ErrorKind::Tls : ErrorKind::Network);
      break;
  }
  return losers;
}

void CloudFetchPipeline::State::retry_later_locked(Slot& slot, const http::Reply& reply) {
  std::optional<std::chrono::seconds> hint;
  if (const auto* response = std::get_if<http::Response>(&reply)) {
    slot.last_status = response->status;
    hint = http::parse_retry_after(http::find_header(response->headers, "retry-after"),
                                   environment_.clock->system_now());
    if (response->status == 503 || response->status == 429) parallelism_.slow_down();
  }
  slot.last_problem = describe(reply);
  const milliseconds wait = download_backoff(++slot.attempts, random_unit(), hint);
  slot.waited += wait;
  if (slot.attempts >= kMostAttempts || slot.waited > environment_.options.retry_budget) {
    fail_locked(slot, ErrorKind::Network);
    return;
  }
  base::log(LogLevel::Info, "cloudfetch",
            base::concat("download from ", host_of(slot.link.url), " failed (", slot.last_problem,
                         "); attempt ", slot.attempts + 1, " in ", wait.count(), " ms"));
  slot.not_before = now() + wait;
  slot.state = Slot::State::Waiting;
}

void CloudFetchPipeline::State::fail_locked(Slot& slot, ErrorKind kind) {
  ErrorFields fields{.kind = kind, .http_status = slot.last_status, .attempts = slot.attempts};
  fields.message =
      base::concat("the result file with the rows from ", slot.link.start_row,
                   " on could not be downloaded from ", host_of(slot.link.url), ": ",
                   slot.last_problem.empty() ? "its link has expired" : slot.last_problem, " (",
                   slot.attempts, " attempts, ", slot.refreshes, " fresh links)");
  try {
    throw_error(std::move(fields));
  } catch (...) {
    slot.error = std::current_exception();
  }
  slot.state = Slot::State::Failed;
  slot.reservation.release();
}

void CloudFetchPipeline::State::decode(std::uint64_t sequence, base::Buffer body,
                                       std::int64_t row_count, std::size_t size_hint,
                                       MemoryBudget::Reservation reservation) {
  std::vector<arrow::UniqueArray> batches;
  std::optional<Error> problem;
  try {
    batches = decode_file(body, **schema_, row_count, size_hint, std::move(reservation));
  } catch (const Error& error) {
    problem = error;
  } catch (const std::bad_alloc&) {
    problem =
        Error({.kind = ErrorKind::ResourceExhausted,
               .message = "there is no memory for a result file; lower result.memory_budget"});
  }
  {
    std::lock_guard lock(mutex_);
    Slot* slot = closed_ ? nullptr : find_locked(sequence);
    if (slot == nullptr) return;
    if (problem) {
      damaged_locked(*slot, *problem);
    } else {
      decoded_locked(*slot, std::move(batches));
    }
  }
  changed_.notify_all();
  pump();
}

void CloudFetchPipeline::State::decoded_locked(Slot& slot,
                                               std::vector<arrow::UniqueArray> batches) {
  for (arrow::UniqueArray& batch : batches) slot.batches.push_back(std::move(batch));
  slot.state = Slot::State::Ready;
}

void CloudFetchPipeline::State::damaged_locked(Slot& slot, const Error& error) {
  // One fresh download is cheap and mends what a middle box has damaged (reference/results.md 2.5).
  if (error.kind() == ErrorKind::CorruptResult && !slot.decoded_once) {
    slot.decoded_once = true;
    slot.state = Slot::State::Waiting;
    base::log(LogLevel::Warn, "cloudfetch",
              base::concat("a result file was damaged and is downloaded again: ", error.message()));
    return;
  }
  slot.error = std::make_exception_ptr(error);
  try {
    throw_error(error.fields());
  } catch (...) {
    slot.error = std::current_exception();
  }
  slot.state = Slot::State::Failed;
}

void CloudFetchPipeline::State::close() noexcept {
  std::deque<Slot> slots;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    slots.swap(slots_);
    running_ = 0;
  }
  changed_.notify_all();
  for (Slot& slot : slots) {
    for (const Transfer& transfer : slot.transfers) {
      if (transfer.abort) transfer.abort();
    }
  }
}

// -------------------------------------------------------------------------------------------
// facade

CloudFetchPipeline::CloudFetchPipeline(const ArrowSchema& schema, CloudFetchEnvironment environment,
                                       RefreshLinks refresh)
    : state_(std::make_shared<State>(schema, std::move(environment), std::move(refresh))) {}
CloudFetchPipeline::~CloudFetchPipeline() { close(); }
void CloudFetchPipeline::add(std::vector<protocol::ResultLink> links) {
  state_->add(std::move(links));
}
bool CloudFetchPipeline::wants_links() const { return state_->wants_links(); }
std::optional<arrow::UniqueArray> CloudFetchPipeline::next(const base::CallContext& call) {
  return state_->next(call);
}
void CloudFetchPipeline::close() noexcept { state_->close(); }

}  // namespace dbsql::result
