#include "telemetry/sender.h"

#include "base/log.h"
#include "base/text.h"
#include "telemetry/wire_format.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

namespace dbsql::telemetry {
namespace {

using std::chrono::milliseconds;

double random_unit() {
  std::random_device source;
  return std::uniform_real_distribution<double>(0, 1)(source);
}

milliseconds first_interval(const SenderOptions& options) {
  const double unit = options.jitter >= 0 ? options.jitter : random_unit();
  return milliseconds(
      static_cast<std::int64_t>(static_cast<double>(options.flush_interval.count()) * unit));
}

}  // namespace

std::string_view to_word(Loss loss) noexcept {
  constexpr std::array<std::string_view, kLosses> kWords = {
      "no_room", "no_time", "endpoint_avoided", "no_credentials", "refused", "tries_used_up"};
  return kWords[static_cast<std::size_t>(loss)];
}

std::uint64_t SenderStats::dropped() const noexcept {
  return std::accumulate(lost.begin(), lost.end(), std::uint64_t{0});
}

Sender::Sender(SenderOptions options, std::optional<Exporter> exporter, std::shared_ptr<Sink> sink,
               std::function<void()> wake, base::Clock& clock)
    : options_(options),
      exporter_(std::move(exporter)),
      sink_(std::move(sink)),
      wake_(std::move(wake)),
      clock_(clock),
      next_flush_(clock.now() + first_interval(options)),
      not_before_(clock.now()),
      last_urgent_(clock.now() - kCoalescing) {}

Sender::~Sender() = default;

void Sender::attach(std::shared_ptr<Outbox> outbox) {
  const int stride = std::clamp(options_.batch_size / 8, 1, 16);
  {
    std::lock_guard lock(mutex_);
    if (closing_) return;
    outboxes_.push_back(outbox);
  }
  outbox->open(shared_from_this(), stride);
}

void Sender::detach(const std::shared_ptr<Outbox>& outbox) noexcept {
  try {
    Outbox::Collected left;
    outbox->collect(left);
    outbox->close();
    enqueue(written(left, *outbox->facts()), left);
  } catch (...) {
    outbox->close();  // no memory: what was left is lost
  }
  std::lock_guard lock(mutex_);
  std::erase(outboxes_, outbox);
}

void Sender::more(int count, bool urgent) noexcept {
  if (urgent) urgent_.store(true, std::memory_order_relaxed);
  const int told = told_.fetch_add(count, std::memory_order_relaxed) + count;
  if (!urgent && told < options_.batch_size) return;
  // One of the threads wakes it; the others need not wait for each other.
  if (!woken_.exchange(true, std::memory_order_acq_rel)) wake_();
}

void Sender::flush_soon() noexcept { more(0, true); }

base::Clock::TimePoint Sender::step() noexcept {
  constexpr std::chrono::seconds kAfterTrouble{1};
  try {
    woken_.store(false, std::memory_order_release);
    told_.store(0, std::memory_order_relaxed);
    const bool urgent = urgent_.exchange(false, std::memory_order_relaxed);
    collect_all();
    const TimePoint now = clock_.now();
    {
      std::lock_guard lock(mutex_);
      if (urgent && !urgent_at_) urgent_at_ = std::max(now, last_urgent_ + kCoalescing);
    }
    for (;;) {
      const bool had_results = take_finished();
      std::shared_ptr<Batch> batch;
      {
        std::lock_guard lock(mutex_);
        plan_flush_locked(now);
        batch = next_batch_locked(now);
      }
      if (batch) send(batch);
      if (!batch && !had_results) break;
    }
    tell_sink_of_unanswered();
    tell_sink_of_drops();
    std::lock_guard lock(mutex_);
    if (closing_) changed_.notify_all();
    return next_step_locked(now);
  } catch (...) {
    return clock_.now() + kAfterTrouble;  // no memory; perhaps later
  }
}

void Sender::collect_all() {
  std::vector<std::shared_ptr<Outbox>> outboxes;
  bool is_last = false;
  {
    std::lock_guard lock(mutex_);
    outboxes = outboxes_;
    is_last = closing_;
  }
  Outbox::Collected collected;
  for (const auto& outbox : outboxes) {
    outbox->collect(collected);
    if (collected.operations.empty() && collected.dropped == 0) continue;
    enqueue(written(collected, *outbox->facts()), collected);
  }
  std::lock_guard lock(mutex_);
  collected_last_ = is_last;
}

std::vector<Sender::Item> Sender::written(const Outbox::Collected& collected,
                                          const ConnectionFacts& facts) const {
  std::vector<Item> items;
  items.reserve(collected.operations.size());
  Record record;
  // Not owned: the outbox holds it.
  record.connection = std::shared_ptr<const ConnectionFacts>(std::shared_ptr<void>(), &facts);
  for (const Operation& operation : collected.operations) {
    record.operation = operation;
    record.event_id = random_event_id();
    items.push_back(
        {.document = to_json(record), .is_error = operation.error != ErrorCategory::None});
  }
  return items;
}

void Sender::enqueue(std::vector<Item> items, const Outbox::Collected& collected) {
  std::lock_guard lock(mutex_);
  stats_.recorded += items.size() + collected.dropped;
  stats_.evicted += collected.evicted;
  lose_locked(Loss::NoRoom, collected.dropped);
  if (closed_) return lose_locked(Loss::NoTime, items.size());
  for (Item& item : items) {
    queue_bytes_ += item.document.size();
    queue_.push_back(std::move(item));
    make_room_locked();
  }
}

void Sender::lose_locked(Loss loss, std::size_t records) {
  stats_.lost[static_cast<std::size_t>(loss)] += records;
  untold_[static_cast<std::size_t>(loss)] += records;
}

/// Drops the oldest record that tells of no failure; of failures the oldest when there is nothing
/// else.
void Sender::make_room_locked() {
  while (queue_.size() > kMostRecords || queue_bytes_ > kMostBytes) {
    auto victim = std::find_if(queue_.begin() + static_cast<std::ptrdiff_t>(failures_first_),
                               queue_.end(), [](const Item& item) { return !item.is_error; });
    failures_first_ = static_cast<std::size_t>(victim - queue_.begin());
    if (victim == queue_.end()) {
      victim = queue_.begin();
      --failures_first_;
    }
    if (static_cast<std::size_t>(victim - queue_.begin()) < flushing_) --flushing_;
    queue_bytes_ -= victim->document.size();
    queue_.erase(victim);
    ++stats_.evicted;
    lose_locked(Loss::NoRoom, 1);
    stats_.last_error = to_word(Loss::NoRoom);
  }
}

/// Marks what is due, if it is time.
void Sender::plan_flush_locked(TimePoint now) {
  const bool is_urgent = urgent_at_ && *urgent_at_ <= now;
  const bool is_time = next_flush_ <= now;
  if (is_urgent) {
    urgent_at_.reset();
    last_urgent_ = now;
  }
  if (is_time) next_flush_ = now + options_.flush_interval;
  if (is_urgent || is_time || closing_) flushing_ = queue_.size();
}

bool Sender::may_send_locked(TimePoint now) const {
  if (queue_.empty() || in_flight_locked() >= kMostInFlight || closed_) return false;
  if (closing_) return true;
  if (now < not_before_) return false;
  return flushing_ > 0 || queue_.size() >= static_cast<std::size_t>(options_.batch_size);
}

/// Takes a batch out of the queue. From now on it is under way.
std::shared_ptr<Sender::Batch> Sender::next_batch_locked(TimePoint now) {
  if (!may_send_locked(now)) return nullptr;
  // Room for the answers too: taking them must not fail for want of memory.
  in_flight_.reserve(kMostInFlight);
  finished_.reserve(kMostInFlight);
  auto batch = std::make_shared<Batch>();
  batch->items.reserve(std::min(queue_.size(), static_cast<std::size_t>(options_.batch_size)));
  if (exporter_) {
    batch->permit = exporter_->admit();
    if (!batch->permit) {  // they wait for a better time, or for nothing more
      flushing_ = 0;
      not_before_ = std::min(
          next_flush_, now + std::max<milliseconds>(exporter_->health().breaker().remaining_wait(),
                                                    std::chrono::seconds(1)));
      if (closing_) drop_all_locked(Loss::Avoided);
      return nullptr;
    }
  }
  std::size_t bytes = 0;
  while (!queue_.empty() && batch->items.size() < static_cast<std::size_t>(options_.batch_size)) {
    const std::size_t size = size_in_body(queue_.front().document);
    if (!batch->items.empty() && bytes + size > kMostBodyBytes) break;
    bytes += size;
    queue_bytes_ -= queue_.front().document.size();
    batch->items.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (failures_first_ > 0) --failures_first_;
  }
  flushing_ -= std::min(flushing_, batch->items.size());
  in_flight_.push_back(batch);
  return batch;
}

void Sender::send(const std::shared_ptr<Batch>& batch) noexcept {
  try {
    std::vector<std::string> documents;
    documents.reserve(batch->items.size());
    for (const Item& item : batch->items) documents.push_back(item.document);
    batch->body = export_body(documents, clock_.system_now());
    if (!exporter_) return leave_result(batch, {});
    {
      std::lock_guard lock(mutex_);
      ++stats_.requests;
      stats_.bytes += batch->body.size();
      stats_.last_flush = clock_.system_now();
    }
    exporter_->send(batch->body, batch->items.size(), *batch->permit, Exporter::kLimit,
                    [self = weak_from_this(), batch](const ExportResult& result) {
                      if (const auto sender = self.lock()) sender->leave_result(batch, result);
                    });
  } catch (...) {
    give_up(batch);
  }
}

/// The thread that brings the answer only leaves it here.
void Sender::leave_result(const std::shared_ptr<Batch>& batch,
                          const ExportResult& result) noexcept {
  {
    std::lock_guard lock(mutex_);
    if (std::erase(in_flight_, batch) == 0) return;  // it was given up meanwhile
    batch->result = result;
    finished_.push_back(batch);
  }
  wake_();
}

/// There was no memory to send it.
void Sender::give_up(const std::shared_ptr<Batch>& batch) noexcept {
  std::lock_guard lock(mutex_);
  if (std::erase(in_flight_, batch) == 0) return;
  if (batch->permit) exporter_->health().abandoned(*batch->permit);
  lose_locked(Loss::NoRoom, batch->items.size());
}

/// \return whether there was anything
bool Sender::take_finished() {
  std::shared_ptr<Batch> batch;
  {
    std::lock_guard lock(mutex_);
    if (finished_.empty()) return false;
    batch = finished_.front();
  }
  // It counts as under way until the sink has heard of it: who waits for all waits for that, too.
  tell_sink(*batch);
  std::lock_guard lock(mutex_);
  std::erase(finished_, batch);
  if (!closed_) take_result_locked(*batch);
  return true;
}

void Sender::take_result_locked(Batch& batch) {
  using Kind = ExportResult::Kind;
  const ExportResult& result = batch.result;
  const std::size_t records = batch.items.size();
  stats_.last_status = result.status;
  stats_.not_counted += result.not_counted;
  if (result.bad_response) ++stats_.bad_responses;
  stats_.last_error = result.kind == Kind::Delivered ? "" : to_word(result.kind);
  if (result.kind == Kind::Delivered) {
    failures_ = 0;
    stats_.delivered += records - result.not_counted;
  } else if (result.kind == Kind::Failed && !closing_) {
    give_back_locked(std::move(batch.items));
  } else if (result.kind == Kind::NoCredentials) {
    lose_locked(Loss::NoCredentials, records);
  } else {
    lose_locked(result.kind == Kind::Refused ? Loss::Refused : Loss::NoTime, records);
  }
}

/// They come first when it is tried again, by a later flush.
void Sender::give_back_locked(std::vector<Item> items) {
  constexpr int kLongestDoubling = 10;
  not_before_ = clock_.now() + options_.retry_delay * (1 << std::min(failures_, kLongestDoubling));
  ++failures_;
  flushing_ = 0;
  failures_first_ = 0;
  std::for_each(items.rbegin(), items.rend(), [this](Item& item) {
    if (++item.attempts > options_.retry_count) {
      lose_locked(Loss::TriesUsedUp, 1);
      return;
    }
    queue_bytes_ += item.document.size();
    queue_.push_front(std::move(item));
  });
  make_room_locked();
}

base::Clock::TimePoint Sender::next_step_locked(TimePoint now) const {
  TimePoint next = next_flush_;
  if (urgent_at_) next = std::min(next, *urgent_at_);
  const bool waits = !queue_.empty() && in_flight_locked() < kMostInFlight && now < not_before_ &&
                     queue_.size() >= static_cast<std::size_t>(options_.batch_size);
  if (waits) next = std::min(next, not_before_);
  return next;
}

void Sender::drop_all_locked(Loss why) {
  lose_locked(why, queue_.size());
  if (!queue_.empty()) stats_.last_error = to_word(why);
  queue_.clear();
  queue_bytes_ = 0;
  flushing_ = 0;
  failures_first_ = 0;
}

bool Sender::is_drained_locked() const {
  return collected_last_ && queue_.empty() && in_flight_locked() == 0;
}

bool Sender::is_worth_waiting_for() const { return !exporter_ || exporter_->health().is_well(); }

bool Sender::close(TimePoint until) noexcept {
  try {
    const bool waits = is_worth_waiting_for();
    std::unique_lock lock(mutex_);
    if (closed_) return true;
    closing_ = true;
    lock.unlock();
    wake_();
    lock.lock();
    bool is_drained = is_drained_locked();
    if (waits && !is_drained)
      is_drained =
          clock_.wait_at_most(lock, changed_, {}, until, [&] { return is_drained_locked(); });
    if (waits && !is_drained && exporter_) exporter_->health().keeps_people_waiting();
    closed_ = true;
    if (exporter_) exporter_->abandon();
    for (const auto& batch : in_flight_) lose_locked(Loss::NoTime, batch->items.size());
    for (const auto& batch : finished_) take_result_locked(*batch);
    drop_all_locked(Loss::NoTime);
    outboxes_.clear();
    changed_.notify_all();
    return is_drained;
  } catch (...) {
    base::log(LogLevel::Debug, "telemetry", "ending a sender failed");
    return false;
  }
}

void Sender::tell_sink(const Batch& batch) noexcept {
  if (!sink_) return;
  try {
    sink_->on_batch({.time = clock_.system_now(),
                     .url = exporter_ ? std::string_view(exporter_->url()) : std::string_view(),
                     .status = batch.result.status,
                     .is_sent = exporter_ && batch.result.kind != ExportResult::Kind::NoCredentials,
                     .body = batch.body,
                     .records = batch.items.size()});
  } catch (...) {
    base::log(LogLevel::Debug, "telemetry", "a sink threw an exception; it is ignored");
  }
}

/// What was under way when the sender was closed has left the machine, or may have.
void Sender::tell_sink_of_unanswered() noexcept {
  std::vector<std::shared_ptr<Batch>> unanswered;
  {
    std::lock_guard lock(mutex_);
    if (!closed_) return;
    unanswered.swap(in_flight_);
  }
  for (const auto& batch : unanswered) tell_sink(*batch);
}

void Sender::tell_sink_of_drops() noexcept {
  Losses untold{};
  {
    std::lock_guard lock(mutex_);
    std::swap(untold, untold_);
  }
  if (!sink_) return;
  try {
    for (std::size_t index = 0; index < kLosses; ++index) {
      if (untold[index] > 0) sink_->on_drop(to_word(static_cast<Loss>(index)), untold[index]);
    }
  } catch (...) {
    base::log(LogLevel::Debug, "telemetry", "a sink threw an exception; it is ignored");
  }
}

SenderStats Sender::stats() const {
  std::lock_guard lock(mutex_);
  SenderStats stats = stats_;
  stats.pending = queue_.size();
  stats.in_flight = in_flight_locked();
  if (exporter_) {
    stats.breaker = exporter_->health().breaker().state();
    stats.is_suspended = exporter_->health().is_suspended();
  }
  return stats;
}

}  // namespace dbsql::telemetry
