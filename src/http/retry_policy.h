#pragma once

#include "http/transport.h"
#include "http/warehouse_state.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace dbsql::http {

/// Bounds of the attempts for one request (reference/auth-http-config.md 4.7).
struct RetryOptions {
  int max_attempts = 6;  ///< requests sent in all; 1 = no retries
  std::chrono::milliseconds wait_min{1'000};
  std::chrono::milliseconds wait_max{60'000};
  std::chrono::milliseconds total_timeout{900'000};       ///< from the first send
  std::chrono::milliseconds rate_limit_timeout{120'000};  ///< of an unbroken run of 429
  /// How long a warehouse may take to start: until then `max_attempts` does not count, unless there
  /// are to be no retries. Within `total_timeout`; 0 = as any other failure.
  std::chrono::milliseconds start_timeout{900'000};
  /// Statuses after which a statement is sent again although it may have run: the user knows that
  /// there it has not, or that it does no harm.
  std::vector<int> dangerous_statuses;

  friend bool operator==(const RetryOptions&, const RetryOptions&) = default;
};

/// What came of one attempt, as far as sending it again is concerned: the columns of the table.
enum class Outcome : std::uint8_t {
  RateLimited,      ///< 429
  UnavailableHint,  ///< 503 with a usable Retry-After
  Unavailable,      ///< 503 without one
  GatewayError,     ///< 500, 502, 504, 408: the request may have been dispatched
  ConnectFailed,    ///< nothing was sent
  LostAfterSend,    ///< at least one byte may have left, and no complete reply came
  Permanent,        ///< every other status, TLS verification, malformed URL: repeating cannot help
};

/// What the table says about one cell.
enum class Verdict : std::uint8_t {
  Retry,           ///< safe to send again
  Fail,            ///< not sent again
  OutcomeUnknown,  ///< not sent again, and the server may have done it
};

/// Whether sending such a request twice may do something twice.
constexpr bool is_write(RequestClass request_class) noexcept {
  return request_class == RequestClass::Execute || request_class == RequestClass::Commit;
}

Outcome outcome_of(int status, bool has_retry_after) noexcept;
Outcome outcome_of(const Failure& failure) noexcept;

/// The table of reference/auth-http-config.md 4.7 (FetchNext: reference/thrift.md 4.4).
Verdict verdict_for(RequestClass request_class, Outcome outcome) noexcept;

/// The same, where the options may say otherwise for a status.
Verdict verdict_for(RequestClass request_class, Outcome outcome, int status,
                    const RetryOptions& options) noexcept;

/// The wait before retry number `retry` (0 = the first): min(wait_max, wait_min * 2^retry) * (0.75
/// + unit / 2). \param unit  uniform in [0, 1)
std::chrono::milliseconds backoff(const RetryOptions& options, int retry, double unit) noexcept;

/// The value of a Retry-After header: whole seconds or an HTTP date. Negative and past give 0;
/// garbage gives nothing.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::system_clock::time_point now);

/// Where an attempt loop stands when an attempt has failed.
struct RetryState {
  int attempts = 0;                                    ///< requests sent so far
  std::chrono::milliseconds elapsed{0};                ///< since the first send
  std::chrono::milliseconds rate_limited{0};           ///< since the first 429 of an unbroken run
  std::optional<std::chrono::milliseconds> remaining;  ///< until the call's deadline
  bool is_starting = false;                            ///< the warehouse, as `may_be_starting` says
};

/// Whether a reply can mean that the warehouse is not up yet. Gateways answer 503 until it is, and
/// not all of them say why: where a session is opened, none has to (reference/auth-http-config.md
/// 4.7 note 3, reference/thrift.md 1.4).
bool may_be_starting(RequestClass request_class, int status, bool has_retry_after,
                     WarehouseState state) noexcept;

/// The wait before the next attempt; nothing when a limit forbids it.
/// \param hint  the server's Retry-After: a floor for the wait
std::optional<std::chrono::milliseconds> next_wait(const RetryOptions& options, Outcome outcome,
                                                   const RetryState& state,
                                                   std::optional<std::chrono::seconds> hint,
                                                   double unit) noexcept;

}  // namespace dbsql::http
