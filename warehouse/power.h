#pragma once

#include "base/clock.h"
#include "warehouse/http_message.h"

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace dbsql::warehouse {

/// Whether the compute behind the endpoint is up. A stopped warehouse starts with the first request
/// for it and takes `start_time` until it serves; meanwhile it answers 503, as gateways do
/// (reference/auth-http-config.md 4.7 note 3). A deleted one answers 404 for good. Sessions outlast
/// a stop.
///
/// Threads: safe from any thread.
class Power {
 public:
  enum class State : std::uint8_t { Running, Starting, Stopped, Deleted };

  /// Running at once without a start time, else stopped.
  Power(std::chrono::milliseconds start_time, std::string warehouse_id, base::Clock& clock);

  State state() const;
  /// \param start_time  from now on; nothing = as before
  void set(State state, std::optional<std::chrono::milliseconds> start_time = std::nullopt);

  /// The reply to a request that the compute cannot serve now; a stopped one begins to start.
  std::optional<HttpReply> refuse();

  /// `{"state":"stopped","start_time_ms":5000}`, both optional.
  /// \throws std::invalid_argument naming the member that is wrong; then nothing has changed
  void set_from_json(std::string_view json);
  std::string to_json() const;

 private:
  State state_locked() const;

  base::Clock& clock_;
  const std::string warehouse_id_;
  mutable std::mutex mutex_;
  std::chrono::milliseconds start_time_;  // guarded by mutex_
  State state_;                           // guarded by mutex_; Starting is over at `up_at_`
  base::Clock::TimePoint up_at_;          // guarded by mutex_
};

}  // namespace dbsql::warehouse
