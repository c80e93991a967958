#include "result/cloudfetch/pipeline.h"

#include <dbsql/error.h>

#include "base/log.h"
#include "base/text.h"
#include "http/clean_header.h"
#include "http/url.h"
#include "result/cloudfetch/pipeline_state.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace dbsql::result {

namespace {

constexpr std::size_t kKnownLinks =
    128;  // links live for minutes: hoarding more would only let them expire
constexpr int kMostRefreshes = 3;
constexpr std::int64_t kEndOfRows = std::numeric_limits<std::int64_t>::max();

/// Why nobody can follow a link; empty for one that is well-formed.
std::string_view defect_of(const protocol::ResultLink& link) {
  if (!http::Url::parse(link.url)) return "its address is no http or https URL";
  if (!std::all_of(link.headers.begin(), link.headers.end(), http::is_clean))
    return "one of its headers has no name or contains a line break";
  return {};
}

[[noreturn]] void throw_overlap() {
  throw_error({.kind = ErrorKind::CorruptResult, .message = "result files overlap in their rows"});
}

}  // namespace

void CloudFetchPipeline::State::add(std::vector<protocol::ResultLink> links) {
  std::lock_guard lock(mutex_);
  for (protocol::ResultLink& link : links) {
    if (!std::exchange(any_link_, true)) next_row_ = link.start_row;
    count_last_locked(link.start_row);
    if (link.start_row != next_row_)
      throw_error({.kind = ErrorKind::CorruptResult,
                   .message = base::concat("a result file starts at row ", link.start_row,
                                           " where row ", next_row_, " was expected")});
    if (link.row_count < 0) throw_overlap();
    next_row_ += link.row_count;
    if (link.row_count == 0) {
      uncounted_ = std::move(link);
    } else {
      append_locked(std::move(link));
    }
  }
}

/// A count of 0 has been seen for files with rows: then the next file's start tells
/// (reference/results.md 2.3).
void CloudFetchPipeline::State::count_last_locked(std::int64_t next_start) {
  if (!uncounted_) return;
  protocol::ResultLink link = *std::exchange(uncounted_, std::nullopt);
  link.row_count = next_start - link.start_row;
  if (link.row_count < 0) throw_overlap();
  next_row_ = next_start;
  if (link.row_count > 0) append_locked(std::move(link));
}

/// Nothing came after a link without a count: its file holds as many rows as it holds. Whatever
/// comes after this cannot be in order.
void CloudFetchPipeline::State::take_uncounted_locked() {
  protocol::ResultLink link = *std::exchange(uncounted_, std::nullopt);
  if (link.url.empty()) return;  // a place-holder in a result without rows
  link.row_count = FileDecoder::kAllRows;
  next_row_ = kEndOfRows;
  append_locked(std::move(link));
}

void CloudFetchPipeline::State::append_locked(protocol::ResultLink link) {
  Slot& slot = slots_.emplace_back();
  slot.link = std::move(link);
  refuse_malformed_locked(slot);
}

/// A link that nobody can follow fails its own file alone: the rows before it are delivered.
void CloudFetchPipeline::State::refuse_malformed_locked(Slot& slot) {
  const std::string_view defect = defect_of(slot.link);
  if (defect.empty()) return;
  end_with_locked(slot,
                  {.kind = ErrorKind::CorruptResult,
                   .message = base::concat("the server's link to the result file with the "
                                           "rows from ",
                                           slot.link.start_row, " on cannot be used: ", defect)});
}

/// The error is kept until somebody reads up to it.
void CloudFetchPipeline::State::end_with_locked(Slot& slot, ErrorFields fields) {
  try {
    throw_error(std::move(fields));
  } catch (...) {
    slot.error = std::current_exception();
  }
  slot.state = Slot::State::Failed;
  slot.reservation.release();
}

bool CloudFetchPipeline::State::wants_links() const {
  std::lock_guard lock(mutex_);
  const auto waiting = std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return slot.state == Slot::State::Waiting || slot.state == Slot::State::Stale;
  });
  return static_cast<std::size_t>(waiting) <
         std::min<std::size_t>(kKnownLinks, 2 * static_cast<std::size_t>(parallelism_.limit()));
}

bool CloudFetchPipeline::State::storage_is_unreachable() const {
  std::lock_guard lock(mutex_);
  return unreachable_;
}

Slot* CloudFetchPipeline::State::find_locked(std::uint64_t sequence) {
  if (sequence < first_sequence_ || sequence - first_sequence_ >= slots_.size()) return nullptr;
  return &slots_[static_cast<std::size_t>(sequence - first_sequence_)];
}

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
  return !head.batches.empty() || head.state == Slot::State::Ready ||
         head.state == Slot::State::Failed || head.state == Slot::State::Stale;
}

std::optional<arrow::UniqueArray> CloudFetchPipeline::State::next(const base::CallContext& call) {
  if (!environment_.observer) return next_batch(call);
  try {
    auto batch = next_batch(call);
    if (batch) tell_of_consumption();
    return batch;
  } catch (const Error& error) {
    tell_of_failure(error);
    throw;
  }
}

/// The batch that was just handed out is of the file at the front.
void CloudFetchPipeline::State::tell_of_consumption() {
  std::uint64_t sequence = 0;
  {
    std::lock_guard lock(mutex_);
    sequence = first_sequence_;
  }
  if (std::exchange(told_of_, sequence) == sequence) return;
  environment_.observer->on(observe::ChunkConsumed{static_cast<std::int64_t>(sequence)});
}

void CloudFetchPipeline::State::tell_of_failure(const Error& error) {
  std::int64_t index = 0;
  int repeats = 0;
  {
    std::lock_guard lock(mutex_);
    const bool is_the_files = !slots_.empty() && slots_.front().state == Slot::State::Failed;
    if (!is_the_files) return;  // the caller's time was up, or the server did not give links
    index = static_cast<std::int64_t>(first_sequence_);
    repeats = std::max(slots_.front().attempts - 1, 0);
  }
  environment_.observer->on(
      observe::ChunkFailed{index, error.kind(), error.error_class() == "CORRUPT_LZ4", repeats});
}

std::optional<arrow::UniqueArray> CloudFetchPipeline::State::next_batch(
    const base::CallContext& call) {
  for (;;) {
    pump();
    std::unique_lock lock(mutex_);
    if (closed_) throw_error({.kind = ErrorKind::InvalidState, .message = "the result is closed"});
    if (auto batch = take_batch_locked()) return batch;
    if (slots_.empty()) {
      if (!uncounted_) return std::nullopt;
      take_uncounted_locked();
      continue;
    }
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
  // So it is when one of two downloads of a file has ended: it may be time for another one later.
  const Slot::State awaited = slots_.front().state;
  const std::size_t running = slots_.front().transfers.size();
  const auto ready = [this, awaited, running] {
    return head_has_news_locked() || slots_.front().state != awaited ||
           slots_.front().transfers.size() != running;
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
    const bool is_counted = slot.link.row_count != FileDecoder::kAllRows;
    if (is_counted && fresh->row_count != 0 && fresh->row_count != slot.link.row_count)
      throw_error({.kind = ErrorKind::CorruptResult,
                   .message = base::concat("the fresh link for row ", slot.link.start_row,
                                           " declares ", fresh->row_count,
                                           " rows, the old one declared ", slot.link.row_count)});
    const std::int64_t row_count = slot.link.row_count;
    slot.link = std::move(*fresh);
    slot.link.row_count = row_count;
    // A link cannot be fresher than this. If it looks too old, it lives for less than our margin,
    // or our clock is wrong: then the storage is the one to refuse it.
    slot.ignores_expiry = is_near_expiry_locked(slot.link);
    slot.state = Slot::State::Waiting;
    refuse_malformed_locked(slot);
  }
  if (!slots_.empty() && slots_.front().state == Slot::State::Stale)
    throw_error(
        {.kind = ErrorKind::LinkExpired,
         .message = base::concat("the server gave no fresh link for the rows from ",
                                 slots_.front().link.start_row, " on; run the statement again")});
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

CloudFetchPipeline::CloudFetchPipeline(const ArrowSchema& schema, CloudFetchEnvironment environment,
                                       RefreshLinks refresh)
    : state_(std::make_shared<State>(schema, std::move(environment), std::move(refresh))) {}
CloudFetchPipeline::~CloudFetchPipeline() { close(); }
void CloudFetchPipeline::add(std::vector<protocol::ResultLink> links) {
  state_->add(std::move(links));
}
bool CloudFetchPipeline::wants_links() const { return state_->wants_links(); }
bool CloudFetchPipeline::storage_is_unreachable() const { return state_->storage_is_unreachable(); }
std::optional<arrow::UniqueArray> CloudFetchPipeline::next(const base::CallContext& call) {
  return state_->next(call);
}
void CloudFetchPipeline::close() noexcept { state_->close(); }

}  // namespace dbsql::result
