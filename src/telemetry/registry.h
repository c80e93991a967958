#pragma once

#include "base/clock.h"
#include "telemetry/destination.h"
#include "telemetry/endpoint_health.h"
#include "telemetry/sender.h"
#include "telemetry/sink.h"
#include "telemetry/worker.h"

#include <atomic>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace dbsql::telemetry {

/// What connections must have in common to share a sender: nobody's records may travel under
/// another's credentials, or to another's workspace (reference/telemetry.md 1.6).
struct SenderKey {
  std::string host;  ///< as `host_key` gives it
  std::string org_id;
  std::string identity;    ///< opaque: who the requests are from, never a secret
  std::string sink;        ///< where copies go
  bool is_sending = true;  ///< false: only to the sink

  // NOLINTNEXTLINE: clang-tidy takes the comparison for one with 0
  friend auto operator<=>(const SenderKey&, const SenderKey&) = default;
};

/// The senders of this process, each for as long as a connection holds it, and what is known of the
/// hosts' endpoints, for good.
///
/// Threads: safe from any thread; senders are closed outside of the lock.
class Registry {
 public:
  using Token = std::uint64_t;  ///< names a connection

  explicit Registry(base::Clock& clock = base::Clock::system());
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// The registry of this process; never destroyed.
  static Registry& process();

  Token new_token() noexcept { return ++last_token_; }

  /// The sender of that key, made if there is none; the first to ask decides its numbers.
  /// \return null when it cannot be started: the connection then goes without telemetry
  std::shared_ptr<Sender> acquire(const SenderKey& key, Token token,
                                  const std::shared_ptr<const Destination>& destination,
                                  const std::shared_ptr<Sink>& sink, const SenderOptions& options,
                                  const BreakerOptions& breaker) noexcept;

  /// The connection does not need it any more. The last one closes it, and waits for its records
  /// until `until` at most. Nothing when the connection does not hold it.
  void release(const SenderKey& key, Token token, base::Clock::TimePoint until) noexcept;

  /// Closes every sender, whoever holds it, all within `limit`. Connections go on without
  /// telemetry. \return whether everything has had its answer
  bool shutdown(std::chrono::milliseconds limit) noexcept;

  /// What all closes of the process may wait in vain before the next ones wait no more, until a
  /// minute has passed: many endpoints may be out of reach at once.
  static constexpr std::chrono::seconds kMostWaiting{5};
  static constexpr std::chrono::minutes kForgetting{1};

  std::size_t size() const;
  std::size_t holders(const SenderKey& key) const;
  /// The breaker and the like of one host; made with these numbers when there is none.
  std::shared_ptr<EndpointHealth> health(std::string_view host, const BreakerOptions& options);

 private:
  struct Entry {
    std::shared_ptr<Sender> sender;
    std::set<Token> holders;
  };

  std::shared_ptr<Sender> make_locked(const SenderKey& key,
                                      const std::shared_ptr<const Destination>& destination,
                                      const std::shared_ptr<Sink>& sink,
                                      const SenderOptions& options, const BreakerOptions& breaker);
  std::shared_ptr<EndpointHealth> health_locked(std::string_view host,
                                                const BreakerOptions& options);
  bool end(const std::shared_ptr<Sender>& sender, base::Clock::TimePoint until) noexcept;
  base::Clock::TimePoint worth_waiting_locked(base::Clock::TimePoint until) const;
  void count_waiting(base::Clock::TimePoint since) noexcept;

  base::Clock& clock_;
  std::atomic<Token> last_token_ = 0;
  mutable std::mutex mutex_;
  std::map<SenderKey, Entry> entries_;                                          // guarded by mutex_
  std::map<std::string, std::shared_ptr<EndpointHealth>, std::less<>> health_;  // guarded by mutex_
  std::shared_ptr<Worker> worker_;  // guarded by mutex_: there while there are senders
  std::size_t running_ = 0;         // guarded by mutex_: senders, those that are closing included
  bool noted_many_ = false;         // guarded by mutex_
  std::chrono::nanoseconds waited_in_vain_{0};          // guarded by mutex_
  std::optional<base::Clock::TimePoint> last_in_vain_;  // guarded by mutex_
};

}  // namespace dbsql::telemetry
