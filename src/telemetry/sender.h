#pragma once

#include "base/clock.h"
#include "telemetry/exporter.h"
#include "telemetry/outbox.h"
#include "telemetry/sink.h"
#include "telemetry/worker.h"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbsql::telemetry {

struct SenderOptions {
  int batch_size = 200;
  std::chrono::milliseconds flush_interval{30'000};
  int retry_count = 3;
  std::chrono::milliseconds retry_delay{100};
  /// Where in the first interval the first flush lies, from 0 to 1: so that programs that started
  /// together do not send together. Negative = at random.
  double jitter = -1;

  friend bool operator==(const SenderOptions&, const SenderOptions&) = default;
};

/// Why a record was not delivered.
enum class Loss : std::uint8_t {
  NoRoom,         ///< too many were waiting
  NoTime,         ///< its connection was closed before
  Avoided,        ///< the endpoint had failed so often that it was left alone
  NoCredentials,  ///< none were at hand
  Refused,        ///< the endpoint did not want it
  TriesUsedUp,    ///< sent as often as it may be, in vain
};
inline constexpr std::size_t kLosses = static_cast<std::size_t>(Loss::TriesUsedUp) + 1;
using Losses = std::array<std::uint64_t, kLosses>;

/// One word, for instance `no_room`.
std::string_view to_word(Loss loss) noexcept;

/// What became of the records of one sender.
struct SenderStats {
  std::uint64_t recorded = 0;
  std::uint64_t delivered = 0;    ///< to the sink alone, where nothing is sent
  Losses lost{};                  ///< by `Loss`
  std::uint64_t evicted = 0;      ///< of `NoRoom`: older ones that gave way to newer ones
  std::uint64_t not_counted = 0;  ///< taken by the server, but not counted by it
  std::uint64_t bad_responses = 0;
  std::uint64_t requests = 0;
  std::uint64_t bytes = 0;  ///< of bodies that were sent
  std::size_t pending = 0;
  std::size_t in_flight = 0;  ///< requests
  int last_status = 0;
  std::string last_error;  ///< one word; empty after a success
  std::optional<std::chrono::system_clock::time_point> last_flush;
  CircuitBreaker::State breaker = CircuitBreaker::State::Closed;
  bool is_suspended = false;  ///< the endpoint refused several requests in a row

  std::uint64_t lost_by(Loss loss) const noexcept { return lost[static_cast<std::size_t>(loss)]; }
  std::uint64_t dropped() const noexcept;
};

/// Collects the records of connections and sends them in batches: when enough are there, when one
/// should not wait, and every so often (reference/telemetry.md 1.9).
///
/// Shared by the connections to one host, workspace and identity. It decides nothing about who may
/// send: a connection that may not has no outbox here.
///
/// Threads: `step` for the telemetry thread; everything else from any thread.
/// Memory: at most `kMostRecords` records and `kMostBytes` bytes wait; then the oldest go first,
/// those of failures last.
class Sender final : public Task, public Collector, public std::enable_shared_from_this<Sender> {
 public:
  static constexpr std::size_t kMostRecords = 5'000;
  static constexpr std::size_t kMostBytes = std::size_t{8} << 20;
  static constexpr std::size_t kMostBodyBytes = std::size_t{1} << 20;
  static constexpr std::size_t kMostInFlight = 8;
  /// Flushes that should not wait are this far apart.
  static constexpr std::chrono::milliseconds kCoalescing{250};

  /// \param exporter  empty: nothing is sent, the sink alone gets the batches
  /// \param wake      makes the telemetry thread call `step` soon
  Sender(SenderOptions options, std::optional<Exporter> exporter, std::shared_ptr<Sink> sink,
         std::function<void()> wake, base::Clock& clock = base::Clock::system());
  ~Sender() override;

  void attach(std::shared_ptr<Outbox> outbox);
  /// Takes what is left in the outbox along.
  void detach(const std::shared_ptr<Outbox>& outbox) noexcept;

  base::Clock::TimePoint step() noexcept override;
  void more(int count, bool urgent) noexcept override;

  /// Sends what is there as soon as it can.
  void flush_soon() noexcept;

  /// Sends what is there, and ends. Does not wait for an endpoint that is known not to answer.
  /// One `step` more tells the sink of what is left over.
  /// \param until  whatever is not delivered by then is dropped
  /// \return whether everything has had its answer
  bool close(base::Clock::TimePoint until) noexcept;

  SenderStats stats() const;
  const SenderOptions& options() const noexcept { return options_; }

 private:
  using TimePoint = base::Clock::TimePoint;

  struct Item {
    std::string document;
    bool is_error = false;
    int attempts = 0;
  };
  struct Batch {
    std::vector<Item> items;
    std::string body;
    std::optional<CircuitBreaker::Permit> permit;
    ExportResult result;
  };

  void collect_all();
  std::vector<Item> written(const Outbox::Collected& collected, const ConnectionFacts& facts) const;
  void enqueue(std::vector<Item> items, const Outbox::Collected& collected);
  void lose_locked(Loss loss, std::size_t records);
  void make_room_locked();
  void plan_flush_locked(TimePoint now);
  bool may_send_locked(TimePoint now) const;
  std::shared_ptr<Batch> next_batch_locked(TimePoint now);
  TimePoint next_step_locked(TimePoint now) const;
  bool take_finished();
  void take_result_locked(Batch& batch);
  void send(const std::shared_ptr<Batch>& batch) noexcept;
  void leave_result(const std::shared_ptr<Batch>& batch, const ExportResult& result) noexcept;
  void give_up(const std::shared_ptr<Batch>& batch) noexcept;
  void give_back_locked(std::vector<Item> items);
  void drop_all_locked(Loss why);
  void tell_sink(const Batch& batch) noexcept;
  void tell_sink_of_unanswered() noexcept;
  void tell_sink_of_drops() noexcept;
  bool is_drained_locked() const;
  std::size_t in_flight_locked() const noexcept { return in_flight_.size() + finished_.size(); }
  bool is_worth_waiting_for() const;

  const SenderOptions options_;
  const std::optional<Exporter> exporter_;
  const std::shared_ptr<Sink> sink_;
  const std::function<void()> wake_;
  base::Clock& clock_;

  std::atomic<int> told_ = 0;  ///< records in outboxes, as far as they were told of
  std::atomic<bool> urgent_ = false;
  std::atomic<bool> woken_ = false;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::shared_ptr<Outbox>> outboxes_;  // guarded by mutex_
  std::deque<Item> queue_;                         // guarded by mutex_
  std::size_t queue_bytes_ = 0;                    // guarded by mutex_
  std::size_t flushing_ = 0;        // guarded by mutex_: records at the front that are due
  std::size_t failures_first_ = 0;  // guarded by mutex_: so many at the front are failures
  std::vector<std::shared_ptr<Batch>> in_flight_;  // guarded by mutex_: without an answer
  std::vector<std::shared_ptr<Batch>> finished_;   // guarded by mutex_: with one to be looked at
  int failures_ = 0;                               // guarded by mutex_: in a row
  TimePoint next_flush_;                           // guarded by mutex_
  TimePoint not_before_;                           // guarded by mutex_: after a failure
  std::optional<TimePoint> urgent_at_;             // guarded by mutex_
  TimePoint last_urgent_;                          // guarded by mutex_
  bool closing_ = false;                           // guarded by mutex_
  bool collected_last_ = false;  // guarded by mutex_: there will be no more records
  bool closed_ = false;          // guarded by mutex_
  Losses untold_{};              // guarded by mutex_: of which the sink has not heard
  SenderStats stats_;            // guarded by mutex_
};

}  // namespace dbsql::telemetry
