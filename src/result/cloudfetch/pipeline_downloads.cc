#include "base/log.h"
#include "base/text.h"
#include "http/retry_policy.h"
#include "http/url.h"
#include "result/cloudfetch/download_policy.h"
#include "result/cloudfetch/pipeline_state.h"

#include <algorithm>
#include <exception>
#include <new>
#include <random>
#include <utility>

/// The pipeline's downloads: which to start when, and what their ends mean.
namespace dbsql::result {

namespace {

using std::chrono::milliseconds;

constexpr int kMostAttempts = 10;
constexpr std::size_t kUnknownSize = std::size_t{20} << 20;
constexpr auto kShortestHedge = std::chrono::seconds(5);
constexpr int kMostHedges = 3;  // of one file, one at a time
constexpr std::size_t kTimedDownloads = 16;
constexpr int kNotFound = 404;
constexpr double kSlowBytesPerSecond = 0.1 * (1 << 20);   // reference/results.md 2.3, "Speed log"
constexpr std::size_t kSlowFile = std::size_t{64} << 10;  // smaller ones tell nothing
constexpr int kSlowFilesPerWarning = 10;
constexpr int kConnectAttempts = 3;  // to a storage host that has never answered

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
  return size + size / 4 * 3;
}

/// Whether somebody on the way does not let us through: the storage's certificate, or a proxy that
/// refuses us. Other failures that last are of this process or of the reply.
bool is_barred(const http::Failure& failure) {
  constexpr std::string_view kRefusedByProxy = "08001";
  return failure.kind == ErrorKind::Tls || failure.sqlstate == kRefusedByProxy;
}

std::string describe(const http::Reply& reply) {
  if (const auto* failure = std::get_if<http::Failure>(&reply)) return failure->message;
  return base::concat("HTTP ", std::get<http::Response>(reply).status);
}

}  // namespace

void CloudFetchPipeline::State::pump() {
  std::vector<Start> starts;
  {
    std::lock_guard lock(mutex_);
    if (!closed_) starts = choose_starts_locked();
  }
  for (const Start& start : starts) launch(start);
}

/// Whoever comes here, an I/O thread among others, is not the one to hear that a download could not
/// even be started: that ends the download, and is reported when its file's turn comes.
void CloudFetchPipeline::State::launch(const Start& start) {
  const auto never_started = [&](ErrorKind kind, std::string message) {
    downloaded(start.sequence, start.transfer,
               http::Failure{.kind = kind, .message = std::move(message), .permanent = true});
  };
  AbortDownload abort;
  try {
    abort = environment_.start(start.request, [self = shared_from_this(), sequence = start.sequence,
                                               transfer = start.transfer](http::Reply reply) {
      self->downloaded(sequence, transfer, std::move(reply));
    });
  } catch (const Error& error) {
    return never_started(error.kind(), error.message());
  } catch (const std::bad_alloc&) {
    return never_started(ErrorKind::ResourceExhausted, "there is no memory for another download");
  } catch (const std::exception& error) {
    return never_started(ErrorKind::Internal, error.what());
  }
  std::unique_lock lock(mutex_);
  Slot* slot = closed_ ? nullptr : find_locked(start.sequence);
  if (Transfer* running = slot == nullptr ? nullptr : slot->find_transfer(start.transfer)) {
    running->abort = std::move(abort);
  } else {
    lock.unlock();
    abort();  // it has ended, or nobody wants it any more
  }
}

bool CloudFetchPipeline::State::is_stale_locked(const Slot& slot) const {
  return !slot.ignores_expiry && is_near_expiry_locked(slot.link);
}

bool CloudFetchPipeline::State::is_near_expiry_locked(const protocol::ResultLink& link) const {
  return server_now_locked() + environment_.options.refresh_margin >= link.expiry;
}

std::chrono::system_clock::time_point CloudFetchPipeline::State::server_now_locked() const {
  return environment_.server_clock->at(environment_.clock->system_now());
}

/// Every reply tells the time of its server.
void CloudFetchPipeline::State::note_time_locked(const http::Reply& reply, TimePoint started) {
  const auto* response = std::get_if<http::Response>(&reply);
  if (response == nullptr) return;
  const auto until = environment_.clock->system_now();
  const auto took = std::chrono::duration_cast<decltype(until)::duration>(now() - started);
  environment_.server_clock->note(response->headers, until - took, until);
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
  const auto time = now();
  const std::size_t window =
      std::min(slots_.size(), 2 * static_cast<std::size_t>(parallelism_.limit()));
  for (std::size_t i = 0; i < window; ++i) {
    Slot& slot = slots_[i];
    if (i == 0 && slot.state == Slot::State::Fetching && slot.transfers.size() == 1) {
      const auto hedge = hedge_time_locked(slot);
      if (hedge && *hedge <= time) {
        ++slot.hedges;
        starts.push_back(begin_locked(slot, first_sequence_));
      }
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
  start.request.on_body_growth = [state = weak_from_this(), sequence,
                                  transfer = start.transfer](const base::Buffer& so_far) {
    if (const auto self = state.lock()) self->grown(sequence, transfer, so_far);
  };
  return start;
}

auto CloudFetchPipeline::State::hedge_time_locked(const Slot& slot) const
    -> std::optional<TimePoint> {
  const bool may_hedge = !durations_.empty() && slot.transfers.size() == 1 &&
                         slot.hedges < kMostHedges && !is_stale_locked(slot);
  if (!may_hedge) return std::nullopt;
  std::vector<std::chrono::nanoseconds> sorted(durations_.begin(), durations_.end());
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  const TimePoint overdue = slot.transfers.front().started +
                            std::max<std::chrono::nanoseconds>(3 * *middle, kShortestHedge);
  return std::max(overdue, slot.no_hedge_before);
}

auto CloudFetchPipeline::State::next_event_locked() const -> std::optional<TimePoint> {
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
  note_time_locked(reply, transfer.started);
  const DownloadVerdict verdict = judge(reply);
  if (verdict != DownloadVerdict::Done) {
    // What came of it is out already, or worth nothing without the rest.
    if (slot.job && slot.job->transfer == transfer.id) slot.job.reset();
    if (!slot.transfers.empty()) {  // its twin still runs
      hedge_later_locked(slot, reply);
      return {};
    }
  }
  switch (verdict) {
    case DownloadVerdict::Done: {
      const auto& response = std::get<http::Response>(reply);
      any_file_ = true;
      durations_.push_back(now() - transfer.started);
      if (durations_.size() > kTimedDownloads) durations_.pop_front();
      parallelism_.completed(response.body.size(), now());
      log_speed_locked(slot, response.body.size(), now() - transfer.started);
      slot.fetched_since = transfer.started;
      slot.wire_bytes = static_cast<std::int64_t>(response.body.size());
      slot.state = Slot::State::Decoding;
      if (slot.job && slot.job->transfer != transfer.id) slot.job.reset();  // its twin was faster
      feed_locked(slot, sequence, transfer.id, response.body, true);
      return drop_transfers_locked(slot);
    }
    case DownloadVerdict::Retry:
      retry_later_locked(slot, reply);
      break;
    case DownloadVerdict::Refresh:
      slot.last_problem = describe(reply);
      slot.last_status = std::get<http::Response>(reply).status;
      ++slot.attempts;
      slot.state = Slot::State::Stale;
      // The file may have moved with its link, but not twice.
      if (slot.last_status == kNotFound && slot.refreshes > 0)
        fail_locked(slot, ErrorKind::Network);
      break;
    case DownloadVerdict::Fatal:
      give_up_locked(slot, reply);
      break;
  }
  return {};
}

std::vector<AbortDownload> CloudFetchPipeline::State::drop_transfers_locked(Slot& slot) {
  std::vector<AbortDownload> dropped;
  for (Transfer& transfer : slot.transfers) {
    dropped.push_back(std::move(transfer.abort));
    --running_;
  }
  slot.transfers.clear();
  return dropped;
}

void CloudFetchPipeline::State::log_speed_locked(const Slot& slot, std::size_t size,
                                                 std::chrono::nanoseconds duration) {
  const double seconds = std::max(std::chrono::duration<double>(duration).count(), 1e-6);
  const double speed = static_cast<double>(size) / seconds;
  const bool is_slow = size >= kSlowFile && speed < kSlowBytesPerSecond;
  const bool warns = is_slow && slow_files_++ % kSlowFilesPerWarning == 0;
  const LogLevel level = warns ? LogLevel::Warn : LogLevel::Debug;
  if (!base::log_enabled(level)) return;
  const auto whole = [](double value) { return static_cast<std::int64_t>(value); };
  base::log(level, "cloudfetch",
            base::concat(warns ? "downloads are slow: " : "", size, " bytes came from ",
                         host_of(slot.link.url), " in ", whole(seconds * 1000), " ms (",
                         whole(speed / 1024), " KiB/s)"));
}

/// Whether it is time to believe that connections to storage are not let through.
bool CloudFetchPipeline::State::never_connects_locked(const Slot& slot,
                                                      const http::Reply& reply) const {
  const auto* failure = std::get_if<http::Failure>(&reply);
  return failure != nullptr && !failure->bytes_sent && !any_file_ &&
         slot.attempts >= kConnectAttempts;
}

/// How long the storage asks to be left alone.
std::optional<std::chrono::seconds> CloudFetchPipeline::State::read_hint_locked(
    const http::Reply& reply) {
  const auto* response = std::get_if<http::Response>(&reply);
  if (response == nullptr) return std::nullopt;
  if (response->status == 503 || response->status == 429) parallelism_.slow_down();
  return http::parse_retry_after(http::find_header(response->headers, "retry-after"),
                                 server_now_locked());
}

/// Of a download and its twin one has failed: the other one goes on alone for a while.
void CloudFetchPipeline::State::hedge_later_locked(Slot& slot, const http::Reply& reply) {
  const milliseconds wait = download_backoff(slot.hedges, random_unit(), read_hint_locked(reply));
  slot.no_hedge_before = now() + std::max<milliseconds>(wait, kShortestHedge);
  base::log(LogLevel::Debug, "cloudfetch",
            base::concat("a second download from ", host_of(slot.link.url), " failed (",
                         describe(reply), "); the first one goes on"));
}

void CloudFetchPipeline::State::retry_later_locked(Slot& slot, const http::Reply& reply) {
  if (const auto* response = std::get_if<http::Response>(&reply))
    slot.last_status = response->status;
  const auto hint = read_hint_locked(reply);
  slot.last_problem = describe(reply);
  const milliseconds wait = download_backoff(++slot.attempts, random_unit(), hint);
  slot.waited += wait;
  if (never_connects_locked(slot, reply)) unreachable_ = true;
  if (unreachable_ || slot.attempts >= kMostAttempts ||
      slot.waited > environment_.options.retry_budget) {
    fail_locked(slot, ErrorKind::Network);
    return;
  }
  base::log(LogLevel::Info, "cloudfetch",
            base::concat("download from ", host_of(slot.link.url), " failed (", slot.last_problem,
                         "); attempt ", slot.attempts + 1, " in ", wait.count(), " ms"));
  slot.not_before = now() + wait;
  slot.state = Slot::State::Waiting;
}

/// Repeating cannot help.
void CloudFetchPipeline::State::give_up_locked(Slot& slot, const http::Reply& reply) {
  slot.last_problem = describe(reply);
  ++slot.attempts;
  const auto* failure = std::get_if<http::Failure>(&reply);
  if (failure == nullptr) {
    slot.last_status = std::get<http::Response>(reply).status;
    return fail_locked(slot, ErrorKind::Network);
  }
  if (!any_file_ && is_barred(*failure)) unreachable_ = true;
  fail_locked(slot, failure->kind);
}

void CloudFetchPipeline::State::fail_locked(Slot& slot, ErrorKind kind) {
  ErrorFields fields{.kind = kind, .http_status = slot.last_status, .attempts = slot.attempts};
  if (!any_file_ && (slot.last_status == 401 || slot.last_status == 403)) unreachable_ = true;
  fields.message =
      base::concat("the result file with the rows from ", slot.link.start_row,
                   " on could not be downloaded from ", host_of(slot.link.url), ": ",
                   slot.last_problem.empty() ? "its link has expired" : slot.last_problem, " (",
                   slot.attempts, " attempts, ", slot.refreshes, " fresh links)");
  end_with_locked(slot, std::move(fields));
}

}  // namespace dbsql::result
