#pragma once

#include "base/clock.h"
#include "config/telemetry_options.h"
#include "observe/observer.h"
#include "telemetry/destination.h"
#include "telemetry/feature_flag_cache.h"
#include "telemetry/outbox.h"
#include "telemetry/registry.h"
#include "telemetry/sink.h"
#include "telemetry/telemetry_config.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace dbsql::telemetry {

/// Everything that the telemetry of one connection rests on.
struct ConnectionSettings {
  config::TelemetryOptions options;
  bool kill_switch = false;
  std::shared_ptr<const Destination> destination;
  std::string connection_host;  ///< as `host_key` gives it: where queries go
  std::string identity;         ///< see `SenderKey`
  std::shared_ptr<const ConnectionFacts> facts;
  std::shared_ptr<Sink> sink;  ///< may be null
  Registry* registry = &Registry::process();
  FeatureFlagCache* flags = &FeatureFlagCache::process();
  base::Clock* clock = &base::Clock::system();
};

/// What one connection tells, if anything: holds the decision, and writes records down.
///
/// While the server has not said whether it wants to know, records wait here, a few of them, and
/// nothing leaves. A connection that may not tell anything has no such object at all.
///
/// Threads: safe from any thread. Errors: none ever; what cannot be recorded is dropped.
/// Cost: a record is a copy under a lock of this connection's own.
class ConnectionTelemetry final : public observe::Observer,
                                  public std::enable_shared_from_this<ConnectionTelemetry> {
 public:
  /// Decides from what is known, without I/O. \return null when nothing will be told
  static std::shared_ptr<ConnectionTelemetry> create(ConnectionSettings settings) noexcept;

  /// The decision that `create` would make now: for whoever wants to know why.
  static Decision decision_of(const ConnectionSettings& settings);

  ConnectionTelemetry(ConnectionSettings settings, Decision decision);
  ~ConnectionTelemetry() override;
  ConnectionTelemetry(const ConnectionTelemetry&) = delete;
  ConnectionTelemetry& operator=(const ConnectionTelemetry&) = delete;

  /// Sessions that were opened and closed. The end of the last one that there is ends this object's
  /// work as `close` does. When an earlier one is closed, it was forgotten by the server and
  /// replaced, and nothing was asked of it.
  void on(const observe::Event& event) noexcept override;

  /// The session could not be opened. Nothing is told of it unless it is known by now that it may.
  void session_failed(ErrorCategory error, std::chrono::nanoseconds latency) noexcept;

  /// Writes a record down. Its time is now, unless it has one.
  void record(Operation operation) noexcept;

  /// Hands over what is left. The last connection to a host waits for it to be delivered, within
  /// `telemetry.close_timeout`, unless the endpoint is known not to answer.
  void close() noexcept;

  /// Of the last one to be opened of those that are open; empty without one.
  WireId session_id() const;
  Decision decision() const;
  /// Of the sender, which other connections may share, or as they were when this one was closed;
  /// nothing before there is one.
  std::optional<SenderStats> stats() const;
  base::Clock& clock() const noexcept { return *settings_.clock; }
  /// What `close` takes at most.
  std::chrono::milliseconds close_timeout() const noexcept {
    return settings_.options.close_timeout;
  }

 private:
  void session_opened(const observe::SessionOpened& event);
  void session_failed(const observe::SessionFailed& event);
  void session_closed(const observe::SessionClosed& event);
  void ask_server();
  void decided(FeatureFlagCache::Answer answer) noexcept;
  void attach_locked(bool is_sending);
  void attach_sink_locked() noexcept;
  void end(std::chrono::milliseconds limit) noexcept;
  void count_late() noexcept;
  void keep_stats(const Sender& sender) noexcept;
  bool is_of_this_process() const noexcept;
  SenderKey key(bool is_sending) const;

  const ConnectionSettings settings_;
  const int generation_;  // of forks
  const Registry::Token token_;
  const std::shared_ptr<Outbox> outbox_;

  mutable std::mutex mutex_;
  Decision decision_;                      // guarded by mutex_
  std::shared_ptr<Sender> sender_;         // guarded by mutex_
  SenderKey key_;                          // guarded by mutex_: of `sender_`
  std::vector<std::string> sessions_;      // guarded by mutex_: that are open, the last one last
  std::optional<SenderStats> last_stats_;  // guarded by mutex_: of a sender that was let go
  bool closed_ = false;                    // guarded by mutex_
};

}  // namespace dbsql::telemetry
