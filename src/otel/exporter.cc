#include "otel/exporter.h"

#include "base/fork.h"
#include "base/log.h"
#include "base/text.h"
#include "http/retry_policy.h"
#include "otel/otlp_json.h"
#include "telemetry/endpoint_health.h"
#include "telemetry/error_category.h"
#include "telemetry/worker.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace dbsql::otel {
namespace {

using std::chrono::milliseconds;
using telemetry::CircuitBreaker;
using telemetry::EndpointHealth;
using TimePoint = base::Clock::TimePoint;

constexpr milliseconds kRequestLimit{10'000};
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{30'000};
constexpr std::chrono::hours kIdle{1};

/// What all exporters of the process have in common.
struct Shared {
  std::mutex mutex;
  std::weak_ptr<telemetry::Worker> worker;                        // guarded by mutex
  std::map<std::string, std::shared_ptr<EndpointHealth>> health;  // guarded by mutex
  milliseconds waited_in_vain{0};                                 // guarded by mutex
};

Shared& shared() { return base::one_per_process<Shared>(); }

/// Another clock is a test, which shares nothing.
std::shared_ptr<telemetry::Worker> worker_for(base::Clock& clock) {
  if (&clock != &base::Clock::system()) return std::make_shared<telemetry::Worker>(clock);
  Shared& all = shared();
  const std::lock_guard lock(all.mutex);
  auto worker = all.worker.lock();
  if (!worker) all.worker = worker = std::make_shared<telemetry::Worker>(clock, "dbsql-otel");
  return worker;
}

std::shared_ptr<EndpointHealth> health_of(const ExporterSettings& settings) {
  const telemetry::BreakerOptions options{.minimum_calls = 5};
  if (settings.clock != &base::Clock::system())
    return std::make_shared<EndpointHealth>(options, *settings.clock);
  Shared& all = shared();
  const std::lock_guard lock(all.mutex);
  auto& health = all.health[settings.endpoint];
  if (!health) health = std::make_shared<EndpointHealth>(options);
  return health;
}

enum class Outcome : std::uint8_t { Delivered, Failed, Refused };

Outcome outcome_of(const http::Reply& reply) noexcept {
  const auto* response = std::get_if<http::Response>(&reply);
  if (response == nullptr) return Outcome::Failed;
  const int status = response->status;
  if (status >= 200 && status < 300) return Outcome::Delivered;
  const bool is_final = (status >= 300 && status < 400) || telemetry::is_terminal_status(status);
  return is_final ? Outcome::Refused : Outcome::Failed;
}

milliseconds hint_in(const http::Reply& reply, base::Clock& clock) {
  const auto* response = std::get_if<http::Response>(&reply);
  if (response == nullptr) return {};
  const auto hint = http::parse_retry_after(
      base::trim(http::find_header(response->headers, "retry-after")), clock.system_now());
  return hint ? std::min<milliseconds>(*hint, kLongestPause) : milliseconds(0);
}

std::string describe(const http::Reply& reply) {
  if (const auto* failure = std::get_if<http::Failure>(&reply)) return failure->message;
  return base::concat("HTTP ", std::get<http::Response>(reply).status);
}

}  // namespace

/// What waits, and the one request that is under way. The worker's thread makes requests, I/O
/// threads bring their outcomes.
class Exporter::Queue final : public telemetry::Task, public std::enable_shared_from_this<Queue> {
 public:
  Queue(ExporterSettings settings, std::function<void()> wake)
      : settings_(std::move(settings)),
        clock_(*settings_.clock),
        health_(health_of(settings_)),
        wake_(std::move(wake)),
        since_(clock_.system_now()),
        metrics_due_(clock_.now() + settings_.metric_interval) {}

  void add(Span span) noexcept;
  void flush_soon() noexcept;
  base::Clock::TimePoint step() noexcept override;
  void close(TimePoint until) noexcept;
  bool is_worth_waiting_for() const { return health_->is_well(); }
  bool is_of_this_process() const noexcept { return generation_ == base::fork_generation(); }
  Stats stats() const;

  const ExporterSettings& settings() const noexcept { return settings_; }
  Metrics& metrics() noexcept { return metrics_; }

 private:
  struct Batch {
    std::string_view path;
    std::string body;
    std::size_t spans = 0;
    int attempts = 0;
  };

  bool wants_metrics_locked(TimePoint now) const;
  bool is_drained_locked() const;
  TimePoint due_locked(TimePoint now) const;
  void make_batch(TimePoint now);
  std::vector<Span> take_spans_locked(TimePoint now);
  void send(const std::shared_ptr<Batch>& batch);
  void hand_over(const std::shared_ptr<Batch>& batch, CircuitBreaker::Permit permit);
  void give_up() noexcept;
  void finished(const Batch& batch, CircuitBreaker::Permit permit, const http::Reply& reply);
  void settle_locked(const Batch& batch, Outcome outcome, milliseconds hint);
  Outcome take_no_for_metrics(const http::Reply& reply);
  void warn_once(const http::Reply& reply);

  const ExporterSettings settings_;
  base::Clock& clock_;
  const std::shared_ptr<EndpointHealth> health_;
  const std::function<void()> wake_;
  const std::chrono::system_clock::time_point since_;
  const int generation_ = base::fork_generation();
  Metrics metrics_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Span> spans_;         // guarded by mutex_
  TimePoint flush_at_{};            // guarded by mutex_: of the oldest of them
  TimePoint metrics_due_;           // guarded by mutex_
  std::shared_ptr<Batch> current_;  // guarded by mutex_: until it is delivered or given up
  bool is_making_ = false;          // guarded by mutex_: a batch, of what was taken out
  bool is_sending_ = false;         // guarded by mutex_: `current_` is under way
  TimePoint retry_at_{};            // guarded by mutex_: of `current_`, when it is not
  bool closing_ = false;            // guarded by mutex_
  bool metrics_done_ = false;  // guarded by mutex_: the last figures are made, or none are wanted
  bool closed_ = false;        // guarded by mutex_
  bool warned_ = false;        // guarded by mutex_: since the last success
  Stats stats_;                // guarded by mutex_
};

void Exporter::Queue::add(Span span) noexcept {
  if (!is_of_this_process()) return;
  bool wakes = false;
  try {
    const std::lock_guard lock(mutex_);
    if (closed_ || spans_.size() >= settings_.queue_size) {
      ++stats_.dropped;
      return;
    }
    spans_.push_back(std::move(span));
    if (spans_.size() == 1) flush_at_ = clock_.now() + settings_.flush_interval;
    wakes = spans_.size() == 1 || spans_.size() == kBatchSize;
  } catch (...) {  // no memory for it
    return;
  }
  if (wakes) wake_();
}

void Exporter::Queue::flush_soon() noexcept {
  if (!is_of_this_process()) return;
  {
    const std::lock_guard lock(mutex_);
    if (spans_.empty()) return;
    flush_at_ = clock_.now();
  }
  wake_();
}

bool Exporter::Queue::wants_metrics_locked(TimePoint now) const {
  if (settings_.metric_interval.count() == 0 || metrics_done_) return false;
  return closing_ || now >= metrics_due_;
}

bool Exporter::Queue::is_drained_locked() const {
  return spans_.empty() && !current_ && !is_making_ &&
         (metrics_done_ || settings_.metric_interval.count() == 0);
}

TimePoint Exporter::Queue::due_locked(TimePoint now) const {
  if (closed_ || is_sending_) return now + kIdle;  // the outcome wakes the worker
  if (current_) return retry_at_;
  TimePoint due = now + kIdle;
  if (settings_.metric_interval.count() > 0 && !metrics_done_) due = metrics_due_;
  if (!spans_.empty()) due = std::min(due, flush_at_);
  return due;
}

std::vector<Span> Exporter::Queue::take_spans_locked(TimePoint now) {
  const bool is_due = closing_ || now >= flush_at_ || spans_.size() >= kBatchSize;
  if (spans_.empty() || !is_due) return {};
  if (spans_.size() <= kBatchSize) return std::exchange(spans_, {});
  const auto end = spans_.begin() + static_cast<std::ptrdiff_t>(kBatchSize);
  std::vector<Span> batch(std::make_move_iterator(spans_.begin()), std::make_move_iterator(end));
  spans_.erase(spans_.begin(), end);
  return batch;
}

/// On the worker's thread: texts are made without the lock.
void Exporter::Queue::make_batch(TimePoint now) {
  std::vector<Span> spans;
  MetricsFrame frame{
      .server_address = settings_.server_address, .since = since_, .now = clock_.system_now()};
  {
    const std::lock_guard lock(mutex_);
    spans = take_spans_locked(now);
    if (spans.empty() && !wants_metrics_locked(now)) return;
    is_making_ = true;
    frame.dropped_spans = stats_.dropped;
    if (spans.empty()) {
      metrics_done_ = closing_;
      metrics_due_ = now + settings_.metric_interval;
    }
  }
  auto batch = std::make_shared<Batch>();
  batch->spans = spans.size();
  batch->path = spans.empty() ? "/v1/metrics" : "/v1/traces";
  batch->body = spans.empty() ? metrics_body(settings_.service_name, metrics_.snapshot(), frame)
                              : traces_body(settings_.service_name, spans);
  const std::lock_guard lock(mutex_);
  is_making_ = false;
  if (closed_) {
    stats_.dropped += batch->spans;
    return;
  }
  current_ = std::move(batch);
  retry_at_ = now;
}

TimePoint Exporter::Queue::step() noexcept {
  const TimePoint now = clock_.now();
  try {
    bool is_idle = false;
    {
      const std::lock_guard lock(mutex_);
      is_idle = !closed_ && !current_;
    }
    if (is_idle) make_batch(now);
    std::shared_ptr<Batch> batch;
    {
      const std::lock_guard lock(mutex_);
      if (!closed_ && current_ && !is_sending_ && (now >= retry_at_ || closing_)) {
        batch = current_;
        is_sending_ = true;
      }
    }
    if (batch) send(batch);
  } catch (...) {
    base::log(LogLevel::Debug, "otel", "a report could not be made");
    give_up();
  }
  const std::lock_guard lock(mutex_);
  return due_locked(now);
}

/// There is no memory for it, or no way out.
void Exporter::Queue::give_up() noexcept {
  const std::lock_guard lock(mutex_);
  if (current_) stats_.dropped += current_->spans;
  current_.reset();
  is_making_ = false;
  is_sending_ = false;
  changed_.notify_all();
}

void Exporter::Queue::send(const std::shared_ptr<Batch>& batch) {
  const auto permit = health_->admit();
  if (!permit) {
    const std::lock_guard lock(mutex_);
    is_sending_ = false;
    if (!closed_) settle_locked(*batch, Outcome::Failed, health_->breaker().remaining_wait());
    changed_.notify_all();
    return;
  }
  try {
    hand_over(batch, *permit);
  } catch (...) {  // no memory, or no way out: it says nothing about the collector
    health_->abandoned(*permit);
    throw;
  }
}

void Exporter::Queue::hand_over(const std::shared_ptr<Batch>& batch,
                                CircuitBreaker::Permit permit) {
  http::Request request;
  request.url = base::concat(settings_.endpoint, batch->path);
  request.headers = settings_.headers;
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = base::Buffer::copy_of(batch->body);
  request.request_class = http::RequestClass::Telemetry;
  request.name = "OTLP export";
  request.first_byte_timeout = kRequestLimit;
  {
    const std::lock_guard lock(mutex_);
    ++stats_.requests;
  }
  settings_.transport->send_in_background(
      request, kRequestLimit, [self = shared_from_this(), batch, permit](const http::Reply& reply) {
        self->finished(*batch, permit, reply);
      });
}

void Exporter::Queue::finished(const Batch& batch, CircuitBreaker::Permit permit,
                               const http::Reply& reply) {
  Outcome outcome = outcome_of(reply);
  const milliseconds hint = hint_in(reply, clock_);
  bool is_over = false;
  {
    const std::lock_guard lock(mutex_);
    is_over = closed_;
  }
  if (outcome == Outcome::Refused && batch.spans == 0) outcome = take_no_for_metrics(reply);
  // What was given up says nothing about the collector.
  if (is_over && outcome == Outcome::Failed) return health_->abandoned(permit);
  if (outcome == Outcome::Delivered) health_->delivered(permit);
  if (outcome == Outcome::Failed) health_->failed(permit, hint);
  if (outcome == Outcome::Refused) health_->refused(permit);
  if (outcome != Outcome::Delivered) warn_once(reply);
  {
    const std::lock_guard lock(mutex_);
    is_sending_ = false;
    if (!closed_) settle_locked(batch, outcome, hint);
    changed_.notify_all();
  }
  wake_();
}

/// What becomes of the current batch.
void Exporter::Queue::settle_locked(const Batch& batch, Outcome outcome, milliseconds hint) {
  if (outcome == Outcome::Delivered) {
    stats_.sent += batch.spans;
    warned_ = false;
    current_.reset();
    return;
  }
  const bool has_another =
      outcome == Outcome::Failed && !closing_ && ++current_->attempts < kMostAttempts;
  if (has_another) {
    const auto pause = std::min(kFirstPause * (1 << current_->attempts), kLongestPause);
    retry_at_ = clock_.now() + std::max(pause, hint);
    return;
  }
  stats_.dropped += batch.spans;
  current_.reset();
}

/// There are collectors for traces alone: that they take no figures is nothing against them.
Outcome Exporter::Queue::take_no_for_metrics(const http::Reply& reply) {
  {
    const std::lock_guard lock(mutex_);
    metrics_done_ = true;
  }
  base::log(LogLevel::Info, "otel",
            base::concat("the collector at ", settings_.endpoint,
                         " takes no metrics; none are sent from now on: ", describe(reply)));
  return Outcome::Delivered;
}

void Exporter::Queue::warn_once(const http::Reply& reply) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(warned_, true)) return;
  }
  base::log(
      LogLevel::Warn, "otel",
      base::concat("the collector at ", settings_.endpoint,
                   " takes no spans; they are dropped when there are too many: ", describe(reply)));
}

void Exporter::Queue::close(TimePoint until) noexcept {
  try {
    const bool waits = is_worth_waiting_for() && until > clock_.now();
    std::unique_lock lock(mutex_);
    closing_ = true;
    lock.unlock();
    wake_();
    lock.lock();
    bool is_drained = is_drained_locked();
    if (waits && !is_drained)
      is_drained =
          clock_.wait_at_most(lock, changed_, {}, until, [this] { return is_drained_locked(); });
    if (waits && !is_drained) health_->keeps_people_waiting();
    closed_ = true;
    stats_.dropped += spans_.size() + (current_ ? current_->spans : 0);
    spans_.clear();
    current_.reset();
  } catch (...) {
    base::log(LogLevel::Debug, "otel", "ending an exporter failed");
  }
}

Exporter::Stats Exporter::Queue::stats() const {
  const std::lock_guard lock(mutex_);
  Stats stats = stats_;
  stats.waiting = spans_.size() + (current_ ? current_->spans : 0);
  return stats;
}

Exporter::Exporter(ExporterSettings settings)
    : worker_(worker_for(*settings.clock)),
      queue_(std::make_shared<Queue>(std::move(settings), worker_->waker())) {
  worker_->add(queue_);
}

Exporter::~Exporter() {
  if (!queue_->is_of_this_process()) return;  // the thread is the parent's, and so may be the locks
  base::Clock& time = clock();
  const bool is_real = &time == &base::Clock::system();
  const TimePoint began = time.now();
  milliseconds limit = kCloseLimit;
  if (is_real) {
    const std::lock_guard lock(shared().mutex);
    limit = std::clamp(kExitLimit - shared().waited_in_vain, milliseconds(0), limit);
  }
  queue_->close(began + limit);
  worker_->remove(*queue_);
  if (!is_real) return;
  const std::lock_guard lock(shared().mutex);
  shared().waited_in_vain =
      queue_->is_worth_waiting_for()
          ? milliseconds(0)
          : shared().waited_in_vain + std::chrono::duration_cast<milliseconds>(time.now() - began);
}

void Exporter::add(Span span) noexcept { queue_->add(std::move(span)); }
void Exporter::flush_soon() noexcept { queue_->flush_soon(); }
Metrics& Exporter::metrics() noexcept { return queue_->metrics(); }
const ExporterSettings& Exporter::settings() const noexcept { return queue_->settings(); }
Exporter::Stats Exporter::stats() const { return queue_->stats(); }

}  // namespace dbsql::otel
